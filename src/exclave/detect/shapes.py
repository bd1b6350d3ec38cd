"""CloudTrail files by a typed parse of every record: exact, at several times the speed of the full parser.

Spacing, order of keys and escapes don't matter to it. `shapes` accepts a file only where each of its records
is a plain one (formats/reading.py calls them so too), so that the position in the list is the number that the
full parser gives; on anything else it gives None.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BOM = b"\xef\xbb\xbf"
_LISTED = re.compile(rb"\s*\{\s*\"Records\"\s*:\s*\[")
_ARRAY = re.compile(rb"\s*\[")


class _Anything(msgspec.Struct, gc=False):
    """An object whose content doesn't matter."""


class Identity(msgspec.Struct, gc=False):
    """What tells an account's own caller from one of another account."""

    type: Any = None
    principalId: Any = None  # noqa: N815 - the log's own keys
    accountId: Any = None  # noqa: N815 - the log's own keys


class Shape(msgspec.Struct, gc=False):
    """What decides whether a record matters. Decoding fails where a record is not plain."""

    eventName: str  # noqa: N815
    eventVersion: str  # noqa: N815
    userIdentity: Identity  # noqa: N815
    eventSource: Any = None  # noqa: N815
    eventTime: Any = None  # noqa: N815
    requestParameters: _Anything | list[msgspec.Raw] | float | bool | None = None  # noqa: N815
    recipientAccountId: Any = None  # noqa: N815
    insightDetails: Any = None  # noqa: N815
    Records: Any = None


class _Shapes(msgspec.Struct):
    Records: list[Shape]


class _Raws(msgspec.Struct):
    Records: list[msgspec.Raw]


def shapes(data: bytes) -> list[Shape] | None:
    """Every record of a file, in order; None where it isn't certain that they are all of it and all plain."""
    try:
        if not data.isascii():
            data.decode()
        found = _decoded(data, _Shapes, Shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not found or any(_is_other(shape) for shape in found):
        return None
    return found


def texts(data: bytes) -> list[msgspec.Raw]:
    """The records of a file that `shapes` took, as JSON text."""
    return _decoded(data, _Raws, msgspec.Raw)


def records(raws: Sequence[msgspec.Raw], positions: Iterable[int]) -> list[dict[str, Any]] | None:
    """The records at some positions (from 0) of texts; None where orjson refuses one."""
    import orjson

    out: list[dict[str, Any]] = []
    try:
        for position in positions:
            record = orjson.loads(memoryview(raws[position]))
            if not is_plain(record):
                return None
            out.append(record)
    except (orjson.JSONDecodeError, IndexError, RecursionError):
        return None
    return out


def holding(
    data: bytes, words: re.Pattern[bytes], beside: tuple[bytes, ...] = ()
) -> list[tuple[int, dict[str, Any]]] | None:
    """The records that `holds` is true of, with their numbers from 1; None as `shapes`."""
    if shapes(data) is None:
        return None
    raws = texts(data)
    at = [n for n, raw in enumerate(raws) if holds(bytes(raw), words, beside)]
    found = records(raws, at)
    return None if found is None else [(n + 1, record) for n, record in zip(at, found, strict=True)]


def holds(data: bytes, words: re.Pattern[bytes], beside: tuple[bytes, ...] = ()) -> bool:
    """Whether one of some words stands in JSON text, and one of some others beside it, if there are any."""
    return (not beside or any(key in data for key in beside)) and words.search(data) is not None


def is_plain(record: object) -> bool:
    """Whether a decoded value is a CloudTrail record that the full parser takes as it stands."""
    return (
        isinstance(record, dict)
        and isinstance(record.get("userIdentity"), dict)
        and isinstance(record.get("eventName"), str)
        and isinstance(record.get("eventVersion"), str)
        and not isinstance(record.get("requestParameters"), str)
        and not str(record.get("eventSource")).startswith("aws:")
        and record.get("insightDetails") is None
        and "Records" not in record
        and "." not in "".join(record)
    )


def _is_other(shape: Shape) -> bool:
    source = shape.eventSource
    return (
        (isinstance(source, str) and source.startswith("aws:"))
        or shape.insightDetails is not None
        or shape.Records is not None
    )


def _decoded(data: bytes, listed: Any, element: Any) -> list[Any]:
    body = data[3:] if data.startswith(_BOM) else data
    if _LISTED.match(body):
        found: list[Any] = msgspec.json.decode(body, type=listed).Records
    elif _ARRAY.match(body):
        found = msgspec.json.decode(body, type=list[element])
    else:
        found = msgspec.json.Decoder(element).decode_lines(body)
    return found
