"""A group of findings told as an incident: title, severity with reasons, and the steps in order of time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exclave.correlate.ids import incident_id
from exclave.correlate.incidents import Group, is_seed
from exclave.correlate.judge import foreign, judged_name, name_of
from exclave.correlate.steps import resource_text, steps
from exclave.model import (
    Incident,
    Outcome,
    Severity,
    SignalKind,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.catalogue.entry import Method
    from exclave.correlate.lineage import Lineage
    from exclave.correlate.state import Ends
    from exclave.model import Actor, Issued, Signal, Transfer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFERED, _TAKEN = "offered to", "taken by"
_MAX_ACTORS = 50
_MAX_NAMED = 3


def incident(
    group: Group,
    methods: dict[str, Method],
    lineage: Lineage,
    closures: Ends,
    issued: Sequence[Issued],
) -> Incident:
    """One incident. Its id is made of its first seed, so that later logs don't change it."""
    first = min((f for f in group.findings if is_seed(f)), key=lambda f: (f.time or _EPOCH, f.id))
    severity, why = _severity(group, methods)
    handed = list(_sessions(group, issued))
    told = sorted(
        steps(group, methods, lineage, closures, handed), key=lambda s: (s.time or _EPOCH, s.ref, s.text)
    )
    times = [t for t in (*(s.time for s in told), *(f.last for f in group.findings)) if t]
    destinations = {
        f.destination.key: f.destination for f in group.findings if f.destination and foreign(f.judgement)
    }
    return Incident(
        id=incident_id(first.id),
        title=_title(group),
        severity=severity,
        why=why,
        started=min(times, default=None),
        ended=max(times, default=None),
        transfers=tuple(group.transfers),
        signals=tuple(group.signals),
        story=tuple(told),
        actors=_actors(group, handed),
        destinations=tuple(destinations.values()),
    )


def _severity(group: Group, methods: dict[str, Method]) -> tuple[Severity, tuple[str, ...]]:
    loudest = max((f.severity for f in group.findings), key=lambda s: s.rank)
    real = [t for t in group.transfers if foreign(t.judgement)]
    why = list(_received(real))
    if not real:
        why.extend(dict.fromkeys(_opened(group.signals, methods)))
    raised = any(t.outcome is Outcome.TAKEN or (t.state and t.state.taken) for t in real)
    tampered = [s for s in group.signals if s.signal is SignalKind.TAMPER and not s.failed]
    if tampered:
        why.append(
            "the same hands switched logging or detection off: "
            + ", ".join(sorted({s.action.partition(":")[2] for s in tampered}))
        )
        raised = True
    risks = dict.fromkeys(methods[s.method].raises for s in group.signals if not s.failed)
    for reason in filter(None, risks):
        why.append(reason)
        raised = True
    stated = [f for f in real or group.signals if f.state]
    if still := sum(1 for f in stated if f.state and f.state.open):
        of = f"{still} of {len(stated)} {'offers' if real else 'paths'} " if still < len(stated) else ""
        why.append(f"{of}still open at the end of the logs")
    if raised and loudest.rank < Severity.CRITICAL.rank:
        loudest = list(Severity)[loudest.rank + 1]
    return loudest, tuple(why)


def _opened(signals: Sequence[Signal], methods: dict[str, Method]) -> Iterator[str]:
    """What opened access or a path, and for whom: `VPC peering asked for: account ..., which ...`."""
    for s in signals:
        if s.destination and s.judgement and foreign(s.judgement) and not s.failed:
            yield f"{methods[s.method].title}: {judged_name(s.destination, s.judgement)}"


def _received(real: Sequence[Transfer]) -> Iterator[str]:
    """What was done to each destination, and why it isn't ours: `offered to and taken by account ..., which ...`."""
    done: dict[str, set[str]] = {}
    named: dict[str, str] = {}
    for t in real:
        if t.outcome not in (Outcome.OFFERED, Outcome.TAKEN) or t.judgement is None:
            continue
        key = t.destination.key
        named.setdefault(key, judged_name(t.destination, t.judgement))
        taken = t.outcome is Outcome.TAKEN or (t.state is not None and t.state.taken)
        done.setdefault(key, set()).update(
            ([_OFFERED] if t.outcome is Outcome.OFFERED else []) + ([_TAKEN] if taken else [])
        )
    for key in list(named)[:_MAX_NAMED]:
        yield f"{' and '.join(v for v in (_OFFERED, _TAKEN) if v in done[key])} {named[key]}"
    if len(named) > _MAX_NAMED:
        yield f"and {len(named) - _MAX_NAMED} more"


def _title(group: Group) -> str:
    real = [
        t for t in group.transfers if foreign(t.judgement) and t.outcome in (Outcome.OFFERED, Outcome.TAKEN)
    ]
    if not real:
        named = [s for s in group.signals if foreign(s.judgement) and s.destination]
        who = _several([name_of(s.destination) for s in named if s.destination])
        return f"Access or a network path opened to {who}"
    taken = any(t.outcome is Outcome.TAKEN or (t.state and t.state.taken) for t in real)
    kinds: dict[str, set[str]] = {}
    for t in real:
        kinds.setdefault(t.source.kind, set()).add(t.source.key)
    if len(kinds) > 1:
        kinds.pop("kms-key", None)  # it only opened the data
    names = {t.source.key: resource_text(t.source) for t in real}
    what = _several(
        [
            names[next(iter(keys))]
            if len(keys) == 1 and len(kinds) == 1
            else f"{len(keys)} {kind}{'s' if len(keys) > 1 else ''}"
            for kind, keys in kinds.items()
        ]
    )
    who = _several([name_of(t.destination) for t in real])
    return f"{what} {_TAKEN if taken else _OFFERED} {who}"


def _several(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) <= _MAX_NAMED:
        return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
    return f"{', '.join(unique[:2])} and {len(unique) - 2} others"


def _sessions(group: Group, issued: Sequence[Issued]) -> Iterator[Issued]:
    """Who asked for the credentials that the incident's actors used, hop by hop."""
    by_credential: dict[str, list[Issued]] = {}
    for issue in issued:
        by_credential.setdefault(issue.credential, []).append(issue)
    wanted = {f.actor.credential for f in group.findings if f.actor.credential}
    passed: set[str] = set()
    while wanted:
        credential = wanted.pop()
        if credential not in passed:
            passed.add(credential)
            for issue in by_credential.get(credential, ()):
                wanted.add(issue.to.credential)
                yield issue


def _actors(group: Group, handed: Sequence[Issued]) -> tuple[Actor, ...]:
    """Everybody who acted, in order of time: those who asked for the credentials first."""
    acts = [(f.time or _EPOCH, f.id, f.actor) for f in group.findings]
    acts += [(i.time or _EPOCH, "", i.to) for i in handed if i.to.credential]
    seen: dict[tuple[str, str], Actor] = {}
    for _, _, actor in sorted(acts, key=lambda act: act[:2]):
        if actor.kind != "service":
            seen.setdefault((actor.id, actor.credential), actor)
    return tuple(list(seen.values())[:_MAX_ACTORS])
