"""Ordinary calls of an organisation on Google Cloud: tables of them, and look-alikes of breaches among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.gcp.traffic import (
    access,
    bigquery,
    compute,
    guards,
    inside,
    lookalikes,
    platform,
    storage,
)

if TYPE_CHECKING:
    from exclave.simulate.gcp.call import Call


def calls() -> tuple[Call, ...]:
    """All of them."""
    return tuple(
        call
        for table in (compute, storage, bigquery, platform, access, guards, inside, lookalikes)
        for call in table.calls()
    )
