"""Identifiers in the shapes that AWS gives them, drawn from a seeded generator."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def uuid(rng: Random) -> str:
    """A version 4 UUID, as CloudTrail writes event and request ids."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def hex_id(rng: Random, prefix: str) -> str:
    """An EC2 id: prefix, dash, 17 hexadecimal digits that begin with 0 (`snap-0…`)."""
    return f"{prefix}-0{rng.getrandbits(64):016x}"


def base32(rng: Random, length: int) -> str:
    """Upper case letters and the digits 2 to 7, as in key and principal ids."""
    return "".join(rng.choices(_BASE32, k=length))


def unique_id(rng: Random, prefix: str) -> str:
    """An IAM unique id: AIDA for users, AROA for roles, AKIA and ASIA for access keys; 20 characters."""
    return prefix + base32(rng, 16)


def role_id(account: str, role: str) -> str:
    """The unique id of a role: the same whenever the same role is meant."""
    digest = hashlib.sha256(f"{account}/{role}".encode()).digest()
    return "AROA" + "".join(_BASE32[byte % 32] for byte in digest[:16])


def account_id(rng: Random, taken: set[str]) -> str:
    """Twelve digits not yet in `taken`, to which it is added. May begin with 0, as real ones do."""
    while True:
        number = f"{rng.randrange(10**10, 10**12):012d}"
        if number not in taken:
            taken.add(number)
            return number


def organisation_id(rng: Random) -> str:
    """`o-` and ten lower case letters or digits."""
    return "o-" + "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10))


def public_ip(rng: Random) -> str:
    """An address in the ranges for documentation and benchmarks (RFC 5737, RFC 2544): nobody's."""
    first = rng.choice(("192.0.2", "198.51.100", "203.0.113", f"198.18.{rng.randrange(256)}"))
    return f"{first}.{rng.randrange(1, 255)}"
