"""Blob → transfers and signals: the part of a hunt that runs on many cores or on a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.detect import repeats
from exclave.detect.azure_seen import seen as azure_seen
from exclave.detect.domains import seen as google_seen
from exclave.detect.lines.told import Told
from exclave.detect.match import Found, Index, denied, index, match
from exclave.detect.prefilter import Prefilter, first_record
from exclave.detect.repeats import Repeats
from exclave.detect.result import ScanResult, Sum
from exclave.detect.shapes import records, shapes, texts
from exclave.detect.steps import denial
from exclave.detect.telling import tells
from exclave.formats import cloudtrail
from exclave.model import Actor, Closure, Cloud, Derivation, Event, Evidence, Kind, Problem, Signal, Transfer

if TYPE_CHECKING:
    from datetime import datetime

    from exclave.catalogue.loader import Catalogue
    from exclave.detect.lines.ways import Lines
    from exclave.sources.blob import Blob

_SMALL = 64 * 1024  # plain bytes up to which finds of a scan are confirmed at once
_TINY = 1024  # plain bytes up to which the full parser is as fast
_DELIVERED = re.compile(r"(\d{12})_CloudTrail(?:-[A-Za-z]+)?_[a-z0-9-]+_\d{8}T\d{4}Z_\w+\.json")
_KEY_OWNER = re.compile(r"AWSLogs/(?:(o-[a-z0-9]{10,32})/)?(\d{12})/")
_TIME = re.compile(rb'"eventTime"\s*:\s*"([^"]{10,40})"')
_RECIPIENT = re.compile(rb'"recipientAccountId"\s*:\s*"(\d{12})"')
_LEFT_OUT = re.compile("Digest|Config", re.IGNORECASE)  # names of kinds that the full parser leaves out
# an empty object of a store that consoles, and CloudTrail itself, put where a folder is to be seen
_FOLDER_MARK = re.compile(r"\w+://.*/[^/.]*")
_EACH = b'"eventVersion"'  # stands once in each record
_SAMPLE = 16 * 1024
_MAX_ACTORS = 10_000


@dataclass(slots=True)
class Scanner:
    """The catalogue made ready for one process. `scan` gives the same for the same blob, wherever it runs."""

    catalogue: Index
    prefilter: Prefilter | None
    since: datetime | None = None
    until: datetime | None = None
    confirm: bool = False  # number and confirm every find, in large files too
    repeated: frozenset[str] = frozenset()  # events of which a stranger's are counted (repeats.py)
    hyperscan: bool = True
    lines: Lines | None = None  # made when the first file of lines is met
    actors: dict[Actor, Actor] = field(default_factory=dict)  # who was met, so that each is held once

    def scan(self, blob: Blob) -> ScanResult:
        """Everything that one blob shows."""
        batch = self.batch()
        batch.scan(blob)
        return batch.result()

    def held_once(self, event: Event) -> Event:
        """An event with the actor of earlier ones, where it is the same: most of what a finding holds is that."""
        actor = self.actors.get(event.actor)
        if actor is not None:
            return replace(event, actor=actor)
        if len(self.actors) < _MAX_ACTORS:
            self.actors[event.actor] = event.actor
        return event

    def batch(self) -> Batch:
        """To scan several blobs, one after the other, for one result."""
        counted = not (self.confirm or self.since or self.until)
        return Batch(self, Repeats(self.repeated) if counted else None)


def scanner(
    catalogue: Catalogue,
    *,
    fast: bool = True,
    hyperscan: bool = True,
    confirm: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Scanner:
    """A scanner for a catalogue.

    Args:
        catalogue: what to look for.
        fast: whether the cheap path may be used; without it every record is parsed.
        hyperscan: whether the cheap path may use Hyperscan.
        confirm: whether each find is checked to be a top-level record and numbered, in large files too.
        since: events before are left out.
        until: events from then on are left out.
    """
    names = index(catalogue)
    rare: set[str] = set()
    common: set[str] = set()
    telling: set[str] = set()
    for method in catalogue.methods:
        for case in method.match:
            wanted = common if method.caller == "foreign" else telling if case.common else rare
            wanted.update(_spelt(e) for e in case.events if "amazonaws.com:" in e or e.startswith("*:"))
        rare.update(_spelt(e) for c in method.closes for e in c.events if "amazonaws.com:" in e)
    for rule in catalogue.lineage:
        rare.update(_spelt(e) for e in rule.events if "amazonaws.com:" in e)
    kinds = (frozenset(rare), frozenset(common - rare), frozenset(telling - rare))
    made = Prefilter(*kinds, _hyperscan=hyperscan) if fast else None
    return Scanner(names, made, since, until, confirm, repeats.names(names), hyperscan)


def _spelt(event: str) -> str:
    return event.partition(":")[2]


@dataclass(slots=True)
class Batch:
    """Blobs scanned one after the other; what they show is gathered, each blob's all or not at all."""

    scanner: Scanner
    repeats: Repeats | None = None
    total: Sum = field(default_factory=Sum)
    first: datetime | None = None  # time covered since `began` was called
    last: datetime | None = None
    name: str = ""  # of the blob that is scanned now
    found: list[Found] = field(default_factory=list)
    seen: dict[Kind, dict[str, str]] = field(default_factory=dict)
    told: Told = field(default_factory=Told)  # what lines that were read whole are in `seen` for
    failures: dict[str, datetime] = field(default_factory=dict)
    owner: str = ""  # whose records CloudTrail delivered in this file, by its name
    owner_seen: bool = False  # its first record was looked at too
    packed: bool = False  # a checksum vouches for its bytes
    trusted: bool = False  # its bytes need no parse to be known as well-formed

    def scan(self, blob: Blob) -> None:
        """Adds everything that one blob shows."""
        named = _DELIVERED.search(blob.name, blob.name.rfind("/") + 1)
        self.name = blob.name
        self.owner = named[1] if named else ""
        self.owner_seen = False
        self.total.files += 1
        self.total.bytes_read += blob.packed
        # Compressed content has a checksum; plain text may be damaged anywhere, so it is parsed.
        self.packed = blob.packed < len(blob.data)
        self.trusted = self.owner != "" and self.packed
        found = len(self.found)
        try:
            if blob.rest is None:
                self._part(blob.data, 1)
            else:
                from exclave.formats.chunking import chunks

                for data, before in chunks(blob.data, blob.rest, blob.name):
                    self._part(data, before + 1)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - one hostile file must not end the hunt; it is named instead
            del self.found[found:]
            what = f"can't be scanned: {type(error).__name__}: {error}"
            hint = "this is a defect of exclave: please report it"
            self.total.problem(Problem(where=blob.name, what=what, hint=hint))
        if blob.problem is not None:
            self.total.problem(blob.problem)
        if self.owner:
            self._ours(Kind.ACCOUNT, self.owner, _HOW["cloudtrail"])
        if owner := _KEY_OWNER.search(self.name):
            self._ours(Kind.ACCOUNT, owner[2], "its account id stands in a log's object key")
            if owner[1]:
                self._ours(Kind.ORGANIZATION, owner[1], "its organisation trail wrote these logs")

    def began(self) -> None:
        """From now on `first` and `last` say which time is covered."""
        self.total.span(self.first)
        self.total.span(self.last)
        self.first = self.last = None

    def _span(self, time: datetime | None) -> None:
        if time is not None:
            if self.first is None or time < self.first:
                self.first = time
            if self.last is None or time > self.last:
                self.last = time

    def _part(self, data: bytes, first_record: int) -> None:
        self.total.bytes_plain += len(data)
        prefilter = self.scanner.prefilter
        cheap = prefilter if len(data) > _TINY and not _is_left_out(self.name) else None
        if cheap and self.trusted:
            if self._scanned(data, cheap):
                return
            if self.repeats is not None:
                self.repeats.forget()
        if cheap and self._lined(data, first_record):
            return
        data = bytes(data)  # what inflates may give a bytearray, which scans alone are ready for
        if cheap and self._shaped(data, first_record, cheap):
            return
        self._slow(data, first_record)

    def _slow(self, data: bytes, first_record: int) -> None:
        from exclave.formats.reading import read
        from exclave.formats.sniffing import SKIPPED, sniff

        logs: set[str] = set()
        damaged = False
        for item in read(self.name, data, first_record):
            if isinstance(item, Problem):
                self.total.problem(item)
                damaged = True
                continue
            self.total.records += 1
            self._span(item.time)
            logs.add(item.log)
            self._see(item)
            self.found.extend(self._matches(item))
        kind = "" if logs else sniff(self.name, data)
        if kind == "empty" and _FOLDER_MARK.fullmatch(self.name):
            kind = "folder-mark"
        if kind in SKIPPED or kind == "folder-mark":
            self.total.skipped[kind] = self.total.skipped.get(kind, 0) + 1
            return
        if kind == "empty":
            hint = "fetch it again if it should hold records"
            self.total.problem(Problem(where=self.name, what="is empty", hint=hint))
        for log in logs or {"unread" if damaged else kind}:
            self._is_of(log)

    def _lined(self, data: bytes, first_record: int) -> bool:
        """Looks at the lines of Azure and Google Cloud that matter; False where more than that is needed."""
        from exclave.detect.lines.ways import Lines

        scanner = self.scanner
        if scanner.lines is None:
            scanner.lines = Lines(scanner.catalogue, hyperscan=scanner.hyperscan)
        counted = not (scanner.since or scanner.until)
        packed = self.packed and not scanner.confirm
        looked = scanner.lines.looked_at(
            self.name, data, first_record, self.told, packed=packed, counted=counted
        )
        if looked is None:
            return False
        for event in looked.events:
            self._see(event)
            self._span(event.time)
            self.found += self._matches(event)
        self.found += looked.more
        self.total.records += looked.records
        self.total.exact = self.total.exact and looked.exact
        for time in looked.times:
            self._span(time)
        for log in looked.logs:
            self._is_of(log)
        return True

    def _is_of(self, log: str) -> None:
        self.total.formats[log] = self.total.formats.get(log, 0) + 1

    def _scanned(self, data: bytes, prefilter: Prefilter) -> bool:
        """Looks at the records that a scan of the bytes points at; False where more than that is needed."""
        repeats = self.repeats
        candidates = prefilter.candidates(data, self.owner, repeats)
        if candidates is None:
            return False
        found: list[Found] = []
        for candidate in candidates:
            event = cloudtrail.event(candidate.record, _evidence(self.name, 0, candidate.record))
            shown = self._matches(event)
            if repeats and candidate.like and not repeats.learn(candidate.like, shown):
                return False
            found += shown
        if self.scanner.confirm and found:
            return False
        if len(data) <= _SMALL and any(isinstance(one, Transfer) for one in found):
            return False
        if not self.owner_seen and not self._owner_is_first(data):
            return False
        if repeats is not None:
            repeats.keep()
        self.found += found
        self._is_of("cloudtrail")
        self.total.records += _about(data)
        self.total.exact = self.total.exact and len(data) <= _SAMPLE
        for time in (_TIME.search(data), _TIME.search(data, max(0, data.rfind(b'"eventTime"')))):
            self._span(cloudtrail.parse_time(time[1].decode("ascii", "replace")) if time else None)
        return True

    def _owner_is_first(self, data: bytes) -> bool:
        named = _RECIPIENT.search(data)
        if not named or named[1].decode() != self.owner:
            # Either the file was renamed, or a record's parameters hold such a key too.
            record = first_record(data)
            if record is None:
                return False
            self._see(cloudtrail.event(record, _evidence(self.name, 0, record)))
        self.owner_seen = True
        return True

    def _shaped(self, data: bytes, first_record: int, prefilter: Prefilter) -> bool:
        """Looks at the records that a typed parse of all of them points at; False where one isn't plain."""
        found = shapes(data)
        if found is None:
            return False
        positions = set(prefilter.wanted(found))
        accounts: set[str] = set()
        if self.owner:
            positions.add(0)
        else:
            for position, shape in enumerate(found):
                if isinstance(shape.recipientAccountId, str) and shape.recipientAccountId:
                    accounts.add(shape.recipientAccountId)
                else:
                    positions.add(position)
        raws = texts(data)
        positions.update(n for n in prefilter.may_tell(found) if tells(raws[n], found[n].recipientAccountId))
        looked = records(raws, sorted(positions))
        if looked is None:
            return False
        for position, record in zip(sorted(positions), looked, strict=True):
            event = cloudtrail.event(record, _evidence(self.name, first_record + position, record))
            self._see(event)
            self.found += self._matches(event)
        for account in accounts:
            self._ours(Kind.ACCOUNT, account[:4096], _HOW["cloudtrail"])
        self.total.records += len(found)
        self._is_of("cloudtrail")
        times = [shape.eventTime for shape in found if isinstance(shape.eventTime, str)]
        for time in (min(times, default=None), max(times, default=None)):
            self._span(cloudtrail.parse_time(time))
        return True

    def _see(self, event: Event) -> None:
        if event.log == "cloudtrail" and not self._says_whose(event):
            return
        if event.account:
            kind = _OWN_KINDS.get(event.log)
            if kind and not (kind is Kind.PROJECT and "/" in event.account):
                self._ours(kind, event.account, _HOW[event.log])
        if event.log == "gcp-audit":
            for kind, identifier, how in google_seen(event):
                self.seen.setdefault(kind, {}).setdefault(identifier, how)
        if event.cloud is Cloud.AZURE:
            for kind, identifier, how in azure_seen(event):
                self.seen.setdefault(kind, {}).setdefault(identifier, how)
                if kind is Kind.SUBSCRIPTION:
                    self.total.accounts.add(identifier)

    def _says_whose(self, event: Event) -> bool:
        """Whether a CloudTrail record shows whose log it is."""
        if self.owner:
            # CloudTrail delivers one account's records to a file, so its first record says whose.
            first, self.owner_seen = not self.owner_seen, True
            if not first:
                return False
        return bool(event.raw.get("recipientAccountId")) or event.actor.kind not in _NOT_THE_OWNER

    def _ours(self, kind: Kind, identifier: str, how: str) -> None:
        self.seen.setdefault(kind, {}).setdefault(identifier.lower(), how)
        if kind is not Kind.ORGANIZATION:
            self.total.accounts.add(identifier)

    def _matches(self, event: Event) -> list[Found]:
        scanner = self.scanner
        event = scanner.held_once(event)
        if event.time is not None and (
            (scanner.since and event.time < scanner.since) or (scanner.until and event.time >= scanner.until)
        ):
            return []
        found = list(match(event, scanner.catalogue))
        ended = event.log == "gcp-audit" and event.error and event.name.lower() in scanner.catalogue.closes
        if ended and event.shared_id and event.time:
            self._failed(event.shared_id, event.time)
        if event.log == "azure-activity" and event.shared_id and event.time:
            known = (scanner.catalogue.methods, scanner.catalogue.closes)
            if event.error and any(event.name.lower() in names for names in known):
                # What its first record offered, or ended, was an attempt.
                self._failed(event.shared_id, event.time)
            for method in denied(event, scanner.catalogue, found):
                self._failed(denial(method, event.shared_id), event.time)
        return found

    def _failed(self, operation: str, time: datetime) -> None:
        self.failures[operation] = max(time, self.failures.get(operation, time))

    def result(self) -> ScanResult:
        """All of it. Call it once."""
        if self.repeats is not None:
            self.found += self.repeats.signals()
        self.total.span(self.first)
        self.total.span(self.last)
        return ScanResult(
            transfers=tuple(f for f in self.found if isinstance(f, Transfer)),
            signals=tuple(f for f in self.found if isinstance(f, Signal)),
            closures=tuple(f for f in self.found if isinstance(f, Closure)),
            derivations=tuple(f for f in self.found if isinstance(f, Derivation)),
            coverage=self.total.coverage(),
            seen=self.seen,
            failures=self.failures,
        )


_NOT_THE_OWNER = frozenset(
    {"account", "service", "anonymous"}
)  # callers whose account says nothing of the log's
_OWN_KINDS = {"cloudtrail": Kind.ACCOUNT, "s3-access": Kind.ACCOUNT, "gcp-audit": Kind.PROJECT}
_HOW = {
    "cloudtrail": "its CloudTrail is among these logs",
    "s3-access": "the access log of its bucket is among these logs",
    "gcp-audit": "its audit log is among these logs",
}


def _about(data: bytes) -> int:
    """How many records a file has, by the length of its first ones where it has many."""
    sample = data[:_SAMPLE]
    count = sample.count(_EACH)
    if len(data) > _SAMPLE and count > 1:
        length = (sample.rfind(_EACH) - sample.find(_EACH)) / (count - 1)
        count = round(len(data) / length)
    return max(1, count)


def _is_left_out(name: str) -> bool:
    """Whether a file may be of a kind that the full parser leaves out, by its name."""
    if name.isascii():  # ten times as fast
        lower = name.lower()
        return "digest" in lower or "config" in lower
    return _LEFT_OUT.search(name) is not None


def _evidence(name: str, number: int, record: object) -> Evidence:
    identifier = record.get("eventID") if isinstance(record, dict) else None
    return Evidence(
        file=name, record=number, event_id=identifier[:200] if isinstance(identifier, str) else ""
    )
