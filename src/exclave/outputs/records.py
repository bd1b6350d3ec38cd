"""A report as plain JSON values: the shape of the JSON lines, which other outputs build on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.model import (
        Actor,
        Coverage,
        Destination,
        Evidence,
        Incident,
        Issued,
        Judgement,
        Openness,
        Report,
        Resource,
        RevokeCall,
        Signal,
        Step,
        Transfer,
    )

SCHEMA = "exclave/1"
Json = dict[str, Any]


def rfc3339(time: datetime | None) -> str | None:
    """`2026-03-02T01:12:04Z`; a time without a zone is UTC, as the providers write it."""
    if time is None:
        return None
    utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")


def every_transfer(report: Report) -> tuple[Transfer, ...]:
    """All transfers, those in incidents too, each once, in order of time."""
    inside = (t for incident in report.incidents for t in incident.transfers)
    return tuple(sorted(_once((*report.transfers, *inside)), key=_order))


def every_signal(report: Report) -> tuple[Signal, ...]:
    """All signals, those in incidents too, each once, in order of time."""
    inside = (s for incident in report.incidents for s in incident.signals)
    return tuple(sorted(_once((*report.signals, *inside)), key=_order))


def every_finding(report: Report) -> list[Transfer | Signal]:
    """All transfers, then all signals, each in order of time."""
    return [*every_transfer(report), *every_signal(report)]


def every_incident(report: Report) -> tuple[Incident, ...]:
    """Incidents, the loudest first, then by when they began."""
    return tuple(
        sorted(
            report.incidents,
            key=lambda i: (-i.severity.rank, i.started is None, rfc3339(i.started) or "", i.id),
        )
    )


def _once(found: tuple[Any, ...]) -> Iterator[Any]:
    seen: set[str] = set()
    for item in found:
        key = item.id or repr(item)
        if key not in seen:
            seen.add(key)
            yield item


def _order(item: Transfer | Signal) -> tuple[Any, ...]:
    destination = item.destination.key if item.destination else ""
    where = (item.evidence.file, item.evidence.record, item.evidence.event_id)
    return (
        item.time is None,
        rfc3339(item.time) or "",
        *where,
        item.method,
        destination,
        item.source.id,
        item.id,
    )


def lines(report: Report) -> Iterator[Json]:
    """The objects of the JSON lines, in order: incidents, transfers, signals, credentials, coverage."""
    yield from map(incident, every_incident(report))
    yield from map(transfer, every_transfer(report))
    yield from map(signal, every_signal(report))
    yield from map(issued, report.issued)
    yield coverage(report.coverage, report.perimeter, report.version)


def transfer(t: Transfer) -> Json:
    """A transfer; `open` is null where it cannot be told."""
    return {
        "schema": SCHEMA,
        "type": "transfer",
        "id": t.id,
        "method": t.method,
        "time": rfc3339(t.time),
        "cloud": str(t.cloud),
        "account": t.account,
        "region": t.region,
        "action": t.action,
        "actor": actor(t.actor),
        "source": resource(t.source),
        "destination": destination(t.destination, t.judgement),
        "outcome": str(t.outcome),
        "severity": str(t.severity),
        "why": list(t.why),
        "evidence": evidence(t.evidence),
        "open": t.state.open if t.state else None,
        "state": state(t.state),
        "lineage": [resource(r) for r in t.lineage],
        "revoke": revoke(t.revoke),
        "incident": t.incident,
        "error": t.error,
        "shared_id": t.shared_id,
        "facts": facts(t.facts),
        "count": t.count,
        "last": rfc3339(t.last),
        "whole": t.whole,
    }


def signal(s: Signal) -> Json:
    """A signal; `signal` is its kind, `destination` null where it names nobody, `open` where it can't be told."""
    return {
        "schema": SCHEMA,
        "type": "signal",
        "id": s.id,
        "method": s.method,
        "signal": str(s.signal),
        "time": rfc3339(s.time),
        "cloud": str(s.cloud),
        "account": s.account,
        "region": s.region,
        "action": s.action,
        "actor": actor(s.actor),
        "source": resource(s.source),
        "destination": destination(s.destination, s.judgement) if s.destination else None,
        "severity": str(s.severity),
        "why": list(s.why),
        "evidence": evidence(s.evidence),
        "failed": s.failed,
        "open": s.state.open if s.state else None,
        "state": state(s.state),
        "revoke": revoke(s.revoke),
        "incident": s.incident,
        "error": s.error,
        "shared_id": s.shared_id,
        "facts": facts(s.facts),
        "count": s.count,
        "last": rfc3339(s.last),
    }


def incident(i: Incident) -> Json:
    """An incident, with the ids of its transfers and signals."""
    return {
        "schema": SCHEMA,
        "type": "incident",
        "id": i.id,
        "title": i.title,
        "severity": str(i.severity),
        "why": list(i.why),
        "started": rfc3339(i.started),
        "ended": rfc3339(i.ended),
        "transfers": [t.id for t in i.transfers],
        "signals": [s.id for s in i.signals],
        "story": [step(s) for s in i.story],
        "actors": [actor(a) for a in i.actors],
        "destinations": [destination(d, judgement_of(i, d)) for d in i.destinations],
    }


def issued(i: Issued) -> Json:
    """A credential that was handed out, and to whom."""
    return {
        "schema": SCHEMA,
        "type": "issued",
        "credential": i.credential,
        "role": i.role,
        "to": actor(i.to),
        "action": i.action,
        "time": rfc3339(i.time),
        "evidence": evidence(i.evidence),
    }


def judgement_of(found: Incident, wanted: Destination) -> Judgement | None:
    """What the perimeter said of a destination, by the incident's transfer or signal that names it."""
    named: list[Transfer | Signal] = [*found.transfers, *found.signals]
    for item in named:
        if item.destination is not None and item.destination.key == wanted.key and item.judgement:
            return item.judgement
    return None


def coverage(c: Coverage, perimeter: tuple[str, ...], version: str) -> Json:
    """What was read and what was not, and what the perimeter was."""
    return {
        "schema": SCHEMA,
        "type": "coverage",
        "version": version,
        "files": c.files,
        "bytes_read": c.bytes_read,
        "bytes_plain": c.bytes_plain,
        "records": c.records,
        "records_exact": c.records_exact,
        "formats": dict(sorted(c.formats.items())),
        "accounts": sorted(c.accounts),
        "first": rfc3339(c.first),
        "last": rfc3339(c.last),
        "problems": [{"where": p.where, "what": p.what, "hint": p.hint} for p in c.problems],
        "skipped": dict(sorted(c.skipped.items())),
        "perimeter": list(perimeter),
    }


def step(s: Step) -> Json:
    """A line of the story; `ref` is the id of a transfer or signal."""
    return {
        "time": rfc3339(s.time),
        "phase": s.phase,
        "text": s.text,
        "actor": s.actor,
        "ref": s.ref,
        "evidence": evidence(s.evidence),
    }


def actor(a: Actor) -> Json:
    """Who did it."""
    return {
        "kind": a.kind,
        "id": a.id,
        "name": a.name,
        "account": a.account,
        "credential": a.credential,
        "issuer": a.issuer,
        "via": a.via,
        "ip": a.ip,
        "agent": a.agent,
    }


def resource(r: Resource) -> Json:
    """A thing that holds data; `size_gib` null where the log does not say."""
    return {
        "kind": r.kind,
        "id": r.id,
        "account": r.account,
        "region": r.region,
        "name": r.name,
        "size_gib": r.size_gib,
    }


def destination(d: Destination, judged: Judgement | None) -> Json:
    """Who receives, with the verdict; a destination that nobody judged is unknown and says so."""
    return {
        "kind": str(d.kind),
        "id": d.id,
        "cloud": str(d.cloud),
        "verdict": str(judged.verdict) if judged else "unknown",
        "reason": judged.reason if judged else "not judged",
        "name": judged.name if judged else "",
        "limits": list(d.limits),
        "expires": d.expires,
        "note": d.note,
    }


def evidence(e: Evidence) -> Json:
    """Where the record stands."""
    return {"file": e.file, "record": e.record, "event_id": e.event_id}


def state(s: Openness | None) -> Json | None:
    """Whether the offer stands; null for what was never an offer."""
    if s is None:
        return None
    return {
        "opened_at": rfc3339(s.opened_at),
        "closed_at": rfc3339(s.closed_at),
        "by": s.by,
        "seconds": s.seconds,
        "taken": s.taken,
    }


def revoke(r: RevokeCall | None) -> Json | None:
    """The call that undoes it; null where there is none."""
    if r is None:
        return None
    return {"call": r.call, "args": dict(r.args), "command": r.command, "risk": r.risk, "note": r.note}


def facts(pairs: tuple[tuple[str, str], ...]) -> list[Json]:
    """Further values that the catalogue's entry reads; a name may stand more than once."""
    return [{"name": name, "value": value} for name, value in pairs]
