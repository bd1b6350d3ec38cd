"""Rows of tables, and flattened objects → CloudTrail records.

Athena, CloudTrail Lake and exports write a record as columns: names in lower case, structs as text
(`{type=AssumedRole, arn=...}`), parameters as JSON in a string, nested parts as dotted names. Sentinel's table
AWSCloudTrail gives each part of the identity a column of its own.

Sources: the CloudTrail Lake event schema, the Athena table, and Sentinel's:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html
https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html
https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.formats.struct_text import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.formats.damage import Json

_SEPARATORS = re.compile(r"[ _-]")
_JSON_PARTS = frozenset({
    "userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails",
    "resources", "tlsDetails", "addendum", "insightDetails", "edgeDeviceDetails", "eventContext",
})  # fmt: skip
_SPELT = (
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData",
    "requestID", "eventID", "readOnly", "resources", "eventType", "apiVersion", "managementEvent",
    "recipientAccountId", "sharedEventID", "annotation", "vpcEndpointId", "vpcEndpointAccountId",
    "serviceEventDetails",
    "addendum", "edgeDeviceDetails", "insightDetails", "eventCategory", "tlsDetails",
    "sessionCredentialFromConsole",
    "eventContext", "insightSource",
)  # fmt: skip
# names inside userIdentity, resources and tlsDetails
_INNER = (
    "type", "principalId", "arn", "accountId", "accessKeyId", "userName", "sessionContext", "attributes",
    "creationDate", "mfaAuthenticated", "sessionIssuer", "webIdFederationData", "federatedProvider",
    "sourceIdentity", "ec2RoleDelivery", "ec2IssuedInVpc", "onBehalfOf", "userId", "identityStoreArn",
    "inScopeOf",
    "sourceArn", "sourceAccount", "issuerType", "credentialsIssuedTo", "invokedBy", "identityProvider",
    "credentialId", "tlsVersion", "cipherSuite", "clientProvidedHostHeader", "ARNPrefix",
)  # fmt: skip
# columns of the console's event history
_CONSOLE = {"awsaccesskey": "accessKeyId", "username": "userName"}
# columns of Sentinel's table that are no field of a record → where they stand in it
_SENTINEL = {
    "timegenerated": ("eventTime",), "eventtypename": ("eventType",), "awseventid": ("eventID",),
    "awsrequestid": ("requestID",), "category": ("eventCategory",),
    "useridentitytype": ("userIdentity", "type"), "useridentityprincipalid": ("userIdentity", "principalId"),
    "useridentityarn": ("userIdentity", "arn"), "useridentityaccountid": ("userIdentity", "accountId"),
    "useridentityaccesskeyid": ("userIdentity", "accessKeyId"), "useridentityusername": ("userIdentity", "userName"),
    "useridentityinvokedby": ("userIdentity", "invokedBy"),
    "sessionissuertype": ("userIdentity", "sessionContext", "sessionIssuer", "type"),
    "sessionissuerprincipalid": ("userIdentity", "sessionContext", "sessionIssuer", "principalId"),
    "sessionissuerarn": ("userIdentity", "sessionContext", "sessionIssuer", "arn"),
    "sessionissueraccountid": ("userIdentity", "sessionContext", "sessionIssuer", "accountId"),
    "sessionissuerusername": ("userIdentity", "sessionContext", "sessionIssuer", "userName"),
    "sessionmfaauthenticated": ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated"),
    "sessioncreationdate": ("userIdentity", "sessionContext", "attributes", "creationDate"),
}  # fmt: skip
_NAMES = ("eventName", "eventname", "event_name", "Event name", "EventName", "EVENTNAME", "EVENT_NAME")
_ITEM = re.compile(r"(.+)\[(\d{1,6})\]")
_NUMBER = re.compile(r"\d{1,6}")  # CloudWatch Logs Insights names items `items.0.userId`
_SNAKE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_DOTTED = tuple(f"{part}." for part in sorted(_JSON_PARTS))


def is_row(value: Mapping[str, Any]) -> bool:
    """Whether an object is a CloudTrail record as columns, flattened, or with parts kept in strings."""
    name = next((value[k] for k in _NAMES if k in value), None)
    if not isinstance(name, str) or not name:
        return False
    if "eventName" in value:
        return any(isinstance(value.get(part), str) for part in ("userIdentity", "requestParameters")) or any(
            key.startswith(_DOTTED) for key in value
        )
    return True


def restored(row: Mapping[str, Any]) -> dict[str, Any]:
    """The record that a row was made of, as far as the row has it; empty columns are left out."""
    spelt = {name.lower(): name for name in _SPELT}
    record: dict[str, Any] = {}
    for column, value in unflattened(row).items():
        if value is None or value in ("", "null", "NULL", "-"):
            continue
        plain = _SEPARATORS.sub("", column).lower()
        if plain in _CONSOLE and "userIdentity" not in row and "useridentity" not in row:
            record.setdefault("userIdentity", {})[_CONSOLE[plain]] = value
            continue
        if "EventName" in row and plain in _SENTINEL:
            _lay(record, list(_SENTINEL[plain]), value)
            continue
        name = spelt.get(plain, column)
        record[name] = _cell(name, value, snake="event_name" in row)
    return record


def _cell(name: str, value: Json, *, snake: bool) -> Json:
    if name in _JSON_PARTS:
        decoded = parse(value) if isinstance(value, str) else value
        if snake:
            decoded = _joined(decoded)
        spelt = name in ("userIdentity", "tlsDetails")
        if name == "resources":
            return spelt_resources(decoded)
        return _spelt_inside(decoded, arns=False) if spelt else decoded
    if name in ("readOnly", "managementEvent") and isinstance(value, str):
        return value.strip().lower() == "true"
    return value


def _joined(value: Json, depth: int = 32) -> Json:
    """Names that a pipeline wrote as `destination_arn`, as the record has them but for case: `destinationarn`."""
    if isinstance(value, dict) and depth:
        return {
            key.replace("_", "") if _SNAKE.fullmatch(key) else key: _joined(item, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, list) and depth:
        return [_joined(item, depth - 1) for item in value]
    return value


def unflattened(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys become objects: `a.b` → {a: {b}}; Splunk's `a{}.b` → {a: [{b}, ...]}, LogScale's `a[0].b` and Insights' `a.0.b` alike."""
    out = {key: value for key, value in flat.items() if not _is_path(key)}
    for key, value in flat.items():
        if _is_path(key):
            _lay(out, key.split(".")[:32], value)
    return out


def _is_path(key: str) -> bool:
    return "." in key or "{}" in key or key.endswith("]")


def _lay(target: dict[str, Any], path: list[str], value: Json) -> None:
    step, *rest = path
    name = step.removesuffix("{}")
    if numbered := _ITEM.fullmatch(step):
        _lay_item(target.setdefault(numbered[1], []), int(numbered[2]), rest, value)
    elif name != step:
        # Splunk's tables write the values of one field as lines.
        values = value.split("\n") if isinstance(value, str) else value
        _lay_items(target, name, rest, values if isinstance(values, list) else [values])
    elif not rest:
        target.setdefault(name, value)
    elif _NUMBER.fullmatch(rest[0]):
        _lay_item(target.setdefault(name, []), int(rest[0]), rest[1:], value)
    else:
        inner = target.setdefault(name, {})
        if isinstance(inner, dict):
            _lay(inner, rest, value)


def _lay_items(target: dict[str, Any], name: str, rest: list[str], values: list[Json]) -> None:
    if not rest:
        target.setdefault(name, values)
        return
    items = target.setdefault(name, [])
    if not isinstance(items, list):
        return
    for at, item in enumerate(values):
        if at == len(items):
            items.append({})
        if isinstance(items[at], dict):
            _lay(items[at], rest, item)


def _lay_item(items: Json, at: int, rest: list[str], value: Json) -> None:
    if not isinstance(items, list) or at > len(items):
        return  # items stand in order: a number that skips some is no list of the log's
    if at == len(items):
        items.append({} if rest else value)
    if rest and isinstance(items[at], dict):
        _lay(items[at], rest, value)


def spelt_resources(value: Json) -> Json:
    """A record's resources with the names that CloudTrail gives their parts: `ARN`, `accountId`."""
    return _spelt_inside(value, arns=True)


def _spelt_inside(value: Json, *, arns: bool, depth: int = 8) -> Json:
    spelt = {name.lower(): name for name in _INNER}
    if arns:
        spelt["arn"] = "ARN"
    if isinstance(value, dict) and depth:
        return {
            spelt.get(_SEPARATORS.sub("", key).lower(), key): _spelt_inside(item, arns=arns, depth=depth - 1)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list) and depth:
        return [_spelt_inside(item, arns=arns, depth=depth - 1) for item in value]
    return value
