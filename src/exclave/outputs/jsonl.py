"""JSON lines, the contract other programs read: `exclave-1.schema.json` describes each line."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from exclave.outputs import neutralise, records

if TYPE_CHECKING:
    from exclave.model import Report


def write(report: Report, out: IO[str]) -> None:
    """One object a line: incidents, transfers, signals, then coverage."""
    for found in records.lines(report):
        out.write(neutralise.json_line(found) + "\n")


def schema() -> dict[str, Any]:
    """The published JSON Schema of a line."""
    import json
    from importlib.resources import files

    loaded: dict[str, Any] = json.loads(
        (files("exclave.outputs") / "exclave-1.schema.json").read_text("utf-8")
    )
    return loaded
