"""The answers of an inventory by their keys, each call's read once in an account and region."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exclave.inventory import Answer, Inventory


class Recorded:
    """What was recorded of calls; one without a document gives an answer whose error says so."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._held: dict[tuple[str, str, str], dict[str, Answer]] = {}

    def by_key(self, call: str, account: str, region: str) -> dict[str, Answer]:
        """The answers of a call, by what each was made for."""
        place = (call, account, region)
        if place not in self._held:
            found = {a.key: a for a in self._inventory.each(call, account=account, region=region)}
            self._held[place] = found or {"": self._inventory.one(call, account, region)}
        return self._held[place]

    def one(self, call: str, account: str, region: str) -> Answer:
        """The answer of a call that is made once."""
        return next(iter(self.by_key(call, account, region).values()))
