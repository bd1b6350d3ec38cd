"""Flow logs among the logs: what reading them gives, and what their totals show, as detect/ says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.detect.match import index, match
from exclave.detect.result import ScanResult
from exclave.flows import control_plane, summaries, summary, suspects
from exclave.model import Coverage, Evidence, Signal, Transfer

if TYPE_CHECKING:
    from exclave.catalogue.loader import Catalogue
    from exclave.flows import Collector, Gathered, Suspect
    from exclave.perimeter import Perimeter

MAX_LOCATED = 50  # findings whose record is looked for

# what finds the records of suspects: number of the suspect → file, number of the record
Locate = Callable[[Sequence["Suspect"], Sequence[tuple[str, ...]]], Mapping[int, tuple[str, int]]]


def scanned(gathered: Gathered) -> ScanResult:
    """What reading flow logs gave."""
    coverage = Coverage(
        files=gathered.files,
        bytes_read=gathered.bytes_read,
        bytes_plain=gathered.bytes_plain,
        records=gathered.records,
        formats=gathered.formats,
        accounts=frozenset(i for found in gathered.seen.values() for i in found),
        first=_time(gathered.first),
        last=_time(gathered.last),
        problems=gathered.problems,
    )
    return ScanResult(coverage=coverage, seen=gathered.seen, flows=gathered.parts)


def found(
    collector: Collector,
    signals: Sequence[Signal],
    perimeter: Perimeter,
    catalogue: Catalogue,
    locate: Locate,
) -> list[Transfer | Signal]:
    """What flows show, together with what the control plane's logs do; largest first."""
    limits = perimeter.flows
    totals = collector.totals(max(1, limits.bytes // 1024))  # what was sent in many small parts is added up
    chosen = suspects(totals, control_plane(signals), perimeter, limits)
    if not chosen:
        return []
    detail = collector.detail([p for s in chosen for p in s.pairs])
    told = list(summaries(chosen, totals, detail, limits))
    files = [detail.files.get(one.main.key, ()) for one, _ in told]
    places = locate([one for one, _ in told[:MAX_LOCATED]], files)
    known = index(catalogue)
    out: list[Transfer | Signal] = []
    for number, (one, record) in enumerate(told):
        file, at = places.get(number, (next(iter(files[number]), "flow logs"), 0))
        shown = match(summary.event(record, Evidence(file=file, record=at)), known)
        out += [_filled(f, one, str(record["note"])) for f in shown if isinstance(f, Transfer | Signal)]
    return out


def _filled(finding: Transfer | Signal, one: Suspect, note: str) -> Transfer | Signal:
    """The finding with its volume in words; a network's making is its maker's doing."""
    if finding.destination is not None:
        finding = replace(finding, destination=replace(finding.destination, note=note))
    if isinstance(finding, Transfer):
        return replace(finding, last=_time(max(p.last for p in one.pairs)))
    if one.made is not None:
        maker = one.made.signal
        return replace(
            finding, actor=maker.actor, account=maker.account or finding.account, region=maker.region
        )
    return finding


def _time(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
