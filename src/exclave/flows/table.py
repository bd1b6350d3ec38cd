"""Rows summed in plain Python: for formats that are JSON anyway, and where Polars is not installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.flows.model import WINDOW, OwnerRow, PairRow, Row

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Table:
    """Sums by PAIR (model.py), and who has which address."""

    pairs: dict[tuple[str | int, ...], list[int]] = field(default_factory=dict)
    owners: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)
    unplaced: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    first: int = 0
    last: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Adds rows."""
        pairs = self.pairs
        for row in rows:
            key = (row.interface, row.src, row.dst, row.start // WINDOW, row.service, row.peer, row.peer_vpc)
            known = pairs.get(key)
            if known is None:
                pairs[key] = [row.bytes, 1, row.start, row.start]
            else:
                known[0] += row.bytes
                known[1] += 1
                known[2] = min(known[2], row.start)
                known[3] = max(known[3], row.start)
            self.first = min(self.first or row.start, row.start)
            self.last = max(self.last, row.start)
            if row.out is not None:
                address = row.src if row.out else row.dst
                self.owners.setdefault((address, row.interface), (row.account, row.vpc, row.subnet))
            elif row.vpc or row.account:
                self.unplaced.setdefault(row.interface, (row.account, row.vpc, row.subnet))

    def pair_rows(self) -> tuple[PairRow, ...]:
        """PAIR + SUMS."""
        return tuple((*key, *sums) for key, sums in self.pairs.items())  # type: ignore[misc]

    def owner_rows(self) -> tuple[OwnerRow, ...]:
        """Who has which address: by direction, else the address in all records of an interface."""
        known = [(address, interface, *rest) for (address, interface), rest in self.owners.items()]
        by_interface: dict[str, set[str]] = {}
        for key in self.pairs:
            ends = {str(key[1]), str(key[2])}
            by_interface[str(key[0])] = by_interface.get(str(key[0]), ends) & ends
        found = [
            (min(s), i, *self.unplaced[i])
            for i, s in by_interface.items()
            if len(s) == 1 and i in self.unplaced
        ]
        return tuple(sorted({*known, *found}))
