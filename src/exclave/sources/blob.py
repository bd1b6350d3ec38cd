"""The plain bytes of one log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.model import Problem


@dataclass(slots=True, kw_only=True)
class Blob:
    """What one file, object or archive member holds, decompressed.

    `data` is the whole content where it fits `Limits.plain`, else its first part, and `rest` then gives the
    further parts, once. Read `rest` to its end before asking for the next blob of the same item: both may
    come from one stream. `problem` says why the content is incomplete; with `rest` it is settled only after
    the last part. `packed` is the size in bytes as stored (for a stream of unknown length: what was read).
    """

    name: str
    data: bytes
    packed: int
    rest: Iterator[bytes] | None = None
    problem: Problem | None = None
