"""What an actor did, line by line: text, JSON lines or CSV."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

from exclave.outputs import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.detect.doings import Doing

_COLUMNS = (
    "time",
    "actor",
    "credential",
    "action",
    "account",
    "region",
    "error",
    "ip",
    "agent",
    "file",
    "record",
    "event_id",
)


def write(found: Iterable[Doing], format_: str, out: IO[str]) -> None:
    """Writes doings in the order given. `format_` is text, jsonl or csv."""
    if format_ == "csv":
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        for row in map(_row, found):
            writer.writerow([neutralise.cell(row[c]) for c in _COLUMNS])
        return
    for row in map(_row, found):
        if format_ == "jsonl":
            out.write(neutralise.json_line({"schema": "exclave/1", "type": "event", **row}) + "\n")
        else:
            failed = f"  [{row['error']}]" if row["error"] else ""
            line = f"{row['time'] or '?':20}  {row['actor']}  {row['action']}{failed}  {row['region']} {row['account']}  from {row['ip']}  {row['event_id']}"
            out.write(neutralise.line(line) + "\n")


def _row(doing: Doing) -> dict[str, str]:
    return {
        "time": doing.time.strftime("%Y-%m-%dT%H:%M:%SZ") if doing.time else "",
        "actor": doing.actor.name or doing.actor.id,
        "credential": doing.actor.credential,
        "action": doing.action,
        "account": doing.account,
        "region": doing.region,
        "error": doing.error,
        "ip": doing.actor.ip,
        "agent": doing.actor.agent,
        "file": doing.evidence.file,
        "record": str(doing.evidence.record or ""),
        "event_id": doing.evidence.event_id,
    }
