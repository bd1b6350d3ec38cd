"""What an audit found, written for people and for other tools."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING, Any

from exclave.outputs import UnknownFormatError, audit_records, neutralise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.audit.model import AuditReport

FORMATS = ("terminal", "jsonl", "csv", "html", "ocsf", "sarif", "stix", "timesketch", "timesketch-csv")
COLUMNS = (
    "type", "id", "status", "severity", "known", "control_or_method", "title", "cloud", "account", "region", "resource",
    "count", "of", "what", "destination_kind", "destination_id", "verdict", "why", "blocked", "missing_permissions", "cis",
    "d3fend", "remediation", "revoke", "where",
)  # fmt: skip


def write(report: AuditReport, format_name: str, stream: IO[Any]) -> None:
    """Write the report to a binary stream, as UTF-8. The stream stays open.

    Raises UnknownFormatError for a format that audits have not, and OSError from the stream.
    """
    if format_name not in FORMATS:
        raise UnknownFormatError(
            f"an audit can't be written as {format_name!r}; formats: {' '.join(FORMATS)}"
        )
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        if format_name == "jsonl":
            jsonl(report, text)
        elif format_name == "csv":
            table(report, text)
        elif format_name == "html":
            from exclave.outputs.audit_page import write as page

            page(report, text)
        elif format_name != "terminal":
            from exclave.outputs.audit_others import write as write_other

            write_other(report, format_name, text)
        else:
            from rich.console import Console

            from exclave.outputs import audit_terminal

            audit_terminal.write(report, Console(file=text, highlight=False, markup=False, emoji=False))
        text.flush()
    finally:
        text.detach()


def jsonl(report: AuditReport, out: IO[str]) -> None:
    """One object a line."""
    for found in audit_records.lines(report):
        out.write(neutralise.json_line(found) + "\n")


def table(report: AuditReport, out: IO[str]) -> None:
    """A row for each control and scope, for each exposure, and for what could not be read."""
    writer = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\r\n", restval="")
    writer.writeheader()
    for row in rows(report):
        writer.writerow({name: neutralise.cell(value) for name, value in row.items()})


def rows(report: AuditReport) -> Iterator[dict[str, object]]:
    """The rows of the table, by column."""
    for r in report.results:
        c = r.check
        yield {
            "type": "control", "id": r.id, "status": c.status, "severity": r.control.severity, "known": _yes(r.known),
            "control_or_method": r.control.id, "title": r.control.title, "cloud": c.scope.cloud, "account": c.scope.account,
            "region": c.scope.region, "resource": "; ".join(c.resources), "count": c.count, "of": c.of,
            "what": c.what, "why": "; ".join(c.why), "missing_permissions": " ".join(c.missing),
            "cis": "; ".join(r.control.cis), "d3fend": " ".join(r.control.d3fend), "remediation": r.control.remediation,
            "where": "; ".join(dict.fromkeys(i.where for i in c.items if i.where)),
        }  # fmt: skip
    for e in report.exposures:
        yield {
            "type": "exposure", "id": e.id, "severity": e.severity, "known": _yes(e.known), "control_or_method": e.method,
            "title": e.title, "cloud": e.cloud, "account": e.account, "region": e.region,
            "resource": f"{e.source.kind} {e.source.id}", "destination_kind": e.destination.kind,
            "destination_id": e.destination.id, "verdict": e.judgement.verdict, "why": "; ".join(e.why),
            "blocked": e.blocked, "revoke": e.revoke.command if e.revoke else "", "where": e.where,
        }  # fmt: skip
    for problem in report.coverage.problems:
        yield {"type": "problem", "why": problem.what, "where": problem.where, "remediation": problem.hint}


def _yes(value: bool) -> str:
    return "yes" if value else ""
