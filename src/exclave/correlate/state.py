"""Whether an offer still stands, how long it stood, and whether it was taken."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.correlate.judge import foreign
from exclave.formats.cloudtrail import parse_time
from exclave.model import Closure, Finding, Kind, Openness, Outcome, Signal, Transfer
from exclave.perimeter import owner_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from exclave.catalogue.entry import Method
    from exclave.correlate.lineage import Lineage


EXPIRY = "its own expiry"


@dataclass(frozen=True, slots=True)
class _End:
    time: datetime
    by: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Ends:
    """Closures, by what they can end: one resource's offers, or all of a method."""

    of_resource: Mapping[tuple[str, str], Sequence[Closure]]
    of_method: Mapping[str, Sequence[Closure]]

    def of(self, offer: Finding) -> Iterator[Closure]:
        """The closures that end an offer, or close the way that a signal opened, which came before them."""
        start = offer.time
        candidates = (
            *self.of_resource.get((offer.method, offer.source.key), ()),
            *self.of_method.get(offer.method, ()),
        )
        for closure in candidates:
            if start and closure.time and closure.time >= start and _closes(closure, offer):
                yield closure


def ends(closures: Iterable[Closure]) -> Ends:
    """Closures, ready to be asked."""
    of_resource: dict[tuple[str, str], list[Closure]] = defaultdict(list)
    of_method: dict[str, list[Closure]] = defaultdict(list)
    for closure in closures:
        if closure.resource is None:
            of_method[closure.method].append(closure)
        else:
            of_resource[closure.method, closure.resource.key].append(closure)
    return Ends(of_resource, of_method)


def with_state(
    transfers: Iterable[Transfer], closures: Ends, lineage: Lineage, until: datetime | None = None
) -> list[Transfer]:
    """Every transfer, offers with their state filled in.

    An offer ends with the first later event that takes the share back, deletes the resource, blocks what made it
    possible, or (where an event states all grants of a resource) leaves it out; and by itself, where it says until
    when it holds, and the logs go on after that: `until` is where they end.
    """
    everything = list(transfers)
    revoked: dict[tuple[str, str], list[Transfer]] = defaultdict(list)
    stated: dict[tuple[str, str], dict[tuple[datetime, str], tuple[set[str], str]]] = defaultdict(dict)
    taken: dict[str, list[Transfer]] = defaultdict(list)
    for found in everything:
        if found.outcome is Outcome.REVOKED:
            revoked[found.source.key, found.destination.key].append(found)
        elif found.outcome is Outcome.TAKEN:
            for key in found.source.keys:
                taken[key].append(found)
        if found.whole and found.outcome is Outcome.OFFERED and found.time:
            slot = stated[found.method, found.source.key].setdefault(
                (found.time, found.evidence.event_id), (set(), found.action)
            )
            slot[0].add(found.destination.key)
    return [
        replace(f, state=_state(f, revoked, stated, closures, taken, lineage, until))
        if f.outcome is Outcome.OFFERED
        else f
        for f in everything
    ]


def signals_with_state(
    signals: Iterable[Signal], closures: Ends, methods: Mapping[str, Method]
) -> list[Signal]:
    """The signals, those that opened a way to somebody else with whether it stands, where the catalogue can close it."""
    return [
        replace(s, state=_settled(s.time, _closed_by(s, closures)))
        if methods[s.method].revoke and foreign(s.judgement) and not s.failed
        else s
        for s in signals
    ]


def _state(
    offer: Transfer,
    revoked: dict[tuple[str, str], list[Transfer]],
    stated: dict[tuple[str, str], dict[tuple[datetime, str], tuple[set[str], str]]],
    closures: Ends,
    taken: dict[str, list[Transfer]],
    lineage: Lineage,
    until: datetime | None,
) -> Openness:
    start = offer.time
    found: list[_End] = []
    if start is not None:
        found += [
            _End(back.time, back.action, back.evidence.event_id)
            for back in revoked.get((offer.source.key, offer.destination.key), ())
            if back.time and back.time >= start and back.evidence.event_id != offer.evidence.event_id
        ]
        found += _closed_by(offer, closures)
        expires = parse_time(offer.destination.expires)
        if expires is not None and until is not None and start <= expires <= until:
            found.append(_End(expires, EXPIRY, ""))
        if offer.whole:
            for (time, event), (destinations, action) in stated[offer.method, offer.source.key].items():
                if time > start and offer.destination.key not in destinations:
                    found.append(_End(time, f"{action} without it", event))
    was_taken = any(
        _takes(take, offer)
        for key in (offer.source.key, *(r.key for r in lineage.ancestors(offer.source)))
        for take in taken.get(key, ())
    )
    return _settled(start, found, taken=was_taken)


def _closed_by(found: Finding, closures: Ends) -> list[_End]:
    return [_End(c.time, c.action, c.evidence.event_id) for c in closures.of(found) if c.time]


def _settled(start: datetime | None, found: Sequence[_End], *, taken: bool = False) -> Openness:
    """Open until the first of what ends it."""
    if not found or start is None:
        return Openness(open=True, opened_at=start, taken=taken)
    first = min(found, key=lambda e: (e.time, e.by, e.evidence))
    return Openness(
        open=False,
        opened_at=start,
        closed_at=first.time,
        by=first.by,
        seconds=(first.time - start).total_seconds(),
        taken=taken,
    )


def _closes(closure: Closure, offer: Finding) -> bool:
    if closure.only_public and (offer.destination is None or offer.destination.kind is not Kind.PUBLIC):
        return False
    has = dict(offer.facts)
    # An offer whose record lacks the fact may be another: it isn't known to have ended.
    if any(has.get(name, "").lower() != value.lower() for name, value in closure.facts):
        return False
    if closure.resource is None:
        # Settings of S3 hold for the account in every region, those of other services for one.
        everywhere = closure.action.startswith("s3.") or not closure.region
        return closure.account == offer.account and (everywhere or closure.region == offer.region)
    return closure.resource.key == offer.source.key


def _takes(take: Transfer, offer: Transfer) -> bool:
    if take.time and offer.time and take.time < offer.time:
        return False
    if offer.destination.kind in (Kind.ACCOUNT, Kind.PRINCIPAL):
        taker, offered = owner_of(take.destination), owner_of(offer.destination)
        return not taker or not offered or taker == offered
    return True
