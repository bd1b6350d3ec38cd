"""An audit in the formats of other tools. An exposure is written as the open offer that it is, by the hunt's own writers.

A control is an OCSF Compliance Finding (class 2003, https://schema.ocsf.io/1.3.0/classes/compliance_finding) and a
SARIF result whose `kind` says whether it holds. STIX and Timesketch have no word for a control: they get exposures.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from exclave.audit.model import Status
from exclave.model import Actor, Evidence, Openness, Outcome, Report, Severity, Transfer
from exclave.outputs import neutralise, ocsf, records, sarif, stix, timesketch, timesketch_csv
from exclave.outputs.audit_records import control

if TYPE_CHECKING:
    from exclave.audit.model import AuditReport, Exposure, Result

# The status_id of a compliance object: a Warning is what "did not yield a result due to missing information".
_OCSF = {
    Status.PASS: (1, "Pass"),
    Status.COULD_NOT_LOOK: (2, "Warning"),
    Status.PARTIAL: (3, "Fail"),
    Status.FAIL: (3, "Fail"),
}
# SARIF 2.1.0, 3.27.9: open is "insufficient information"
_SARIF = {Status.PASS: "pass", Status.COULD_NOT_LOOK: "open", Status.PARTIAL: "fail", Status.FAIL: "fail"}
COMPLIANCE = 2003


def write(report: AuditReport, format_name: str, out: IO[str]) -> None:
    """Write as ocsf, sarif, stix, timesketch or timesketch-csv."""
    exposed = as_hunted(report)
    if format_name == "ocsf":
        found = [ocsf.finding(t, exposed) for t in records.every_transfer(exposed)]
        ocsf.array([*(_compliance(r, report) for r in report.results), *found], out)
    elif format_name == "sarif":
        out.write(neutralise.json_document(_sarif(report, exposed)))
    else:
        writers = {"stix": stix.write, "timesketch": timesketch.write, "timesketch-csv": timesketch_csv.write}
        writers[format_name](exposed, out)


def as_hunted(report: AuditReport) -> Report:
    """The exposures as open offers, of which nobody saw who made them."""
    return Report(
        incidents=(),
        transfers=tuple(map(_offer, report.exposures)),
        signals=(),
        coverage=report.coverage,
        perimeter=report.perimeter,
        version=report.version,
    )


def _offer(e: Exposure) -> Transfer:
    file, colon, record = e.where.rpartition(":")
    numbered = bool(colon) and record.isdigit()
    return Transfer(
        method=e.method,
        time=e.since,
        cloud=e.cloud,
        account=e.account,
        region=e.region,
        action=e.call,
        actor=Actor(kind="unknown", id=""),
        source=e.source,
        destination=e.destination,
        outcome=Outcome.OFFERED,
        evidence=Evidence(
            file=file if numbered else e.where, record=int(record) if numbered else 0, event_id=""
        ),
        facts=e.facts,
        id=e.id,
        judgement=e.judgement,
        severity=e.severity,
        why=(*e.why, *((f"held back by {e.blocked}",) if e.blocked else ())),
        state=Openness(open=True, opened_at=e.since),
        revoke=e.revoke,
    )


def _said(r: Result) -> str:
    c = r.check
    why = f": {'; '.join(c.why)}" if c.why else ""
    return f"{r.control.title}: {c.status} in {c.scope}, {c.count:,} of {c.of:,} {c.what}{why}"


def _compliance(r: Result, report: AuditReport) -> dict[str, Any]:
    check, scope = r.check, r.check.scope
    holds = check.status is Status.PASS
    severity = ocsf.SEVERITY_ID[Severity.INFO if holds else r.control.severity]
    time = ocsf.milliseconds(report.time or report.coverage.last)
    status_id, status = _OCSF[check.status]
    kind, caption = ocsf.ACCOUNT_TYPE[scope.cloud]
    cloud: dict[str, Any] = {
        "provider": ocsf.PROVIDER[scope.cloud],
        "account": {"uid": scope.account, "type_id": kind, "type": caption},
    }
    if scope.region:
        cloud["region"] = scope.region
    return {
        "activity_id": ocsf.CREATE,
        "activity_name": "Create",
        "category_uid": ocsf.CATEGORY,
        "category_name": "Findings",
        "class_uid": COMPLIANCE,
        "class_name": "Compliance Finding",
        "type_uid": COMPLIANCE * 100 + ocsf.CREATE,
        "type_name": "Compliance Finding: Create",
        "time": time,
        "severity_id": severity,
        "severity": ocsf.SEVERITY_CAPTION[severity],
        "status_id": ocsf.NEW,
        "status": "New",
        "message": neutralise.line(_said(r)),
        "metadata": {
            "version": ocsf.VERSION,
            "profiles": ["cloud"],
            "uid": r.id,
            "product": {"name": "exclave", "vendor_name": "exclave", "version": report.version or "unknown"},
        },
        "finding_info": {
            "uid": r.id,
            "title": neutralise.line(r.control.title),
            "desc": neutralise.line(_said(r)),
            "types": ["control"],
            "created_time": time,
        },
        "compliance": {
            "standards": list(r.control.cis) or ["exclave"],
            "control": r.control.id,
            "status_id": status_id,
            "status": status,
            "status_detail": neutralise.line("; ".join(check.why)),
        },
        "cloud": cloud,
        "resources": [{"uid": neutralise.line(r)} for r in check.resources],
        "remediation": {"desc": r.control.remediation},
    }


def _sarif(report: AuditReport, exposed: Report) -> dict[str, Any]:
    document = sarif.log(exposed)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    index: dict[str, int] = {}
    for r in report.results:
        if r.control.id not in index:
            index[r.control.id] = len(rules)
            rules.append(_rule(r))
        run["results"].append(_result(r, index[r.control.id]))
    return document


def _rule(r: Result) -> dict[str, Any]:
    return {
        "id": r.control.id,
        "name": r.control.id,
        "shortDescription": {"text": neutralise.sarif(r.control.title)},
        "help": {"text": neutralise.sarif(r.control.remediation)},
        "defaultConfiguration": {"level": sarif.LEVEL[r.control.severity]},
        "properties": {
            "security-severity": sarif.SCORE[r.control.severity],
            "tags": ["security", "exfiltration", "T1537"],
        },
    }


def _result(r: Result, rule: int) -> dict[str, Any]:
    kind = _SARIF[r.check.status]
    line = control(r)
    place = next((i.where for i in r.check.items if i.where), "") or str(r.check.scope)
    return {
        "ruleId": r.control.id,
        "ruleIndex": rule,
        "kind": kind,
        "level": sarif.LEVEL[r.control.severity] if kind == "fail" else "none",
        "message": {"text": neutralise.sarif(_said(r))},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": sarif.uri(place)}}}],
        "properties": {k: v for k, v in line.items() if k not in {"schema", "control"}},
        "partialFingerprints": {"exclave/1": r.id},
    }
