"""A group of findings told as an incident: title, severity with reasons, and the steps in order of time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exclave.correlate.ids import incident_id
from exclave.correlate.incidents import Group, is_seed
from exclave.correlate.judge import foreign, name_of
from exclave.model import (
    Actor,
    Incident,
    Issued,
    Outcome,
    Resource,
    Severity,
    SignalKind,
    Step,
    Transfer,
    short_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.catalogue.entry import Method
    from exclave.correlate.lineage import Lineage
    from exclave.correlate.state import Ends
    from exclave.model import Closure, Signal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PHASES = {
    Outcome.OFFERED: "offer",
    Outcome.TAKEN: "take",
    Outcome.REVOKED: "revoke",
    Outcome.ATTEMPTED: "attempt",
    SignalKind.PREPARE: "prepare",
    SignalKind.TAMPER: "tamper",
    SignalKind.ACCESS_CHANGE: "access",
    SignalKind.NETWORK_CHANGE: "network",
    SignalKind.EXPOSURE: "exposure",
}
_MAX_ACTORS = 50


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
    told = [*_steps(group, methods, lineage, closures), *map(_session_step, handed)]
    steps = sorted(told, key=lambda s: (s.time or _EPOCH, s.ref, s.text))
    times = [s.time for s in steps if s.time]
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
        story=tuple(steps),
        actors=_actors(group, handed),
        destinations=tuple(destinations.values()),
    )


def _severity(group: Group, methods: dict[str, Method]) -> tuple[Severity, tuple[str, ...]]:
    loudest = max((f.severity for f in group.findings), key=lambda s: s.rank)
    why: list[str] = []
    real = [t for t in group.transfers if foreign(t.judgement)]
    reasons = Counter(t.why[0] for t in real if t.why and t.outcome in (Outcome.OFFERED, Outcome.TAKEN))
    why.extend(
        reason if count == 1 else f"{reason} ({count} times)" for reason, count in reasons.most_common(3)
    )
    if not real:
        why.extend(dict.fromkeys(s.why[-1] for s in group.signals if foreign(s.judgement) and s.why))
    raised = False
    if any(t.outcome is Outcome.TAKEN for t in real) or any(t.state and t.state.taken for t in real):
        why.append("the data was taken")
        raised = True
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
    still = [t for t in real if t.state and t.state.open]
    if still:
        why.append(
            f"{len(still)} of {sum(1 for t in real if t.state)} offers still open at the end of the logs"
        )
    if raised and loudest.rank < Severity.CRITICAL.rank:
        loudest = list(Severity)[loudest.rank + 1]
    return loudest, tuple(why)


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
    what = _several([f"{len(keys)} {kind}{'s' if len(keys) > 1 else ''}" for kind, keys in kinds.items()])
    who = _several([name_of(t.destination) for t in real])
    return f"{what} {'taken by' if taken else 'offered to'} {who}"


def _several(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    if len(unique) <= 3:  # noqa: PLR2004 - a title stays readable
        return " and ".join([", ".join(unique[:-1]), unique[-1]] if len(unique) > 1 else unique)
    return f"{', '.join(unique[:2])} and {len(unique) - 2} others"


def _steps(group: Group, methods: dict[str, Method], lineage: Lineage, closures: Ends) -> Iterator[Step]:
    told: set[str] = set()
    for t in group.transfers:
        told.add(t.evidence.event_id)
        yield Step(
            time=t.time,
            phase=_PHASES[t.outcome],
            text=_transfer_text(t, methods),
            actor=_actor_text(t.actor),
            ref=t.id,
            evidence=t.evidence,
        )
    for s in group.signals:
        told.add(s.evidence.event_id)
        named = f" ({name_of(s.destination)})" if s.destination and foreign(s.judgement) else ""
        about = f": {_resource_text(s.source)}" if s.source.id else ""
        if origin := lineage.ancestors(s.source):
            about += f" of {_resource_text(origin[0])}"
        failed = " failed" if s.failed else ""
        yield Step(
            time=s.time,
            phase=_PHASES[s.signal],
            text=f"{methods[s.method].title}{failed}{about}{named}{_times(s)}",
            actor=_actor_text(s.actor),
            ref=s.id,
            evidence=s.evidence,
        )
    for t in group.transfers:
        for made in lineage.steps(t.source):
            if made.evidence.event_id not in told:
                told.add(made.evidence.event_id)
                text = f"{_resource_text(made.child)} made of {_resource_text(made.parent)}"
                yield Step(
                    time=made.time,
                    phase="prepare",
                    text=text,
                    actor=_actor_text(made.actor),
                    ref="",
                    evidence=made.evidence,
                )
        for closure, what in _ends(t, lineage, closures) if t.outcome is Outcome.OFFERED else ():
            if closure.evidence.event_id not in told:
                told.add(closure.evidence.event_id)
                yield Step(
                    time=closure.time,
                    phase="close",
                    text=f"{closure.action.partition(':')[2]} {what}",
                    actor=_actor_text(closure.actor),
                    ref=t.id,
                    evidence=closure.evidence,
                )


def _ends(t: Transfer, lineage: Lineage, closures: Ends) -> Iterator[tuple[Closure, str]]:
    """What ended an offer, and what the same hands deleted of the things that its resource was made of."""
    for closure in closures.of(t):
        yield closure, f"ends the offer of {_resource_text(t.source)}"
    for ancestor in lineage.ancestors(t.source):
        for closure in closures.of_resource.get((t.method, ancestor.key), ()):
            if closure.actor.id == t.actor.id and closure.time and t.time and closure.time >= t.time:
                yield closure, f"removes {_resource_text(ancestor)}, of which it was made"


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


def _session_step(issue: Issued) -> Step:
    what = f"session of {short_id(issue.role)}" if issue.role else "credential"
    text = f"{what} ({issue.credential}) handed out by {issue.action.partition(':')[2]}"
    return Step(
        time=issue.time,
        phase="access",
        text=text,
        actor=_actor_text(issue.to),
        ref="",
        evidence=issue.evidence,
    )


def _transfer_text(t: Transfer, methods: dict[str, Method]) -> str:
    what = _resource_text(t.source) if t.source.id else methods[t.method].resource.kind
    verb = {
        Outcome.OFFERED: "offered to",
        Outcome.TAKEN: "taken by",
        Outcome.REVOKED: "taken back from",
        Outcome.ATTEMPTED: "failed to offer to",
    }[t.outcome]
    return f"{what} {verb} {name_of(t.destination)} [{t.method}]{_times(t)}"


def _times(found: Transfer | Signal) -> str:
    return f" ({found.count} times)" if found.count > 1 else ""


def _resource_text(resource: Resource) -> str:
    size = f", {resource.size_gib:g} GiB" if resource.size_gib else ""
    name = f" ({resource.name}{size})" if resource.name else f" ({size[2:]})" if size else ""
    return f"{resource.kind} {short_id(resource.id)}{name}"


def _actor_text(actor: Actor) -> str:
    if actor.kind == "account":
        return f"account {actor.account}"
    if actor.kind == "anonymous":
        return "anonymous"
    name = actor.name or short_id(actor.id)
    issuer = f" ({short_id(actor.issuer)})" if actor.issuer and short_id(actor.issuer) != name else ""
    return f"{name}{issuer}"


def _actors(group: Group, handed: Sequence[Issued]) -> tuple[Actor, ...]:
    """Everybody who acted, in order of time: those who asked for the credentials first."""
    acts = [(f.time or _EPOCH, f.id, f.actor) for f in group.findings]
    acts += [(i.time or _EPOCH, "", i.to) for i in handed if i.to.credential]
    seen: dict[tuple[str, str], Actor] = {}
    for _, _, actor in sorted(acts, key=lambda act: act[:2]):
        if actor.kind != "service":
            seen.setdefault((actor.id, actor.credential), actor)
    return tuple(list(seen.values())[:_MAX_ACTORS])
