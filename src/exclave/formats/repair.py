"""JSON values from content that is not one well-formed document: lines, concatenations, cut and broken files.

What is whole is decoded; what is not gives one Damage with its byte. The work stays linear in the size of the
content (structure.Effort), since an attacker may have written part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from exclave.formats.damage import Damage, Json
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

Decoder = Callable[[bytes], Json]  # raises ValueError
Part = Generator[Json | Damage, None, int]  # returns the byte to go on from

_LARGE = 1 << 20  # from here on a document is read element by element, so that memory stays flat
_DOCUMENT = re.compile(rb'\n(?=[{\["])')
_CLOSERS = re.compile(rb"[\]}\s,]*+")
_PREFIX = 4096  # bytes of text that may stand before the JSON of a line
_RECORD = frozenset({"eventName", "eventSource"})
_GAVE_UP = "too broken to go on: what follows was not read"


@dataclass(slots=True)
class _Run:
    data: bytes
    decode: Decoder
    effort: Effort
    far: Effort  # for documents that may span what looks like the start of another


@dataclass(slots=True)
class _Known:
    """What the records of a list look like, from the last that was whole."""

    first: bytes = b""  # the first key, with its quotes
    keys: frozenset[str] = frozenset()

    def learn(self, value: Json, first: bytes) -> None:
        if isinstance(value, dict) and first:
            self.first, self.keys = first, frozenset(value)

    def like(self, run: _Run, at: int, end: int) -> bool:
        """Whether the object there has most of the keys: an object inside a record rarely does."""
        run.effort.left -= end - at
        try:
            value = run.decode(run.data[at:end])
        except ValueError:
            return True  # broken too: it gets its own report
        keys = self.keys or _RECORD
        return isinstance(value, dict) and 2 * len(keys & value.keys()) >= len(keys)


def documents(data: bytes, decode: Decoder) -> Iterator[Json | Damage]:
    """The values that can be read, in order, and what can't."""
    run = _Run(data, decode, Effort(len(data)), Effort(len(data)))
    run.far.left = 4 * len(data)
    position = skip_gap(data, 0)
    while position < len(data):
        if run.effort.left <= 0:
            yield Damage(what=_GAVE_UP, offset=position)
            return
        if data[position] in b'{["':
            position = yield from _document(run, position)
        else:
            position = yield from _text(run, position)
        position = skip_gap(data, position)


def _document(run: _Run, position: int) -> Part:
    data, decode, effort = run.data, run.decode, run.effort
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
    if end < 0 and run.far.left > 0:
        end = end_of(data, position, run.far)
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
        return (yield from _elements(run, start, stop))
    return (yield from _broken(run, position, stop, end, _Known()))


def _elements(run: _Run, start: Opening, stop: int, nesting: int = MAX_NESTING) -> Part:
    data, decode, effort = run.data, run.decode, run.effort
    at, known = start.first, _Known()
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
                known.learn(value, first_key(data, at))
                at = end
                continue
        inner = opening(data, at) if nesting and end < 0 else None
        if inner and inner.first < stop:
            at = yield from _elements(run, inner, stop, nesting - 1)
        elif "nested" in why:
            yield Damage(what=why, offset=at)
            at = end
        else:
            at = yield from _broken(run, at, stop, end, known)
    yield Damage(what="cut off: its list of records is not closed", offset=stop, records=0)
    return stop


def _broken(run: _Run, at: int, stop: int, end: int, known: _Known) -> Part:
    """Report the value at `at` as broken; go on at what looks like the next record, else at its end."""
    following = _next_record(run, at + 1, stop, known, first_key(run.data, at))
    if end < 0 and following < 0:
        what = f"longer than {MAX_RECORD >> 20} MiB" if stop - at > MAX_RECORD else "cut off"
    else:
        what = "not valid JSON"
    yield Damage(what=what, offset=at, hint="the file is damaged: fetch it again if its source still has it")
    if following >= 0:
        return following
    return end if end > 0 else stop


def _next_record(run: _Run, position: int, stop: int, known: _Known, own_key: bytes) -> int:
    """The byte where an object begins that is like the records before, right after another ended; else -1."""
    keys = b"|".join({re.escape(key) for key in (known.first or own_key, b'"eventVersion"') if key})
    pattern = re.compile(rb"\}\s*+,?\s*+(?=\{\s*+(?:" + keys + rb")\s*+:)")
    while run.effort.left > 0:
        found = pattern.search(run.data, position, stop)
        run.effort.left -= (found.end() if found else stop) - position
        if not found:
            return -1
        end = end_of(run.data, found.end(), run.effort, min(MAX_RECORD, stop - found.end() + 1))
        if end < 0 or known.like(run, found.end(), end):
            return found.end()
        position = end - 1
    return -1


def _text(run: _Run, position: int) -> Part:
    """Lines that do not begin as JSON does: the JSON after a prefix (a time, a host), or text."""
    data, decode = run.data, run.decode
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
