"""One operation, several records: one finding. Azure writes an operation down in steps, Google in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.detect import steps
from exclave.detect.pairs import settled, when
from exclave.detect.steps import Failures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.model import Closure, Signal, Transfer

__all__ = ["Failures", "closures", "signals", "transfers"]


def transfers(found: Iterable[Transfer], failures: Failures) -> list[Transfer]:
    """Transfers, each operation's once; those of an operation that failed in the end are attempts."""
    return settled(steps.transfers(found, failures))


def signals(found: Iterable[Signal], failures: Failures) -> list[Signal]:
    """Signals, each operation's once; those of an operation that failed in the end are marked so."""
    return settled(steps.signals(found, failures))


def closures(found: Iterable[Closure], failures: Failures) -> list[Closure]:
    """Closures without those of operations that failed in the end; Google's, which come in pairs, once, as they began."""
    out: list[Closure] = []
    begun: dict[tuple[str, ...], Closure] = {}
    for one in steps.closures(found, failures):
        if not one.shared_id or ".googleapis.com:" not in one.action:
            out.append(one)
            continue
        key = (one.method, one.account, one.shared_id, one.resource.key if one.resource else "")
        begun[key] = min(begun.get(key, one), one, key=when)
    return [*out, *begun.values()]
