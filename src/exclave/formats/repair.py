"""JSON values from content that is not one well-formed document: lines, concatenations, cut and broken files.

What is whole is decoded; what is not gives one Damage with its byte. The work stays linear in the size of the
content (structure.Effort), since an attacker may have written part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from exclave.formats.damage import Damage, Json
from exclave.formats.structure import (
    MAX_NESTING,
    MAX_RECORD,
    SPARE,
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
_FIRST_KEYS = 8
_USUAL = (
    b'"eventVersion"',
    b'"awsRegion"',
    b'"additionalEventData"',
    b'"errorCode"',
    b'"eventCategory"',
    b'"eventID"',
)
_STRAY = re.compile(rb'(?:\]|[^{\["\-0-9tfn]\s*+[{\]])')  # a byte between records that begins no value
_ATTEMPT = 1_000  # what a try that fails costs, in bytes
_CLOSE = ord("]")
_CLOSERS_ONLY = re.compile(rb"[\]}\s,]*+(?:\"[^\[\]{}]*+)?")
_GAVE_UP = "too broken to go on: what follows was not read"


@dataclass(slots=True)
class _Run:
    data: bytes
    decode: Decoder
    effort: Effort
    far: Effort  # for documents that span what looks like the start of another
    line: int = -1  # the line that ends here was tried as one document
    stop: int = -1  # where the next document begins at the start of a line, as far as is known

    def line_end(self, position: int) -> int:
        end = self.data.find(b"\n", position)
        return len(self.data) if end < 0 else end

    def next_document(self, position: int) -> int:
        if self.stop <= position:
            found = _DOCUMENT.search(self.data, position)
            self.stop = found.start() if found else len(self.data)
        return self.stop


@dataclass(slots=True)
class _Known:
    """What the records of a list look like, from those that were whole."""

    first: set[bytes] = field(default_factory=set)  # first keys, with their quotes
    keys: frozenset[str] = _RECORD

    def learn(self, value: Json, first: bytes) -> None:
        if isinstance(value, dict) and first:
            self.keys = frozenset(value)
            if len(self.first) < _FIRST_KEYS:
                self.first.add(first)

    def like(self, value: Json) -> bool:
        """Whether a value has most of the keys: an object inside a record rarely does."""
        if not isinstance(value, dict):
            return False
        return value.keys() >= _RECORD or 2 * len(self.keys & value.keys()) >= len(self.keys)


def documents(data: bytes, decode: Decoder, spare: int = SPARE) -> Iterator[Json | Damage]:
    """The values that can be read, in order, and what can't. `spare`: see Effort."""
    run = _Run(data, decode, Effort(len(data), spare), Effort(len(data), spare))
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
    data, effort = run.data, run.effort
    line = run.line_end(position)
    if line != run.line and (line < len(data) or position):
        run.line = line
        try:
            value = run.decode(data[position:line])
        except ValueError:
            effort.left -= line - position + _ATTEMPT
        else:
            yield value
            return line
    stop = run.next_document(position)
    end = end_of(data, position, effort, stop - position + 1)
    if end < 0 and run.far.left > 0:
        end = end_of(data, position, run.far)
    start = opening(data, position) if end < 0 or end - position >= _LARGE else None
    if end > 0 and not start:
        try:
            value = run.decode(data[position:end])
        except ValueError:
            effort.left -= end - position
            start = opening(data, position)
        else:
            yield value
            return end
    if start and (end > 0 or skip_space(data, start.first) > line):
        stop = max(end, stop) if end > 0 else len(data)
    if start and start.first <= stop:
        return (yield from _elements(run, start, stop))
    return (yield from _broken(run, position, stop, end if end <= stop else -1, _Known()))


def _elements(run: _Run, start: Opening, stop: int, nesting: int = MAX_NESTING) -> Part:
    """The elements of a list of records, each for itself."""
    at, known = start.first, _Known()
    while (at := skip_space(run.data, at)) < stop:
        if run.effort.left <= 0:
            yield Damage(what=_GAVE_UP, offset=at)
            return len(run.data)
        if run.data[at] == _CLOSE and (end := _list_end(run, at, stop, start)):
            if end < 0:
                yield Damage(what="cut off after its last record", offset=stop, records=0)
            return end if end > 0 else stop
        if _STRAY.match(run.data, at):
            yield Damage(what="not valid JSON between two records", offset=at, records=0)
            run.effort.left -= _ATTEMPT
            at += 1
        else:
            at = yield from _element(run, at, stop, known, nesting)
    yield Damage(what="cut off: its list of records is not closed", offset=stop, records=0)
    return stop


def _element(run: _Run, at: int, stop: int, known: _Known, nesting: int) -> Part:
    end = end_of(run.data, at, run.effort, min(MAX_RECORD, stop - at + 1))
    if end > 0:
        try:
            value = run.decode(run.data[at:end])
        except ValueError as error:
            run.effort.left -= end - at
            if "nested" in str(error):
                yield Damage(what=str(error), offset=at)
                return end
        else:
            yield value
            known.learn(value, first_key(run.data, at))
            return end
    inner = opening(run.data, at) if nesting and end < 0 else None
    if inner and inner.first < stop:
        return (yield from _elements(run, inner, stop, nesting - 1))
    return (yield from _broken(run, at, stop, end, known))


def _list_end(run: _Run, at: int, stop: int, start: Opening) -> int:
    """Where the document ends if its list ends at `at`; -1 if it is cut there; 0 if the list doesn't end."""
    end = close_of(run.data, at, len(start.closers))
    if end < 0:
        return -1 if _CLOSERS_ONLY.fullmatch(run.data, at, stop) else 0
    return end if _is_tail(run, at, end, start.closers) else 0


def _is_tail(run: _Run, at: int, end: int, closers: bytes) -> bool:
    """Whether a list may end at `at`: what follows up to `end` is all of its document."""
    openers = closers[::-1].replace(b"]", b"[").replace(b"}", b'{"":')
    run.effort.left -= end - at
    try:
        run.decode(openers + run.data[at:end])
    except ValueError:
        return False
    return True


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
    """The byte where an object begins that is like the records before; else -1."""
    keys = b"|".join(re.escape(key) for key in sorted({*known.first, own_key, *_USUAL} - {b""}))
    pattern = re.compile(rb"\{\s*+(?:" + keys + rb")\s*+:")
    while run.effort.left > 0:
        found = pattern.search(run.data, position, stop)
        run.effort.left -= (found.end() if found else stop) - position + _ATTEMPT
        if not found:
            return -1
        begin = found.start()
        end = end_of(run.data, begin, run.effort, min(MAX_RECORD, stop - begin + 1))
        if end < 0:
            return begin
        run.effort.left -= end - begin
        try:
            value = run.decode(run.data[begin:end])
        except ValueError:
            return begin  # broken too: it gets its own report
        if known.like(value):
            return begin
        position = end
    return -1


def _text(run: _Run, position: int) -> Part:
    """Lines that do not begin as JSON does: the JSON after a prefix (a time, a host), or text."""
    data = run.data
    begin, lines = position, 0
    while position < len(data) and data[position] not in b'{["':
        line = data.find(b"\n", position)
        line = len(data) if line < 0 else line
        brace = data.find(b"{", position, min(line, position + _PREFIX))
        if brace >= 0:
            if lines:
                yield _lines(lines, begin)
            try:
                value = run.decode(data[brace:line])
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
