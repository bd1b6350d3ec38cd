"""What a reader hands on before it is known which file and record it is: values, and damage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = Any  # a decoded JSON value: dict, list, str, int, float, bool, None


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Something unreadable.

    `offset` is its byte in the content (-1: unknown), `records` how many record numbers it takes.
    """

    what: str
    hint: str = ""
    offset: int = -1
    records: int = 1
