"""The ordinary traffic of a tenant, one hour after the other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from exclave.simulate.azure import backups
from exclave.simulate.azure.blobs import Blobs
from exclave.simulate.azure.callers import callers
from exclave.simulate.azure.cell import Cell
from exclave.simulate.azure.delivery import of_subscription
from exclave.simulate.azure.identities import Identities
from exclave.simulate.azure.traffic import calls
from exclave.simulate.calendar import DAYTIME, hour, spread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from random import Random

    from exclave.simulate.azure.delivery import Lines
    from exclave.simulate.azure.organisation import Tenant

DATA_SHARE = 0.3  # of the records, about blobs
_DIRECTORY_SHARE = 0.15  # of the others, about identities
_BUSIEST = 3  # the fourth subscription, production


def hours(
    rng: Random, tenant: Tenant, *, records: int, start: datetime, days: int, data_share: float
) -> Iterator[tuple[int, dict[str, Lines]]]:
    """Yields every hour (its first second) of the days in order, with its ordinary records by source.

    They add up to `records`, of which about `data_share` (0 to 1) are about blobs.
    """
    table = calls()
    cells = [
        Cell(rng=rng, tenant=tenant, subscription=each, calls=table, callers=callers(rng, tenant))
        for each in tenant.subscriptions
    ]
    stores = [Blobs(rng, tenant, store) for each in tenant.subscriptions for store in each.stores]
    identities = Identities(rng, tenant)
    weights = [1 / (1 + abs(number - _BUSIEST)) for number in range(len(cells))]
    needed = backups.records_needed(len(cells), days)
    vendor = needed <= backups.MAX_SHARE * records
    for at, count in spread(records - needed if vendor else records, start, days, 3600):
        sources: dict[str, Lines] = {}
        data = int(count * data_share)
        people = int((count - data) * _DIRECTORY_SHARE)
        for number, share in Counter(rng.choices(range(len(stores)), k=data)).items():
            sources |= stores[number].hour(at, share)
        sources |= identities.hour(at, people)
        shares = Counter(rng.choices(range(len(cells)), weights=weights, k=count - data - people))
        for number, cell in enumerate(cells):
            lines = cell.hour(at, shares[number], day=hour(at) in DAYTIME)
            if vendor:
                lines += backups.exports(rng, tenant, cell.subscription, at)
            if lines:
                sources[of_subscription(cell.subscription.id)] = lines
        yield at, sources
