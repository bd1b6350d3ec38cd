"""Where in its file a flow's largest record stands: looked for once something was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.flows import aws, cloudwatch, named, tables
from exclave.flows.kinds import READ_AS_ROWS
from exclave.flows.pieces import fields_in, pieces
from exclave.flows.sniff import sniff
from exclave.formats.chunking import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from exclave.flows.model import Row
    from exclave.sources.blob import Blob

Ends = tuple[str, str]  # source and destination address
Place = tuple[int, int]  # number of the record from 1, its bytes


def locate(blob: Blob, wanted: Collection[Ends]) -> dict[Ends, Place]:
    """The largest record of each pair of addresses, if the file has one. Parquet is not looked into."""
    kind = sniff(blob.name, blob.data)
    if kind == "aws-text":
        found = _text(blob, wanted)
    elif kind == "aws-named":
        found = _named(blob)
    elif kind == "cloudwatch":
        found = _cloudwatch(blob)
    elif kind in READ_AS_ROWS:
        found = _rows(blob, kind)
    else:
        return {}
    best: dict[Ends, Place] = {}
    for number, row in found:
        ends = (row.src, row.dst)
        if ends in wanted and row.bytes > best.get(ends, (0, -1))[1]:
            best[ends] = (number, row.bytes)
    return best


def _text(blob: Blob, wanted: Collection[Ends]) -> Iterator[tuple[int, Row]]:
    marks = {dst.encode("utf-8", "replace") for _, dst in wanted}
    names: tuple[str, ...] = ()
    at: Mapping[str, int] = {}
    number = 0
    for piece in pieces(blob):
        start = 0
        if not names:
            line = piece[: piece.find(b"\n")].rstrip(b"\r")
            names = fields_in(line)
            at = {name: names.index(field) for name, field in aws.fields_of(names).items()}
            start = piece.find(b"\n") + 1 if aws.is_header(line) else 0
        if not names:
            return
        for place in sorted({p for mark in marks for p in _places(piece, mark, start)}):
            line = piece[place : _end(piece, place)].rstrip(b"\r")
            row = _row(line.decode("utf-8", "replace").split(" "), at)
            if row is not None:
                yield number + piece.count(b"\n", start, place) + 1, row
        number += piece.count(b"\n", start)


def _places(data: bytes, mark: bytes, start: int) -> Iterator[int]:
    """Where lines begin in which a text stands."""
    at = data.find(mark, start)
    while at >= 0:
        yield data.rfind(b"\n", 0, at) + 1
        at = data.find(mark, _end(data, at))


def _end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


def _row(values: list[str], at: Mapping[str, int]) -> Row | None:
    try:
        return aws.row(values, dict(at))
    except ValueError:
        return None


def _named(blob: Blob) -> Iterator[tuple[int, Row]]:
    number = 0
    for piece in named.read(blob):
        for record in piece.records:
            number += 1
            if record is not None:
                names, values = (line.split(" ") for line in named.lines([record]).decode().splitlines())
                at = {name: names.index(field) for name, field in aws.fields_of(names).items()}
                if (row := _row(values, at)) is not None:
                    yield number, row


def _cloudwatch(blob: Blob) -> Iterator[tuple[int, Row]]:
    number = 0
    default = {name: aws.DEFAULT.index(field) for name, field in aws.fields_of(aws.DEFAULT).items()}
    for piece, _ in chunks(blob.data, blob.rest or iter(()), blob.name):
        for line in cloudwatch.lines(piece, "json" if piece.lstrip()[:1] in b"{[" else "csv"):
            number += 1
            row = _row(line.split(" "), default) if isinstance(line, str) else None
            if row is not None:
                yield number, row


def _rows(blob: Blob, kind: str) -> Iterator[tuple[int, Row]]:
    _, known, header, read = READ_AS_ROWS[kind]
    number = 0
    for piece in tables.read(blob, known, header):
        for record in piece.records:
            number += 1
            yield from (
                (number, row) for row in (read(record) if record is not None else ()) if row is not None
            )
