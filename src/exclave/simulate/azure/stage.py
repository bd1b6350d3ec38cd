"""Writes a tenant's logs: its ordinary records with the breaches among them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.model import Cloud
from exclave.simulate.azure.breaches import BREACHES
from exclave.simulate.azure.delivery import Delivery
from exclave.simulate.azure.ordinary import DATA_SHARE, hours
from exclave.simulate.azure.organisation import found
from exclave.simulate.azure.scene import Scene
from exclave.simulate.breach import Story
from exclave.simulate.ids import generator
from exclave.simulate.wanted import Stage, Wanted
from exclave.simulate.written import Written

if TYPE_CHECKING:
    from pathlib import Path

    from exclave.simulate.azure.organisation import Subscription, Tenant


def play(logs: Path, wanted: Wanted) -> Written:
    """Writes the files below `logs`, of whole hours. Raises OSError."""
    seed, days = wanted.seed, wanted.days
    start = wanted.start.replace(minute=0)
    end = start + timedelta(days=days)
    tenant = found(generator(seed, "azure/tenant"), wanted.accounts)
    stories: list[Story] = []
    told: list[tuple[float, str, bytes]] = []
    for index, breach in enumerate(wanted.breaches):
        # A generator for each name: one more breach at the end leaves the others as they were.
        rng = generator(seed, breach.name)
        victim = _victim(tenant, index)
        story = Story(breach=breach, account=victim.id)
        begin = start + timedelta(hours=rng.uniform(0.3, 0.95) * (days * 24 - breach.hours))
        scene = Scene(rng=rng, tenant=tenant, victim=victim, story=story, start=begin)
        breach.tell(scene)
        story.open = story.open and (scene.expires is None or scene.expires > end)
        stories.append(story)
        told += [(second, source, line) for source, second, line in scene.records]
    told.sort(key=lambda item: item[0], reverse=True)
    delivery = Delivery(logs, flat=wanted.flat, packed=wanted.packed)
    ordinary = hours(
        generator(seed, "azure/ordinary"),
        tenant,
        records=max(0, wanted.records - len(told)),
        start=start,
        days=days,
        data_share=DATA_SHARE if wanted.data_events is None else wanted.data_events,
    )
    for at, sources in ordinary:
        while told and told[-1][0] < at + 3600:
            second, source, line = told.pop()
            sources.setdefault(source, []).append((second, line))
        delivery.deliver(at, sources)
    return Written(
        perimeter=_perimeter(tenant),
        stories=tuple(stories),
        accounts=tuple(each.id for each in tenant.subscriptions),
        organisation=tenant.id,
        files=delivery.files,
        records=delivery.records,
        bytes_plain=delivery.bytes_plain,
        bytes_written=delivery.bytes_written,
    )


def _victim(tenant: Tenant, index: int) -> Subscription:
    """Not the one for management, where there is another; a different one for each breach while they last."""
    candidates = tenant.subscriptions[1:] or tenant.subscriptions
    return candidates[(index + 2) % len(candidates)]


def _perimeter(tenant: Tenant) -> dict[str, Any]:
    return {
        "cloud": "azure",
        "organisation": tenant.id,
        "domains": [tenant.domain],
        "accounts": [
            {"id": each.id, "name": each.name, "management": each is tenant.subscriptions[0]}
            for each in tenant.subscriptions
        ],
        "vendors": [{"id": tenant.backup.owner, "name": tenant.backup.name}],
    }


STAGE = Stage(cloud=Cloud.AZURE, breaches=BREACHES, play=play)
