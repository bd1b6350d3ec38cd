"""What an actor did, line by line: text, JSON lines or CSV."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

from exclave.outputs import neutralise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.detect.doings import Doing

_WIDEST = 48  # columns that one long name may push the others to the right
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
    if format_ == "text":
        _text([_row(d) for d in found], out)
        return
    for row in map(_row, found):
        out.write(neutralise.json_line({"schema": "exclave/1", "type": "event", **row}) + "\n")


def _text(rows: list[dict[str, str]], out: IO[str]) -> None:
    """Columns that line up: who, what, where. An id at the end is never cut."""
    for row in rows:
        row["time"] = row["time"].replace("T", " ").rstrip("Z") or "?"
        row["action"] += f" [{row['error']}]" if row["error"] else ""
        row["account"] = " ".join(filter(None, (row["account"], row["region"])))
        row["ip"] = f"from {row['ip']}" if row["ip"] else ""
    columns = ("time", "actor", "action", "account", "ip", "event_id")
    wide = {c: min(_WIDEST, max((len(neutralise.line(r[c])) for r in rows), default=0)) for c in columns}
    for row in rows:
        out.write("  ".join(neutralise.line(row[c]).ljust(wide[c]) for c in columns).rstrip() + "\n")


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
