"""Rows summed in plain Python: for formats that are JSON anyway, and where Polars is not installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.flows.addresses import near
from exclave.flows.model import LATEST, MOST, WINDOW, OwnerRow, PairRow, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@dataclass(slots=True)
class _Sum:
    bytes: int = 0
    records: int = 0
    first: int = 0
    last: int = 0
    hours: dict[int, int] = field(default_factory=dict)

    def add(self, size: int, records: int, first: int, last: int) -> None:
        self.bytes += size
        self.records += records
        self.first = min(self.first or first, first)
        self.last = max(self.last, last)

    def at(self, hour: int, size: int) -> None:
        self.hours[hour] = self.hours.get(hour, 0) + size


@dataclass(slots=True)
class Table:
    """Sums by PAIR (model.py), and who has which address."""

    pairs: dict[tuple[str, str, str, str, str, str], _Sum] = field(default_factory=dict)
    owners: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)
    unplaced: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    first: int = 0
    last: int = 0

    def add(self, rows: Iterable[Row]) -> int:
        """Adds rows, but those whose size or time can't be, and gives the number of these."""
        pairs, left_out = self.pairs, 0
        for row in rows:
            if not (0 <= row.bytes <= MOST and 1 <= row.start <= LATEST):
                left_out += 1
                continue
            key = (row.interface, row.src, row.dst, row.service, row.peer, row.peer_vpc)
            known = pairs.get(key)
            if known is None:
                known = pairs[key] = _Sum()
            known.add(row.bytes, 1, row.start, row.start)
            known.at(row.start // WINDOW, row.bytes)
            self.first = min(self.first or row.start, row.start)
            self.last = max(self.last, row.start)
            if row.out is not None:
                address = row.own or (row.src if row.out else row.dst)
                self.owners.setdefault((address, row.interface), (row.account, row.vpc, row.subnet))
            elif row.vpc or row.account:
                self.unplaced.setdefault(row.interface, (row.account, row.vpc, row.subnet))
        return left_out

    def pair_rows(self, own: Collection[str]) -> tuple[PairRow, ...]:
        """PAIR + SUMS + HOURS, with addresses of the internet but those of `own` taken together."""
        out: dict[tuple[str, str, str, str, str, str], _Sum] = {}
        for (interface, src, dst, *more), one in self.pairs.items():
            source = src if near(src) or src in own else ""
            target = dst if near(dst) or dst in own or any(more) else ""
            service, peer, peer_vpc = more
            known = out.setdefault((interface, source, target, service, peer, peer_vpc), _Sum())
            known.add(one.bytes, one.records, one.first, one.last)
            for hour, size in one.hours.items():
                known.at(hour, size)
        return tuple(
            PairRow(*key, s.bytes, s.records, s.first, s.last, tuple(s.hours), tuple(s.hours.values()))
            for key, s in out.items()
        )

    def owner_rows(self) -> tuple[OwnerRow, ...]:
        """Who has which address: by direction, else the address in all records of an interface."""
        known = [(address, interface, *rest) for (address, interface), rest in self.owners.items()]
        by_interface: dict[str, set[str]] = {}
        for key in self.pairs:
            ends = {key[1], key[2]}
            by_interface[key[0]] = by_interface.get(key[0], ends) & ends
        found = [
            (min(s), i, *self.unplaced[i])
            for i, s in by_interface.items()
            if len(s) == 1 and i in self.unplaced
        ]
        return tuple(sorted({*known, *found}))
