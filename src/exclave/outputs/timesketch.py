"""JSON lines for Timesketch: each event has the message, datetime and timestamp_desc that it asks for.

Timesketch documentation, "Import from JSON or CSV": message, datetime (ISO 8601 with zone), timestamp_desc;
other keys become fields of the event. Events without a time cannot stand on a timeline; they are put at the
first moment of the logs, and say so.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from exclave.outputs import neutralise, records, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.model import Report, Signal, Transfer

FIELDS = (
    "message",
    "datetime",
    "timestamp_desc",
    "data_type",
    "tag",
    "severity",
    "method",
    "outcome",
    "source_kind",
    "source_id",
    "destination_kind",
    "destination_id",
    "verdict",
    "reason",
    "user",
    "credential",
    "source_ip",
    "user_agent",
    "cloud",
    "account",
    "region",
    "action",
    "error",
    "open",
    "incident",
    "finding_id",
    "why",
    "evidence_file",
    "evidence_record",
    "event_id",
)
_NO_TIME = "1970-01-01T00:00:00+00:00"


def write(report: Report, out: IO[str]) -> None:
    """One event a line, in order of time: transfers, signals, and the moments at which offers ended."""
    for event in events(report):
        out.write(neutralise.json_line(event) + "\n")


def events(report: Report) -> Iterator[dict[str, Any]]:
    """The events of the timeline, with all of FIELDS."""
    first = records.rfc3339(report.coverage.first)
    found: list[dict[str, Any]] = []
    for t in records.every_transfer(report):
        found.append(_transfer(t))
        if t.state and t.state.closed_at:
            found.append(_transfer(t) | _closing(t))
    found.extend(_signal(s) for s in records.every_signal(report))
    for event in found:
        if not event["datetime"]:
            event["datetime"] = _zone(first) or _NO_TIME
            event["timestamp_desc"] += " (time unknown)"
    yield from sorted(found, key=lambda e: (e["datetime"], e["finding_id"], e["timestamp_desc"]))


def _zone(time: str | None) -> str:
    """Timesketch's own examples write the zone as an offset."""
    return (time or "").replace("Z", "+00:00")


def _common(found: Transfer | Signal) -> dict[str, Any]:
    to, judged = found.destination, found.judgement
    return {
        "datetime": _zone(records.rfc3339(found.time)),
        "severity": str(found.severity),
        "method": found.method,
        "source_kind": found.source.kind,
        "source_id": found.source.id,
        "destination_kind": str(to.kind) if to else "",
        "destination_id": to.id if to else "",
        "verdict": str(judged.verdict) if judged else ("unknown" if to else ""),
        "reason": judged.reason if judged else "",
        "user": found.actor.id,
        "credential": found.actor.credential,
        "source_ip": found.actor.ip,
        "user_agent": found.actor.agent,
        "cloud": str(found.cloud),
        "account": found.account,
        "region": found.region,
        "action": found.action,
        "error": found.error,
        "incident": found.incident,
        "finding_id": found.id,
        "why": "; ".join(found.why),
        "evidence_file": found.evidence.file,
        "evidence_record": found.evidence.record,
        "event_id": found.evidence.event_id,
    }


def _transfer(t: Transfer) -> dict[str, Any]:
    head = {"message": neutralise.line(words.transfer(t)), "timestamp_desc": f"Transfer {t.outcome}"}
    more = {"outcome": str(t.outcome), "open": ("yes" if t.state.open else "no") if t.state else ""}
    values = _common(t) | head | more | {"data_type": "exclave:transfer", "tag": ["exclave", str(t.outcome)]}
    return {name: values[name] for name in FIELDS}


def _closing(t: Transfer) -> dict[str, Any]:
    at = t.state.closed_at if t.state else None
    by = f" by {t.state.by}" if t.state and t.state.by else ""
    return {
        "message": neutralise.line(
            f"{words.resource(t.source)} no longer offered to {words.destination(t.destination)}{by}"
        ),
        "datetime": _zone(records.rfc3339(at)),
        "timestamp_desc": "Offer closed",
        "tag": ["exclave", "closed"],
    }


def _signal(s: Signal) -> dict[str, Any]:
    head = {"message": neutralise.line(words.signal(s)), "timestamp_desc": f"Signal {s.signal}"}
    more = {"outcome": "failed" if s.failed else "", "open": ""}
    values = _common(s) | head | more | {"data_type": "exclave:signal", "tag": ["exclave", str(s.signal)]}
    return {name: values[name] for name in FIELDS}
