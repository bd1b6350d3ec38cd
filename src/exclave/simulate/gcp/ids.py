"""Identifiers in the shapes that Google Cloud gives them, drawn from a seeded generator."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def number(rng: Random, digits: int, taken: set[str] | None = None) -> str:
    """So many digits that don't begin with 0: a project's number (12), an organisation's (12), a resource's id (19)."""
    while True:
        made = str(rng.randrange(10 ** (digits - 1), 10**digits))
        if taken is None or made not in taken:
            if taken is not None:
                taken.add(made)
            return made


def suffix(rng: Random, length: int = 4) -> str:
    """What makes a name unique: lower-case hexadecimal digits."""
    return f"{rng.getrandbits(4 * length):0{length}x}"


def insert_id(rng: Random) -> str:
    """The id of a LogEntry: twelve to fourteen letters and digits."""
    return "".join(rng.choices(_BASE36, k=rng.randrange(12, 15)))


def key_id(rng: Random) -> str:
    """The id of a service account's key: 40 hexadecimal digits."""
    return f"{rng.getrandbits(160):040x}"


def unique_id(mail: str) -> str:
    """The 21 digits by which a service account is known: the same whenever the same account is meant."""
    digest = int.from_bytes(hashlib.sha256(mail.encode()).digest()[:9])
    return f"1{digest % 10**20:020d}"


def operation(rng: Random, millis: int) -> str:
    """The id of an operation of Compute Engine, begun at so many milliseconds since the epoch."""
    return (
        f"operation-{millis}-{rng.getrandbits(52):013x}-{rng.getrandbits(32):08x}-{rng.getrandbits(32):08x}"
    )


def etag(rng: Random) -> str:
    """The version of a policy, as it is written in base 64."""
    return base64.b64encode(rng.randbytes(8)).decode()
