"""A file's content → events: sniff, unwrap, parse. Whatever the bytes are, it ends and never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.formats import cloudfront, cloudtrail, csv_rows, documents, parquet, s3_access, sniffing, unwrap
from exclave.formats.damage import Damage, Json
from exclave.formats.logs import parser_for
from exclave.model import Event, Evidence, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_PROBLEMS = (
    20  # kinds of problem that are told, per file, each once and with a count; the rest are counted
)
_IDS = ("eventID", "insertId", "eventDataId", "request_id")  # where logs keep a record's own id
_OTHERS = "problems of other kinds"
_TABLES = {"csv": csv_rows.records, "parquet": parquet.records}
_LOGS = {"s3-access": s3_access.records, "cloudfront": cloudfront.records}


def read(name: str, data: bytes, first_record: int = 1) -> Iterator[Event | Problem]:
    """The events of a file, in order, and what could not be read of it.

    `name` is the file or object key, for evidence and problems; `data` its content, decompressed;
    `first_record` the number of the first record, where `data` is a later piece of a file (see `chunks`).
    A file of a kind in sniffing.SKIPPED gives nothing.
    """
    number = first_record
    told: dict[str, int] = {}
    for leaf in leaves(name, data):
        if not isinstance(leaf, Damage):
            parse = cloudtrail.event if cloudtrail.is_record(leaf) else parser_for(leaf)
            if parse:
                yield parse(leaf, Evidence(file=name, record=number, event_id=_identifier(leaf)))
                number += 1
                continue
        damage = leaf if isinstance(leaf, Damage) else unwrap.unknown(leaf)
        what = damage.what if damage.what in told or len(told) < _MAX_PROBLEMS else _OTHERS
        seen = told[what] = told.get(what, 0) + 1
        if seen == 1 and what != _OTHERS:
            yield _problem(name, number, damage, first_record)
        number += damage.records
    yield from _rest(name, told)


def _identifier(record: Mapping[str, Json]) -> str:
    found = next((record[key] for key in _IDS if key in record), "")
    return found[:200] if isinstance(found, str) else ""


def count(name: str, data: bytes) -> int:
    """How many record numbers `read` gives out."""
    return sum(leaf.records if isinstance(leaf, Damage) else 1 for leaf in leaves(name, data))


def leaves(name: str, data: bytes) -> Iterator[unwrap.Leaf]:
    """The records of a file as their logs have them, in order, and what could not be read."""
    kind = sniffing.container(name, data)
    if kind in _LOGS:
        yield from _LOGS[kind](documents.to_utf8(data)[0])
    elif kind in _TABLES:
        for row in _TABLES[kind](data if kind == "parquet" else documents.to_utf8(data)[0]):
            yield from unwrap.leaves(row)
    elif kind in ("binary", "text"):
        yield Damage(what=f"a {kind} file, not a log that this version reads", records=0)
    elif kind == "json":
        for value in documents.values(data):
            yield from _of_document(value)


def _of_document(value: Json) -> Iterator[unwrap.Leaf]:
    """The common cases without a detour: a CloudTrail file, and a record."""
    records = value.get("Records") if isinstance(value, dict) else None
    for item in records if isinstance(records, list) else [value]:
        if isinstance(item, dict) and _is_plain(item):
            yield item
        else:
            yield from unwrap.leaves(item)


def _is_plain(record: dict[str, Json]) -> bool:
    return (
        isinstance(record.get("userIdentity"), dict)
        and isinstance(record.get("eventName"), str)
        and isinstance(record.get("eventVersion"), str)
        and not isinstance(record.get("requestParameters"), str)
    )


def _problem(name: str, number: int, damage: Damage, first_record: int) -> Problem:
    place = ""
    if damage.offset >= 0:
        place = (
            f" (byte {damage.offset})"
            if first_record == 1
            else f" (byte {damage.offset} of the part from record {first_record})"
        )
    return Problem(where=f"{name}, record {number}", what=damage.what + place, hint=damage.hint)


def _rest(name: str, told: dict[str, int]) -> Iterator[Problem]:
    for what, number in told.items():
        if what == _OTHERS:
            yield Problem(where=name, what=f"{number} {_OTHERS}")
        elif number > 1:
            yield Problem(where=name, what=f"{number - 1} more: {what}")
