"""Many like takings as one transfer: who reads a million objects of a bucket is one finding with a count."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from exclave.model import Outcome, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLDED = frozenset({Outcome.TAKEN, Outcome.ATTEMPTED})


def fold(transfers: Iterable[Transfer]) -> list[Transfer]:
    """Takings and attempts that differ in time alone, joined: the first, with how many and until when.

    Folding parts and then the whole gives the same as folding the whole at once.
    """
    out: list[Transfer] = []
    at: dict[tuple[str, ...], int] = {}
    for found in transfers:
        key = key_of(found)
        if not key:
            out.append(found)
        elif key not in at:
            at[key] = len(out)
            out.append(found)
        else:
            out[at[key]] = _joined(out[at[key]], found)
    return out


def key_of(found: Transfer) -> tuple[str, ...]:
    """What like transfers have in common; empty for one that stands for itself."""
    if found.outcome not in _FOLDED:
        return ()
    return (
        found.method,
        found.account,
        found.source.key,
        found.destination.key,
        found.outcome,
        found.actor.id,
        found.actor.credential,
        found.error,
        found.action,
        found.shared_id,
    )


def _joined(a: Transfer, b: Transfer) -> Transfer:
    first = a if _when(a) <= _when(b) else b
    times = [t for one in (a, b) for t in (one.time, one.last) if t is not None]
    return replace(first, count=a.count + b.count, last=max(times, default=None))


def _when(found: Transfer) -> tuple[bool, str, str, str, int]:
    time = found.time.isoformat() if found.time else ""
    return found.time is None, time, found.evidence.event_id, found.evidence.file, found.evidence.record
