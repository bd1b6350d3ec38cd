"""One record of Azure Storage's resource logs (StorageRead, StorageWrite, StorageDelete) → Event.

`fields` has one shape: operationName, category, statusCode, statusText, callerIpAddress, network (private or
public), uri (its signature masked), account, container, containerId (account/container), blob, sourceUri,
destinationUri, authentication.{type, hash}, requester.{tenantId, objectId, appId, upn},
sas.{permissions, expires, resource}, userAgent, correlationId, resourceId.

Sources: https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference (fields) and
https://learn.microsoft.com/azure/azure-monitor/reference/tables/storagebloblogs (columns).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec.structs import replace

from exclave.formats import azure
from exclave.model import Actor, Cloud, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.formats.damage import Json

_CATEGORIES = frozenset({"storageread", "storagewrite", "storagedelete"})
_SIGNATURE = re.compile(r"([?&;]sig=)[^&;\s]*", re.IGNORECASE)
_MAX_PARAMETERS = 64


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is a record of a storage account's log: by its category, or without one by what was done to whom."""
    category = record.get("category") or record.get("Category")
    if category:
        return isinstance(category, str) and category.lower() in _CATEGORIES
    operation, resource = record.get("operationName"), record.get("resourceId")
    return (
        isinstance(operation, str)
        and operation.isalnum()
        and isinstance(resource, str)
        and "/providers/microsoft.storage/storageaccounts/" in resource[:2048].lower()
    )


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    fields = canonical(record)
    keys = azure.keys_of(record)
    return Event(
        cloud=Cloud.AZURE,
        log="azure-storage",
        time=azure.time_of(keys.get("time") or keys.get("timegenerated")),
        service="microsoft.storage",
        action=fields["operationName"],
        actor=_actor(fields),
        account=azure.subscription_of(fields["resourceId"]),
        region=azure.first(keys, "location"),
        error=_error(fields),
        dry_run=False,
        fields=fields,
        raw=record,
        evidence=evidence if evidence.event_id else replace(evidence, event_id=fields["correlationId"][:200]),
    )


def canonical(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record in the one shape that catalogue paths speak of."""
    keys = azure.keys_of(record)
    properties = azure.keys_of(azure.mapping(keys.get("properties")))
    identity = azure.mapping(keys.get("identity"))
    requester = azure.keys_of(azure.mapping(identity.get("requester")))
    uri = azure.first(keys, "uri")
    sas = _sas(uri)
    kind = azure.first(keys, "authenticationtype") or azure.value_of(identity.get("type"))
    object_key = azure.first(keys, "objectkey") or azure.first(properties, "objectkey")
    account, container, blob = _place(uri, object_key)
    address = azure.address(keys.get("calleripaddress"))
    return {
        "operationName": azure.first(keys, "operationname"),
        "category": azure.first(keys, "category"),
        "resourceId": azure.top_of(azure.first(keys, "resourceid")),
        "correlationId": azure.first(keys, "correlationid"),
        "statusCode": azure.first(keys, "statuscode"),
        "statusText": azure.first(keys, "statustext") or azure.first(properties, "metricresponsetype"),
        "callerIpAddress": address,
        "network": network_of(address),
        "uri": masked(uri),
        "account": azure.first(keys, "accountname") or azure.first(properties, "accountname") or account,
        "container": container,
        "containerId": f"{account}/{container}" if container else account,
        "blob": blob,
        "sourceUri": masked(azure.first(keys, "sourceuri") or azure.first(properties, "sourceuri")),
        "destinationUri": masked(
            azure.first(keys, "destinationuri") or azure.first(properties, "destinationuri")
        ),
        "authentication": {
            "type": kind or ("SAS" if sas else ""),
            "hash": azure.first(keys, "authenticationhash") or azure.value_of(identity.get("tokenHash")),
        },
        "requester": {
            "tenantId": azure.guid_of(azure.first(keys, "requestertenantid") or requester.get("tenantid")),
            "objectId": azure.first(keys, "requesterobjectid") or azure.first(requester, "objectid"),
            "appId": azure.first(keys, "requesterappid") or azure.first(requester, "appid"),
            "upn": azure.first(keys, "requesterupn") or azure.first(requester, "upn"),
        },
        "sas": sas,
        "userAgent": azure.first(keys, "useragentheader") or azure.first(properties, "useragentheader"),
    }


def masked(uri: str) -> str:
    """A URI without the signature in it: who reads a report must not get the access."""
    return _SIGNATURE.sub(r"\1***", uri)


def network_of(address: str) -> str:
    """`private` for addresses of an inner network, as traffic within one region has; else `public`."""
    try:
        return "private" if ipaddress.ip_address(address).is_private else "public"
    except ValueError:
        return ""


def _sas(uri: str) -> dict[str, str]:
    """What a shared access signature in a URI allows, and until when; empty if there is none."""
    if "sig=" not in uri.lower():
        return {}
    try:
        pairs = parse_qsl(urlsplit(uri).query, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return {"permissions": "", "expires": "", "resource": ""}
    found = {key.lower(): value for key, value in pairs}
    return {
        "permissions": found.get("sp", ""),
        "expires": found.get("se", ""),
        "resource": found.get("sr") or found.get("srt", ""),
    }


def _place(uri: str, object_key: str) -> tuple[str, str, str]:
    """Account, container and blob: from the key (`/account/container/blob`), else from the URI.

    The key of what is copied (CopyBlobSource) is a URI too.
    """
    parts = object_key.strip('"').lstrip("/").split("/", 2)
    if len(parts) > 1 and "://" not in object_key:
        return parts[0], parts[1], parts[2] if len(parts) > 2 else ""  # noqa: PLR2004 - account, container, blob
    try:
        split = urlsplit(uri)
    except ValueError:
        return "", "", ""
    container, _, blob = unquote(split.path).lstrip("/").partition("/")
    return (split.hostname or "").partition(".")[0], container, blob


def _actor(fields: Mapping[str, Json]) -> Actor:
    who, how = fields["requester"], fields["authentication"]
    kind = how["type"].lower()
    person = who["upn"]
    if kind == "anonymous":
        return Actor(
            kind="anonymous", id="anonymous", ip=fields["callerIpAddress"], agent=fields["userAgent"]
        )
    identity = person.lower() or who["objectId"] or who["appId"]
    return Actor(
        kind="user" if person else "application" if identity else "unknown",
        id=identity or (f"holder of {how['type']}" if how["type"] else ""),
        name=person or who["appId"],
        account=who["tenantId"],
        credential=how["hash"],
        ip=fields["callerIpAddress"],
        agent=fields["userAgent"],
    )


def _error(fields: Mapping[str, Json]) -> str:
    code: str = fields["statusCode"]
    text: str = fields["statusText"]
    if code.isdigit() and int(code) >= 400:  # noqa: PLR2004 - HTTP
        return text or code
    return text if not code and "success" not in text.lower() else ""
