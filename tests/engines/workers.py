"""Work that misbehaves, for tests of pools: functions that other processes can import."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from exclave.sources import Item

if TYPE_CHECKING:
    from collections.abc import Sequence


def names(items: Sequence[Item], mark: str = "") -> list[str]:
    """What the items say: the process dies for `die`, `kill`, `memory` and `wrong` in a path."""
    out = []
    for item in items:
        if "die" in item.path:
            os._exit(3)
        if "kill" in item.path:
            os.kill(os.getpid(), signal.SIGKILL)
        if "memory" in item.path:
            raise MemoryError
        if "wrong" in item.path:
            raise ValueError("wrong")
        out.append(mark + item.path)
    return out


def item(path: str, size: int | None = None) -> Item:
    return Item(where=path, scheme="file", path=path, size=size)
