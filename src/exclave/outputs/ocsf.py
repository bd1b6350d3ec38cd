"""OCSF Detection Findings (class 2004 of the Findings category), as a JSON array with one finding a line.

Schema 1.3.0, https://schema.ocsf.io/1.3.0/classes/detection_finding, with the cloud profile. OCSF has no
attribute for "who received the data": the destination, its verdict, the lineage and whether it is open stand
in `evidences[].data`, with the keys of the JSON lines.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from exclave.model import Cloud, Severity, Signal, Transfer
from exclave.outputs import neutralise, records, words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from exclave.model import Actor, Report, Resource

VERSION = "1.3.0"
CATEGORY, CLASS, CREATE, NEW = 2, 2004, 1, 1
RULE = 1  # analytic.type_id
MILLISECONDS = 1000
SEVERITY_ID = {Severity.INFO: 1, Severity.LOW: 2, Severity.MEDIUM: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
SEVERITY_CAPTION = {1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
PROVIDER = {Cloud.AWS: "AWS", Cloud.AZURE: "Azure", Cloud.GCP: "GCP"}
ACCOUNT_TYPE = {
    Cloud.AWS: (10, "AWS Account"),
    Cloud.AZURE: (99, "Azure Subscription"),  # a number of its own only from 1.4 on
    Cloud.GCP: (5, "GCP Account"),
}
USER_TYPE = {"user": (1, "User"), "root": (2, "Admin"), "service": (3, "System"), "unknown": (0, "Unknown")}


def write(report: Report, out: IO[str]) -> None:
    """An array: transfers, then signals, each in order of time."""
    array((finding(found, report) for found in records.every_finding(report)), out)


def array(found: Iterable[dict[str, Any]], out: IO[str]) -> None:
    """A JSON array with one finding a line."""
    separator = "[\n"
    for one in found:
        out.write(separator + neutralise.json_line(one))
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def finding(found: Transfer | Signal, report: Report) -> dict[str, Any]:
    """One Detection Finding. `time` is the event's own, so that the same logs give the same file."""
    severity = SEVERITY_ID[found.severity]
    time = milliseconds(found.time or report.coverage.last)
    message = words.transfer(found) if isinstance(found, Transfer) else words.signal(found)
    event: dict[str, Any] = {
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Detection Finding: Create",
        "time": time,
        "start_time": time,
        "severity_id": severity,
        "severity": SEVERITY_CAPTION[severity],
        "status_id": NEW,
        "status": "New",
        "message": neutralise.line(message),
        "metadata": _metadata(found, report),
        "finding_info": _info(found, message, time),
        "cloud": _cloud(found),
        "resources": _resources(found),
        "evidences": [_evidence(found)],
    }
    if found.count > 1:
        event |= {"count": found.count, "end_time": milliseconds(found.last or found.time)}
    if found.revoke:
        way_back = "; ".join(
            part for part in (found.revoke.command or found.revoke.call, found.revoke.note) if part
        )
        event["remediation"] = {"desc": way_back}
    return event


def milliseconds(time: datetime | None) -> int:
    """OCSF's timestamp_t; 0 where nothing in the logs has a time."""
    from datetime import UTC

    if time is None:
        return 0
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * MILLISECONDS)


def _metadata(found: Transfer | Signal, report: Report) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "version": VERSION,
        "profiles": ["cloud"],
        "uid": found.id,
        "product": {"name": "exclave", "vendor_name": "exclave", "version": report.version or "unknown"},
    }
    if found.incident:
        metadata["correlation_uid"] = found.incident
    if found.time:
        metadata["original_time"] = records.rfc3339(found.time)
    return metadata


def _info(found: Transfer | Signal, message: str, time: int) -> dict[str, Any]:
    info: dict[str, Any] = {
        "uid": found.id or f"{found.method}:{words.evidence(found.evidence)}",
        "title": neutralise.line(message),
        "desc": neutralise.line("; ".join(found.why)),
        "types": ["transfer" if isinstance(found, Transfer) else f"signal:{found.signal}"],
        "created_time": time,
        "first_seen_time": time,
        "analytic": {"name": found.method, "uid": found.method, "type_id": RULE, "type": "Rule"},
        "data_sources": [found.evidence.file],
    }
    if isinstance(found, Transfer):
        info["attacks"] = [
            {
                "technique": {"uid": "T1537", "name": "Transfer Data to Cloud Account"},
                "tactic": {"uid": "TA0010", "name": "Exfiltration"},
            }
        ]
    return info


def _account(uid: str, cloud: Cloud) -> dict[str, Any]:
    number, caption = ACCOUNT_TYPE[cloud]
    return {"uid": uid, "type_id": number, "type": caption}


def _cloud(found: Transfer | Signal) -> dict[str, Any]:
    cloud: dict[str, Any] = {"provider": PROVIDER[found.cloud]}
    if found.account:
        cloud["account"] = _account(found.account, found.cloud)
    if found.region:
        cloud["region"] = found.region
    return cloud


def _resources(found: Transfer | Signal) -> list[dict[str, Any]]:
    lineage = found.lineage if isinstance(found, Transfer) else ()
    return [_resource(r, found.cloud) for r in (found.source, *lineage) if r.id or r.name]


def _resource(r: Resource, cloud: Cloud) -> dict[str, Any]:
    resource: dict[str, Any] = {"type": r.kind, "uid": r.id or r.name}
    if r.name:
        resource["name"] = r.name
    if r.region:
        resource["region"] = r.region
    if r.account:
        resource["owner"] = {"account": _account(r.account, cloud)}
    if r.size_gib is not None:
        resource["data"] = {"size_gib": r.size_gib}
    return resource


def _evidence(found: Transfer | Signal) -> dict[str, Any]:
    service, _, operation = neutralise.mask(found.action).rpartition(":")  # a cut secret is not seen as one
    api: dict[str, Any] = {"operation": operation or found.action or "unknown"}
    if service:
        api["service"] = {"name": service}
    if found.error:
        api["response"] = {"error": found.error}
    line = records.transfer(found) if isinstance(found, Transfer) else records.signal(found)
    kept = (
        "destination",
        "outcome",
        "open",
        "state",
        "lineage",
        "why",
        "evidence",
        "shared_id",
        "facts",
        "failed",
    )
    data = {key: line[key] for key in kept if key in line}
    evidence: dict[str, Any] = {
        "actor": {"user": _user(found.actor, found.cloud)},
        "api": api,
        "data": data
        | {"user_agent": found.actor.agent, "issuer": found.actor.issuer, "via": found.actor.via},
    }
    if found.actor.ip:
        evidence["src_endpoint"] = (
            {"ip": found.actor.ip} if _is_address(found.actor.ip) else {"name": found.actor.ip}
        )
    return evidence


def _is_address(text: str) -> bool:
    """The field also holds names: AWS writes a service's DNS name where a service called."""
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _user(a: Actor, cloud: Cloud) -> dict[str, Any]:
    number, caption = USER_TYPE.get(a.kind, (99, a.kind or "Other"))
    user: dict[str, Any] = {"uid": a.id or a.account or "unknown", "type_id": number, "type": caption}
    if a.name:
        user["name"] = a.name
    if a.account:
        user["account"] = _account(a.account, cloud)
    if a.credential:
        user["credential_uid"] = a.credential
    return user
