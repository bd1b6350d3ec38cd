"""Paths into a record: `requestParameters.createVolumePermission.add.items[].userId`.

A path is segments joined by dots; `[]` after a segment means each item (a single item counts as a list of
one: providers write both), `*` any key, and quotes keep dots (`claims.'http://schemas/upn'`). Keys are
compared exactly first and without case second, since providers change the case of one parameter between API
versions. Where a segment is looked up in a string that holds JSON, the string is parsed. After `[]`, a name also
reaches the value of a pair: `attributes[].'access_logs.s3.enabled'` in `[{"key": "access_logs.s3.enabled", "value": "true"}]`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

MAX_VALUES = 2_000  # values one path may yield: an attacker writes part of every record
_MAX_EMBEDDED = 2_000_000  # bytes of JSON in a string that are still parsed
_MANY = frozenset({"[]", "*"})
_SEGMENT = re.compile(r"'([^']*)'|([^.'\[\]]+)")


@functools.lru_cache(maxsize=4096)
def split(path: str) -> tuple[str, ...]:
    """The segments of a path, with `[]` as segments of their own.

    Raises:
        ValueError: the path is not well formed; the message names it.
    """
    segments: list[str] = []
    position = 0
    while position < len(path):
        found = _SEGMENT.match(path, position)
        if not found:
            raise ValueError(f"bad path {path!r} at {path[position:]!r}")
        segments.append(found[1] if found[1] is not None else found[2])
        position = found.end()
        while path.startswith("[]", position):
            segments.append("[]")
            position += 2
        if position < len(path):
            if path[position] != "." or position == len(path) - 1:
                raise ValueError(f"bad path {path!r} at {path[position:]!r}")
            position += 1
    if not segments:
        raise ValueError("empty path")
    return tuple(segments)


def values(record: Any, path: str) -> list[Any]:
    """Everything that a path reaches in a record, in order, `None` left out; at most MAX_VALUES."""
    segments = split(path)
    there, at = _straight(record, segments)
    if at == len(segments):
        return [] if there is None else [there]
    out: list[Any] = []
    for value in _walk(there, segments, at):
        if value is not None:
            out.append(value)
            if len(out) >= MAX_VALUES:
                break
    return out


def first(record: Any, path: str) -> Any:
    """The first value that a path reaches, or None."""
    segments = split(path)
    there, at = _straight(record, segments)
    return next((value for value in _walk(there, segments, at) if value is not None), None)


def text(record: Any, *paths: str) -> str:
    """The first non-empty scalar that one of the paths reaches, as text; "" if none does."""
    for path in paths:
        value = first(record, path)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float) and value != "":
            return str(value)
    return ""


def embedded(value: Any) -> Any:
    """A string that holds a JSON object or array, parsed; anything else as it is."""
    if isinstance(value, str) and value[:1] in "{[ \n" and len(value) <= _MAX_EMBEDDED:
        stripped = value.lstrip()
        if stripped[:1] in ("{", "["):
            try:
                return orjson.loads(stripped)
            except ValueError:
                return value
    return value


def _straight(value: Any, segments: tuple[str, ...]) -> tuple[Any, int]:
    """As far as a path leads by keys that stand there as written: the value, and how many segments led to it."""
    for at, segment in enumerate(segments):
        if type(value) is not dict or segment in _MANY or segment not in value:
            return value, at
        value = value[segment]
    return value, len(segments)


def _walk(value: Any, segments: tuple[str, ...], at: int) -> Iterator[Any]:
    if at == len(segments):
        yield value
        return
    segment = segments[at]
    if isinstance(value, str):
        value = embedded(value)
    if segment == "[]":
        for item in value if isinstance(value, list) else () if value is None else (value,):
            yield from _item(item, segments, at + 1)
    elif isinstance(value, Mapping):
        for item in _under(value, segment):
            yield from _walk(item, segments, at + 1)
    elif isinstance(value, list):
        # A list where the path expects one object: look in each.
        for item in value:
            if isinstance(item, Mapping | list):
                yield from _walk(item, segments, at)


def _item(item: Any, segments: tuple[str, ...], at: int) -> Iterator[Any]:
    if at < len(segments) and paired(item, segments[at]):
        return _walk(item["value"], segments, at + 1)
    return _walk(item, segments, at)


def paired(item: Any, name: str) -> bool:
    """Whether an item of a list is a pair such as `{"key": name, "value": ...}`: some services write settings so."""
    return isinstance(item, Mapping) and "value" in item and item.get("key") == name and name not in item


def _under(value: Mapping[str, Any], segment: str) -> Iterable[Any]:
    """What stands under a key, or under any."""
    if segment == "*":
        return value.values()
    if segment in value:
        return (value[segment],)
    wanted = segment.lower()
    return next(((item,) for key, item in value.items() if key.lower() == wanted), ())
