"""An audit as plain JSON values: lines of type `control` and `exposure`, then `looked` and coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.outputs.records import SCHEMA, Json, coverage, destination, facts, resource, revoke, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.audit.model import AuditReport, Exposure, Item, Looked, Result


def lines(report: AuditReport) -> Iterator[Json]:
    """The objects of the JSON lines, in order."""
    yield from map(control, report.results)
    yield from map(exposure, report.exposures)
    yield from map(looked, report.looked)
    yield coverage(report.coverage, report.perimeter, report.version)


def control(r: Result) -> Json:
    """One control in one scope."""
    check = r.check
    return {
        "schema": SCHEMA,
        "type": "control",
        "id": r.id,
        "control": r.control.id,
        "title": r.control.title,
        "cloud": str(check.scope.cloud),
        "account": check.scope.account,
        "region": check.scope.region,
        "status": str(check.status),
        "severity": str(r.control.severity),
        "count": check.count,
        "of": check.of,
        "what": check.what,
        "why": list(check.why),
        "evidence": [item(i) for i in check.items],
        "missing": list(check.missing),
        "methods": list(r.methods),
        "cis": list(r.control.cis),
        "d3fend": list(r.control.d3fend),
        "technique": list(r.control.technique),
        "remediation": r.control.remediation,
        "known": r.known,
    }


def item(i: Item) -> Json:
    """One thing that was looked at."""
    return {
        "resource": i.resource,
        "status": str(i.status),
        "why": i.why,
        "facts": facts(i.facts),
        "where": i.where,
    }


def exposure(e: Exposure) -> Json:
    """What stands open to somebody else."""
    return {
        "schema": SCHEMA,
        "type": "exposure",
        "id": e.id,
        "method": e.method,
        "title": e.title,
        "cloud": str(e.cloud),
        "account": e.account,
        "region": e.region,
        "source": resource(e.source),
        "destination": destination(e.destination, e.judgement),
        "severity": str(e.severity),
        "why": list(e.why),
        "since": rfc3339(e.since),
        "blocked": e.blocked,
        "call": e.call,
        "where": e.where,
        "facts": facts(e.facts),
        "revoke": revoke(e.revoke),
        "known": e.known,
    }


def looked(k: Looked) -> Json:
    """How far one source of exposures was looked at."""
    return {
        "schema": SCHEMA,
        "type": "looked",
        "method": k.method,
        "call": k.call,
        "what": k.what,
        "of": k.of,
        "exposed": k.exposed,
        "failed": k.failed,
        "why": list(k.why),
    }
