"""What happened in an incident, step by step, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.correlate.judge import foreign, name_of
from exclave.model import Outcome, SignalKind, Step, Transfer, short_id, size_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.catalogue.entry import Method
    from exclave.correlate.incidents import Group
    from exclave.correlate.lineage import Lineage
    from exclave.correlate.state import Ends
    from exclave.model import Actor, Closure, Derivation, Issued, Resource, Signal

PHASES = {
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


def steps(
    group: Group, methods: dict[str, Method], lineage: Lineage, closures: Ends, handed: Sequence[Issued]
) -> Iterator[Step]:
    """All steps, in no order: findings, then what their resources were made of, ended by, and done with.

    A record is told once, as a finding where it is one.
    """
    told = {f.evidence.event_id for f in group.findings}
    for t in group.transfers:
        yield _step(t, PHASES[t.outcome], _transfer_text(t, methods), t.id)
    keys = {i.evidence.event_id: i.credential for i in handed if i.evidence.event_id}
    yield from _signals(group, methods, lineage, keys)
    for t in group.transfers:
        for made in lineage.steps(t.source):
            if _news(made.evidence.event_id, told):
                text = f"{resource_text(made.child)} made of {resource_text(made.parent)}"
                yield _step(made, "prepare", text)
        for closure, what in _ends(t, lineage, closures) if t.outcome is Outcome.OFFERED else ():
            if _news(closure.evidence.event_id, told):
                yield _step(closure, "close", f"{closure.action.partition(':')[2]} {what}", t.id)
    yield from (
        _session_step(i)
        for i in _told_once(handed)
        if not i.evidence.event_id or i.evidence.event_id not in told
    )


def _told_once(handed: Sequence[Issued]) -> Iterator[Issued]:
    """Each credential by the record that says with which it was asked for.

    A session of another account's role leaves a record in both accounts' logs, and the role's own names the account alone.
    """
    by_credential: dict[str, list[Issued]] = {}
    for issue in handed:
        by_credential.setdefault(issue.credential, []).append(issue)
    for issues in by_credential.values():
        yield from {i.to.credential: i for i in reversed(issues) if i.to.credential}.values() or issues[:1]


def _news(event_id: str, told: set[str]) -> bool:
    if event_id in told:
        return False
    told.add(event_id)
    return True


def _step(found: Transfer | Signal | Derivation | Closure, phase: str, text: str, ref: str = "") -> Step:
    return Step(
        time=found.time,
        phase=phase,
        text=text,
        actor=_actor_text(found.actor),
        ref=ref,
        evidence=found.evidence,
    )


def _signals(
    group: Group, methods: dict[str, Method], lineage: Lineage, keys: dict[str, str]
) -> Iterator[Step]:
    """`keys`: the credential that a record handed out, by its event."""
    abroad = {_of_event(s) for s in group.signals if foreign(s.judgement)}
    for s in group.signals:
        if not foreign(s.judgement) and _of_event(s) in abroad:
            continue  # the same record names one of ours as well
        about = f": {resource_text(s.source)}" if s.source.id else ""
        if origin := lineage.ancestors(s.source):
            about += f" of {resource_text(origin[0])}"
        if key := keys.get(s.evidence.event_id):
            about += f" with {key}"
        if s.destination and foreign(s.judgement):
            about += f" ({name_of(s.destination)})"
        failed = " failed" if s.failed else ""
        yield _step(s, PHASES[s.signal], f"{methods[s.method].title}{failed}{about}{_times(s)}", s.id)


def _of_event(s: Signal) -> tuple[str, str, str]:
    """What a record says by one method of one resource, whoever is named; by nothing else where it has no id."""
    return s.evidence.event_id or s.id, s.method, s.source.key


def _ends(t: Transfer, lineage: Lineage, closures: Ends) -> Iterator[tuple[Closure, str]]:
    """What ended an offer, and what the same hands deleted of the things that its resource was made of."""
    for closure in closures.of(t):
        yield closure, f"ends the offer of {resource_text(t.source)}"
    for ancestor in lineage.ancestors(t.source):
        for closure in closures.of_resource.get((t.method, ancestor.key), ()):
            if closure.actor.id == t.actor.id and closure.time and t.time and closure.time >= t.time:
                yield closure, f"removes {resource_text(ancestor)}, of which it was made"


def _session_step(issue: Issued) -> Step:
    what = f"a session of {short_id(issue.role)}" if issue.role else "a credential"
    text = f"given {what}: {issue.credential} [{issue.action.partition(':')[2]}]"
    return Step(
        time=issue.time,
        phase="access",
        text=text,
        actor=_actor_text(issue.to),
        ref="",
        evidence=issue.evidence,
    )


def _transfer_text(t: Transfer, methods: dict[str, Method]) -> str:
    what = resource_text(t.source) if t.source.id else methods[t.method].resource.kind
    verb = {
        Outcome.OFFERED: "offered to",
        Outcome.TAKEN: "taken by",
        Outcome.REVOKED: "taken back from",
        Outcome.ATTEMPTED: "failed to offer to",
    }[t.outcome]
    return f"{what} {verb} {name_of(t.destination)} [{t.method}]{_times(t)}"


def _times(found: Transfer | Signal) -> str:
    if found.count == 1:
        return ""
    until = ""
    if found.last is not None and found.time is not None and found.last != found.time:
        same_day = found.last.date() == found.time.date()
        until = f", the last at {found.last:{'%H:%M:%S' if same_day else '%Y-%m-%d %H:%M:%S'}}"
    return f" ({found.count:,} times{until})"


def resource_text(resource: Resource) -> str:
    """`ebs-snapshot snap-0a1b (nightly, 500 GiB)`."""
    more = ", ".join(filter(None, (resource.name, size_text(resource.size_gib))))
    return f"{resource.kind} {short_id(resource.id)}" + (f" ({more})" if more else "")


def _actor_text(actor: Actor) -> str:
    if actor.kind == "account" or (actor.id or actor.name) == actor.account != "":
        return f"account {actor.account}"
    if actor.kind == "anonymous":
        return "anonymous"
    name = actor.name or short_id(actor.id)
    issuer = short_id(actor.issuer).rsplit("/", 1)[-1]
    return f"{name} ({issuer})" if issuer and issuer != name else name
