"""JSON values from content that is not one well-formed document: lines, concatenations, cut and broken files.

What is whole is decoded; what is not gives one Damage with its byte. The work stays linear in the size of the
content (structure.Effort), since an attacker may have written part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

from exclave.formats.damage import Damage
from exclave.formats.structure import (
    MAX_NESTING,
    MAX_RECORD,
    Effort,
    Opening,
    close_of,
    end_of,
    first_key,
    opening,
    skip_gap,
    skip_space,
)

Decoder = Callable[[bytes], Any]  # raises ValueError
Part = Generator[Any | Damage, None, int]  # returns the byte to go on from

_LARGE = 1 << 20  # from here on a document is read element by element, so that memory stays flat
_DOCUMENT = re.compile(rb'\n(?=[{\["])')
_CLOSERS = re.compile(rb"[\]}\s,]*+")
_PREFIX = 4096  # bytes of text that may stand before the JSON of a line
_GAVE_UP = "too broken to go on: what follows was not read"


def documents(data: bytes, decode: Decoder) -> Iterator[Any | Damage]:
    """The values that can be read, in order, and what can't."""
    effort, far = Effort(len(data)), Effort(0)
    far.left = 4 * len(data)
    position = skip_gap(data, 0)
    while position < len(data):
        if effort.left <= 0:
            yield Damage(what=_GAVE_UP, offset=position)
            return
        if data[position] in b'{["':
            position = yield from _document(data, position, decode, effort, far)
        else:
            position = yield from _text(data, position, decode)
        position = skip_gap(data, position)


def _document(data: bytes, position: int, decode: Decoder, effort: Effort, far: Effort) -> Part:
    line = data.find(b"\n", position)
    line = len(data) if line < 0 else line
    if line < len(data) or position:
        try:
            value = decode(data[position:line])
        except ValueError:
            effort.left -= line - position
        else:
            yield value
            return line
    following = _DOCUMENT.search(data, position)
    stop = following.start() if following else len(data)
    end = end_of(data, position, effort, stop - position + 1)
    if end < 0 and far.left > 0:
        end = end_of(data, position, far)
    start = opening(data, position)
    if end > 0 and not (start and end - position >= _LARGE):
        try:
            value = decode(data[position:end])
        except ValueError:
            effort.left -= end - position
        else:
            yield value
            return end
    if start and (end > 0 or skip_space(data, start.first) > line):
        stop = max(end, len(data)) if end < 0 else max(end, stop)
    if start and start.first <= stop:
        return (yield from _elements(data, start, stop, decode, effort))
    return (yield from _broken(data, position, stop, end > 0, b"", effort))


def _elements(
    data: bytes, start: Opening, stop: int, decode: Decoder, effort: Effort, nesting: int = MAX_NESTING
) -> Part:
    at, known = start.first, b""
    while (at := skip_space(data, at)) < stop:
        if effort.left <= 0:
            yield Damage(what=_GAVE_UP, offset=at)
            return len(data)
        if data[at] in b"]}":
            end = close_of(data, at, len(start.closers))
            if end < 0:
                yield Damage(what="cut off after its last record", offset=len(data), records=0)
                return stop
            return end
        end = end_of(data, at, effort, min(MAX_RECORD, stop - at + 1))
        why = ""
        if end > 0:
            try:
                value = decode(data[at:end])
            except ValueError as error:
                why = str(error)
                effort.left -= end - at
            else:
                yield value
                known = first_key(data, at) or known
                at = end
                continue
        inner = opening(data, at) if nesting and end < 0 else None
        if inner and inner.first < stop:
            at = yield from _elements(data, inner, stop, decode, effort, nesting - 1)
        elif "nested" in why:
            yield Damage(what=why, offset=at)
            at = end
        else:
            at = yield from _broken(data, at, stop, end > 0, known, effort, end)
    yield Damage(what="cut off: its list of records is not closed", offset=stop, records=0)
    return stop


def _broken(data: bytes, at: int, stop: int, ends: bool, known: bytes, effort: Effort, end: int = -1) -> Part:
    """Report the value at `at` as broken; go on at what looks like the next record, else at its end."""
    size = f", {stop - at} bytes" if not ends else ""
    following = _next_record(data, at + 1, stop, known or first_key(data, at), effort)
    if not ends and following < 0:
        what = f"longer than {MAX_RECORD >> 20} MiB" if stop - at > MAX_RECORD else f"cut off{size}"
    else:
        what = "not valid JSON"
    yield Damage(what=what, offset=at, hint="the file is damaged: fetch it again if its source still has it")
    if following >= 0:
        return following
    if end > 0:
        return end
    return stop


def _next_record(data: bytes, position: int, stop: int, known: bytes, effort: Effort) -> int:
    """The byte where an object begins that starts as the records here do, right after another ended; else -1."""
    keys = b"|".join({re.escape(key) for key in (known, b'"eventVersion"') if key})
    pattern = re.compile(rb"\}\s*+,?\s*+(?=\{\s*+(?:" + keys + rb")\s*+:)")
    found = pattern.search(data, position, stop)
    effort.left -= (found.end() if found else stop) - position
    return found.end() if found else -1


def _text(data: bytes, position: int, decode: Decoder) -> Part:
    """Lines that do not begin as JSON does: the JSON after a prefix (a time, a host), or text."""
    begin, lines = position, 0
    while position < len(data) and data[position] not in b'{["':
        line = data.find(b"\n", position)
        line = len(data) if line < 0 else line
        brace = data.find(b"{", position, min(line, position + _PREFIX))
        if brace >= 0:
            if lines:
                yield _lines(lines, begin)
            try:
                value = decode(data[brace:line])
            except ValueError:
                return brace
            yield value
            return line
        closing = _CLOSERS.match(data, position)
        if not closing or closing.end() < line:
            lines += 1
        position = skip_gap(data, line)
    if lines:
        yield _lines(lines, begin)
    return position


def _lines(count: int, offset: int) -> Damage:
    noun = "line" if count == 1 else "lines"
    return Damage(what=f"{count} {noun} of text that is not a log", offset=offset, records=0)
