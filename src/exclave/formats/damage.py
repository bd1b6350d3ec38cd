"""What a file's reader could not read, before it is known which file and record that is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Something unreadable. `offset` is its byte in the content (-1: unknown), `records` how many record numbers it takes."""

    what: str
    hint: str = ""
    offset: int = -1
    records: int = 1
