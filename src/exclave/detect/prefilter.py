"""The cheap path: finds the few records of a CloudTrail file that matter without decoding the others.

Sound by this argument. Names and keys of interest are ASCII letters and digits, which JSON can spell otherwise only as
`\\u00XX`; a file in which an alphanumeric one occurs goes to the full parser. Between a key and its value stand only
white space and a colon, which the pattern allows. A raw `{ "eventVersion"` can't stand inside a string (its quotes would be
escaped), so it is a real object's start; a slice counts only if it decodes whole as one object. Whatever is not certain (other
key order, a nested copy, bad JSON, another encoding, another envelope) makes `candidates` return None: the full parser
decides. An attacker can still plant whole fake records as an array inside another record; `numbered` finds the true
top-level records of a file, and detect/scan.py reports nothing loud that it has not confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\s*\"Records\"\s*:\s*\[|\{\s*\"eventVersion\"|\[\s*\{\s*\"eventVersion\")")
_ENVELOPE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{\s*\"Records\"\s*:\s*)?\[")
_CLOSED = re.compile(rb"\]\s*\}?\s*\Z")
_KEY = b'"eventVersion"'
_SPACE = b" \t\r\n"
_DATE = r"(?:20\d\d_?\d\d_?\d\d(?:v\d+)?)?"
_DATED = re.compile(_DATE + "$")
_ESCAPED_ALNUM = r"\\u00(?:3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa])"
_FOREIGN = b'"AWSAccount"'
_RECIPIENT = r'"recipientAccountId"\s*:\s*"\d{12}"'
_RECIPIENT_RE = re.compile(rb'"recipientAccountId"\s*:\s*"(\d{12})"')


class _Records(msgspec.Struct):
    Records: list[msgspec.Raw]


class _Identity(msgspec.Struct):
    type: Any = None


class _Probe(msgspec.Struct):
    eventName: Any = None  # noqa: N815 - the log's own key
    userIdentity: Any = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may matter: where its slice starts and ends in the file's bytes, and what it says."""

    start: int
    end: int
    record: dict[str, Any]


@dataclass(slots=True)
class Prefilter:
    """Event names to look for. `rare` always matter; `common` only with a caller of another account.

    Databases of Hyperscan are made at first use and belong to one process; without Hyperscan a typed parse of
    every record (msgspec) takes its place.
    """

    rare: frozenset[str]
    common: frozenset[str]
    _scanners: tuple[Any, ...] | None = field(default=None, repr=False)
    _hyperscan: bool = field(default=True, repr=False)

    def candidates(self, data: bytes) -> list[Candidate] | None:
        """The records that may matter, or None when the full parser must decide."""
        if not _HEAD.match(data) or (_ENVELOPE.match(data[:64]) and not _CLOSED.search(data[-64:])):
            return None
        scanners = self._compiled()
        if not scanners:
            return self._by_parsing(data)
        ends = self._hits(data, scanners)
        if ends is None:
            return None
        out: list[Candidate] = []
        last = 0
        for end in ends:
            if end <= last:
                continue
            found = _slice(data, end, last)
            if found is None:
                return None
            out.append(found)
            last = found.end
        return out

    def recipients(self, data: bytes) -> frozenset[str]:
        """Every account that a file names as the recipient of a record."""
        scanners = self._compiled()
        if not scanners:
            return frozenset(m.decode() for m in _RECIPIENT_RE.findall(data))
        out: set[bytes] = set()
        scanners[3].scan(data, match_event_handler=lambda _i, _s, end, _f, _c: out.add(data[end - 13 : end - 1]))
        return frozenset(m.decode() for m in out)

    def _hits(self, data: bytes, scanners: tuple[Any, ...]) -> list[int] | None:
        names, escapes, foreign, _ = scanners
        escaped: list[int] = []
        escapes.scan(data, match_event_handler=lambda _i, _s, end, _f, _c: _stop_at(escaped, end))
        if escaped:
            return None
        ends: list[int] = []
        names.scan(data, match_event_handler=lambda _i, _s, end, _f, _c: ends.append(end))
        if self.common:
            foreign.scan(data, match_event_handler=lambda _i, _s, end, _f, _c: ends.append(end))
            ends.sort()
        return ends

    def _by_parsing(self, data: bytes) -> list[Candidate] | None:
        bounds = numbered(data)
        if bounds is None:
            return None
        decode = msgspec.json.Decoder(_Probe).decode
        view = memoryview(data)
        out = []
        try:
            for start, end in bounds:
                if self._wanted(decode(view[start:end])):
                    record = orjson.loads(view[start:end])
                    if not isinstance(record, dict):
                        return None
                    out.append(Candidate(start, end, record))
        except (msgspec.DecodeError, orjson.JSONDecodeError, RecursionError):
            return None
        return out

    def _wanted(self, probe: _Probe) -> bool:
        name = probe.eventName
        if not isinstance(name, str):
            return False
        if _DATED.sub("", name) in self.rare:
            return True
        identity = probe.userIdentity
        return isinstance(identity, dict) and identity.get("type") == "AWSAccount"

    def _compiled(self) -> tuple[Any, ...]:
        if self._scanners is None:
            self._scanners = self._compile() if self._hyperscan else ()
        return self._scanners

    def _compile(self) -> tuple[Any, ...]:
        try:
            import hyperscan
        except ImportError:
            return ()

        def database(pattern: str, flags: int = 0) -> Any:
            made = hyperscan.Database()
            made.compile(expressions=[pattern.encode()], ids=[0], elements=1, flags=flags)
            return made

        names = "|".join(sorted(map(re.escape, self.rare))) or "-"
        return (
            database(rf'"eventName"\s*:\s*"(?:{names}){_DATE}"'),
            database(_ESCAPED_ALNUM),
            database(_FOREIGN.decode()),
            database(_RECIPIENT),
        )


def record_around(data: bytes, position: int) -> Candidate | None:
    """The record that a position lies in, or None where that isn't certain."""
    found = _slice(data, position, 0) if _HEAD.match(data) else None
    return found if found is not None and found.start <= position < found.end else None


def _stop_at(found: list[int], end: int) -> bool:
    found.append(end)
    return True  # tells Hyperscan to stop


def numbered(data: bytes) -> list[tuple[int, int]] | None:
    """Start and end of each top-level record, in order, by a true parse; None where the file is not of that shape."""
    head = _ENVELOPE.match(data)
    try:
        if head is None:
            return _numbered_lines(data)
        body = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
        listed = b"{" in head[0]
        raws = msgspec.json.decode(body, type=_Records).Records if listed else msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return None
    out = []
    position = head.end() - 1
    for raw in raws:
        view = memoryview(raw)
        position = data.find(view, position)
        if position < 0:
            return None
        out.append((position, position + len(view)))
        position += len(view)
    return out


def _numbered_lines(data: bytes) -> list[tuple[int, int]]:
    out = []
    position = 0
    for line in data.splitlines(keepends=True):
        stripped = line.strip()
        if stripped:
            start = position + line.index(stripped[:1])
            out.append((start, start + len(stripped)))
        position += len(line)
    return out


def _slice(data: bytes, end: int, last: int) -> Candidate | None:
    key = data.rfind(_KEY, last, end)
    start = data.rfind(b"{", last, key) if key >= 0 else -1
    if start < 0 or data[start + 1 : key].strip(_SPACE):
        return None
    following = data.find(_KEY, end)
    if following >= 0:
        stop = data.rfind(b"{", end, following)
        if stop < 0 or data[stop + 1 : following].strip(_SPACE):
            return None
    elif _ENVELOPE.match(data[:64]):
        stop = data.rfind(b"]")
        if stop < end:
            return None
    else:
        stop = len(data)
    stop = start + len(data[start:stop].rstrip(b" \t\r\n,"))
    try:
        record = orjson.loads(memoryview(data)[start:stop])
    except orjson.JSONDecodeError:
        return None
    return Candidate(start, stop, record) if isinstance(record, dict) else None


def names(events: Iterable[str]) -> frozenset[str]:
    """The event names of `service:action` strings of AWS."""
    return frozenset(e.partition(":")[2] for e in events)
