"""A file's content → events: sniff, unwrap, parse. Total: whatever the bytes are, it ends and never raises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from exclave.formats import cloudtrail, documents, unwrap
from exclave.formats.damage import Damage
from exclave.formats.logs import parser_for
from exclave.model import Event, Evidence, Problem

_MAX_PROBLEMS = 20  # per file; the rest are counted in one more


def read(name: str, data: bytes, first_record: int = 1) -> Iterator[Event | Problem]:
    """The events of a file, in order, and what could not be read of it.

    `name` is the file or object key, for evidence and problems; `data` its content, decompressed; `first_record`
    the number of the first record, where `data` is a later piece of a file (see `chunks`).
    """
    return _events(name, _leaves(documents.values(data)), first_record)


def count(name: str, data: bytes) -> int:  # noqa: ARG001
    """How many record numbers `read` would give out."""
    return sum(leaf.records if isinstance(leaf, Damage) else 1 for leaf in _leaves(documents.values(data)))


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if value.__class__ is dict and "eventName" in value:
            yield value
        elif isinstance(value, Damage):
            yield value
        else:
            yield from unwrap.leaves(value)


def _events(name: str, leaves: Iterable[Any], number: int) -> Iterator[Event | Problem]:
    problems = 0
    for leaf in leaves:
        if isinstance(leaf, Damage):
            damage = leaf
            count = leaf.records
        else:
            count = 1
            evidence = Evidence(file=name, record=number, event_id=_text(leaf.get("eventID")))
            parser = cloudtrail.event if cloudtrail.is_record(leaf) else parser_for(leaf)
            if parser:
                yield parser(leaf, evidence)
                number += 1
                continue
            damage = Damage(what="unknown JSON shape")
        problems += 1
        if problems <= _MAX_PROBLEMS:
            yield _problem(name, number, damage)
        number += count
    if problems > _MAX_PROBLEMS:
        yield Problem(where=name, what=f"{problems - _MAX_PROBLEMS} more problems of the same file")


def _problem(name: str, number: int, damage: Damage) -> Problem:
    where = f"{name}, record {number}"
    what = damage.what if damage.offset < 0 else f"{damage.what} (byte {damage.offset})"
    return Problem(where=where, what=what, hint=damage.hint)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
