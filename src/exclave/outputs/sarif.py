"""SARIF 2.1.0, for code-scanning views and CI. What could not be read is a notification of the run.

OASIS, "Static Analysis Results Interchange Format Version 2.1.0". A log's record has no line or column, so a
result's location is the file and, as a logical location, the record.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from exclave.model import Severity, Transfer
from exclave.outputs import neutralise, records, words

if TYPE_CHECKING:
    from exclave.model import Evidence, Report, Signal

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVEL = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub's scale for `security-severity`: over 9.0 critical, 7.0 high, 4.0 medium, below low
SCORE = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.0",
    Severity.LOW: "2.0",
    Severity.INFO: "0.0",
}


def write(report: Report, out: IO[str]) -> None:
    """One run: a rule for each method seen, a result for each transfer and signal."""
    out.write(neutralise.json_document(log(report)))


def log(report: Report) -> dict[str, Any]:
    """The document, with its one run."""
    found = records.every_finding(report)
    worst: dict[str, Severity] = {}
    for item in found:
        known = worst.get(item.method, Severity.INFO)
        worst[item.method] = max(known, item.severity, key=lambda s: s.rank)
    rules = sorted(worst)
    index = {method: number for number, method in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "exclave",
                "version": report.version or "unknown",
                "rules": [_rule(method, worst[method]) for method in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(item, index[item.method]) for item in found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(method: str, severity: Severity) -> dict[str, Any]:
    return {
        "id": method,
        "name": method,
        "shortDescription": {"text": neutralise.sarif(f"Data moved or made movable by {method}")},
        "defaultConfiguration": {"level": LEVEL[severity]},
        "properties": {"security-severity": SCORE[severity], "tags": ["security", "exfiltration", "T1537"]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    """`executionSuccessful` is false where something could not be looked at: silence would read as safety."""
    notifications = [
        {
            "level": "error",
            "message": {"text": neutralise.sarif(f"{p.what} ({p.hint})" if p.hint else p.what)},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(p.where)}}}],
        }
        for p in report.coverage.problems
    ]
    return {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}


def _result(found: Transfer | Signal, rule: int) -> dict[str, Any]:
    transfer = isinstance(found, Transfer)
    message = words.transfer(found) if isinstance(found, Transfer) else words.signal(found)
    why = f". {'; '.join(found.why)}" if found.why else ""
    line = records.transfer(found) if isinstance(found, Transfer) else records.signal(found)
    result: dict[str, Any] = {
        "ruleId": found.method,
        "ruleIndex": rule,
        "level": LEVEL[found.severity],
        "message": {"text": neutralise.sarif(message + why)},
        "locations": [_location(found.evidence)],
        "properties": {key: value for key, value in line.items() if key not in {"schema", "method"}},
    }
    if found.id:
        result["partialFingerprints"] = {"exclave/1": found.id}
    if found.incident:
        result["properties"]["tags"] = ["incident:" + found.incident]
    if transfer:
        result["rank"] = found.severity.rank * 25.0
    return result


def _location(e: Evidence) -> dict[str, Any]:
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri(e.file)}},
        "logicalLocations": [{"fullyQualifiedName": neutralise.line(words.evidence(e)), "kind": "record"}],
    }


def uri(path: str) -> str:
    """A path or object URL as a URI reference (RFC 3986), secrets masked; a relative path stays relative."""
    masked = neutralise.line(path).replace("\\", "/")
    scheme, sep, rest = masked.partition("://")
    if sep and scheme.isascii() and scheme.isalnum():
        return f"{scheme}://{quote(rest, safe='/!$&()*+,;=@~:?')}"
    return quote(masked, safe="/!$&()*+,;=@~") or "unknown"
