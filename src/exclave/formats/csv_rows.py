"""Tables with a header row (CSV, tab-separated) → rows as objects.

A quote that is never closed costs its own row, not all that follow: a row that does not end within MAX_LINES
or that has another number of columns than the header is reported, and reading goes on at the next line.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from exclave.formats.damage import Damage
from exclave.formats.sniffing import COLUMNS, HEAD, delimiter
from exclave.formats.structure import MAX_RECORD, Effort

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINES = 20_000  # lines of one row


def records(data: bytes) -> Iterator[dict[str, str] | Damage]:
    """The rows below the header, keys as the header names them."""
    csv.field_size_limit(MAX_RECORD)  # Python's own limit, 128 KiB, is less than one CloudTrail record
    mark = delimiter(data[:HEAD].lstrip()) or ","
    lines = data.splitlines(keepends=True)
    effort = Effort(len(data))
    at, offset = 0, 0
    names: list[str] = []
    while at < len(lines):
        if effort.left <= 0:
            yield Damage(what="too broken to go on: what follows was not read", offset=offset)
            return
        count, row = _row(lines, at, mark, effort)
        if not names and row:
            names = [name.strip() for name in row]
        elif row is None or len(row) != len(names):
            if row is None or any(row):
                yield _bad(row, names, offset)
                count = 1
        else:
            yield _known(dict(zip(names, row, strict=True)))
        offset += sum(len(line) for line in lines[at : at + count])
        at += count


def _known(row: dict[str, str]) -> dict[str, str]:
    """A row; where no column is a log's, the one record that stands in a cell, whatever its column is called."""
    if any(name.lower() in COLUMNS for name in row):
        return row
    carried = [cell for cell in row.values() if cell.lstrip()[:1] == "{"]
    return {"raw": carried[0]} if len(carried) == 1 else row


def _row(lines: list[bytes], at: int, mark: str, effort: Effort) -> tuple[int, list[str] | None]:
    """How many lines the row takes, and its cells; None if it doesn't end."""
    quotes = 0
    end = at
    size = 0
    while end < min(len(lines), at + MAX_LINES) and size <= MAX_RECORD:
        size += len(lines[end])
        quotes += lines[end].count(b'"')
        end += 1
        if quotes % 2 == 0:
            break
    effort.left -= size
    if quotes % 2:
        return end - at, None
    text = b"".join(lines[at:end]).decode("utf-8", "replace")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
    except csv.Error:
        return end - at, None
    return end - at, rows[0] if rows else []


def _bad(row: list[str] | None, names: list[str], offset: int) -> Damage:
    what = (
        "a row that does not end"
        if row is None
        else f"a row of {len(row)} columns where the header has {len(names)}"
    )
    return Damage(what=what, offset=offset)
