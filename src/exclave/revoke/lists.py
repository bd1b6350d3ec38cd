"""Taking items out of lists: grants of an ACL, members of bindings, rules of a replication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.catalogue.entry import Read
from exclave.catalogue.readers import READERS
from exclave.model import Actor, Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from exclave.revoke.model import Found, Reading

_NOBODY = Actor(kind="unknown", id="")


def lets_in(reading: Reading, found: Found, item: Any) -> bool:
    """Whether an item lets the finding's receiver in, by the catalogue's reader."""
    fields = {"item": item}
    event = Event(
        cloud=found.cloud, log="inventory", time=None, service="", action="", actor=_NOBODY, account=found.account,
        region=found.region, error="", dry_run=False, fields=fields, raw=fields,
        evidence=Evidence(file=found.file, record=0),
    )  # fmt: skip
    read = Read(reader=reading.reader, path=reading.path, kind=reading.kind)
    destinations = READERS[reading.reader](paths.values(fields, reading.path), read, event)
    return any(d.kind == found.kind and d.id == found.to for d in destinations)


def without(
    document: Any, path: str, hit: Callable[[Any], bool], *, keep_empty: bool = False
) -> tuple[Any, list[Any]]:
    """A copy of a document without the items at a path that are hit, and those items.

    What holds a list that becomes empty by it goes too, where it stands in a list itself (a binding without members),
    unless `keep_empty`.
    """
    gone: list[Any] = []
    return _strip(document, paths.split(path), hit, gone, keep_empty=keep_empty), gone


def outer(path: str) -> str:
    """The path of the outermost list: `bindings` of `bindings[].members[]`; "" where that is any (`*[]`)."""
    return path.partition("[]")[0].removesuffix("*").removesuffix(".")


def at(document: Any, path: str) -> Any:
    """What stands at a path; the document itself at ""."""
    return paths.first(document, path) if path else document


def _strip(
    value: Any, segments: tuple[str, ...], hit: Callable[[Any], bool], gone: list[Any], *, keep_empty: bool
) -> Any:
    if not segments:
        return value
    head, rest = segments[0], segments[1:]
    if head == "[]":
        if not isinstance(value, list):
            return value
        if not rest:
            left = []
            for item in value:
                if hit(item):
                    gone.append(item)
                else:
                    left.append(item)
            return left
        kept = []
        for item in value:
            before = len(gone)
            made = _strip(item, rest, hit, gone, keep_empty=keep_empty)
            emptied = len(gone) > before and rest.count("[]") == 1 and not paths.values(made, _path(rest))
            if keep_empty or not emptied:
                kept.append(made)
        return kept
    if isinstance(value, Mapping):
        return {
            k: _strip(v, rest, hit, gone, keep_empty=keep_empty) if head in ("*", k) else v
            for k, v in value.items()
        }
    return value


def _path(segments: tuple[str, ...]) -> str:
    text = ""
    for segment in segments:
        text += segment if segment == "[]" else f".'{segment}'" if text else f"'{segment}'"
    return text
