"""The findings as the page's script reads them: neutralised here, and shown there as text only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.model import Kind, Transfer
from exclave.outputs import records, words
from exclave.outputs.neutralise import line

if TYPE_CHECKING:
    from exclave.model import Report, Signal

MOST_ROWS = 20_000  # about 20 MB of page; browsers still scroll and search it


def data(report: Report) -> dict[str, Any]:
    """`rows`, the loudest first; `files`, which rows name by number; `total`, of which rows may be fewer."""
    found = records.every_finding(report)
    loudest = sorted(found, key=lambda f: -f.severity.rank)[:MOST_ROWS]
    numbers: dict[str, int] = {}
    rows = [_row(f, numbers) for f in loudest]
    return {"total": len(found), "files": [line(name) for name in numbers], "rows": rows}


def _row(found: Transfer | Signal, files: dict[str, int]) -> dict[str, Any]:
    to, judged = found.destination, found.judgement
    row: dict[str, Any] = {
        "id": line(found.id),
        "sev": str(found.severity),
        "time": words.moment(found.time),
        "method": line(found.method),
        "source": line(words.resource(found.source)),
        "verdict": str(judged.verdict) if judged else ("unknown" if to else ""),
        "who": line(words.actor(found.actor)),
        "by": line(words.actor_in_full(found.actor)),
        "agent": line(found.actor.agent),
        "where": line(" ".join(part for part in (found.account, found.region) if part)),
        "action": line(found.action),
        "why": [line(reason) for reason in found.why],
        "file": files.setdefault(found.evidence.file, len(files)),
        "record": found.evidence.record,
        "event": line(found.evidence.event_id),
        "incident": line(found.incident),
        "error": line(found.error),
    }
    if to is not None:
        row["to"] = line("everybody" if to.kind is Kind.PUBLIC else f"{to.kind} {to.id}")
        row["judged"] = line(
            words.verdict(judged) + (f": {judged.reason}" if judged and judged.reason else "")
        )
        row["limits"] = line("; ".join((*to.limits, *([f"until {to.expires}"] if to.expires else []))))
    if found.revoke:
        row["revoke"] = line(found.revoke.command or found.revoke.call)
        row["note"] = line(words.revoke_note(found.revoke))
    row["open"] = found.state.open if found.state else None
    row["times"] = line(words.times(found).removeprefix(", "))
    return row | (_of_transfer(found) if isinstance(found, Transfer) else _of_signal(found))


def _of_transfer(t: Transfer) -> dict[str, Any]:
    return {
        "kind": str(t.outcome),
        "type": "transfer",
        "state": line(words.standing(t)),
        "lineage": line(words.lineage(t.lineage)),
    }


def _of_signal(s: Signal) -> dict[str, Any]:
    told = s.state is not None or s.failed
    return {"kind": str(s.signal), "type": "signal", "state": line(words.standing(s)) if told else ""}
