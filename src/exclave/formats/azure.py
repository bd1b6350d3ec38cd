"""What the Azure logs have in common: keys spelt in many ways, JSON in strings, resource ids, addresses.

One record is written as `operationName`, `operation_name`, `OperationNameValue` or `operationName: {value}`,
depending on who stored it, so keys are compared without case, underscores and blanks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from exclave.formats.cloudtrail import parse_time
from exclave.formats.rows import unflattened

if TYPE_CHECKING:
    from exclave.formats.damage import Json

MAX_TEXT = 4096  # characters of a value that are kept
_MAX_EMBEDDED = 4 << 20  # characters of JSON in a string that are parsed
_DOTTED = ("properties.", "identity.")
_SHIPPED = ("azure.eventhub.", "azure.platformlogs.")
_CLAIM = re.compile(r"(?:identity\.)?claims\.")
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NO_TENANT = frozenset({"", "00000000-0000-0000-0000-000000000000"})
_PORTAL_TIMES = (
    "%m/%d/%Y, %I:%M:%S.%f %p",
    "%m/%d/%Y, %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
)

Keys = Mapping[str, Any]


def keys_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record's values by their plain keys: lower case, no underscores, blanks or the portal's `[UTC]`."""
    out: dict[str, Any] = {}
    for key, value in record.items():
        if value is not None and value != "":
            out.setdefault(plain(key), value)
    return out


def plain(key: str) -> str:
    """A key as it is compared."""
    return key.lower().replace("[utc]", "").replace("_", "").replace(" ", "")


def value_of(value: Json) -> str:
    """A scalar, or the `value` of `{value, localizedValue}`, as text; PowerShell writes `Value`."""
    if isinstance(value, Mapping):
        value = value.get("value", value.get("Value"))
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return ""


def first(keys: Keys, *names: str) -> str:
    """The first of some plain keys that has a value, as text."""
    for name in names:
        if name in keys and (found := value_of(keys[name])):
            return found
    return ""


def mapping(value: Json) -> Mapping[str, Any]:
    """An object, or the object in a string, or in PowerShell's `{Content}`; else an empty one."""
    value = parsed(value)
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get("Content"), Mapping):
        value = value["Content"]
    return value if isinstance(value, Mapping) else {}


def first_mapping(keys: Keys, *names: str) -> Mapping[str, Any]:
    """The first of some plain keys that holds an object."""
    return next((found for name in names if (found := mapping(keys.get(name)))), {})


def parsed(value: Json) -> Json:
    """A string that is JSON, parsed (also JSON in a string in a string); anything else as it is."""
    for _ in range(2):
        if not isinstance(value, str) or len(value) > _MAX_EMBEDDED:
            return value
        text = value.strip()
        if text[:1] not in ("{", "[", '"'):
            return value
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return value
    return value


def is_flat(record: Mapping[str, Any]) -> bool:
    """Whether a record's parts were laid out as dotted names: `properties.requestbody`."""
    return "operationName.value" in record or (
        "operationName" in record and any(key.startswith(_DOTTED) for key in record)
    )


def nested(record: Mapping[str, Any]) -> dict[str, Any]:
    """A flat record as it was; the names of claims are addresses with dots in them, and stay whole."""
    named = {key: _CLAIM.match(key) for key in record}
    out = unflattened({key: value for key, value in record.items() if not named[key]})
    for key, found in named.items():
        if found:
            holder = out
            for part in found[0].split(".")[:-1]:
                inner = holder.setdefault(part, {})
                holder = inner if isinstance(inner, dict) else {}
            holder[key[found.end() :]] = record[key]
    return out


def shipped(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record in a document of Elastic's streams that take any log of Azure as it is, or None.

    Sources: https://www.elastic.co/docs/reference/integrations/azure/eventhub, .../azure/platformlogs.
    """
    if "azure" not in document and not any(key.startswith(_SHIPPED) for key in document):
        return None
    whole = unflattened({k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in document.items()})
    outer = mapping(whole.get("azure"))
    log = mapping(outer.get("eventhub")) or mapping(outer.get("platformlogs"))
    if not log:
        return None
    beside = {
        "time": whole.get("@timestamp"),
        "resourceId": mapping(outer.get("resource")).get("id"),
        "operationName": log.get("operation_name") or mapping(whole.get("event")).get("action"),
        "callerIpAddress": mapping(whole.get("source")).get("ip"),
    }
    return {**{key: value for key, value in beside.items() if value}, **log}


def subscription_of(resource_id: str) -> str:
    """The subscription in an ARM id, in lower case; "" if there is none."""
    found = _SUBSCRIPTION.match(resource_id)
    return found[1].lower() if found else ""


def top_of(resource_id: str) -> str:
    """The resource that a nested one lies in: `.../vaults/a/accessPolicies/b` → `.../vaults/a`."""
    at = resource_id.lower().find("/providers/")
    parts = resource_id[at:].split("/", 5)  # "", providers, namespace, type, name, the rest
    return resource_id[:at] + "/".join(parts[:5]) if at >= 0 else resource_id


def guid_of(value: Json) -> str:
    """A value that is a GUID, in lower case; "" for anything else and for the zero GUID."""
    if not isinstance(value, str) or not _GUID.fullmatch(value.strip()):
        return ""
    found = value.strip().lower()
    return "" if found in _NO_TENANT else found


def address(value: Json) -> str:
    """An IP address without its port: `10.0.0.4:5100`, `[2001:db8::1]:443`."""
    text = value_of(value).strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def time_of(value: Json) -> datetime | None:
    """ISO 8601 with up to nine digits of fraction, or the portal's `1/28/2025, 3:30:00.000 PM`, as UTC."""
    found = parse_time(value)
    if found is None and isinstance(value, str):
        for form in _PORTAL_TIMES:
            try:
                return datetime.strptime(value.strip(), form).replace(tzinfo=UTC)
            except ValueError:
                continue
    return found


def table_rows(tables: Json) -> list[dict[str, Any]] | None:
    """The rows of a Log Analytics answer, `[{columns: [{name}], rows: [[...]]}]`; None if it is none."""
    out: list[dict[str, Any]] = []
    for table in tables if isinstance(tables, list) else ():
        keys = table if isinstance(table, Mapping) else {}
        columns, rows = keys.get("columns"), keys.get("rows")
        if not isinstance(columns, list) or not isinstance(rows, list):
            return None
        names = [str(c.get("name")) if isinstance(c, Mapping) else str(c) for c in columns]
        out += [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]
    return out or None
