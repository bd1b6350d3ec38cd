"""The fast way for lines: what neither a mark nor the line's own beginning makes stand out is only counted.

It is for compressed content, whose checksum vouches for its bytes: lines as their writer wrote them. Raw line breaks
can't stand in JSON strings, so each line is one record, whatever an attacker wrote into it. A line is passed over
only if it begins as one did that the typed parse found to show nothing (so far it says whose log it is and, in
Google's, who called), its time stands where the writer puts it, and no mark (lines_marks.py) stands in it. All other
lines go to the typed parse.

Taken from the documentation and not from the bytes: a writer gives each key of a record once and does not change
how it lays out a record, and the log of one subscription is of one tenant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from exclave.detect.lines_marks import KINDS, LET_IN, MATTERS, NAMED, USER

# A line from, to, and how many were before it: whether lines like it show nothing.
Look = Callable[[int, int, int], bool]

_CLOSE = ord("}")
_TIMED = rb'(?P<before>\{[^{}\[\]]*?"time"\s*:\s*")(?P<time>[^"\\]*)(?P<head>"\s*,\s*"resourceId"\s*:\s*"'
ACTIVITY = re.compile(_TIMED + rb'/[^/"\\]+/[^/"\\]+/)')
STORAGE = re.compile(_TIMED + rb'[^"\\]*"\s*,\s*"category"\s*:\s*"(?i:storage))')
GOOGLE = re.compile(
    rb"""(?P<before>\{\s*"insertId"\s*:\s*")[^"\\]*(?P<head>"\s*,\s*"logName"\s*:\s*"projects/[^"\\]*"\s*,\s*"protoPayload"\s*:
    \s*\{\s*"@type"\s*:\s*"[^"\\]*AuditLog"\s*,\s*"authenticationInfo"\s*:\s*\{\s*"principalEmail"\s*:\s*")""",
    re.VERBOSE,
)
_TAIL = re.compile(rb'(?P<before>,\s*"timestamp"\s*:\s*")(?P<time>[^"\\]*)"\s*\}\Z')
_MAIL = 64  # letters of an address that are looked at with what stands before it


@dataclass(slots=True)
class Passed:
    """What was passed over: how many lines there are in all, and the times of those that were, as written."""

    lines: int = 0
    times: list[bytes] = field(default_factory=list)
    certain: bool = True  # False where a time didn't stand where the writer puts it


def azure(data: bytes, at: int, marks: Sequence[int], look: Look, begins: re.Pattern[bytes]) -> Passed | None:
    """Goes over lines that begin with their time. `marks`: see lines_marks."""
    first = begins.match(data, at)
    if not first:
        return None
    before, reach, length = first["before"], first.end("time") - at, len(first["head"])
    find, size = data.find, len(data)
    known: set[bytes] = set()
    callers: set[bytes] = set()
    stamps: list[bytes] = []
    rest = iter(marks)
    mark = next(rest, _never(data))
    lines = 0
    while at < size:
        end = find(b"\n", at)
        if end < 0:
            end = size
        plain, caller = True, b""
        if mark < KINDS * end:
            plain, caller, mark = _marked(data, at, end, mark, rest)
            plain = plain and (not caller or caller in callers)
        stop = at + reach
        head = data[stop : stop + length]
        if plain and head in known and data[end - 1] == _CLOSE:
            stamps.append(data[at:stop])
        elif data[at:end].strip():
            if look(at, end, lines) and (alike := begins.match(data, at, end)) and alike["head"] == head:
                known.add(head)
                callers.add(caller)
        else:
            lines -= 1
        lines += 1
        at = end + 1
    return _passed(lines, stamps, before)


def _marked(data: bytes, at: int, end: int, mark: int, rest: Iterator[int]) -> tuple[bool, bytes, int]:
    """Whether the marks of a line leave it plain, the user's name in it, and the first mark after it."""
    plain, caller, named, let_in = True, b"", False, False
    while mark < KINDS * end:
        place, kind = divmod(mark, KINDS)
        if kind == USER:
            plain = plain and not caller
            caller = data[data.rfind(b'"', at, place) : data.find(b'"', place, end)]
        plain = plain and kind != MATTERS
        named = named or kind == NAMED
        let_in = let_in or kind == LET_IN
        mark = next(rest, _never(data))
    return plain and not (named and let_in), caller, mark


def _never(data: bytes) -> int:
    return KINDS * (len(data) + 1)


def google(data: bytes, at: int, marks: Sequence[int], look: Look) -> Passed | None:
    """Goes over lines that begin with their id and end with their time."""
    first = GOOGLE.match(data, at)
    end = data.find(b"\n", at)
    last = _TAIL.search(data[at:end]) if end > 0 else None
    if not first or not last:
        return None
    before, opening, reach = first["before"], first.start("head") - at, len(first["head"]) + _MAIL
    tail, quote = len(last[0]), len(last[0]) - len(last["before"]) + 1
    skip, skipped = len(before), last["before"]
    find, size = data.find, len(data)
    known: set[bytes] = set()
    stamps: list[bytes] = []
    rest = iter(marks)
    never = _never(data)
    mark = next(rest, never)
    lines = 0
    while at < size:
        end = find(b"\n", at)
        if end < 0:
            end = size
        plain = True
        while mark < KINDS * end:
            plain = False
            mark = next(rest, never)
        start = at + opening
        if data[start : start + 1] != b'"':
            start = find(b'"', at + skip, end)
        head = data[start : start + reach]
        if plain and head in known and data[end - quote] == _QUOTE and data.startswith(before, at):
            stamps.append(data[end - tail : end])
        elif data[at:end].strip():
            if look(at, end, lines) and _is_whole(data, at, end, start + reach):
                known.add(head)
        else:
            lines -= 1
        lines += 1
        at = end + 1
    return _passed(lines, stamps, skipped)


_QUOTE = ord('"')


def _is_whole(data: bytes, at: int, end: int, reach: int) -> bool:
    """Whether what is looked at of a line holds all of its caller's address."""
    found = GOOGLE.match(data, at, end)
    return found is not None and -1 < data.find(b'"', found.end(), end) < reach <= end


def _passed(lines: int, stamps: list[bytes], before: bytes) -> Passed:
    # One that begins otherwise is the first or the last in order, wherever it stood.
    found = [min(stamps), max(stamps)] if stamps else []
    certain = all(stamp.startswith(before) for stamp in found)
    times = [stamp[len(before) :].partition(b'"')[0] for stamp in found]
    return Passed(lines, times, certain)
