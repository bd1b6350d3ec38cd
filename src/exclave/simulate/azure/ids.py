"""Identifiers in the shapes that Azure gives them, drawn from a seeded generator."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from exclave.simulate.ids import public_ip, uuid

if TYPE_CHECKING:
    from random import Random

__all__ = ["public_ip", "puid", "store_name", "token", "uuid"]
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LONGEST = 24  # characters of a storage account's name


def token(rng: Random) -> str:
    """The `uti` of an access token: 22 characters of base 64."""
    return "".join(rng.choices(_ALPHABET, k=22))


def puid(rng: Random) -> str:
    """A person's id as tokens have it beside the object id."""
    return f"1003{rng.getrandbits(48):012X}"


def store_name(company: str, name: str, system: str) -> str:
    """A storage account's name: lower case letters and digits, at most 24, the same for the same arguments."""
    plain = re.sub(r"[^a-z0-9]", "", f"{company.partition('-')[0][:6]}{name[:7]}{system}")
    digest = hashlib.sha256(f"{company}/{name}/{system}".encode()).hexdigest()
    return f"{plain[: _LONGEST - 4]}{digest[:4]}"
