"""What an identity did while it was rated as at risk weighs more: transfers by it go up one step, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.correlate.judge import foreign
from exclave.model import Incident, Outcome, Severity, Transfer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.catalogue.entry import Method


def raised(incident: Incident, methods: Mapping[str, Method]) -> tuple[Transfer, ...]:
    """The transfers of an incident, those by an identity that its signals say was at risk one step more severe."""
    reasons: dict[str, list[str]] = {}
    for signal in incident.signals:
        reason = methods[signal.method].raises
        if reason and signal.actor.id and not signal.failed:
            reasons.setdefault(signal.actor.id, []).append(reason)
    return tuple(_one(t, tuple(dict.fromkeys(reasons.get(t.actor.id, ())))) for t in incident.transfers)


def _one(transfer: Transfer, reasons: tuple[str, ...]) -> Transfer:
    stands = foreign(transfer.judgement) and transfer.outcome in (Outcome.OFFERED, Outcome.TAKEN)
    if not reasons or not stands:
        return transfer
    up = min(transfer.severity.rank + 1, Severity.CRITICAL.rank)
    return replace(transfer, severity=list(Severity)[up], why=(*transfer.why, *reasons))
