"""Stable ids: the same thing has the same id in every audit."""

from __future__ import annotations

import hashlib


def digest(*parts: str) -> str:
    """16 hex digits."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
