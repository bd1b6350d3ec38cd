"""Azure flow logs: of network security groups (versions 1 and 2) and of virtual networks.

Sources: https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview and nsg-flow-logs-overview.
Bytes of a tuple are those since its flow's last tuple; version 1 has none, so it says only who talked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exclave.flows.model import Row

CATEGORIES = ("FlowLogFlowEvent", "NetworkSecurityGroupFlowEvent")
_NSG_FIELDS, _NSG_2, _VNET = 8, 13, 13
_MILLIS = 10**11  # from here on, a time is in milliseconds


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether an object is a flow log's record."""
    return "flowRecords" in record or record.get("category") in CATEGORIES


def rows(record: Mapping[str, Any]) -> Iterator[Row | None]:
    """The flows of one record, both directions; None for each tuple that can't be read."""
    mac, account, vpc = place(record)
    for rule in tuples(record):
        for text in rule:
            yield from _of_tuple(text, mac, {"account": account, "vpc": vpc}, vnet="flowRecords" in record)


def place(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """The interface of a record, its subscription and its network."""
    target = str(record.get("targetResourceID") or record.get("resourceId") or "")
    vpc = target.lower() if "/virtualnetworks/" in target.lower() else ""
    return str(record.get("macAddress") or record.get("systemId") or ""), subscription(target), vpc


def subscription(resource: str) -> str:
    """The subscription of a resource id, lower case; "" if there is none."""
    parts = resource.lower().split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""  # noqa: PLR2004


def tuples(record: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The tuples of a record, rule by rule."""
    inner = record.get("flowRecords")
    if isinstance(inner, Mapping):
        for flow in _list(inner, "flows"):
            for group in _list(flow, "flowGroups"):
                yield _list(group, "flowTuples")
        return
    for rule in _list(record.get("properties"), "flows"):
        for flow in _list(rule, "flows"):
            yield _list(flow, "flowTuples")


def _list(value: object, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def _of_tuple(text: object, mac: str, where: Mapping[str, str], *, vnet: bool) -> Iterator[Row | None]:
    parts = text.split(",") if isinstance(text, str) else []
    if len(parts) < _NSG_FIELDS:
        yield None
        return
    try:
        start = int(parts[0])
        start = start // 1000 if start >= _MILLIS else start
        # VNet: direction, state, encryption, counts. NSG: direction, decision, state, counts.
        denied = parts[7] == "D"
        counts = (
            [int(p or 0) for p in parts[9:13]] if len(parts) >= (_VNET if vnet else _NSG_2) else [0, 0, 0, 0]
        )
    except ValueError:
        yield None
        return
    if denied:
        return
    out = parts[6] == "O"
    there = (parts[1], parts[2], out, counts[1])
    back = (parts[2], parts[1], not out, counts[3])
    for src, dst, left, size in (there, back):
        yield Row(
            interface=mac,
            src=src,
            dst=dst,
            start=start,
            bytes=size,
            out=left,
            **where,
        )
