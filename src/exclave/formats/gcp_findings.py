"""One finding of Security Command Center (Event Threat Detection among its sources) → Event.

Event Threat Detection also writes its detections to Cloud Logging (`jsonPayload.detectionCategory`), with what its findings
have as `sourceProperties`; where a finding does not name the targets as such, they are taken from there.

Source: the Finding reference, https://cloud.google.com/security-command-center/docs/reference/rest/v2/organizations.sources.findings,
and its notifications, https://cloud.google.com/security-command-center/docs/how-to-api-filter-and-export-findings. The
action is `Finding/` and the tactic that begins the category: `Exfiltration: BigQuery Data Exfiltration` → `Finding/Exfiltration`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from exclave.formats.cloudtrail import parse_time
from exclave.model import Actor, Cloud, Event, Evidence
from exclave.perimeter.google import is_agent, is_service_account, project_of_member

_PROJECT = re.compile(r"/projects/([^/_][^/]*)")
_WORDS = re.compile(r"[A-Za-z0-9]+")
# words in a detection's technique or rule → the tactic that categories of findings begin with
_TACTICS = {
    "exfil": "Exfiltration", "persist": "Persistence", "anomalous_grant": "Persistence", "evasion": "Defense Evasion",
    "discovery": "Discovery", "investigation": "Discovery", "credential": "Credential Access", "access": "Initial Access",
}  # fmt: skip
_MAX_TARGETS = 50


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a finding, by itself or beside its resource as notifications and lists have it."""
    finding = _finding(record)
    return isinstance(finding.get("category"), str) and (
        "findingClass" in finding or "/findings/" in _text(finding.get("name"))
    )


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One finding, read. Missing or odd parts become "" or None, never an error."""
    finding = _finding(record)
    tactic = "".join(_WORDS.findall(_text(finding.get("category")).partition(":")[0]))
    resource = _text(finding.get("resourceName")) or _text(_mapping(record.get("resource")).get("name"))
    project = _PROJECT.search(resource)
    access = _mapping(finding.get("access"))
    mail = _text(access.get("principalEmail")) or _text(access.get("principalSubject"))
    owner = project_of_member(mail)
    name = _text(finding.get("name"))
    return Event(
        cloud=Cloud.GCP,
        log="gcp-scc",
        time=parse_time(finding.get("eventTime")) or parse_time(finding.get("createTime")),
        service="securitycenter.googleapis.com",
        action=f"Finding/{tactic}",
        actor=Actor(
            kind="service"
            if is_agent(mail)
            else "service-account"
            if is_service_account(mail)
            else "user"
            if mail
            else "unknown",
            id=mail,
            name=mail.partition("@")[0],
            account="" if owner.isdigit() else owner,
            ip=_text(access.get("callerIp")),
            agent=_text(access.get("userAgent")),
        ),
        account=project[1] if project else "",
        region="",
        error="",
        dry_run=False,
        fields={"finding": finding, "resource": _mapping(record.get("resource"))},
        raw=record,
        evidence=evidence if evidence.event_id else replace(evidence, event_id=name.rpartition("/")[2][:200]),
    )


def _finding(record: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = _mapping(record.get("jsonPayload"))
    detected = _mapping(payload.get("detectionCategory"))
    if detected:
        return _with_targets(_detection(record, payload, detected), payload)
    inner = record.get("finding")
    finding = inner if isinstance(inner, Mapping) else record
    return _with_targets(finding, _mapping(finding.get("sourceProperties")))


def _detection(
    record: Mapping[str, Any], payload: Mapping[str, Any], detected: Mapping[str, Any]
) -> dict[str, Any]:
    """A detection in Cloud Logging as the finding that it is."""
    rule = _text(detected.get("ruleName"))
    said = f"{_text(detected.get('technique'))} {rule}".lower()
    tactic = next((name for word, name in _TACTICS.items() if word in said), "Malware")
    attempt = _mapping(_mapping(payload.get("properties")).get("dataExfiltrationAttempt"))
    affected = [_text(_mapping(r).get("gcpResourceName")) for r in _items(payload.get("affectedResources"))]
    labels = _mapping(_mapping(record.get("resource")).get("labels"))
    project = _text(labels.get("project_id"))
    return {
        "name": f"findings/{_text(record.get('insertId'))}",
        "category": f"{tactic}: {rule}",
        "findingClass": "THREAT",
        "resourceName": next(iter(affected), "")
        or f"//cloudresourcemanager.googleapis.com/projects/{project}",
        "eventTime": record.get("timestamp"),
        "access": {"principalEmail": _text(attempt.get("userEmail"))},
    }


def _with_targets(finding: Mapping[str, Any], source: Mapping[str, Any]) -> Mapping[str, Any]:
    """A finding with the targets that only its source's properties name: tables, addresses, a bucket."""
    properties = _mapping(source.get("properties"))
    if _mapping(finding.get("exfiltration")).get("targets") or not properties:
        return finding
    attempt = _mapping(properties.get("dataExfiltrationAttempt"))
    tables = [_table(_mapping(t)) for t in _items(attempt.get("destinationTables"))]
    files = [
        _text(_mapping(d).get("originalUri"))
        for d in _items(_mapping(properties.get("extractionAttempt")).get("destinations"))
    ]
    names = [name for name in (*tables, *files, _text(properties.get("bucketResource"))) if name]
    return {**finding, "exfiltration": {"targets": [{"name": n} for n in names]}} if names else finding


def _table(table: Mapping[str, Any]) -> str:
    project, dataset, name = (_text(table.get(k)) for k in ("projectId", "datasetId", "tableId"))
    return f"//bigquery.googleapis.com/projects/{project}/datasets/{dataset}/tables/{name}" if project else ""


def _items(value: Any) -> list[Any]:
    return value[:_MAX_TARGETS] if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value[:4096] if isinstance(value, str) else ""
