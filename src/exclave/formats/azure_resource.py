"""One record of another Azure resource's log (Key Vault, SQL audit, Kusto, registries ...) → Event.

The name is the resource provider and the operation: `microsoft.keyvault:SecretGet`. `fields` has the common
keys (operationName, category, resourceId, status, callerIpAddress, correlationId, identity) and `properties`;
in a workspace's table, whose columns are flat, `properties` has the columns.

Source: https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.formats import azure
from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROVIDER = re.compile(r".*/providers/([^/]+)/", re.IGNORECASE)
_WHO = (
    "upn", "preferred_username", "unique_name", "email", "oid", "appid",
)  # fmt: skip
# columns and properties that name the caller, plain keys, where no identity does
_NAMED = (
    "identityclaimhttpschemasxmlsoaporgws200505identityclaimsupn", "identityclaimupn",
    "serverprincipalname", "user", "identity", "identityclaimoid", "identityclaimappid",
)  # fmt: skip


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a resource log record: a category, an operation, and the resource."""
    category = record.get("category") or record.get("Category")
    operation = record.get("operationName") or record.get("OperationName")
    if not isinstance(category, str) or not isinstance(operation, str):
        return False
    resource = record.get("resourceId") or record.get("ResourceId") or record.get("_ResourceId")
    return isinstance(resource, str) and bool(_PROVIDER.match(resource[:2048]))


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    fields = canonical(record)
    provider = _PROVIDER.match(fields["resourceId"][:2048])
    operation = fields["operationName"]
    return Event(
        cloud=Cloud.AZURE,
        log="azure-resource",
        time=azure.time_of(fields["time"]),
        service=provider[1].lower() if provider else "",
        action=operation.rsplit("/", 1)[-1] if fields["category"] and "/" in operation else operation,
        actor=_actor(fields),
        account=azure.subscription_of(fields["resourceId"]),
        region=fields["location"],
        error=_error(fields),
        dry_run=False,
        fields=fields,
        raw=record,
        evidence=evidence,
    )


def canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in the one shape that catalogue paths speak of."""
    keys = azure.keys_of(record)
    properties = dict(azure.mapping(keys.get("properties")))
    for name in ("requestParams", "response", "identity"):
        if name in properties:
            properties[name] = azure.parsed(properties[name])
    if not properties:
        # Columns of AzureDiagnostics end in their type: `requestUri_s`.
        properties = {re.sub(r"_[sdgbt]$", "", str(k)): azure.parsed(v) for k, v in record.items()}
    return {
        "operationName": azure.first(keys, "operationname"),
        "category": azure.first(keys, "category"),
        "time": keys.get("time") or keys.get("timegenerated"),
        "resourceId": azure.first(keys, "resourceid"),
        "correlationId": azure.first(keys, "correlationid", "correlationids", "correlationidg"),
        "location": azure.first(keys, "location", "resourcelocation"),
        "callerIpAddress": azure.address(
            azure.first(keys, "calleripaddress", "clientips") or azure.value_of(properties.get("client_ip"))
        ),
        "status": azure.first(keys, "resulttype", "status", "resultsignature"),
        "statusCode": azure.first(keys, "httpstatuscoded", "statuscode")
        or azure.value_of(properties.get("httpStatusCode")),
        "identity": dict(azure.mapping(keys.get("identity"))),
        "properties": properties,
    }


def _actor(fields: Mapping[str, Any]) -> Actor:
    identity = fields["identity"]
    claims = azure.mapping(identity.get("claim")) or azure.mapping(identity.get("claims")) or identity
    short: dict[str, Any] = {}
    for key, value in claims.items():
        short.setdefault(str(key).rsplit("/", 1)[-1].lower(), value)
    who = next((found for name in _WHO if (found := azure.value_of(short.get(name)))), "")
    if not who:
        who = azure.first(azure.keys_of(fields["properties"]), *_NAMED)
        who = who or azure.value_of(azure.mapping(fields["properties"].get("identity")).get("email"))
    # A registry's table has no claims: the identity is a name, and its tenant stands beside.
    tenant = (
        short.get("tid")
        or short.get("tenantid")
        or azure.first(azure.keys_of(fields["properties"]), "usertenantid")
    )
    return Actor(
        kind="user" if "@" in who else "application" if who else "unknown",
        id=who.lower() if "@" in who else azure.value_of(short.get("objectidentifier")) or who,
        name=who,
        account=azure.guid_of(tenant),
        ip=fields["callerIpAddress"],
    )


def _error(fields: Mapping[str, Any]) -> str:
    code: str = fields["statusCode"]
    status: str = fields["status"]
    if code.isdigit() and int(code) >= 400:  # noqa: PLR2004 - HTTP
        return code
    # A statement of SQL and a command of Kusto tell it among their properties.
    properties = azure.keys_of(fields["properties"])
    if str(properties.get("succeeded", "")).lower() in ("false", "0") or properties.get("state") == "Failed":
        return azure.first(properties, "failurereason") or "failed"
    return status if any(word in status.lower() for word in ("fail", "denied", "forbidden")) else ""
