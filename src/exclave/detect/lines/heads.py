"""The fast way for Google's lines: one that no mark and not its own beginning make stand out is only counted.

A line is passed over only if it begins as one did that the typed parse found to show nothing (so far it says whose log
it is and who called) and no mark (marks.py) stands in it. All others, the first and the last go to the typed parse.
See ways.py for what makes that sound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from exclave.detect.lines.marks import KINDS

# A line from, to, and how many were before it: whether lines like it show nothing.
Look = Callable[[int, int, int], bool]

_BEGINS = re.compile(
    rb"""(?P<before>\{\s*"insertId"\s*:\s*")[^"\\]*(?P<head>"\s*,\s*"logName"\s*:\s*"projects/[^"\\]*"\s*,\s*"protoPayload"\s*:
    \s*\{\s*"@type"\s*:\s*"[^"\\]*AuditLog"\s*,\s*"authenticationInfo"\s*:\s*\{\s*"principalEmail"\s*:\s*")""",
    re.VERBOSE,
)
_MAIL = 64  # letters of an address that are looked at with what stands before it


def over(data: bytes, at: int, marks: Sequence[int], look: Look) -> int | None:
    """Goes over lines that begin with their id; how many there are, or None if they don't begin so."""
    first = _BEGINS.match(data, at)
    if not first:
        return None
    reach, skip = len(first["head"]) + _MAIL, len(first["before"])
    find, size, view = data.find, len(data), memoryview(data)
    last = data.rfind(b"\n", 0, size - 1) + 1
    known: set[bytes] = set()
    rest = iter(marks)
    never = KINDS * (size + 1)
    mark = next(rest, never)
    lines = 0
    while at < size:
        end = find(b"\n", at)
        if end < 0:
            end = size
        plain = at != last
        while mark < KINDS * end:
            plain = False
            mark = next(rest, never)
        start = find(b'"', at + skip, end)
        head = view[start : start + reach].tobytes()
        if plain and head in known:
            lines += 1
        elif data[at:end].strip():
            if look(at, end, lines) and _is_whole(data, at, end, start + reach):
                known.add(head)
            lines += 1
        at = end + 1
    return lines


def _is_whole(data: bytes, at: int, end: int, reach: int) -> bool:
    """Whether what is looked at of a line holds all of its caller's address."""
    found = _BEGINS.match(data, at, end)
    return found is not None and -1 < data.find(b'"', found.end(), end) < reach <= end
