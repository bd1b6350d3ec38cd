"""One operation, several records: one finding. Azure writes an operation down in steps, Google in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.detect import steps
from exclave.detect.pairs import settled
from exclave.detect.steps import Failures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.model import Signal, Transfer

__all__ = ["Failures", "signals", "transfers"]


def transfers(found: Iterable[Transfer], failures: Failures) -> list[Transfer]:
    """Transfers, each operation's once; those of an operation that failed in the end are attempts."""
    return settled(steps.transfers(found, failures))


def signals(found: Iterable[Signal], failures: Failures) -> list[Signal]:
    """Signals, each operation's once; those of an operation that failed in the end are marked so."""
    return settled(steps.signals(found, failures))
