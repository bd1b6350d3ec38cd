"""Leaves out what wasn't asked for, and counts it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from exclave.sources.prefixes import reason_against

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from exclave.sources.prefixes import Choice


class Sieve:
    """Judges paths by a choice (None: all are wanted) and counts those left out by reason in `left_out`."""

    def __init__(self, choice: Choice | None, left_out: MutableMapping[str, int]) -> None:
        self.choice = choice
        self.left_out = left_out
        self.count = 0

    def wanted(self, path: str) -> bool:
        """Whether a file or folder (ending in a separator) may hold what was asked for."""
        if self.choice is None:
            return True
        key = path.replace(os.sep, "/") if os.sep != "/" else path
        reason = reason_against(key, self.choice)
        if not reason:
            return True
        kind = "folders" if key.endswith("/") else "files"
        self.left_out[f"{kind}: {reason}"] = self.left_out.get(f"{kind}: {reason}", 0) + 1
        self.count += 1
        return False
