"""Stable ids: made of what happened, so that the same logs give the same ids in any order and any number of processes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exclave.model import Evidence, Signal, Transfer

_LENGTH = 16


def transfer_id(found: Transfer) -> str:
    """`t-` and 16 hex digits."""
    return "t-" + _digest(
        found.method,
        found.source.key,
        found.destination.key,
        found.outcome,
        _event(found.evidence, found.action, found.time),
    )


def signal_id(found: Signal) -> str:
    """`s-` and 16 hex digits."""
    named = found.destination.key if found.destination else ""
    return "s-" + _digest(
        found.method, found.source.key, named, _event(found.evidence, found.action, found.time)
    )


def incident_id(first: str) -> str:
    """`i-` and 16 hex digits, made of the id of its first transfer, so that it stays when later logs are added."""
    return "i-" + _digest(first)


def _event(evidence: Evidence, action: str, time: object) -> str:
    # A record without an event id (shortened or made up) is known by what it says and when.
    return evidence.event_id or f"{action} {time}"


def _digest(*parts: str) -> str:
    return hashlib.blake2b(
        "\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=_LENGTH // 2
    ).hexdigest()
