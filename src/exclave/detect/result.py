"""What scanning one blob gives: small, picklable, and adding up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from exclave.detect import operations
from exclave.detect.domains import without_guests
from exclave.detect.fold import fold
from exclave.model import Closure, Coverage, Derivation, Kind, Problem, Signal, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.flows.model import FlowPart  # noqa: TC004 - loading it takes time, and nothing asks for the type

MAX_PROBLEMS = 1_000  # problems that are kept one by one; further ones are only counted
_FURTHER = "(further)"


class ScanResult(Struct, frozen=True, kw_only=True):
    """Findings of a part of the logs, what was read, and which identifiers it shows to be ours (with how)."""

    transfers: tuple[Transfer, ...] = ()
    signals: tuple[Signal, ...] = ()
    closures: tuple[Closure, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    coverage: Coverage = Coverage()
    seen: Mapping[Kind, Mapping[str, str]] = {}
    failures: operations.Failures = {}  # operations that a later record says failed
    flows: tuple[FlowPart, ...] = ()  # sums of flow logs, which a Collector takes


def merge(results: Iterable[ScanResult]) -> ScanResult:
    """All results as one. The order of the parts doesn't matter: findings are sorted by time and evidence."""
    transfers: list[Transfer] = []
    signals: list[Signal] = []
    closures: list[Closure] = []
    derivations: list[Derivation] = []
    seen: dict[Kind, dict[str, str]] = {}
    failures: dict[str, datetime] = {}
    flows: list[FlowPart] = []
    total = Sum()
    for result in results:
        transfers.extend(result.transfers)
        signals.extend(result.signals)
        closures.extend(result.closures)
        derivations.extend(result.derivations)
        flows.extend(result.flows)
        total.add(result.coverage)
        for operation, time in result.failures.items():
            failures[operation] = max(time, failures.get(operation, time))
        for kind, found in result.seen.items():
            mine = seen.setdefault(kind, {})
            for identifier, how in found.items():
                mine[identifier] = min(how, mine.get(identifier, how))
    return ScanResult(
        transfers=tuple(sorted(fold(operations.transfers(transfers, failures)), key=order)),
        signals=tuple(sorted(fold(operations.signals(signals, failures)), key=order)),
        closures=tuple(sorted(operations.closures(closures, failures), key=order)),
        derivations=tuple(sorted(derivations, key=order)),
        coverage=total.coverage(),
        seen=without_guests(seen, (*transfers, *signals)),
        failures=failures,
        flows=tuple(flows),
    )


_NEVER = datetime.min  # noqa: DTZ901 - compared with times that lost their zone, UTC


def order(found: Transfer | Signal | Closure | Derivation) -> tuple[datetime, str, str, int, str]:
    """The order of findings: by time, then by event and place, whatever order they came in."""
    time = found.time.replace(tzinfo=None) if found.time else _NEVER
    evidence = found.evidence
    rest = getattr(found, "method", "") + str(
        getattr(found, "destination", "") or getattr(found, "child", "")
    )
    return time, evidence.event_id, evidence.file, evidence.record, rest


@dataclass(slots=True)
class Sum:
    """Coverage, added up in place."""

    files: int = 0
    bytes_read: int = 0
    bytes_plain: int = 0
    records: int = 0
    exact: bool = True
    formats: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    problems: list[Problem] = field(default_factory=list)
    more: int = 0

    def add(self, part: Coverage) -> None:
        """Adds the coverage of a part."""
        self.files += part.files
        self.bytes_read += part.bytes_read
        self.bytes_plain += part.bytes_plain
        self.records += part.records
        self.exact = self.exact and part.records_exact
        for mine, other in ((self.formats, part.formats), (self.skipped, part.skipped)):
            for name, count in other.items():
                mine[name] = mine.get(name, 0) + count
        self.accounts |= part.accounts
        self.span(part.first)
        self.span(part.last)
        for problem in part.problems:
            self.problem(problem)

    def span(self, time: datetime | None) -> None:
        """Widens the time that was covered."""
        if time is not None:
            self.first = min(self.first or time, time)
            self.last = max(self.last or time, time)

    def problem(self, problem: Problem) -> None:
        """Notes what could not be looked at."""
        if problem.where == _FURTHER:
            self.more += int(problem.what.partition(" ")[0])
            return
        self.problems.append(problem)
        if len(self.problems) >= 2 * MAX_PROBLEMS:
            self._cut()

    def _cut(self) -> None:
        # The first by name are kept, so that it doesn't matter in which order they came.
        self.problems.sort(key=lambda p: (p.where, p.what, p.hint))
        self.more += max(0, len(self.problems) - MAX_PROBLEMS)
        del self.problems[MAX_PROBLEMS:]

    def coverage(self) -> Coverage:
        """The sum."""
        self._cut()
        problems = list(self.problems)
        if self.more:
            what, hint = f"{self.more} further problems", "hunt fewer files at once to see each"
            problems.append(Problem(where=_FURTHER, what=what, hint=hint))
        return Coverage(
            files=self.files,
            bytes_read=self.bytes_read,
            bytes_plain=self.bytes_plain,
            records=self.records,
            records_exact=self.exact,
            formats=dict(sorted(self.formats.items())),
            accounts=frozenset(self.accounts),
            first=self.first,
            last=self.last,
            problems=tuple(problems),
            skipped=dict(sorted(self.skipped.items())),
        )
