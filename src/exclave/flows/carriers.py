"""Objects of JSON out of the lists and wrappers in which collectors and queues hold them.

The set of wrappers is closed, as in formats/unwrap.py: what stands elsewhere in an object is never looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.formats import carried, documents
from exclave.formats.azure import table_rows
from exclave.formats.damage import Damage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_DEEP = 12  # wrappers in wrappers, where a list counts as one
_KEYS = (
    "records", "Records", "entries", "results", "messages", "receivedMessages", "events", "hits", "rows", "value",
    "result", "_source", "event", "attributes", "content", "record", "detail", "fields", "body", "Body", "message", "log",
    "_raw", "original", "event.original", "data", "Data",
)  # fmt: skip
_NONE = "no flow log record"


def objects(data: bytes, known: Callable[[Mapping[str, Any]], bool]) -> Iterator[Mapping[str, Any] | Damage]:
    """The objects that are `known`, in order; what is none of them and holds none, as a Damage."""
    for value in documents.values(data):
        yield from _inside(value, known, _DEEP)


def _inside(
    value: Any, known: Callable[[Mapping[str, Any]], bool], depth: int
) -> Iterator[Mapping[str, Any] | Damage]:
    if isinstance(value, Damage):
        yield value
    elif isinstance(value, list) and depth:
        for item in value:
            yield from _inside(item, known, depth - 1)
    elif isinstance(value, dict) and depth:
        if known(value):
            yield value
            return
        if (answer := table_rows(value.get("tables"))) is not None:
            yield from _inside(answer, known, depth - 1)
            return
        held = next((found for key in _KEYS if (found := _held(key, value.get(key))) is not None), None)
        yield from [Damage(what=_NONE)] if held is None else _inside(held, known, depth - 1)
    else:
        yield Damage(what=_NONE)


def _held(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return carried.packed(value) if key in ("data", "Data") else carried.content(value)
    return value if isinstance(value, dict | list) else None
