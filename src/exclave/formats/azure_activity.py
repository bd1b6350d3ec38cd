"""One record of the Azure Activity Log → Event, whoever stored it.

`fields` has one shape, the REST API's: operationName, category, caller, claims, correlationId, resourceId,
topResourceId (the resource that a nested one lies in), status, subStatus, subscriptionId, tenantId,
httpRequest, authorization, properties. Request and response bodies, which are JSON in strings, are parsed to
`properties.requestBody` and `properties.responseBody`.

Sources: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema,
https://learn.microsoft.com/azure/azure-monitor/reference/tables/azureactivity (columns),
https://www.elastic.co/docs/reference/integrations/azure/activitylogs (Elastic's fields).
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

_OPERATION = re.compile(r"[\w-]+(?:\.[\w-]+)+/\S{1,500}", re.IGNORECASE)
_NAMES = ("operationnamevalue", "operationname")
_LONGEST = 24  # characters of the longest key that holds an operation
_VERBS = ("/write", "/delete", "/action", "/read")
_CATEGORIES = frozenset({
    "administrative", "security", "servicehealth", "alert", "recommendation", "policy", "autoscale",
    "resourcehealth", "write", "delete", "action",
})  # fmt: skip
_STATUS = {
    "start": "Started", "started": "Started", "accept": "Accepted", "accepted": "Accepted",
    "success": "Succeeded", "succeeded": "Succeeded", "failure": "Failed", "failed": "Failed",
    "canceled": "Failed", "cancelled": "Failed",
}  # fmt: skip
_CLAIMS = {
    "objectidentifier": "oid",
    "tenantid": "tid",
    "upn": "upn",
    "emailaddress": "email",
    "name": "uniqueName",
}
_BODIES = {"requestbody": "requestBody", "responsebody": "responseBody"}
_HTTP_CODE = re.compile(r"\b([45]\d\d)\b")


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is an activity log record: a provider's operation, of a known category."""
    name = _quick_name(record)
    if not name or not _OPERATION.fullmatch(name) or not name.lower().endswith(_VERBS):
        return False
    keys = azure.keys_of(record)
    category = azure.first(keys, "category", "categoryvalue", "eventcategory").lower()
    return (
        not category
        or category in _CATEGORIES
        or category in ("write", "delete", "action")
        or "caller" in keys
    )


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    fields = canonical(record)
    action = action_of(fields["operationName"])
    correlation = fields["correlationId"]
    operation = f"{correlation}/{action}/{_last_part(fields['resourceId'])}"[:400] if correlation else ""
    if not evidence.event_id:
        # What is sent to storage and event hubs has no id of its own: the operation's serves.
        evidence = replace(evidence, event_id=(fields["eventDataId"] or operation)[:200])
    return Event(
        cloud=Cloud.AZURE,
        log="azure-activity",
        time=azure.time_of(fields["eventTimestamp"]),
        service="azure",
        action=action,
        actor=_actor(fields),
        account=fields["subscriptionId"],
        region=fields["location"],
        error=_error(fields),
        dry_run=False,
        fields=fields,
        raw=record,
        evidence=evidence,
        shared_id=operation,
    )


def _last_part(resource_id: str) -> str:
    return resource_id.rstrip("/").rsplit("/", 1)[-1].lower()


def action_of(operation: str) -> str:
    """An operation in lower case. Extensions are named with the resource they stand on: that is taken off.

    `Microsoft.Network/publicIPAddresses/providers/Microsoft.Insights/diagnosticSettings/write` is the same
    operation as `Microsoft.Insights/diagnosticSettings/write`.
    """
    return operation.lower().rsplit("/providers/", 1)[-1]


def canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in the one shape that catalogue paths speak of."""
    keys = azure.keys_of(_from_elastic(record))
    shipped = azure.mapping(keys.get("evt"))  # a log shipper's reserved names: {name, outcome, category}
    properties = _properties(keys)
    identity = azure.mapping(keys.get("identity"))
    authorization = azure.first_mapping(keys, "authorizationd", "authorization") or azure.mapping(
        identity.get("authorization")
    )
    claims = _claims(azure.first_mapping(keys, "claimsd", "claims") or azure.mapping(identity.get("claims")))
    entity = azure.value_of(properties.get("entity") or authorization.get("scope"))
    resource = azure.first(keys, "resourceid", "resourceuri") or entity
    if resource.isupper() and resource.lower() == entity.lower():
        resource = entity  # as people write it: what is sent to storage has ids in upper case
    request = azure.first_mapping(keys, "httprequest")
    status = azure.first(
        keys, "activitystatusvalue", "resulttype", "status", "activitystatus"
    ) or azure.value_of(shipped.get("outcome"))
    address = azure.address(
        azure.first(keys, "calleripaddress")
        or azure.first(azure.keys_of(request), "clientipaddress")
        or claims.get("ipaddr")
    )
    return {
        "operationName": _name(keys),
        "category": azure.first(keys, "categoryvalue", "category") or azure.value_of(shipped.get("category")),
        "eventDataId": azure.first(keys, "eventdataid"),
        "eventTimestamp": keys.get("eventtimestamp")
        or keys.get("time")
        or keys.get("timegenerated")
        or keys.get("@timestamp"),
        "correlationId": azure.first(keys, "correlationid"),
        "resourceId": resource,
        "topResourceId": azure.top_of(resource),
        "subscriptionId": azure.subscription_of(resource) or azure.first(keys, "subscriptionid").lower(),
        "tenantId": _tenant(keys, properties),
        "location": azure.first(keys, "location", "resourcelocation"),
        "caller": azure.first(keys, "caller") or _caller(claims, properties),
        "claims": claims,
        "authorization": authorization,
        "httpRequest": {**request, "clientIpAddress": address},
        "status": _STATUS.get(status.lower(), status),
        "subStatus": azure.first(
            keys, "activitysubstatusvalue", "substatus", "resultsignature", "activitysubstatus"
        )
        or azure.value_of(properties.get("statusCode")),
        "properties": properties,
    }


def _quick_name(record: Mapping[str, Any]) -> str:
    """The operation, looked up under the few names it has, without going over all keys."""
    for key in ("operationName", "OperationNameValue", "operation_name", "operationNameValue"):
        if found := azure.value_of(record.get(key)):
            return found
    if "azure.activitylogs.operation_name" in record:
        return azure.value_of(_single(record["azure.activitylogs.operation_name"]))
    nested = record.get("azure")
    if isinstance(nested, Mapping) and isinstance(nested.get("activitylogs"), Mapping):
        return azure.value_of(nested["activitylogs"].get("operation_name"))
    shipped = record.get("evt")
    if isinstance(shipped, Mapping) and "resourceId" in record:
        return azure.value_of(shipped.get("name"))
    if any(azure.plain(key) in _NAMES for key in record if len(key) <= _LONGEST):
        return azure.first(azure.keys_of(record), *_NAMES)
    return ""


def _name(keys: Mapping[str, Any]) -> str:
    # `OperationName` beside `OperationNameValue` is for people, and translated.
    return azure.first(keys, *_NAMES) or azure.value_of(azure.mapping(keys.get("evt")).get("name"))


def _from_elastic(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document in Elastic's schema as a record with the log's own keys."""
    if "azure" not in record and not any(key.startswith("azure.") for key in record):
        return record
    nested = unflattened({key: _single(item) for key, item in record.items()})
    outer = azure.mapping(nested.get("azure"))
    log = azure.mapping(outer.get("activitylogs"))
    if not log:
        return record
    original = azure.mapping(azure.mapping(nested.get("event")).get("original"))
    if original and _quick_name(original):
        return original
    source = azure.mapping(nested.get("source"))
    return {
        **log,
        "time": nested.get("@timestamp"),
        "correlationId": outer.get("correlation_id"),
        "resourceId": azure.mapping(outer.get("resource")).get("id"),
        "subscriptionId": outer.get("subscription_id"),
        "tenantId": outer.get("tenant_id") or log.get("tenant_id"),
        "callerIpAddress": source.get("ip") or source.get("address"),
        "location": azure.mapping(nested.get("geo")).get("name"),
    }


def _single(value: Json) -> Json:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _properties(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, bodies parsed. One that is no JSON (cut off) stays text, and counts as omitted."""
    out: dict[str, Any] = {}
    for name in ("propertiesd", "properties"):
        for key, value in azure.mapping(keys.get(name)).items():
            body = _BODIES.get(azure.plain(key)) if isinstance(key, str) else None
            if body:
                out.setdefault(body, azure.parsed(value))
            else:
                out.setdefault(key, value)
    return out


def _claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Claims, with short names for those whose keys are addresses (`.../claims/objectidentifier` → oid)."""
    out = dict(claims)
    for key, value in claims.items():
        if isinstance(key, str) and "/" in key and (short := _CLAIMS.get(key.rsplit("/", 1)[-1].lower())):
            out.setdefault(short, value)
    return out


def _tenant(keys: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    """The tenant whose log it is. Never the caller's, who may come from another by delegation.

    The hierarchy starts with the tenant's root management group, whose id is the tenant's. In a workspace's
    table the column TenantId is the workspace.
    """
    hierarchy = azure.first(keys, "hierarchy") or azure.value_of(properties.get("hierarchy"))
    tenant, _, below = hierarchy.partition("/")
    if below and azure.guid_of(tenant):
        return azure.guid_of(tenant)
    if "operationnamevalue" in keys or "timegenerated" in keys:
        return ""
    return azure.guid_of(azure.first(keys, "tenantid"))


def _caller(claims: Mapping[str, Any], properties: Mapping[str, Any]) -> str:
    for name in ("upn", "uniqueName", "email", "unique_name", "preferred_username", "oid", "appid"):
        if found := azure.value_of(claims.get(name)):
            return found
    return azure.value_of(properties.get("caller")) or azure.value_of(claims.get("name"))


def _actor(fields: Mapping[str, Any]) -> Actor:
    claims, caller = fields["claims"], fields["caller"]
    tenant, own = azure.guid_of(claims.get("tid")), fields["tenantId"]
    person = "@" in caller
    identity = caller.lower() if person else azure.value_of(claims.get("oid")) or caller
    name = caller if person else azure.value_of(claims.get("appid")) or caller
    return Actor(
        kind="user" if person else "application" if identity else "unknown",
        id=identity,
        name=name,
        account=tenant if tenant and own and tenant != own else "",
        credential=azure.value_of(claims.get("uti")),
        ip=fields["httpRequest"]["clientIpAddress"],
        agent="",
    )


def _error(fields: Mapping[str, Any]) -> str:
    status, reason = fields["status"], fields["subStatus"]
    if status == "Failed" or reason.lower().startswith("failed"):
        return reason or "Failed"
    if status in ("Started", "Accepted"):
        return ""
    code = _HTTP_CODE.search(reason)
    return reason if code else ""
