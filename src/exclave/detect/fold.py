"""Many like findings as one: who reads a million objects of a bucket is one finding with a count.

Takings and attempts fold, and what somebody of another AWS account did again and again (a vendor that takes on our
role every few minutes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from exclave.model import Cloud, Outcome, Signal, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

_FOLDED = frozenset({Outcome.TAKEN, Outcome.ATTEMPTED})
F = TypeVar("F", Transfer, Signal)


def fold(findings: Iterable[F]) -> list[F]:
    """Findings that differ in time alone, joined: the first, with how many and until when.

    Folding parts and then the whole gives the same as folding the whole at once.
    """
    out: list[F] = []
    at: dict[tuple[str, ...], int] = {}
    for found in findings:
        key = key_of(found)
        if not key:
            out.append(found)
        elif key not in at:
            at[key] = len(out)
            out.append(found)
        else:
            out[at[key]] = _joined(out[at[key]], found)
    return out


def key_of(found: Transfer | Signal) -> tuple[str, ...]:
    """What like findings have in common; empty for one that stands for itself."""
    actor = found.actor
    if isinstance(found, Transfer):
        if found.outcome not in _FOLDED:
            return ()
        said = (found.destination.key, str(found.outcome), actor.id, actor.credential, found.shared_id)
    else:
        if found.cloud is not Cloud.AWS or not actor.account or actor.account == found.account:
            return ()
        # A stranger's session is named anew each time: `AROAEXAMPLE:session`.
        named = found.destination.key if found.destination else ""
        said = (named, str(found.failed), actor.account, actor.id.partition(":")[0], actor.credential)
    return (found.method, found.account, found.source.key, *said, found.error, found.action)


def _joined(a: F, b: F) -> F:
    first = a if _when(a) <= _when(b) else b
    times = [t for one in (a, b) for t in (one.time, one.last) if t is not None]
    return replace(first, count=a.count + b.count, last=max(times, default=None))


def _when(found: Transfer | Signal) -> tuple[bool, str, str, str, int]:
    time = found.time.isoformat() if found.time else ""
    return found.time is None, time, found.evidence.event_id, found.evidence.file, found.evidence.record
