"""Ordinary CloudTrail traffic, as tables of calls. Nothing in them leaves the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.aws.traffic import changes, data, decoys, lookalikes, reads, services, sessions, vendors

if TYPE_CHECKING:
    from exclave.simulate.aws.call import Call


def management_calls() -> tuple[Call, ...]:
    """All calls that a trail records by default."""
    modules = (reads, changes, services, sessions, vendors, lookalikes, decoys)
    return tuple(call for module in modules for call in module.calls())


def data_calls() -> tuple[Call, ...]:
    """Calls on objects, which a trail records when data events are switched on."""
    return data.calls()
