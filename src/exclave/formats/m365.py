"""One record of Microsoft 365's unified audit log → Event: the only log of shares in Fabric and Power BI.

`service` is the workload (`powerbi`), `action` the operation. Exports of a search hold the record as JSON in
`AuditData`.

Source: https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.formats import azure
from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a record of the unified audit log."""
    fields = _fields(record)
    return all(isinstance(fields.get(name), str) for name in ("Operation", "Workload", "CreationTime"))


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    fields = _fields(record)
    user = azure.value_of(fields.get("UserId"))
    return Event(
        cloud=Cloud.AZURE,
        log="m365",
        time=azure.time_of(fields.get("CreationTime")),
        service=azure.value_of(fields.get("Workload")).lower(),
        action=azure.value_of(fields.get("Operation")),
        actor=Actor(
            kind="user" if "@" in user else "application" if user else "unknown",
            id=user.lower(),
            name=user,
            ip=azure.address(fields.get("ClientIP")),
            agent=azure.value_of(fields.get("UserAgent")),
        ),
        account="",
        region="",
        error="failed" if azure.value_of(fields.get("ResultStatus")).lower() in ("failed", "failure") else "",
        dry_run=False,
        fields={**fields, "tenantId": azure.guid_of(fields.get("OrganizationId"))},
        raw=record,
        evidence=evidence,
    )


def _fields(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return azure.mapping(record["AuditData"]) if "AuditData" in record else record
