"""One finding of Security Command Center (Event Threat Detection among its sources) → Event.

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
    inner = record.get("finding")
    return inner if isinstance(inner, Mapping) else record


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value[:4096] if isinstance(value, str) else ""
