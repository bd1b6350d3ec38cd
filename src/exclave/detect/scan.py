"""Blob → transfers and signals: the part of a hunt that runs on many cores or on a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from exclave import formats
from exclave.catalogue.loader import Catalogue
from exclave.detect.match import Found, Index, index, match
from exclave.detect.prefilter import Candidate, Prefilter, numbered
from exclave.detect.result import ScanResult, Sum
from exclave.formats import cloudtrail
from exclave.model import Closure, Derivation, Event, Evidence, Kind, Problem, Signal, Transfer
from exclave.sources.blob import Blob

_SMALL = 256 * 1024  # plain bytes up to which finds of the cheap path are confirmed at once
_TINY = 16 * 1024  # plain bytes up to which the full parser is as fast
_DELIVERED = re.compile(r"(\d{12})_CloudTrail(?:-[A-Za-z]+)?_[a-z0-9-]+_\d{8}T\d{4}Z_\w+\.json")
_KEY_OWNER = re.compile(r"AWSLogs/(?:(o-[a-z0-9]{10,32})/)?(\d{12})/")
_TIME = re.compile(rb'"eventTime"\s*:\s*"([^"]{10,40})"')
_SAMPLE = 64 * 1024


@dataclass(slots=True)
class Scanner:
    """The catalogue made ready for one process. `scan` gives the same for the same blob, wherever it runs."""

    catalogue: Index
    prefilter: Prefilter | None
    since: datetime | None = None
    until: datetime | None = None
    confirm: bool = False  # number and confirm every find, in large files too

    def scan(self, blob: Blob) -> ScanResult:
        """Everything that one blob shows."""
        run = _Run(self, blob.name)
        run.total.files = 1
        run.total.bytes_read = blob.packed
        # Compressed content has a checksum; plain text may be damaged anywhere, so it is parsed (see prefilter.numbered).
        run.checked = blob.packed < len(blob.data)
        if blob.rest is None:
            run.part(blob.data, 1)
        else:
            for data, before in formats.chunks(blob.data, blob.rest):
                run.part(data, before + 1)
        if blob.problem is not None:
            run.total.problem(blob.problem)
        return run.result()


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
    for key, entries in names.methods.items():
        if "amazonaws.com:" in key or key.startswith("*:"):
            for method, _, _ in entries:
                wanted = common if method.caller == "foreign" else rare
                wanted.update(_spelt(e) for m in method.match for e in m.events if e.lower() == key)
    for method in catalogue.methods:
        rare.update(_spelt(e) for c in method.closes for e in c.events if "amazonaws.com:" in e)
    for rule in catalogue.lineage:
        rare.update(_spelt(e) for e in rule.events if "amazonaws.com:" in e)
    made = Prefilter(frozenset(rare), frozenset(common - rare), _hyperscan=hyperscan) if fast else None
    return Scanner(names, made, since, until, confirm)


def _spelt(event: str) -> str:
    return event.partition(":")[2]


@dataclass(slots=True)
class _Run:
    scanner: Scanner
    name: str
    total: Sum = field(default_factory=Sum)
    found: list[Found] = field(default_factory=list)
    seen: dict[Kind, dict[str, str]] = field(default_factory=dict)
    checked: bool = False

    def part(self, data: bytes, first_record: int) -> None:
        self.total.bytes_plain += len(data)
        prefilter = self.scanner.prefilter
        if prefilter is not None and len(data) > _TINY:
            candidates = prefilter.candidates(data)
            if candidates is not None:
                self._fast(data, candidates, first_record, prefilter)
                return
        self._slow(data, first_record)

    def _slow(self, data: bytes, first_record: int) -> None:
        logs: set[str] = set()
        for item in formats.read(self.name, data, first_record):
            if isinstance(item, Problem):
                self.total.problem(item)
                continue
            self.total.records += 1
            self.total.span(item.time)
            logs.add(item.log)
            self._see(item)
            self._match(item)
        for log in logs or ({"empty"} if not data.strip() else {"unread"}):
            self.total.formats[log] = self.total.formats.get(log, 0) + 1

    def _fast(self, data: bytes, candidates: list[Candidate], first_record: int, prefilter: Prefilter) -> None:
        found: list[tuple[Candidate, list[Found]]] = []
        for candidate in candidates:
            event = cloudtrail.event(candidate.record, _evidence(self.name, 0, candidate.record))
            if matched := self._matches(event):
                found.append((candidate, matched))
        numbers = None
        if not self.checked or (found and (self.scanner.confirm or len(data) <= _SMALL)):
            bounds = numbered(data)
            if bounds is None:  # it isn't valid JSON: salvage what is whole
                self._slow(data, first_record)
                return
            numbers = {bound: n for n, bound in enumerate(bounds, first_record)}
        self._cheap(data, prefilter)
        for candidate, matched in found:
            if numbers is None:
                self.found.extend(matched)
            elif number := numbers.get((candidate.start, candidate.end)):
                self.found.extend(replace(f, evidence=replace(f.evidence, record=number)) for f in matched)

    def _cheap(self, data: bytes, prefilter: Prefilter) -> None:
        """Counts and times of a file that was not parsed whole."""
        self.total.formats["cloudtrail"] = self.total.formats.get("cloudtrail", 0) + 1
        sample = data[:_SAMPLE]
        self.total.records += max(1, round(sample.count(b'"eventVersion"') * len(data) / len(sample)))
        self.total.exact = self.total.exact and len(data) <= _SAMPLE
        for time in (_TIME.search(data), _TIME.search(data, max(0, data.rfind(b'"eventTime"')))):
            self.total.span(cloudtrail.parse_time(time[1].decode("ascii", "replace")) if time else None)
        self._accounts(data, prefilter)

    def _accounts(self, data: bytes, prefilter: Prefilter) -> None:
        named = _DELIVERED.search(self.name)
        if named:
            # CloudTrail delivers one account's records to a file: its name and first record say which.
            first = re.search(rb'"recipientAccountId"\s*:\s*"(\d{12})"', data)
            accounts = {named[1], *([first[1].decode()] if first else [])}
        else:
            accounts = set(prefilter.recipients(data))
        for account in accounts:
            self._ours(Kind.ACCOUNT, account, "its CloudTrail is among these logs")

    def _see(self, event: Event) -> None:
        if event.account:
            recipient = event.raw.get("recipientAccountId") if event.log == "cloudtrail" else None
            if event.log == "cloudtrail" and not recipient and event.actor.kind in ("account", "service", "anonymous"):
                return
            kind = _OWN_KINDS.get(event.log)
            if kind:
                self._ours(kind, event.account, _HOW[event.log])

    def _ours(self, kind: Kind, identifier: str, how: str) -> None:
        self.seen.setdefault(kind, {}).setdefault(identifier.lower(), how)
        if kind is not Kind.ORGANIZATION:
            self.total.accounts.add(identifier)

    def _match(self, event: Event) -> None:
        self.found.extend(self._matches(event))

    def _matches(self, event: Event) -> list[Found]:
        scanner = self.scanner
        if event.time is not None and (
            (scanner.since and event.time < scanner.since) or (scanner.until and event.time >= scanner.until)
        ):
            return []
        return list(match(event, scanner.catalogue))

    def result(self) -> ScanResult:
        if owner := _KEY_OWNER.search(self.name):
            self._ours(Kind.ACCOUNT, owner[2], "its account id stands in a log's object key")
            if owner[1]:
                self._ours(Kind.ORGANIZATION, owner[1], "its organisation trail wrote these logs")
        return ScanResult(
            transfers=tuple(f for f in self.found if isinstance(f, Transfer)),
            signals=tuple(f for f in self.found if isinstance(f, Signal)),
            closures=tuple(f for f in self.found if isinstance(f, Closure)),
            derivations=tuple(f for f in self.found if isinstance(f, Derivation)),
            coverage=self.total.coverage(),
            seen=self.seen,
        )


_OWN_KINDS = {"cloudtrail": Kind.ACCOUNT, "azure-activity": Kind.SUBSCRIPTION, "gcp-audit": Kind.PROJECT}
_HOW = {
    "cloudtrail": "its CloudTrail is among these logs",
    "azure-activity": "its activity log is among these logs",
    "gcp-audit": "its audit log is among these logs",
}


def _evidence(name: str, number: int, record: object) -> Evidence:
    identifier = record.get("eventID") if isinstance(record, dict) else None
    return Evidence(file=name, record=number, event_id=identifier[:200] if isinstance(identifier, str) else "")
