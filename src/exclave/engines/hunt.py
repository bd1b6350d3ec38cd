"""A whole hunt: scan, correlate, look again where a find must be confirmed or a session traced, correlate for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from exclave.catalogue.loader import Catalogue
from exclave.correlate.report import report
from exclave.detect.result import ScanResult, Sum, merge
from exclave.detect.sessions import MAX_HOPS
from exclave.engines.flows import with_flows
from exclave.engines.local import batches, each, stored
from exclave.engines.work import Settings, Span, issued_items, scan_items
from exclave.flows import Collector
from exclave.model import Coverage, Issued, Kind, Problem, Report
from exclave.perimeter import Entry, Perimeter
from exclave.sources import Item

_SESSION = timedelta(hours=36)  # the longest that a temporary credential lasts
_MARGIN = timedelta(hours=1)  # records of a file may lie this far outside its first and last
_NEVER = datetime.min.replace(tzinfo=UTC)
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a hunt is: `phase` in words; items and stored bytes done; totals where they are known."""

    phase: str
    items: int
    stored: int
    plain: int


Watch = Callable[[Progress], None]
Seen = Mapping[Kind, Mapping[str, str]]
MakePerimeter = Callable[[Seen], tuple[Perimeter, Sequence[str]]]


@dataclass(slots=True)
class Hunt:
    """One hunt. `stopped` says that Ctrl-C ended it early: the report then covers what was read."""

    catalogue: Catalogue
    settings: Settings
    make_perimeter: MakePerimeter
    jobs: int = 0
    watch: Watch = lambda _progress: None
    stopped: bool = False
    _spans: list[Span] = field(default_factory=list)
    _flow_spans: list[Span] = field(default_factory=list)
    _flows: Collector = field(default_factory=Collector)

    def run(self, planned: Iterable[Item | Problem]) -> Report:
        """The report on all planned items."""
        with Collector() as collector:
            self._flows = collector
            result = self.scan(planned)
            perimeter, said = self.make_perimeter(result.seen)
            items = [s.item for s in self._flow_spans]
            result = with_flows(result, collector, perimeter, self.catalogue, items, self.settings.limits)
        found = report(result, self.catalogue, perimeter, said=said)
        if self.stopped:
            return found
        try:
            confirmed = self._confirmed(result, found)
            if confirmed is not result:
                result = confirmed
                found = report(result, self.catalogue, perimeter, said=said)
            issued = self._issued(found)
        except KeyboardInterrupt:
            self.stopped = True
            return replace(found, coverage=_stopped(found.coverage, "while sessions were traced"))
        if issued:
            found = report(result, self.catalogue, perimeter, issued=issued, said=said)
        unused = perimeter.unused(f.destination for f in found.findings if f.destination)
        return replace(found, perimeter=(*found.perimeter, *_unused(unused)))

    def scan(self, planned: Iterable[Item | Problem]) -> ScanResult:
        """What all planned items show, not yet judged."""
        results: list[ScanResult] = []
        lost = Sum()
        count = size = plain = 0
        try:
            for task, result in each(scan_items, batches(self._items(planned, results, lost)), self.settings, jobs=self.jobs):
                if isinstance(result, Exception):
                    for item in task:
                        lost.problem(_crashed(item))
                    continue
                results.append(self._kept(result[0], lost))
                self._spans += [s for s in result[1] if not s.flows]
                self._flow_spans += [s for s in result[1] if s.flows]
                count += len(task)
                size += sum(map(stored, task))
                plain += result[0].coverage.bytes_plain
                self.watch(Progress(phase="reading", items=count, stored=size, plain=plain))
        except KeyboardInterrupt:
            self.stopped = True
            lost.problem(Problem(where="(the rest)", what="stopped by Ctrl-C before everything was read", hint="run it again"))
        return merge([*results, ScanResult(coverage=lost.coverage())])

    def _items(self, planned: Iterable[Item | Problem], results: list[ScanResult], lost: Sum) -> Iterator[Item]:
        for item in planned:
            if isinstance(item, Problem):
                lost.problem(item)
            elif item.scheme == "stdin":
                # Only this process has it, and only once: read and confirm it at once.
                result, _ = scan_items([item], replace(self.settings, confirm=True))
                results.append(self._kept(result, lost))
            else:
                yield item

    def _kept(self, result: ScanResult, lost: Sum) -> ScanResult:
        """The result without the sums of its flow logs, which go to disk."""
        if not result.flows:
            return result
        try:
            self._flows.add(result.flows)
        except OSError as error:
            what = f"sums can't be put on disk, so some are missing: {error.strerror or error}"
            lost.problem(Problem(where="(flow logs)", what=what, hint="make room for temporary files"))
        return replace(result, flows=())

    def _confirmed(self, result: ScanResult, found: Report) -> ScanResult:
        """The result with every file that something loud was found in parsed whole: see detect/prefilter.py."""
        wanted = {f.evidence.file for i in found.incidents for f in i.findings if not f.evidence.record}
        wanted |= {f.evidence.file for f in found.findings if not f.evidence.record and f.severity.rank > 1}
        wanted |= {s.evidence.file for i in found.incidents for s in i.story if not s.evidence.record}
        items = [s.item for s in self._spans if _holds(s.item, wanted)]
        if not items:
            return result
        again: list[ScanResult] = []
        self.watch(Progress(phase="confirming", items=0, stored=0, plain=0))
        for _task, part in each(scan_items, batches(items), replace(self.settings, confirm=True), jobs=self.jobs):
            if not isinstance(part, Exception):
                again.append(part[0])
        new = merge(again)
        keep = _without(result, {i.where for i in items})
        return replace(merge([keep, replace(new, coverage=Coverage())]), coverage=result.coverage)

    def _issued(self, found: Report) -> list[Issued]:
        """Who asked for the credentials of the incidents' actors, hop by hop."""
        out: dict[tuple[str, str], Issued] = {}
        wanted: dict[str, tuple[datetime, datetime]] = {}
        traced: set[str] = set()
        for incident in found.incidents:
            for one in incident.findings:
                if one.actor.credential and one.actor.kind != "account":
                    _widen(wanted, one.actor.credential, one.time)
        for hop in range(MAX_HOPS):
            items = [s.item for s in self._spans if _may_hold(s, wanted)]
            if not wanted or not items:
                break
            self.watch(Progress(phase=f"tracing sessions, hop {hop + 1}", items=0, stored=0, plain=0))
            handed: dict[tuple[str, str], Issued] = {}
            for _task, part in each(issued_items, batches(items), frozenset(wanted), self.settings, jobs=self.jobs):
                if not isinstance(part, Exception):
                    handed |= {(i.credential, i.evidence.event_id): i for i in part}
            out |= handed
            traced |= set(wanted)
            wanted = {}
            for issue in handed.values():
                if issue.to.credential and issue.to.credential not in traced:
                    _widen(wanted, issue.to.credential, issue.time)
        return sorted(out.values(), key=lambda i: (i.time or _NEVER, i.credential, i.evidence.event_id))


def _unused(entries: Sequence[Entry]) -> list[str]:
    if not entries:
        return []
    named = ", ".join(f"{e.kind} {e.id}" for e in entries[:8])
    more = f" and {len(entries) - 8} more" if len(entries) > 8 else ""
    return [f"decided nothing in this hunt: {named}{more}"]


def _widen(wanted: dict[str, tuple[datetime, datetime]], credential: str, time: datetime | None) -> None:
    # A temporary credential (ASIA...) was handed out in the hours before its use; a key (AKIA...) at any time.
    early = _NEVER if time is None or not credential.startswith("ASIA") else time - _SESSION
    late = _EVER if time is None else time + _MARGIN
    known = wanted.get(credential)
    wanted[credential] = (min(known[0], early), max(known[1], late)) if known else (early, late)


def _may_hold(span: Span, wanted: dict[str, tuple[datetime, datetime]]) -> bool:
    if span.first is None or span.last is None:
        return True
    return any(span.first - _MARGIN <= late and span.last + _MARGIN >= early for early, late in wanted.values())


def _holds(item: Item, names: set[str]) -> bool:
    return item.where in names or any(n.startswith(item.where + "!") for n in names)


def _without(result: ScanResult, files: set[str]) -> ScanResult:
    def kept(file: str) -> bool:
        return file not in files and file.partition("!")[0] not in files

    return replace(
        result,
        transfers=tuple(f for f in result.transfers if kept(f.evidence.file)),
        signals=tuple(f for f in result.signals if kept(f.evidence.file)),
        closures=tuple(f for f in result.closures if kept(f.evidence.file)),
        derivations=tuple(f for f in result.derivations if kept(f.evidence.file)),
    )


def _crashed(item: Item) -> Problem:
    return Problem(
        where=item.where, what="the process that read it died (out of memory?), so it or its neighbours were not read", hint="hunt it alone, with --jobs 1"
    )


def _stopped(coverage: Coverage, when: str) -> Coverage:
    return replace(coverage, problems=(*coverage.problems, Problem(where="(the rest)", what=f"stopped by Ctrl-C {when}", hint="run it again")))
