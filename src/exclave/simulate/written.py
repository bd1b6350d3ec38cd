"""What a cloud's stage wrote: counted, and with the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.simulate.breach import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """`perimeter` is the truth's line about who is ours; sizes in bytes."""

    perimeter: Mapping[str, Any]
    stories: tuple[Story, ...]
    accounts: tuple[str, ...]
    organisation: str
    files: int
    records: int
    bytes_plain: int
    bytes_written: int
