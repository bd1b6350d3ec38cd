r"""The cheap path: finds the few records of a CloudTrail file that matter without decoding the others.

Two ways, both leaving what they can't be sure of to the next: a scan of the bytes, then a typed parse
(shapes.py), then the full parser.

The scan is for files that CloudTrail itself delivered (by their names) and whose compression vouches for
their bytes. There it is sound by this argument. Names and keys of interest are ASCII letters and digits,
which JSON can spell otherwise only as `\u00XX`; a file in which an alphanumeric one occurs goes on to the next
way. Between a key and its value stand only white space and a colon, which the pattern allows. A raw
`{ "eventVersion"` can't stand inside a string (its quotes would be escaped), so it is a real object's start;
a slice counts only if it decodes whole as one plain record. Whatever is not certain (other key order, a
nested copy, bad JSON, another encoding or envelope) makes `candidates` return None.

Three facts about delivered files are taken from CloudTrail's documentation and not from the bytes: all their
records are of the account in the name; a caller of another account is `AWSAccount` there; and
their list holds nothing but records.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html

Writes to S3 are too many to be looked at each. They matter where they tell (telling.py): only in files that have
any, one more scan looks for headers, and each write for its bucket's owner.

An attacker can plant whole fake records as an array inside another record, which the scan takes for real; the
typed parse confirms what it found before anything loud is reported (engines/confirm.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from exclave.detect import telling
from exclave.detect.patterns import finder, trees
from exclave.detect.shapes import Shape, is_plain
from exclave.formats.cloudtrail import HEAD, action_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exclave.detect.patterns import Finder
    from exclave.detect.repeats import Like, Repeats

_CLOSED = re.compile(rb"\]\s*\}\s*\Z")
_KEY = b'"eventVersion"'
_NAME_KEY = b'"eventName"'
_SPACE = b" \t\r\n"
_ESCAPE = r"\\u00"
_ALNUM = re.compile(rb"3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|6[1-9A-Fa-f]|7[0-9Aa]")  # what an escape may stand for
# What CloudTrail writes before the name of what was called.
_NAMED = re.compile(rb'"eventSource":"[^"\\]*","eventName":"(\w+)"')
_STRANGER = b'"AWSAccount"'
_BEGINNING = 10  # letters of a name that the scan looks for
_LONGEST = 200  # letters of the longest name, with its date, and some to spare
_RARE, _TELLING, _COMMON, _OTHER = 3, 2, 1, 0
_MAX_KNOWN = 20_000
_QUOTE = ord('"')


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may matter."""

    record: dict[str, Any]
    like: Like | None = None  # it is the first of records that were counted without being given


@dataclass(slots=True)
class Prefilter:
    """Event names to look for.

    `rare` always matter; `telling` where a record tells (telling.py), and, as `common` ones, with a caller of another
    account. The searches are made at first use and belong to one process.
    """

    rare: frozenset[str]
    common: frozenset[str]
    telling: frozenset[str] = frozenset()
    _searches: tuple[Finder, ...] | None = field(default=None, repr=False)
    _hyperscan: bool = field(default=True, repr=False)
    _kinds: dict[str, int] = field(default_factory=dict, repr=False)
    _names: dict[str, int] = field(default_factory=dict, repr=False)

    def candidates(self, data: bytes, account: str, repeats: Repeats | None = None) -> list[Candidate] | None:
        """The records of a delivered file that may matter, or None where the typed parse must decide.

        Those with a foreign caller are left out where `repeats` knows them, which counts them.

        Args:
            data: what the file holds.
            account: whose records it holds, by its name.
            repeats: what a batch of files has shown again and again.
        """
        searches = self._compiled()
        if not searches or not HEAD.match(data) or not _CLOSED.search(data, max(0, len(data) - 64)):
            return None
        names, escapes, foreign, headers = searches
        if any(_ALNUM.match(data, end) for end in escapes(data)):
            return None
        named, told = names(data), foreign(data)
        # Only the names of writes were looked for whole, to their closing quotes.
        writes = [end for end in named if data[end - 1] == _QUOTE]
        if writes:
            told += telling.found(data, headers(data), writes, account)
        rare = [end for end in named if data[end - 1] != _QUOTE and self._is_rare(data, end)]
        return self._slices(data, rare, told, repeats)

    def _is_rare(self, data: bytes, end: int) -> bool:
        """Whether a name that begins as a rare one, up to `end`, is one."""
        start = data.rfind(b'"', 0, end) + 1
        stop = data.find(b'"', end, end + _LONGEST)
        return stop > 0 and self.kind(data[start:stop].decode("ascii", "replace")) == _RARE

    def _slices(
        self, data: bytes, rare: list[int], told: list[int], repeats: Repeats | None
    ) -> list[Candidate] | None:
        out: list[Candidate] = []
        last = at = 0
        for end in sorted((*rare, *told)):
            if end <= last:
                continue
            place = _place(data, end, last)
            if place is None:
                return None
            start, last = place
            while at < len(rare) and rare[at] < end:
                at += 1
            like: Like | None = None
            if at == len(rare) or rare[at] > last:  # only what it tells may make it matter
                foreign = data.find(_STRANGER, start, last) >= 0
                if foreign and repeats is not None:
                    if repeats.known(memoryview(data)[start:last]):
                        continue
                    like = repeats.new
                if self._is_other(data, start, last, foreign=foreign):
                    continue
            record = _decoded(data, start, last)
            if record is None or not is_plain(record):
                return None
            out.append(Candidate(record, like))
        return out

    def wanted(self, found: Iterable[Shape]) -> Iterator[int]:
        """The positions of the records that may matter by their names and callers."""
        for position, shape in enumerate(found):
            kind = self.kind(shape.eventName)
            if kind == _RARE or (kind != _OTHER and _may_be_foreign(shape)):
                yield position

    def may_tell(self, found: Iterable[Shape]) -> Iterator[int]:
        """The positions of the records that matter if they tell."""
        return (n for n, shape in enumerate(found) if self.kind(shape.eventName) == _TELLING)

    def kind(self, name: str) -> int:
        """How far a name matters: always, where its record tells, with a foreign caller, not at all."""
        kind = self._kinds.get(name)
        if kind is None:
            plain = action_name(name).lower()
            kind = self._lower().get(plain, _OTHER) if name.isascii() else _OTHER
            if len(self._kinds) < _MAX_KNOWN:
                self._kinds[name] = kind
        return kind

    def _lower(self) -> dict[str, int]:
        if not self._names:
            kinds = ((self.common, _COMMON), (self.telling, _TELLING), (self.rare, _RARE))
            self._names.update({name.lower(): kind for names, kind in kinds for name in names})
        return self._names

    def _is_other(self, data: bytes, start: int, stop: int, *, foreign: bool) -> bool:
        """Whether a record is of something that no entry asks for; `foreign`: the caller may be of another account."""
        named = _NAMED.search(data, start, stop)
        if not named or data.find(_NAME_KEY, start, named.start()) >= 0:
            return False
        if data.find(_NAME_KEY, named.end(), stop) >= 0:  # of another, inside it
            return False
        kind = self.kind(named[1].decode("ascii", "replace"))
        return kind == _OTHER or (kind == _COMMON and not foreign)

    def prepare(self) -> None:
        """Make the searches now, for this process and those that are forked from it."""
        self._compiled()

    def _compiled(self) -> tuple[Finder, ...]:
        if self._searches is None:
            self._searches = self._compile() if self._hyperscan else ()
        return self._searches

    def _compile(self) -> tuple[Finder, ...]:
        # All alike but for the names, so that one literal leads. Whole names would take five times as long
        # to compile as their beginnings, and find hardly fewer.
        beginnings = {name[:_BEGINNING] for name in self.rare} | {f'{name}"' for name in self.telling}
        try:
            return (
                finder(trees(beginnings, around=_named)),
                finder([_ESCAPE]),
                finder([_STRANGER.decode()]),
                telling.headers(),
            )
        except ImportError:
            return ()


def _named(names: str) -> str:
    # The tail of "eventName": Hyperscan goes by two letters, and "tN" is rare in a log, where "ev" is not.
    return rf'tName"\s*:\s*"(?i:{names})'


def _may_be_foreign(shape: Shape) -> bool:
    identity = shape.userIdentity
    principal = identity.principalId
    if isinstance(principal, str) and principal[:9].lower() == "anonymous":
        return True
    if identity.accountId is None:
        return bool(identity.type != "AWSService")
    return bool(identity.accountId != shape.recipientAccountId)


def first_record(data: bytes) -> dict[str, Any] | None:
    """The first record of a delivered file, or None where that isn't certain."""
    head = HEAD.match(data)
    place = _place(data, head.end(), 0) if head else None
    record = _decoded(data, *place) if place else None
    return record if record is not None and is_plain(record) else None


def _decoded(data: bytes, start: int, stop: int) -> dict[str, Any] | None:
    try:
        record = orjson.loads(memoryview(data)[start:stop])
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


def _place(data: bytes, end: int, last: int) -> tuple[int, int] | None:
    """Where the record around `end` starts and stops, or None where that isn't certain."""
    key = data.rfind(_KEY, last, end)
    start = data.rfind(b"{", last, key) if key >= 0 else -1
    if start < 0 or data[start + 1 : key].strip(_SPACE):
        return None
    following = data.find(_KEY, end)
    if following >= 0:
        stop = data.rfind(b"{", end, following)
        if stop < 0 or data[stop + 1 : following].strip(_SPACE):
            return None
    else:
        stop = data.rfind(b"]")
        if stop < end:
            return None
    return start, start + len(data[start:stop].rstrip(b" \t\r\n,"))
