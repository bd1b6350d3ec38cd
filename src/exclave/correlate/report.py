"""Scan results → report: judge, follow lineage, settle what is open, join incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from exclave import __version__
from exclave.correlate import judge
from exclave.correlate.ids import signal_id, transfer_id
from exclave.correlate.incidents import groups
from exclave.correlate.lineage import Lineage
from exclave.correlate.lineage import lineage as lineage_of
from exclave.correlate.revoke import revoke_call
from exclave.correlate.risk import raised
from exclave.correlate.routine import quieted
from exclave.correlate.scanners import with_scanners
from exclave.correlate.state import ends, signals_with_state, with_state
from exclave.correlate.steps import resource_text
from exclave.correlate.story import incident
from exclave.model import (
    OURS,
    Cloud,
    Incident,
    Issued,
    Report,
    Severity,
    Signal,
    Transfer,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.catalogue.entry import Method
    from exclave.catalogue.loader import Catalogue
    from exclave.detect.result import ScanResult
    from exclave.perimeter import Perimeter

F = TypeVar("F", Transfer, Signal)


def report(
    result: ScanResult,
    catalogue: Catalogue,
    perimeter: Perimeter,
    *,
    issued: Sequence[Issued] = (),
    said: Sequence[str] = (),
) -> Report:
    """The whole report of a hunt.

    Args:
        result: everything that scanning found, merged.
        catalogue: the catalogue it was found with.
        perimeter: who is ours.
        issued: credentials of the actors and who asked for them, as far as it was looked up.
        said: what to say of the perimeter beside its own remarks.
    """
    methods = {m.id: m for m in catalogue.methods}
    perimeter = with_scanners(perimeter, result.transfers)
    lineage = lineage_of(result.derivations)
    closures = ends(result.closures)
    transfers = [judge.transfer(t, methods[t.method], perimeter) for t in result.transfers]
    transfers = [t for t in transfers if not _our_own(t, methods[t.method])]
    transfers = quieted(with_state(transfers, closures, lineage, result.coverage.last))
    transfers = [_told(t, methods[t.method], lineage) for t in transfers]
    signals = [judge.signal(s, methods[s.method], perimeter) for s in result.signals]
    signals = signals_with_state(signals, closures, methods)
    signals = [_closable(s, methods[s.method]) for s in signals]
    transfers, signals = _unique(transfers), _unique(signals)
    told: list[Incident] = []
    member: dict[str, str] = {}
    louder: dict[str, Transfer] = {}
    # A role of another account leaves a record in each of the two accounts; the caller's own says with which credential.
    issued_from = {i.credential: i.to.credential for i in issued if i.to.credential}
    risky = {m.id for m in catalogue.methods if m.raises}
    for group in groups(transfers, signals, lineage, issued_from, risky):
        made = incident(group, methods, lineage, closures, issued)
        made = replace(made, transfers=raised(made, methods))
        louder |= {t.id: t for t in made.transfers}
        member |= {f.id: made.id for f in group.findings}
        told.append(
            replace(
                made,
                transfers=tuple(replace(t, incident=made.id) for t in made.transfers),
                signals=tuple(replace(s, incident=made.id) for s in made.signals),
            )
        )
    told.sort(key=lambda i: (-i.severity.rank, i.started.timestamp() if i.started else 0, i.id))
    return Report(
        incidents=tuple(told),
        transfers=tuple(replace(louder.get(t.id, t), incident=member.get(t.id, "")) for t in transfers),
        signals=tuple(replace(s, incident=member.get(s.id, "")) for s in signals),
        coverage=result.coverage,
        perimeter=tuple(said),
        version=__version__,
        issued=tuple(issued),
    )


def _our_own(transfer: Transfer, method: Method) -> bool:
    """Whether the foreign caller that an entry looks for turned out to be of our own tenant.

    Azure's storage logs name the caller's tenant and not their own, Google's the number of the project that an agent
    acts for, so that only the perimeter can tell.
    """
    own = transfer.judgement is not None and transfer.judgement.verdict is Verdict.SELF
    by_number = transfer.cloud is Cloud.GCP and transfer.actor.kind == "service"
    return own and method.caller == "foreign" and (transfer.cloud is Cloud.AZURE or by_number)


def loudest(found: Report) -> Severity:
    """The highest severity of anything in a report."""
    severities = [*(i.severity for i in found.incidents), *(f.severity for f in found.findings)]
    return max(severities, key=lambda s: s.rank, default=Severity.INFO)


def _told(transfer: Transfer, method: Method, lineage: Lineage) -> Transfer:
    """A transfer with whose data it was, its reasons complete, its id and how it is revoked."""
    ancestors = lineage.ancestors(transfer.source)
    why = list(transfer.why)
    if ancestors:
        why.append("the data is that of " + resource_text(ancestors[-1]))
    state = transfer.state
    ours = transfer.judgement is not None and transfer.judgement.verdict in OURS
    if state is not None and not ours:
        if state.taken:
            why.append("it was taken")
        why.append("still open at the end of the logs" if state.open else f"ended by {state.by}")
    wanted = state is not None and state.open and not ours
    return replace(
        transfer,
        lineage=ancestors,
        why=tuple(why),
        id=transfer_id(transfer),
        revoke=revoke_call(transfer, method) if wanted else None,
    )


def _closable(signal: Signal, method: Method) -> Signal:
    """A signal with its id, and with how the way that it opened is closed."""
    wanted = signal.state is not None and signal.state.open
    return replace(signal, id=signal_id(signal), revoke=revoke_call(signal, method) if wanted else None)


def _unique(found: list[F]) -> list[F]:
    """Each finding once, although its record stands in several files; the first is kept."""
    out: dict[str, F] = {}
    for one in found:
        out.setdefault(one.id, one)
    return list(out.values())
