"""CloudWatch Logs → the lines of flow logs in them: subscriptions, exports, API answers, query results.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html (`logEvents`;
base64 of gzip in Kinesis), GetLogEvents and FilterLogEvents (`events`), GetQueryResults (`results`).
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from exclave.flows import aws
from exclave.formats import carried, documents
from exclave.formats.damage import Damage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DEEP = 12  # wrappers in wrappers, where a list counts as one
_LISTS = ("logEvents", "events", "records", "Records", "results", "messages")
_INSIDE = ("kinesis", "Kinesis", "awslogs", "body", "value", "detail", "result", "_source", "event")
_MESSAGES = ("message", "@message", "_raw", "log", "original")


def lines(data: bytes, name: str) -> Iterator[str | Mapping[str, Any] | Damage]:
    """The lines in a piece of a file; what is no flow log is given as it is, or as a Damage."""
    if data[:1] not in b"{[" and name == "csv":
        for row in csv.DictReader(data.decode("utf-8", "replace").splitlines()):
            yield str(row.get("@message") or "")
        return
    for value in documents.values(data):
        yield from _of(value, _DEEP)


def _of(value: Any, depth: int) -> Iterator[str | Mapping[str, Any] | Damage]:
    if isinstance(value, Damage):
        yield value
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _of(item, depth - 1)
    elif isinstance(value, dict) and depth:
        yield from _of_object(value, depth)
    else:
        yield Damage(what="no flow log record")


def _of_object(value: dict[str, Any], depth: int) -> Iterator[str | Mapping[str, Any] | Damage]:
    cell = value.get("value") if value.get("field") == "@message" else None
    message = next((m for m in (*(value.get(k) for k in _MESSAGES), cell) if isinstance(m, str)), None)
    if message is not None:
        if aws.looks_like(aws.without_clock(message.encode("utf-8", "replace"))):
            yield message
        else:
            yield value
        return
    if "field" in value:  # another cell of a query's row
        return
    for key in ("data", "Data"):
        if isinstance(value.get(key), str):
            yield from _of(carried.packed(value[key]), depth - 1)
            return
    for key in (*_LISTS, *_INSIDE):
        if isinstance(value.get(key), dict | list):
            yield from _of(value[key], depth - 1)
            return
    if value.get("messageType") != "CONTROL_MESSAGE":
        yield value
