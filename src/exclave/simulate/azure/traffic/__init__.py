"""Ordinary operations of a tenant, as tables of calls. Nothing in them leaves the tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.azure.traffic import changes, decoys, lookalikes, services

if TYPE_CHECKING:
    from exclave.simulate.azure.call import Call


def calls() -> tuple[Call, ...]:
    """All that an activity log has."""
    return tuple(call for module in (changes, services, lookalikes, decoys) for call in module.calls())
