"""A table for spreadsheets: a row for each transfer and signal, none of whose cells is a formula."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

from exclave.model import Transfer
from exclave.outputs import neutralise, records, words

if TYPE_CHECKING:
    from exclave.model import Report, Signal

COLUMNS = (
    "type",
    "id",
    "severity",
    "time",
    "method",
    "outcome",
    "source_kind",
    "source_id",
    "source_name",
    "source_size_gib",
    "lineage",
    "destination_kind",
    "destination_id",
    "verdict",
    "verdict_name",
    "reason",
    "limits",
    "expires",
    "open",
    "taken",
    "opened_at",
    "closed_at",
    "closed_by",
    "open_seconds",
    "actor_kind",
    "actor_id",
    "credential",
    "ip",
    "agent",
    "cloud",
    "account",
    "region",
    "action",
    "error",
    "why",
    "count",
    "last",
    "incident",
    "revoke",
    "revoke_risk",
    "evidence_file",
    "evidence_record",
    "event_id",
)


def write(report: Report, out: IO[str]) -> None:
    """Transfers and signals in order of time, every cell quoted (OWASP, "CSV Injection").

    What could not be read follows as rows of type `problem`, since a table has no other place for it.
    """
    table = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\r\n", restval="")
    table.writeheader()
    for found in records.every_finding(report):
        table.writerow({name: neutralise.cell(value) for name, value in _row(found).items()})
    for problem in report.coverage.problems:
        row = {"type": "problem", "evidence_file": problem.where, "reason": problem.what, "why": problem.hint}
        table.writerow({name: neutralise.cell(value) for name, value in row.items()})


def _row(found: Transfer | Signal) -> dict[str, object]:
    judged, to = found.judgement, found.destination
    row: dict[str, object] = {
        "id": found.id,
        "severity": found.severity,
        "time": records.rfc3339(found.time) or "",
        "method": found.method,
        "source_kind": found.source.kind,
        "source_id": found.source.id,
        "source_name": found.source.name,
        "source_size_gib": "" if found.source.size_gib is None else found.source.size_gib,
        "actor_kind": found.actor.kind,
        "actor_id": found.actor.id,
        "credential": found.actor.credential,
        "ip": found.actor.ip,
        "agent": found.actor.agent,
        "cloud": found.cloud,
        "account": found.account,
        "region": found.region,
        "action": found.action,
        "error": found.error,
        "why": "; ".join(found.why),
        "incident": found.incident,
        "evidence_file": found.evidence.file,
        "evidence_record": found.evidence.record,
        "event_id": found.evidence.event_id,
    }
    if to is not None:
        row |= {
            "destination_kind": to.kind,
            "destination_id": to.id,
            "verdict": judged.verdict if judged else "unknown",
            "verdict_name": judged.name if judged else "",
            "reason": judged.reason if judged else "not judged",
            "limits": "; ".join(to.limits),
            "expires": to.expires,
        }
    row |= _of_transfer(found) if isinstance(found, Transfer) else _of_signal(found)
    return row | _standing(found)


def _of_signal(s: Signal) -> dict[str, object]:
    return {"type": f"signal:{s.signal}", "outcome": "failed" if s.failed else ""}


def _of_transfer(t: Transfer) -> dict[str, object]:
    return {"type": "transfer", "outcome": t.outcome, "lineage": words.lineage(t.lineage)}


def _standing(found: Transfer | Signal) -> dict[str, object]:
    row: dict[str, object] = {"count": found.count, "last": records.rfc3339(found.last) or ""}
    if found.state:
        row |= {
            "open": "yes" if found.state.open else "no",
            "taken": "yes" if found.state.taken else "no",
            "opened_at": records.rfc3339(found.state.opened_at) or "",
            "closed_at": records.rfc3339(found.state.closed_at) or "",
            "closed_by": found.state.by,
            "open_seconds": "" if found.state.seconds is None else found.state.seconds,
        }
    if found.revoke:
        row |= {"revoke": found.revoke.command or found.revoke.call, "revoke_risk": found.revoke.risk}
    return row
