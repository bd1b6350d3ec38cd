"""Where JSON values begin and end, by brackets and strings alone: works on text that is cut or broken.

Source of the grammar: RFC 8259. All positions are byte offsets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_RECORD = 16 << 20  # bytes of one record
SPARE = 16 << 20  # bytes that repair may look at in any file, beyond a multiple of its size
MAX_NESTING = 8  # lists of records inside each other

# keys under which an object holds a list of records (compared in lower case)
LISTS = frozenset(
    {"records", "events", "logevents", "queryresultrows", "hits", "results", "value", "messages"}
)

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:' + _STRING + rb'[^"\[\]{}]*+)*+([\[\]{}])', re.DOTALL)
_SCALAR = re.compile(rb"(?:" + _STRING + rb'|[^"\[\]{},:\s][^"\[\]{},:\x00-\x20]*+)', re.DOTALL)
_SPACE = re.compile(rb"[\s,]*+")
_GAP = re.compile(rb"(?:[\s,\x00\x1e]|\xef\xbb\xbf)*+")
_KEY = re.compile(rb"[\s,]*+(" + _STRING + rb")\s*+:\s*+", re.DOTALL)
_FIRST_KEY = re.compile(rb'[\[{]\s*+("(?:[^"\\]++|\\.)*+")\s*+:')


class Effort:
    """What may still be spent, in bytes looked at: keeps repair linear in the size of the content."""

    __slots__ = ("left",)

    def __init__(self, size: int, spare: int = SPARE) -> None:
        self.left = 24 * size + spare


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A list of records: `first` is the byte after its `[`, `closers` what ends all that is open there."""

    first: int
    closers: bytes


def skip_space(data: bytes, position: int) -> int:
    """The first byte at or after `position` that is neither white space nor a comma."""
    found = _SPACE.match(data, position)
    return found.end() if found else position


def skip_gap(data: bytes, position: int) -> int:
    """Past what may stand between documents: space, commas, record separators, byte order marks, padding."""
    found = _GAP.match(data, position)
    return found.end() if found else position


def end_of(data: bytes, position: int, effort: Effort | None = None, limit: int = 0) -> int:
    """The byte after the value that begins at `position`, or -1 if it does not end (within `limit` bytes)."""
    stop = min(len(data), position + limit) if limit else len(data)
    at = position
    brackets = 1
    try:
        if data[position : position + 1] not in (b"{", b"["):
            found = _SCALAR.match(data, position, stop)
            at = found.end() if found else position
            return at if found and at < len(data) else -1
        depth = 0
        while found := _BRACKET.match(data, at, stop):
            at = found.end()
            brackets += 1
            if found[1] in b"{[":
                depth += 1
            else:
                depth -= 1
                if depth <= 0:
                    return at
        at = stop  # what did not match was looked at too
        return -1
    finally:
        if effort:
            effort.left -= at - position + 16 * brackets  # a bracket costs about what 16 bytes do


def close_of(data: bytes, position: int, depth: int) -> int:
    """The byte after the bracket that closes what `depth` brackets before `position` opened, or -1."""
    at = position
    while depth and (found := _BRACKET.match(data, at)):
        depth += 1 if found[1] in b"{[" else -1
        at = found.end()
    return -1 if depth else at


def opening(data: bytes, position: int, nesting: int = MAX_NESTING) -> Opening | None:
    """The first list of records in the value at `position`, under keys of LISTS; None if there is none."""
    closers = b""
    at = skip_space(data, position)
    for _ in range(nesting):
        mark = data[at : at + 1]
        if mark == b"[":
            return Opening(first=at + 1, closers=b"]" + closers)
        if mark != b"{":
            return None
        closers = b"}" + closers
        at = _list_key(data, at + 1)
        if at < 0:
            return None
    return None


def _list_key(data: bytes, position: int) -> int:
    """Where the value of the first key that is in LISTS begins, in an object entered before; else -1."""
    at = position
    for _ in range(64):
        key = _KEY.match(data, at)
        if not key:
            return -1
        name = key[1][1:-1].decode("latin-1").lower()
        if name in LISTS and data[key.end() : key.end() + 1] in (b"[", b"{"):
            return key.end()
        at = end_of(data, key.end(), limit=MAX_RECORD)
        if at < 0:
            return -1
    return -1


def first_key(data: bytes, position: int) -> bytes:
    """The first key, with its quotes, of the object at `position`; b"" if it has none."""
    found = _FIRST_KEY.match(data, position, position + 512)
    return found[1] if found else b""
