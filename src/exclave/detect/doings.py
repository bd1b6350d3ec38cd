"""Everything that some actors did: records found by their credential, ARN or name, whatever the action."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from exclave import formats
from exclave.detect.prefilter import numbered, record_around
from exclave.detect.sessions import evidence, positions
from exclave.formats import cloudtrail
from exclave.model import Actor, Event, Evidence
from exclave.sources.blob import Blob

MAX_DOINGS = 200_000  # records that one timeline keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One thing that an actor did."""

    time: datetime | None
    action: str
    actor: Actor
    account: str
    region: str
    error: str
    evidence: Evidence


def doings(blob: Blob, who: frozenset[str]) -> list[Doing]:
    """The records in a blob whose actor is one of `who`: credentials, ARNs (also of the role behind a session), names, accounts."""
    out: list[Doing] = []
    for data in (blob.data, *(blob.rest or ())):
        out += [_doing(e) for e in _events(blob.name, data, who, whole=blob.rest is None) if _is(e.actor, who)]
        if len(out) >= MAX_DOINGS:
            break
    return out[:MAX_DOINGS]


def _events(name: str, data: bytes, who: frozenset[str], *, whole: bool) -> Iterator[Event]:
    found = positions(data, who)
    if not found:
        return
    bounds = numbered(data) if whole else None
    slices = [record_around(data, position) for position in found] if bounds is not None else []
    if bounds is None or any(s is None for s in slices):
        # Not a file of plain CloudTrail records: the full parser reads it.
        yield from (e for e in formats.read(name, data) if isinstance(e, Event))
        return
    numbers = {bound: n for n, bound in enumerate(bounds, 1)}
    records = {s.start: (s.record, numbers.get((s.start, s.end))) for s in slices if s is not None}
    for record, number in records.values():
        if number is not None and cloudtrail.is_record(record):
            yield cloudtrail.event(record, evidence(name, record, number))


def _is(actor: Actor, who: frozenset[str]) -> bool:
    return not who.isdisjoint((actor.credential, actor.id, actor.issuer, actor.name, actor.account if actor.kind == "account" else ""))


def _doing(event: Event) -> Doing:
    return Doing(
        time=event.time, action=event.name, actor=event.actor, account=event.account, region=event.region, error=event.error,
        evidence=event.evidence,
    )
