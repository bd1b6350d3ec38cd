"""Which transfers and signals belong together: by resource, destination, credential and actor, within a span of time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from disjoint_set import DisjointSet

from exclave.correlate import hands, ties
from exclave.correlate.judge import foreign
from exclave.model import Finding, Outcome, Severity, Signal, Transfer

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from exclave.correlate.lineage import Lineage

SAME_ACTOR = timedelta(hours=72)  # between two findings of one actor that count as one incident
SIGNAL_NEAR = timedelta(
    hours=24
)  # around the transfers, within which a signal of the same actor belongs to them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Group:
    """Findings of one incident, before it is told as a story."""

    transfers: list[Transfer] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """Transfers and signals together."""
        return [*self.transfers, *self.signals]


def is_seed(found: Finding) -> bool:
    """Whether a finding makes an incident by itself: data offered to or taken by, or a door opened for, somebody else."""
    if not foreign(found.judgement) or found.severity.rank < Severity.MEDIUM.rank:
        return False
    return isinstance(found, Signal) or found.outcome in (Outcome.OFFERED, Outcome.TAKEN)


def groups(
    transfers: Sequence[Transfer],
    signals: Sequence[Signal],
    lineage: Lineage,
    issued_from: Mapping[str, str],
    risky: Container[str] = frozenset(),
) -> list[Group]:
    """The incidents, earliest first.

    Args:
        transfers: judged, with state.
        signals: judged.
        lineage: what was made of what.
        issued_from: credential → the credential that asked for it (role sessions back to who assumed them).
        risky: the methods that say that an identity is at risk.
    """
    everything: list[Finding] = [*transfers, *signals]
    issued_from = {**ties.keys_made(signals), **issued_from}
    seeds = [f for f in everything if is_seed(f)]
    if not seeds:
        return []
    made: list[Group] = []
    for numbers in _joined(seeds, lineage, issued_from):
        group = Group()
        for found in (seeds[number] for number in numbers):
            if isinstance(found, Transfer):
                group.transfers.append(found)
            else:
                group.signals.append(found)
        made.append(group)
    made.sort(key=lambda g: min(_order(f) for f in g.findings))
    chosen = {id(f) for f in seeds}
    _attach(made, [f for f in everything if id(f) not in chosen], lineage, issued_from, risky)
    for group in made:
        group.transfers.sort(key=_order)
        group.signals.sort(key=_order)
    return made


def _joined(
    seeds: Sequence[Finding], lineage: Lineage, issued_from: Mapping[str, str]
) -> Iterator[list[int]]:
    """The positions of the seeds that belong together, in order."""
    joined: DisjointSet[object] = DisjointSet()
    for number, found in enumerate(seeds):
        joined.find(number)
        for key in ties.fixed_keys(found, lineage):
            joined.union(number, key)
    for same in _near_actors(seeds, issued_from).values():
        for before, after in itertools.pairwise(same):
            if _time(seeds[after]) - _time(seeds[before]) <= SAME_ACTOR:
                joined.union(before, after)
    for together in joined.itersets():
        yield sorted(n for n in together if isinstance(n, int))


def _near_actors(seeds: Sequence[Finding], issued_from: Mapping[str, str]) -> dict[str, list[int]]:
    by_actor: dict[str, list[int]] = defaultdict(list)
    for number, found in sorted(enumerate(seeds), key=lambda pair: _order(pair[1])):
        for key in ties.actor_keys(found.actor, found.account, issued_from):
            by_actor[key].append(number)
    return by_actor


@dataclass(slots=True)
class _Ties:
    """What a group is known by: `hands` are credentials and actors, each with the addresses that it acted from."""

    start: datetime
    end: datetime
    fixed: set[tuple[str, str]]
    hands: dict[str, set[str]]

    def near(self, time: datetime) -> bool:
        """Whether a signal of the same actor at that time belongs to it."""
        return self.start - SIGNAL_NEAR <= time <= self.end + SIGNAL_NEAR


def _attach(
    made: Sequence[Group],
    rest: Iterable[Finding],
    lineage: Lineage,
    issued_from: Mapping[str, str],
    risky: Container[str],
) -> None:
    """Adds supporting findings to the group that they fit, the nearest in time where they fit several."""
    known = [_ties(group, lineage, issued_from) for group in made]
    by_key: dict[object, set[int]] = defaultdict(set)
    for number, tie in enumerate(known):
        for key in (*tie.fixed, *tie.hands):
            by_key[key].add(number)
    for found in rest:
        ours = isinstance(found, Transfer) and not foreign(found.judgement)
        if ours and not ties.to_agent(found):
            continue
        time, at_risk = _time(found), isinstance(found, Signal) and found.method in risky
        # Somebody's failed call on the same thing, days before, is his own affair.
        tried = isinstance(found, Transfer) and found.outcome is Outcome.ATTEMPTED
        about = {n for key in ties.supporting_keys(found) for n in by_key.get(key, ())}
        fits = {n for n in about if known[n].near(time)} if tried else about
        did = {
            n
            for hand in (*ties.actor_keys(found.actor, found.account, issued_from), *ties.made_ready(found))
            for n in by_key.get(hand, ())
            if known[n].near(time)
            and (hand.startswith("credential ") or hands.same(found, known[n].hands[hand], at_risk))
        }
        fits = fits & did if ours else fits | did
        if not fits:
            continue
        best = min(fits, key=lambda n: (_distance(time, known[n]), n))
        if isinstance(found, Transfer):
            made[best].transfers.append(found)
        else:
            made[best].signals.append(found)


def _ties(group: Group, lineage: Lineage, issued_from: Mapping[str, str]) -> _Ties:
    times = [_time(f) for f in group.findings]
    by_hand: dict[str, set[str]] = {}
    for found in group.findings:
        for key in ties.actor_keys(found.actor, found.account, issued_from):
            by_hand.setdefault(key, set()).update([found.actor.ip] if found.actor.ip else [])
    fixed = {key for f in group.findings for key in ties.fixed_keys(f, lineage)}
    return _Ties(min(times), max(times), fixed, by_hand)


def _distance(time: datetime, tie: _Ties) -> timedelta:
    if tie.start <= time <= tie.end:
        return timedelta(0)
    return min(abs(time - tie.start), abs(time - tie.end))


def _time(found: Finding) -> datetime:
    return found.time or _EPOCH


def _order(found: Finding) -> tuple[datetime, str]:
    return _time(found), found.id
