"""The fast way for files that Azure delivered, each of one subscription or one storage account.

Only the first line, the last, and those with a mark (marks.py) are looked at, and none is numbered. See ways.py for what
makes that sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.detect.lines.marks import KINDS, LET_IN, MATTERS, USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from exclave.detect.lines.looking import Looking

_SAMPLE = 16 * 1024  # bytes up to which lines are counted


def over(looking: Looking, places: list[int], is_wanted: Callable[[int, int], bool]) -> None:
    """Goes over the lines. `is_wanted`: whether what was done in a line, from and to, can matter by its name alone."""
    data, start, size = looking.data, looking.start(), len(looking.data)
    while size > start and data[size - 1] in b"\r\n":
        size -= 1
    looking.out.exact = size <= _SAMPLE
    looking.out.records = data.count(b"\n", start, size) + 1 if looking.out.exact else _about(data, size)
    last = data.rfind(b"\n", start, size)
    ends = KINDS * (start + 1) + MATTERS, KINDS * (max(start, last + 1) + 1) + MATTERS
    stop = start
    for mark in sorted([*_firsts(data, places), *ends]):
        place, kind = divmod(mark, KINDS)
        if place > stop:
            at = data.rfind(b"\n", stop, place) + 1 or stop
            end = data.find(b"\n", place)
            end = size if end < 0 else end
            if kind != LET_IN or is_wanted(at, end):
                looking.look(at, end)
                stop = end


def _firsts(data: bytes, places: list[int]) -> list[int]:
    """Marks without those of users that were met before: what lines tell of one is alike."""
    users: dict[bytes, int] = {}
    others: list[int] = []
    for mark in places:
        if mark % KINDS == USER:
            place = mark // KINDS
            users.setdefault(bytes(data[data.rfind(b'"', 0, place) : data.find(b'"', place)]), mark)
        else:
            others.append(mark)
    return [*others, *users.values()]


def _about(data: bytes, end: int) -> int:
    """How many lines there are, by the length of the first ones."""
    count = data.count(b"\n", 0, _SAMPLE)
    return max(1, round(end / (data.rfind(b"\n", 0, _SAMPLE) + 1) * count)) if count else 1
