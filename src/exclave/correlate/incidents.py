"""Which transfers and signals belong together: by resource, destination, credential and actor, within a span of time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exclave.correlate.judge import foreign
from exclave.model import Actor, Finding, Kind, Outcome, Resource, Severity, Signal, Transfer
from exclave.perimeter import owner_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from exclave.correlate.lineage import Lineage

SAME_ACTOR = timedelta(hours=72)  # between two findings of one actor that count as one incident
SIGNAL_NEAR = timedelta(
    hours=24
)  # around the transfers, within which a signal of the same actor belongs to them
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = frozenset({Kind.PUBLIC, Kind.UNKNOWN, Kind.BEARER_URL, Kind.SERVICE, Kind.IP_RANGE})


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
    transfers: Sequence[Transfer], signals: Sequence[Signal], lineage: Lineage, issued_from: Mapping[str, str]
) -> list[Group]:
    """The incidents, earliest first.

    Args:
        transfers: judged, with state.
        signals: judged.
        lineage: what was made of what.
        issued_from: credential → the credential that asked for it (role sessions back to who assumed them).
    """
    everything: list[Finding] = [*transfers, *signals]
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
    _attach(made, [f for f in everything if id(f) not in chosen], lineage, issued_from)
    for group in made:
        group.transfers.sort(key=_order)
        group.signals.sort(key=_order)
    return made


def _joined(
    seeds: Sequence[Finding], lineage: Lineage, issued_from: Mapping[str, str]
) -> Iterator[list[int]]:
    """The positions of the seeds that belong together, in order."""
    if len(seeds) == 1:
        yield [0]  # without loading networkx, which takes as long as hunting a small file
        return
    import networkx as nx

    graph = nx.Graph()
    for number, found in enumerate(seeds):
        graph.add_node(number)
        for key in _fixed_keys(found, lineage):
            graph.add_edge(number, key)
    for same in _near_actors(seeds, issued_from).values():
        for before, after in itertools.pairwise(same):
            if _time(seeds[after]) - _time(seeds[before]) <= SAME_ACTOR:
                graph.add_edge(before, after)
    for component in nx.connected_components(graph):
        yield sorted(n for n in component if isinstance(n, int))


def roots(credential: str, issued_from: Mapping[str, str]) -> Iterator[str]:
    """A credential and those it came from, nearest first; a loop (forged logs) ends."""
    passed: set[str] = set()
    while credential and credential not in passed:
        passed.add(credential)
        yield credential
        credential = issued_from.get(credential, "")


def _fixed_keys(found: Finding, lineage: Lineage) -> Iterator[tuple[str, str]]:
    for key in _resource_keys(found.source, lineage):
        yield "resource", key
    if found.destination is not None and found.destination.kind not in _NOBODY and found.destination.id:
        yield "destination", owner_of(found.destination) or found.destination.key
    if found.shared_id:
        yield "shared", found.shared_id


def _resource_keys(resource: Resource, lineage: Lineage) -> Iterator[str]:
    # A key guards the data of many: two thefts that needed the same key are not one theft for that.
    if resource.id and resource.kind != "kms-key":
        yield from resource.keys
        for ancestor in lineage.ancestors(resource):
            yield ancestor.key


def _actor_keys(actor: Actor, account: str, issued_from: Mapping[str, str]) -> Iterator[str]:
    """What makes two findings the same hand: credentials (and what they came from), or the user or session."""
    if actor.kind in ("service", "anonymous") or (actor.kind == "account" and actor.account != account):
        return
    for credential in roots(actor.credential, issued_from):
        yield f"credential {credential}"
    if actor.id:
        yield f"actor {actor.id}"


def _near_actors(seeds: Sequence[Finding], issued_from: Mapping[str, str]) -> dict[str, list[int]]:
    by_actor: dict[str, list[int]] = defaultdict(list)
    for number, found in sorted(enumerate(seeds), key=lambda pair: _order(pair[1])):
        for key in _actor_keys(found.actor, found.account, issued_from):
            by_actor[key].append(number)
    return by_actor


@dataclass(slots=True)
class _Ties:
    """What a group is known by."""

    start: datetime
    end: datetime
    fixed: set[tuple[str, str]]
    actors: set[str]


def _attach(
    made: Sequence[Group], rest: Iterable[Finding], lineage: Lineage, issued_from: Mapping[str, str]
) -> None:
    """Adds supporting findings to the group that they fit, the nearest in time where they fit several."""
    ties = [_ties(group, lineage, issued_from) for group in made]
    by_key: dict[object, set[int]] = defaultdict(set)
    for number, tie in enumerate(ties):
        for fixed in tie.fixed:
            by_key[fixed].add(number)
        for actor in tie.actors:
            by_key[actor].add(number)
    for found in rest:
        if isinstance(found, Transfer) and not foreign(found.judgement):
            continue
        fits: set[int] = set()
        for key in _supporting_keys(found):
            fits |= by_key.get(key, set())
        time = _time(found)
        for hand in _actor_keys(found.actor, found.account, issued_from):
            fits |= {
                n
                for n in by_key.get(hand, ())
                if ties[n].start - SIGNAL_NEAR <= time <= ties[n].end + SIGNAL_NEAR
            }
        if not fits:
            continue
        best = min(fits, key=lambda n: (_distance(time, ties[n]), n))
        if isinstance(found, Transfer):
            made[best].transfers.append(found)
        else:
            made[best].signals.append(found)


def _supporting_keys(found: Finding) -> Iterator[tuple[str, str]]:
    if found.source.id:
        for key in found.source.keys:
            yield "resource", key
    if foreign(found.judgement) and found.destination is not None and found.destination.kind not in _NOBODY:
        yield "destination", owner_of(found.destination) or found.destination.key
    if found.shared_id:
        yield "shared", found.shared_id


def _ties(group: Group, lineage: Lineage, issued_from: Mapping[str, str]) -> _Ties:
    times = [_time(f) for f in group.findings]
    fixed = {key for f in group.findings for key in _fixed_keys(f, lineage)}
    actors = {key for f in group.findings for key in _actor_keys(f.actor, f.account, issued_from)}
    return _Ties(min(times), max(times), fixed, actors)


def _distance(time: datetime, tie: _Ties) -> timedelta:
    if tie.start <= time <= tie.end:
        return timedelta(0)
    return min(abs(time - tie.start), abs(time - tie.end))


def _time(found: Finding) -> datetime:
    return found.time or _EPOCH


def _order(found: Finding) -> tuple[datetime, str]:
    return _time(found), found.id
