"""A whole hunt: scan, correlate, look again to confirm finds and trace sessions, correlate for good."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.correlate.report import report
from exclave.detect.result import ScanResult, Sum, merge
from exclave.engines.confirm import confirmed
from exclave.engines.local import batches, each, stored
from exclave.engines.work import Settings, Span, issued_items, prepare, scan_items
from exclave.model import Coverage, Issued, Kind, Problem, Report
from exclave.perimeter import Entry, Perimeter

if TYPE_CHECKING:
    from exclave.catalogue.loader import Catalogue
    from exclave.flows import Collector
    from exclave.sources import Item

_MAX_HOPS = 16  # sessions of sessions that are followed
_SESSION = timedelta(hours=36)  # the longest that a temporary credential lasts
_MARGIN = timedelta(hours=1)  # records of a file may lie this far outside its first and last
_WORTH_HYPERSCAN = 512 << 10  # stored bytes from which making its databases pays
_MAX_NAMED = 8  # unused entries of the perimeter that are named
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
    _problems: list[Problem] = field(default_factory=list)  # of a second look
    _flow_spans: list[Span] = field(default_factory=list)
    _flows: Collector | None = None

    def run(self, planned: Iterable[Item | Problem]) -> Report:
        """The report on all planned items."""
        try:
            result = self.scan(planned)
            perimeter, said = self.make_perimeter(result.seen)
            if self._flows is not None:
                from exclave.engines.flows import with_flows

                items = [s.item for s in self._flow_spans]
                result = with_flows(
                    result, self._flows, perimeter, self.catalogue, items, self.settings.limits
                )
        finally:
            if self._flows is not None:
                self._flows.close()
        found = report(result, self.catalogue, perimeter, said=said)
        if self.stopped:
            return found
        try:
            sure = self._confirmed(result, found)
            if sure is not result:
                result = sure
                found = report(result, self.catalogue, perimeter, said=said)
            issued = self._issued(found)
            if issued:
                # Who asked for the sessions joins further findings, which are confirmed as well.
                found = report(result, self.catalogue, perimeter, issued=issued, said=said)
                result = self._confirmed(result, found)
        except KeyboardInterrupt:
            self.stopped = True
            return replace(found, coverage=_stopped(found.coverage, "while sessions were traced"))
        if issued:
            found = report(result, self.catalogue, perimeter, issued=issued, said=said)
        unused = perimeter.unused(f.destination for f in found.findings if f.destination)
        coverage = replace(found.coverage, problems=(*found.coverage.problems, *self._problems))
        return replace(found, perimeter=(*found.perimeter, *_unused(unused)), coverage=coverage)

    def scan(self, planned: Iterable[Item | Problem]) -> ScanResult:
        """What all planned items show, not yet judged."""
        planned, size = _weighed(planned)
        if size < _WORTH_HYPERSCAN:
            self.settings = replace(self.settings, hyperscan=False)
        results: list[ScanResult] = []
        lost = Sum()
        count = size = plain = 0
        try:
            for task, result in each(
                scan_items,
                batches(self._items(planned, results, lost)),
                self.settings,
                jobs=self.jobs,
                prepare=partial(prepare, self.settings),
            ):
                if isinstance(result, Exception):
                    for item in task:
                        lost.problem(_crashed(item, result))
                    continue
                results.append(self._kept(result[0], lost))
                self._spans += [s for s in result[1] if not s.flows]
                self._flow_spans += [s for s in result[1] if s.flows]
                count += len(task)
                size += result[0].coverage.bytes_read
                plain += result[0].coverage.bytes_plain
                self.watch(Progress(phase="reading", items=count, stored=size, plain=plain))
        except KeyboardInterrupt:
            self.stopped = True
            lost.problem(
                Problem(
                    where="(the rest)",
                    what="stopped by Ctrl-C before everything was read",
                    hint="run it again",
                )
            )
        return merge([*results, ScanResult(coverage=lost.coverage())])

    def _items(
        self, planned: Iterable[Item | Problem], results: list[ScanResult], lost: Sum
    ) -> Iterator[Item]:
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
            if self._flows is None:
                from exclave.flows import Collector

                self._flows = Collector()
            self._flows.add(result.flows)
        except OSError as error:
            what = f"sums can't be put on disk, so some are missing: {error.strerror or error}"
            lost.problem(Problem(where="(flow logs)", what=what, hint="make room for temporary files"))
        return replace(result, flows=())

    def _confirmed(self, result: ScanResult, found: Report) -> ScanResult:
        def again(items: list[Item]) -> tuple[ScanResult, set[str]]:
            self.watch(Progress(phase="confirming", items=0, stored=0, plain=0))
            parts: list[ScanResult] = []
            read: set[str] = set()
            sure = replace(self.settings, confirm=True)
            for task, part in each(scan_items, batches(items), sure, jobs=self.jobs):
                if isinstance(part, Exception):
                    self._problems += [_crashed(item, part) for item in task]
                else:
                    parts.append(part[0])
                    read |= {item.where for item in task}
            return merge(parts), read

        return confirmed(result, found, self._spans, again)

    def _issued(self, found: Report) -> list[Issued]:
        """Who asked for the credentials of the incidents' actors, hop by hop."""
        out: dict[tuple[str, str], Issued] = {}
        wanted: dict[str, tuple[datetime, datetime]] = {}
        traced: set[str] = set()
        for incident in found.incidents:
            for one in incident.findings:
                if one.actor.credential and one.actor.kind != "account":
                    _widen(wanted, one.actor.credential, one.time)
        for hop in range(_MAX_HOPS):
            items = [s.item for s in self._spans if _may_hold(s, wanted)]
            if not wanted or not items:
                break
            self.watch(Progress(phase=f"tracing sessions, hop {hop + 1}", items=0, stored=0, plain=0))
            handed = self._handed_out(items, frozenset(wanted))
            out |= handed
            traced |= set(wanted)
            wanted = {}
            for issue in handed.values():
                if issue.to.credential and issue.to.credential not in traced:
                    _widen(wanted, issue.to.credential, issue.time)
        return sorted(out.values(), key=lambda i: (i.time or _NEVER, i.credential, i.evidence.event_id))

    def _handed_out(
        self, items: Sequence[Item], credentials: frozenset[str]
    ) -> dict[tuple[str, str], Issued]:
        out: dict[tuple[str, str], Issued] = {}
        for task, part in each(issued_items, batches(items), credentials, self.settings, jobs=self.jobs):
            if isinstance(part, Exception):
                self._problems += [_crashed(item, part) for item in task]
                continue
            for issue in part:
                # A record may stand in several files: always the same one is told, whichever was read first.
                key = (issue.credential, issue.evidence.event_id)
                out[key] = min(out.get(key, issue), issue, key=_place)
        return out


def _weighed(planned: Iterable[Item | Problem]) -> tuple[Iterator[Item | Problem], int]:
    """What is planned, and its stored bytes as far as they matter."""
    waiting = iter(planned)
    head: list[Item | Problem] = []
    size = 0
    for one in waiting:
        head.append(one)
        size += 0 if isinstance(one, Problem) else stored(one)
        if size >= _WORTH_HYPERSCAN:
            break
    return itertools.chain(head, waiting), size


def _place(issue: Issued) -> tuple[str, int]:
    return issue.evidence.file, issue.evidence.record


def _unused(entries: Sequence[Entry]) -> list[str]:
    if not entries:
        return []
    named = ", ".join(f"{e.kind} {e.id}" for e in entries[:_MAX_NAMED])
    more = f" and {len(entries) - _MAX_NAMED} more" if len(entries) > _MAX_NAMED else ""
    return [f"decided nothing in this hunt: {named}{more}"]


def _widen(wanted: dict[str, tuple[datetime, datetime]], credential: str, time: datetime | None) -> None:
    # A temporary credential (ASIA...) was handed out in the hours before its use, a key (AKIA...) at any time.
    early = _NEVER if time is None or not credential.startswith("ASIA") else time - _SESSION
    late = _EVER if time is None else time + _MARGIN
    known = wanted.get(credential)
    wanted[credential] = (min(known[0], early), max(known[1], late)) if known else (early, late)


def _may_hold(span: Span, wanted: dict[str, tuple[datetime, datetime]]) -> bool:
    if span.first is None or span.last is None:
        return True
    return any(
        span.first - _MARGIN <= late and span.last + _MARGIN >= early for early, late in wanted.values()
    )


def _crashed(item: Item, error: Exception) -> Problem:
    if isinstance(error, MemoryError | BrokenExecutor):
        what, hint = "the process that read it died (out of memory?)", "hunt it alone, with --jobs 1"
    else:
        what = f"can't be read: {type(error).__name__}: {error}"
        hint = "this is a defect of exclave: please report it"
    return Problem(where=item.where, what=what, hint=hint)


def _stopped(coverage: Coverage, when: str) -> Coverage:
    return replace(
        coverage,
        problems=(
            *coverage.problems,
            Problem(where="(the rest)", what=f"stopped by Ctrl-C {when}", hint="run it again"),
        ),
    )
