"""The results of a control that is missing, as makers go through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.audit.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Item, Result


def by_account(results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results of each account (subscription, project, tenant), in order."""
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda r: r.check.scope):
        found.setdefault(result.check.scope.account, []).append(result)
    return found


def items_of(results: Sequence[Result]) -> Iterator[tuple[Result, Item]]:
    """Everything that is not as it should be; what could not be looked at is left alone."""
    for result in results:
        for item in result.check.items:
            if item.status in (Status.FAIL, Status.PARTIAL):
                yield result, item


def fact(item: Item, name: str) -> str:
    """What a check saw, by name; "" where it says nothing."""
    return next(iter(facts(item, name)), "")


def facts(item: Item, name: str) -> list[str]:
    """Every value of a fact."""
    return [value for key, value in item.facts if key == name]
