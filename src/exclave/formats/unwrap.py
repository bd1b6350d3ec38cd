"""A JSON value → the audit records in it, through the wrappers of whatever stored or carried them.

The set of wrappers is closed: an object that is neither a record, nor one of them, nor has a list of records
at its top, is named with its keys, never searched, since what stands deeper is the attacker's to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from exclave.formats import azure, carried, cloudtrail, elastic, logs, ocsf, rows
from exclave.formats.damage import Damage, Json

MAX_NESTING = 16  # wrappers in wrappers, where a list counts as one: about eight that a user would name
MAX_VALUE_DEPTH = 64  # levels of a value that is written with its types
_MAX_KEYS = 12
_TOO_DEEP = "records wrapped too many times"

Leaf = Mapping[str, Any] | Damage

# keys under which a wrapper holds its content, in lower case; the first that holds any counts
_KEYS = (
    "records", "events", "logevents", "queryresultrows", "resultset", "tables", "hits", "results",
    "messages", "receivedmessages",  # lists
    "cloudtrailevent", "detail", "awslogs", "kinesis", "sns", "dynamodb", "_source", "event.original", "_raw",
    "@rawstring", "full_message", "full_log",
    "result", "fields", "@message", "message", "body", "log", "eventjson", "eventdata", "record",
    "event", "original",
    "data", "attributes", "aws", "azure", "gcp", "value", "payload", "jsonpayload", "line", "content", "raw",
    "responsepayload", "json", "alertcontext", "raweventdata",
    "rawlog", "raw_log", "logmessage", "log_text", "utf8(payload)", "map", "vendor", "v", "stringvalue", "kvlistvalue", "textpayload",
    "streams", "values", "resourcelogs", "scopelogs", "logrecords", "logentries", "entries", "rawlogs", "logs",  # lists
)  # fmt: skip
_PACKED = ("data", "rawlog", "raw_log")  # streams and Chronicle's API write base64
_VENDOR = "Vendor."  # https://library.humio.com/logscale-parsing-standard/pasta.html
_SOURCES = (
    "_raw",
    "event.original",
    "CloudTrailEvent",
    "eventjson",
)  # the record itself, beside fields of it
_IGNORED = (
    "digestS3Object",
    "configurationItems",
)  # CloudTrail digests, Config snapshots: see sniffing.SKIPPED


def leaves(value: Json, nesting: int = MAX_NESTING) -> Iterator[Leaf]:
    """The records in a value, in order; what is none gives a Damage."""
    if isinstance(value, dict):
        yield from _object(value, nesting)
    elif isinstance(value, Damage):
        yield value
    elif nesting < 0:
        yield Damage(what=_TOO_DEEP)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, nesting - 1)
    elif isinstance(value, str):
        content = carried.content(value)
        if content is None:
            yield Damage(what="a record that is text, not an object")
        else:
            yield from leaves(content, nesting - 1)
    else:
        yield Damage(what=f"a record that is not an object but {_NAMES.get(type(value), 'something else')}")


_NAMES = {int: "a number", float: "a number", bool: "true or false", type(None): "null"}


def _object(value: dict[str, Any], nesting: int) -> Iterator[Leaf]:
    record = _record(value)
    if record is not None:
        yield record
    elif any(key in value for key in _IGNORED):
        return
    elif nesting <= 0:
        yield Damage(what=_TOO_DEEP)
    elif (inside := _inside(value)) is not None:
        yield from leaves(inside, nesting - 1)
    else:
        yield unknown(value)


def _record(value: dict[str, Any]) -> Mapping[str, Any] | None:
    """The record that an object is, in its log's form; None if it is none, or better read from its source."""
    if any(isinstance(value.get(key), str) and value[key].startswith("{") for key in _SOURCES):
        return None
    if rows.is_row(value):
        return rows.restored(value)
    if azure.is_flat(value):
        value = azure.nested(value)
    value = azure.shipped(value) or value
    if _is_leaf(value):
        return value
    if ocsf.is_record(value):
        return ocsf.record(value)
    return elastic.record(value) if elastic.is_record(value) else None


def _inside(value: dict[str, Any]) -> Json | None:
    """What a wrapper holds, or all lists of records in an object that is no known wrapper; else None."""
    lower = {key.lower(): key for key in value}
    for name in _KEYS:
        if name in lower and (content := _content(name, value[lower[name]])) is not None:
            return content
    lists = [item for item in value.values() if isinstance(item, list) and item and _is_leaf(item[0])]
    return [record for item in lists for record in item] if lists else _under_prefix(value)


def _under_prefix(value: dict[str, Any]) -> dict[str, Any] | None:
    """The fields that all stand under one dotted name, without it; of LogScale's parsed events those of `Vendor.`."""
    named = [key for key in value if key.startswith(_VENDOR)] or list(value)
    first, last = min(named, default="").split(".")[:-1], max(named, default="").split(".")[:-1]
    prefix = ".".join(
        a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    return {key[len(prefix) + 1 :]: value[key] for key in named} if prefix else None


def _is_leaf(value: Json) -> bool:
    return isinstance(value, dict) and (cloudtrail.is_record(value) or logs.parser_for(value) is not None)


def unknown(value: Mapping[str, Any]) -> Damage:
    """What is said of an object that is no known record and no known wrapper."""
    keys = sorted(str(key)[:64] for key in value)
    more = f", and {len(keys) - _MAX_KEYS} more" if len(keys) > _MAX_KEYS else ""
    what = (
        f"unknown JSON shape, keys: {', '.join(keys[:_MAX_KEYS])}{more}" if keys else "an empty JSON object"
    )
    return Damage(what=what, hint="no log that this version reads looks like this")


def _content(name: str, value: Json) -> Json:
    """What a wrapper holds under a key, decoded; None if that is nothing that can hold records."""
    if isinstance(value, str):
        return carried.packed(value) if name in _PACKED else carried.content(value)
    if name == "queryresultrows" or (name == "results" and _are_rows(value)):
        return [_merged(row) for row in value] if isinstance(value, list) else None
    if name == "resultset" and isinstance(value, dict):
        return _athena(value.get("Rows"))
    if name == "tables":
        return azure.table_rows(value)
    if name == "values" and _are_rows(value):  # Loki: [time, line], perhaps more
        return [row[1] if isinstance(row, list) and len(row) > 1 else row for row in value]
    if name == "kvlistvalue":
        return _plain({"kvlistValue": value})
    if name == "fields" and isinstance(value, dict):
        return {
            key: item[0] if isinstance(item, list) and len(item) == 1 else item for key, item in value.items()
        }
    return value if isinstance(value, dict | list) else None


def _plain(value: Json, depth: int = MAX_VALUE_DEPTH) -> Json:
    """A value as OpenTelemetry writes it, `{"kvlistValue": {"values": [{key, value}]}}`, as plain JSON."""
    if not isinstance(value, dict) or len(value) != 1 or not depth:
        return None
    kind, held = next(iter(value.items()))
    if kind not in ("kvlistValue", "arrayValue"):
        return held
    items = held.get("values") if isinstance(held, dict) else None
    if not isinstance(items, list):
        return None
    if kind == "arrayValue":
        return [_plain(item, depth - 1) for item in items]
    return {
        str(i["key"]): _plain(i.get("value"), depth - 1) for i in items if isinstance(i, dict) and "key" in i
    }


def _are_rows(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def _merged(row: Json) -> Json:
    """A row as a list of cells: CloudTrail Lake's `{column: value}`, Logs Insights' `{field, value}`."""
    if not isinstance(row, list):
        return row
    out: dict[str, Any] = {}
    for cell in row:
        if isinstance(cell, dict):
            out |= {str(cell["field"]): cell.get("value")} if "field" in cell else cell
    return out


def _athena(table: Json) -> Json:
    """The rows of Athena's GetQueryResults, whose first row has the names."""
    cells = [
        [cell.get("VarCharValue") if isinstance(cell, dict) else None for cell in row.get("Data") or ()]
        for row in (table if isinstance(table, list) else ())
        if isinstance(row, dict) and isinstance(row.get("Data"), list)
    ]
    if not cells:
        return None
    names = [str(name) for name in cells[0]]
    return [dict(zip(names, row, strict=False)) for row in cells[1:]]
