"""Records that stand in JSON or as rows of a table, some of them at a time."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, NamedTuple

from exclave.flows import carriers
from exclave.flows.pieces import whole_lines
from exclave.formats.chunking import chunks
from exclave.formats.damage import Damage
from exclave.formats.documents import to_utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from exclave.sources.blob import Blob

_HEAD = 8192  # bytes that tell the shape
_MARKS = (",", "\t", ";")


class Piece(NamedTuple):
    """A part of a file: its records in order, `None` for what is none, and its size."""

    records: list[Mapping[str, Any] | None]
    size: int


def read(
    blob: Blob, known: Callable[[Mapping[str, Any]], bool], header: Callable[[Collection[str]], bool]
) -> Iterator[Piece]:
    """The records of a file: objects that are `known`, or rows below a first line whose cells are a `header`."""
    head = to_utf8(blob.data[:_HEAD])[0].lstrip()
    if head[:1] in b"{[":
        for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
            found: list[Mapping[str, Any] | None] = []
            for record in carriers.objects(piece, known):
                found += [None] * record.records if isinstance(record, Damage) else [record]
            yield Piece(found, len(piece))
        return
    mark, names = separator(head.partition(b"\n")[0], header), list[str]()
    for part in whole_lines(blob):
        rows_found = list(rows(to_utf8(part.text)[0].decode("utf-8", "replace"), mark, names))
        yield Piece(rows_found + [None] * part.dropped, part.size)


def separator(line: bytes, header: Callable[[Collection[str]], bool]) -> str:
    """What separates the cells of a first line that are a `header`; "" for another line."""
    text = line.decode("utf-8", "replace")
    return next((mark for mark in _MARKS if mark in text and header(_cells(text, mark))), "")


def rows(text: str, mark: str, names: list[str]) -> Iterator[Mapping[str, str] | None]:
    """The rows of a table's lines, None for one that is none; `names` is taken from the first line if it is empty, and filled."""
    lines = text.splitlines()
    if not names and lines:
        names += _cells(lines.pop(0), mark)
    table = csv.reader(lines, delimiter=mark)
    while True:
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KiB
            yield None
            continue
        if cells:
            yield dict(zip(names, cells, strict=False))


def _cells(line: str, mark: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line.strip()], delimiter=mark), [])]
    except csv.Error:
        return []
