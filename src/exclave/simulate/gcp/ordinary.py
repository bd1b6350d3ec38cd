"""The ordinary traffic of an organisation, one hour after the other: a sink writes a file for each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.simulate.calendar import DAYTIME, hour, spread
from exclave.simulate.gcp.callers import Callers
from exclave.simulate.gcp.cell import Cell
from exclave.simulate.gcp.traffic import calls as all_calls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

    from exclave.simulate.gcp.call import Log
    from exclave.simulate.gcp.organisation import Organisation

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Window:
    """An hour's records by log, each with its second, unsorted."""

    start: int  # seconds since the epoch
    records: dict[Log, list[tuple[int, bytes]]]


def windows(
    rng: Random, organisation: Organisation, *, records: int, start: datetime, days: int, data_share: float
) -> Iterator[Window]:
    """Yields every hour of the days in order, with its ordinary records.

    They add up to `records`, of which about `data_share` (0 to 1) are of the data access log.
    """
    cells = [
        Cell(
            rng=rng,
            organisation=organisation,
            project=project,
            calls=all_calls(),
            callers=Callers(rng, organisation, project),
        )
        for project in organisation.projects
    ]
    weights = [1 / (1 + abs(rank - 2)) for rank in range(len(cells))]  # the third, production, is the busiest
    for at, share in spread(records, start, days, HOUR):
        window = Window(at, {})
        data = round(share * data_share)
        for count, is_data in ((data, True), (share - data, False)):
            _fill(rng, window, cells, weights, count, data=is_data)
        yield window


def _fill(
    rng: Random, window: Window, cells: list[Cell], weights: list[float], count: int, *, data: bool
) -> None:
    """Adds so many records, of the data access log or of the others."""
    if not count:
        return
    day = hour(window.start) in DAYTIME
    drawn = Counter(rng.choices(range(len(cells)), weights=weights, k=count))
    todo = [
        (cells[index], call)
        for index in sorted(drawn)
        for call in cells[index].calls(drawn[index], data=data, day=day)
    ]
    rng.shuffle(
        todo
    )  # as operations leave two records, some calls find no room: of no project more than others
    room = count
    for cell, call in todo:
        for log, second, record in cell.stamp(call, window.start, HOUR)[:room]:
            window.records.setdefault(log, []).append((second, record))
            room -= 1
        if not room:
            return
