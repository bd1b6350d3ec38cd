"""One record of the directory (Entra ID) → Event: audit log, sign-ins, risk detections, risky users.

`service` is `entra`; `action` is the activity of the audit log (`Invite external user` →
`invite-external-user`), `sign-in`, `risk-detection` or `risky-user`. `fields` has Graph's names
(activityDisplayName, initiatedBy, targetResources, riskLevel, ...) whether the record came from Graph, a
diagnostic setting (`properties`), a workspace's table or Elastic; `tenantId` is the directory's own.

Sources: https://learn.microsoft.com/graph/api/resources/directoryaudit, .../signin, .../riskdetection,
.../riskyuser, and
https://learn.microsoft.com/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from exclave.formats import azure
from exclave.formats.rows import unflattened
from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from exclave.formats.damage import Json

_CATEGORIES: Mapping[str, str] = {
    "auditlogs": "audit",
    "signinlogs": "sign-in",
    "noninteractiveusersigninlogs": "sign-in",
    "serviceprincipalsigninlogs": "sign-in",
    "managedidentitysigninlogs": "sign-in",
    "adfssigninlogs": "sign-in",
    "riskyusers": "risky-user",
    "userriskevents": "risk-detection",
    "riskyserviceprincipals": "risky-user",
    "serviceprincipalriskevents": "risk-detection",
}
_TABLES: Mapping[str, str] = {
    "auditlogs": "audit",
    "signinlogs": "sign-in",
    "aadnoninteractiveusersigninlogs": "sign-in",
    "aadserviceprincipalsigninlogs": "sign-in",
    "aadmanagedidentitysigninlogs": "sign-in",
    "aadriskyusers": "risky-user",
    "aaduserriskevents": "risk-detection",
}
_ELASTIC: Mapping[str, str] = {
    "auditlogs": "audit",
    "signinlogs": "sign-in",
    "identity_protection": "risk-detection",
}
_DECODED = frozenset({
    "initiatedby", "targetresources", "additionaldetails", "status", "location", "locationdetails",
    "devicedetail", "modifiedproperties", "additionalinfo",
})  # fmt: skip
# keys that stand together only in records of a kind
_MARKS = (
    ("audit", ("activityDisplayName", "targetResources")),
    ("audit", ("ActivityDisplayName", "TargetResources")),
    ("risk-detection", ("riskEventType", "detectedDateTime")),
    ("risky-user", ("riskLastUpdatedDateTime", "riskLevel")),
    ("sign-in", ("createdDateTime", "appDisplayName", "ipAddress")),
    ("sign-in", ("createdDateTime", "appDisplayName", "status")),
    ("sign-in", ("AADTenantId", "AppDisplayName", "ResultType")),
)
# Graph's name ← plain keys
_NAMES: Mapping[str, tuple[str, ...]] = {
    "activityDisplayName": ("activitydisplayname", "operationname"),
    "initiatedBy": ("initiatedby",),
    "targetResources": ("targetresources",),
    "additionalDetails": ("additionaldetails",),
    "result": ("result", "resulttype"),
    "resultReason": ("resultreason", "resultdescription"),
    "userPrincipalName": ("userprincipalname",),
    "userId": ("userid",),
    "userDisplayName": ("userdisplayname",),
    "servicePrincipalId": ("serviceprincipalid",),
    "servicePrincipalName": ("serviceprincipalname",),
    "appId": ("appid",),
    "appDisplayName": ("appdisplayname",),
    "resourceDisplayName": ("resourcedisplayname",),
    "homeTenantId": ("hometenantid",),
    "resourceTenantId": ("resourcetenantid",),
    "crossTenantAccessType": ("crosstenantaccesstype",),
    "ipAddress": ("ipaddress", "calleripaddress"),
    "userAgent": ("useragent",),
    "uniqueTokenIdentifier": ("uniquetokenidentifier",),
    "riskEventType": ("riskeventtype", "risktype"),
    "riskLevel": ("risklevel", "risklevelduringsignin", "risklevelaggregated"),
    "riskState": ("riskstate",),
    "riskDetail": ("riskdetail",),
    "riskEventTypes": ("riskeventtypesv2", "riskeventtypes"),
    "detectionTimingType": ("detectiontimingtype",),
    "source": ("source",),
    "status": ("status",),
    "location": ("location", "locationdetails"),
    "correlationId": ("correlationid",),
    "id": ("id",),
}


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a record of the directory's logs, in any of their shapes."""
    return bool(_kind(record))


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    kind = _kind(record)
    fields = canonical(record)
    activity = azure.value_of(fields.get("activityDisplayName"))
    if not evidence.event_id and kind != "risky-user":  # whose id is the user's
        evidence = replace(evidence, event_id=azure.value_of(fields.get("id"))[:200])
    return Event(
        cloud=Cloud.AZURE,
        log="entra",
        time=azure.time_of(fields.get("time")),
        service="entra",
        action=slug(activity) if kind == "audit" else kind,
        actor=_actor(fields, kind),
        account="",
        region="",
        error=_error(fields, kind),
        dry_run=False,
        fields=fields,
        raw=record,
        evidence=evidence,
    )


def slug(activity: str) -> str:
    """An activity's name as entries write it: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", activity.lower()).strip("-")


def canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with Graph's names."""
    outer = azure.keys_of(record)
    elastic = _elastic(record)
    inner = azure.keys_of(elastic or azure.mapping(outer.get("properties")))
    if nested := azure.mapping(inner.get("properties")):
        inner = azure.keys_of(nested) | {k: v for k, v in inner.items() if k != "properties"}
    keys = outer | inner
    out: dict[str, Any] = {}
    for name, sources in _NAMES.items():
        for source in sources:
            if source in keys:
                out[name] = azure.parsed(keys[source]) if source in _DECODED else keys[source]
                break
    out["time"] = next(
        (
            keys[k]
            for k in (
                "activitydatetime", "createddatetime", "detecteddatetime", "risklastupdateddatetime", "time",
                "timegenerated", "@timestamp",
            )
            if k in keys
        ),
        None,
    )  # fmt: skip
    out["tenantId"] = _tenant(outer, inner)
    for target in out["targetResources"] if isinstance(out.get("targetResources"), list) else ():
        if isinstance(target, dict):
            _decode_values(target)
    return out


def _kind(record: Mapping[str, Any]) -> str:
    category = record.get("category")
    if isinstance(category, str) and "operationName" in record and category.lower() in _CATEGORIES:
        return _CATEGORIES[category.lower()]
    table = record.get("Type") or record.get("SourceTable")
    if isinstance(table, str) and table.lower() in _TABLES:
        return _TABLES[table.lower()]
    for kind, marks in _MARKS:
        if all(mark in record for mark in marks):
            return kind
    nested = record.get("azure")
    parts = (
        nested
        if isinstance(nested, Mapping)
        else {k.split(".")[1]: k for k in record if k.startswith("azure.")}
    )
    return next((kind for name, kind in _ELASTIC.items() if name in parts), "")


def _elastic(record: Mapping[str, Any]) -> dict[str, Any]:
    if "azure" not in record and not any(key.startswith("azure.") for key in record):
        return {}
    outer = azure.mapping(unflattened(record).get("azure"))
    for name in _ELASTIC:
        if found := azure.mapping(outer.get(name)):
            return {"tenantId": outer.get("tenant_id"), "correlationId": outer.get("correlation_id"), **found}
    return {}


def _tenant(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """The directory whose log it is. In a workspace's table AADTenantId is that, TenantId the workspace."""
    if found := azure.guid_of(outer.get("aadtenantid")):
        return found
    if "timegenerated" in outer:
        return ""
    resource = azure.value_of(outer.get("resourceid"))
    if resource.lower().startswith("/tenants/"):
        return azure.guid_of(resource.split("/")[2])
    return azure.guid_of(outer.get("tenantid") or inner.get("tenantid"))


def _decode_values(target: dict[str, Any]) -> None:
    """The values of modified properties are JSON in strings."""
    for name in ("modifiedProperties", "modified_properties"):
        changes = target.get(name)
        for change in changes if isinstance(changes, list) else ():
            if isinstance(change, dict):
                for side in ("oldValue", "newValue"):
                    if side in change:
                        change[side] = azure.parsed(change[side])


def _actor(fields: Mapping[str, Json], kind: str) -> Actor:
    ip, agent = azure.address(fields.get("ipAddress")), azure.value_of(fields.get("userAgent"))
    if kind == "audit":
        by = azure.mapping(fields.get("initiatedBy"))
        user, app = azure.keys_of(azure.mapping(by.get("user"))), azure.keys_of(azure.mapping(by.get("app")))
        person = azure.first(user, "userprincipalname")
        identity = (
            person.lower() or azure.first(user, "id") or azure.first(app, "serviceprincipalid", "appid")
        )
        name = person or azure.first(app, "displayname", "serviceprincipalname")
        ip = ip or azure.address(user.get("ipaddress"))
        return Actor(
            kind="user" if user else "application" if app else "unknown", id=identity, name=name, ip=ip
        )
    person = azure.value_of(fields.get("userPrincipalName"))
    return Actor(
        kind="user" if person else "application",
        id=person.lower()
        or azure.value_of(fields.get("servicePrincipalId") or fields.get("userId") or fields.get("id")),
        name=person or azure.value_of(fields.get("servicePrincipalName") or fields.get("userDisplayName")),
        credential=azure.value_of(fields.get("uniqueTokenIdentifier")),
        ip=ip,
        agent=agent,
    )


def _error(fields: Mapping[str, Json], kind: str) -> str:
    if kind == "sign-in":
        code = azure.value_of(azure.mapping(fields.get("status")).get("errorCode")) or azure.value_of(
            fields.get("result")
        )
        return "" if code in ("", "0") else code
    result = azure.value_of(fields.get("result")).lower()
    return azure.value_of(fields.get("resultReason")) or "failure" if result in ("failure", "timeout") else ""
