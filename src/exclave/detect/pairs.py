"""Google writes one record when a long operation begins (the request stands in it) and one when it ends (with the outcome): one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from exclave.model import Closure, Cloud, Kind, Outcome, Signal, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

F = TypeVar("F", Transfer, Signal)
_UNREAD = frozenset(
    {"", "omitted", "missing"}
)  # ids of a destination that the record leaves out: see match.omitted


def settled(found: Iterable[F]) -> list[F]:
    """Findings, those of an operation's two records joined: the destinations of the first, the outcome of the last.

    Settling parts and then the whole gives the same as settling the whole at once.
    """
    out: list[F] = []
    pairs: dict[tuple[str, ...], list[F]] = {}
    for one in found:
        if one.cloud is Cloud.GCP and one.shared_id:
            pairs.setdefault((one.method, one.account, one.shared_id, type(one).__name__), []).append(one)
        else:
            out.append(one)
    for same in pairs.values():
        out.extend(_joined(same))
    return out


def _joined(same: list[F]) -> list[F]:
    records = {_record(f) for f in same}
    if len(records) == 1:
        return same
    error = next((f.error for f in same if f.error), "")
    begun = _record(min(same, key=when))
    telling = [f for f in same if _says(f)] or [f for f in same if _record(f) == begun]
    kept: dict[tuple[str, str], F] = {}
    for one in sorted(telling, key=when):
        kept.setdefault((one.source.key, one.destination.key if one.destination else ""), one)
    return [_failed(f, error) if error else f for f in kept.values()]


def _record(found: Transfer | Signal) -> tuple[str, int, str]:
    evidence = found.evidence
    return evidence.file, evidence.record, evidence.event_id


def _says(found: Transfer | Signal) -> bool:
    destination = found.destination
    return destination is not None and not (destination.kind is Kind.UNKNOWN and destination.id in _UNREAD)


def _failed(found: F, error: str) -> F:
    if isinstance(found, Signal):
        return replace(found, failed=True, error=error)
    return replace(found, outcome=Outcome.ATTEMPTED, error=error)


def when(found: Transfer | Signal | Closure) -> tuple[bool, str, str, str, int]:
    """An order of findings by time, then place, that doesn't depend on the order in which they came."""
    time = found.time.isoformat() if found.time else ""
    return found.time is None, time, found.evidence.event_id, found.evidence.file, found.evidence.record
