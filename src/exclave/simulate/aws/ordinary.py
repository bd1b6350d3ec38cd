"""The ordinary traffic of an organisation, one time window after the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.simulate.aws.callers import Callers
from exclave.simulate.aws.cell import Cell
from exclave.simulate.aws.organisation import GLOBAL_REGION, Account, Organisation
from exclave.simulate.aws.traffic import data_calls, management_calls
from exclave.simulate.calendar import DAYTIME, hour, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

    from exclave.simulate.aws.call import Call

Key = tuple[str, str]  # account and region: whose trail, and where
_DENSE = 50  # records per file from which files are written every five minutes, as a busy trail does


@dataclass(frozen=True, slots=True)
class Window:
    """A delivery's worth of records, by account and region, each with its second, unsorted."""

    start: int  # seconds since the epoch
    seconds: int
    records: dict[Key, list[tuple[int, bytes]]]


def windows(
    rng: Random, organisation: Organisation, *, records: int, start: datetime, days: int, data_share: float
) -> Iterator[Window]:
    """Yields every window of the days in order, with its ordinary records.

    They add up to `records`, of which about `data_share` (0 to 1) are data events.
    """
    cells, weights = _cells(rng, organisation)
    local = [
        weight if cell.region != GLOBAL_REGION or cell.region == cell.account.home else 0
        for cell, weight in zip(cells, weights, strict=True)
    ]
    first = int(start.timestamp())
    seconds = 300 if records / (days * 288 * len(cells)) >= _DENSE else 900
    starts = range(first, first + days * 86400, seconds)
    loads = [load(at) for at in starts]
    total, so_far, made, data_made = sum(loads), 0.0, 0, 0
    for at, weight in zip(starts, loads, strict=True):
        so_far += weight
        target = records if at == starts[-1] else int(records * so_far / total)
        data = max(0, min(int(target * data_share) - data_made, target - made))
        plain = max(0, target - made - data)
        window = Window(at, seconds, {})
        day = hour(at) in DAYTIME
        room = records - made - data - plain  # for the twins, which come on top
        for count, chances, is_data in ((data, local, True), (plain, weights, False)):
            drawn = Counter(rng.choices(range(len(cells)), weights=chances, k=count)) if count else {}
            for index in sorted(drawn):
                calls = cells[index].calls(drawn[index], data=is_data, day=day)
                twins = _fill(window, cells[index], calls, room)
                room -= twins
                made += drawn[index] + twins
        data_made += data
        yield window


def _fill(window: Window, cell: Cell, calls: list[Call], room: int) -> int:
    """Adds the records of the calls, and at most `room` twins; returns how many twins."""
    mine = window.records.setdefault((cell.account.id, cell.region), [])
    twins = 0
    for call in calls:
        second, record, twin = cell.stamp(call, window.start, window.seconds)
        mine.append((second, record))
        if twin is not None and twins < room:
            window.records.setdefault((cell.peer.id, cell.region), []).append((second, twin))
            twins += 1
    return twins


def _cells(rng: Random, organisation: Organisation) -> tuple[list[Cell], list[float]]:
    calls = (*management_calls(), *data_calls())
    cells: list[Cell] = []
    weights: list[float] = []
    for rank, account in enumerate(organisation.accounts):
        callers = Callers(rng, organisation, account)
        for region in _regions(account):
            cell = Cell(
                rng=rng,
                organisation=organisation,
                account=account,
                region=region,
                calls=calls,
                callers=callers,
            )
            cells.append(cell)
            share = 0.82 if region == account.home else 0.1 if region == account.second else 0.08
            weights.append(share / (1 + abs(rank - 3)))  # the fourth, production, is the busiest
    return cells, weights


def _regions(account: Account) -> tuple[str, ...]:
    return tuple(dict.fromkeys((account.home, account.second, GLOBAL_REGION)))
