"""Identifiers in the shapes that AWS gives them, drawn from a seeded generator."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from exclave.simulate.ids import base32, public_ip, uuid

if TYPE_CHECKING:
    from random import Random

__all__ = [
    "account_id",
    "base32",
    "hex_id",
    "organisation_id",
    "public_ip",
    "role_id",
    "unique_id",
    "uuid",
]
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def hex_id(rng: Random, prefix: str) -> str:
    """An EC2 id: prefix, dash, 17 hexadecimal digits that begin with 0 (`snap-0…`)."""
    return f"{prefix}-0{rng.getrandbits(64):016x}"


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
