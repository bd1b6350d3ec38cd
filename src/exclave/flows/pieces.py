"""Content of flow logs in pieces: text and its headers, JSON objects, lines that name an interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.flows import aws
from exclave.formats.damage import Damage
from exclave.formats.documents import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.flows.model import OwnerRow
    from exclave.sources.blob import Blob

PIECE = 8 << 20  # bytes of text that are summed at once
_HEAD = 256 << 10  # bytes whose lines are read one by one for interfaces, before any is searched for
_NAMES = 2_000  # interfaces that are searched for in one piece


def pieces(blob: Blob) -> Iterator[bytes]:
    """The text of a blob, some of it at a time; but for a blob that fits, not cut at lines."""
    data = blob.data
    for start in range(0, len(data), PIECE):
        yield data if len(data) <= PIECE else data[start : start + PIECE]
    if blob.rest is not None:
        yield from blob.rest


def fields_in(line: bytes) -> tuple[str, ...]:
    """The fields that a file's first line names, or has; none if nothing tells."""
    if aws.is_header(line):
        return tuple(line.decode("ascii", "replace").replace("\t", " ").split())
    bare = aws.without_clock(line)
    return (*(("clock",) if bare != line else ()), *aws.DEFAULT) if aws.is_default(bare) else ()


def headers(data: bytes) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Where header lines stand in a text: beginning, end, fields."""
    at = data.find(b"addr ")
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[start:end].rstrip(b"\r")
        if aws.is_header(line):
            yield (
                start,
                min(end + 1, len(data)),
                tuple(line.decode("ascii", "replace").replace("\t", " ").split()),
            )
        at = data.find(b"addr ", end)


def records_in(piece: bytes) -> Iterator[Mapping[str, Any] | Damage]:
    """The objects in JSON, out of the lists that hold them."""
    waiting: list[Any] = [values(piece)]
    while waiting:
        for value in waiting.pop():
            if isinstance(value, Damage):
                yield value
            elif isinstance(value, list):
                waiting.append(value)
            elif isinstance(value, dict):
                inner = next(
                    (value[k] for k in ("records", "entries") if isinstance(value.get(k), list)), None
                )
                if inner is None:
                    yield value
                else:
                    waiting.append(inner)
            else:
                yield Damage(what="no object")


def placed(
    owned: list[tuple[str, str]], data: bytes, names: tuple[str, ...], fields: Mapping[str, str]
) -> tuple[OwnerRow, ...]:
    """Owners with account and network, each read from the first line that names the interface."""
    at, *places = [
        names.index(fields[n]) if n in fields else -1 for n in ("interface", "account", "vpc", "subnet")
    ]
    known: dict[str, tuple[str, str, str]] = {}

    def note(line: bytes) -> None:
        parts = line.decode("utf-8", "replace").split(" ")
        found = [parts[p] if 0 <= p < len(parts) and parts[p] != "-" else "" for p in places]
        if 0 <= at < len(parts):
            known.setdefault(parts[at], (found[0], found[1], found[2]))

    for line in data[: data.rfind(b"\n", 0, _HEAD) + 1].split(b"\n"):
        note(line)
    for looked, interface in enumerate(sorted({i for _, i in owned if i and i not in known})):
        if looked >= _NAMES:
            break
        found = data.find(interface.encode("utf-8", "replace"))
        if found >= 0:
            note(data[data.rfind(b"\n", 0, found) + 1 : data.find(b"\n", found)])
    return tuple(sorted((address, i, *known.get(i, ("", "", ""))) for address, i in owned))
