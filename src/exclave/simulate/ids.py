"""Identifiers and addresses that every cloud has, and the seeded generators that they are drawn from."""

from __future__ import annotations

import hashlib
from random import Random

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def generator(seed: int, purpose: str) -> Random:
    """A generator of its own for each purpose, so that they don't disturb each other."""
    return Random(int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:16]))  # noqa: S311


def uuid(rng: Random) -> str:
    """A version 4 UUID, in lower case."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def base32(rng: Random, length: int) -> str:
    """Upper case letters and the digits 2 to 7."""
    return "".join(rng.choices(_BASE32, k=length))


def public_ip(rng: Random) -> str:
    """An address in the ranges for documentation and benchmarks (RFC 5737, RFC 2544): nobody's."""
    first = rng.choice(("192.0.2", "198.51.100", "203.0.113", f"198.18.{rng.randrange(256)}"))
    return f"{first}.{rng.randrange(1, 255)}"
