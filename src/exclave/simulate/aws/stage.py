"""Writes an AWS organisation's CloudTrail files: its ordinary records with the breaches among them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.model import Cloud
from exclave.simulate.aws.breaches import BREACHES
from exclave.simulate.aws.delivery import Delivery
from exclave.simulate.aws.ordinary import windows
from exclave.simulate.aws.organisation import found
from exclave.simulate.aws.scene import Scene
from exclave.simulate.breach import Story
from exclave.simulate.ids import generator
from exclave.simulate.network.stage import Counted
from exclave.simulate.network.stage import write as write_flows
from exclave.simulate.wanted import Stage, Wanted
from exclave.simulate.written import Written

if TYPE_CHECKING:
    from pathlib import Path

    from exclave.simulate.aws.ordinary import Key
    from exclave.simulate.aws.organisation import Account, Organisation

Told = list[tuple["Key", int, bytes]]


def play(logs: Path, wanted: Wanted) -> Written:
    """Writes the files below `logs`. Raises OSError."""
    seed, start, days = wanted.seed, wanted.start, wanted.days
    taken: set[str] = set()
    organisation = found(generator(seed, "organisation"), wanted.accounts, taken)
    stories: list[Story] = []
    told: Told = []
    for index, breach in enumerate(wanted.breaches):
        # A generator for each name: one more breach at the end leaves the others as they were.
        rng = generator(seed, breach.name)
        story = Story(breach=breach, account=_victim(organisation, index).id)
        scene = Scene(
            rng=rng,
            organisation=organisation,
            victim=_victim(organisation, index),
            story=story,
            start=start + timedelta(hours=rng.uniform(0.3, 0.95) * (days * 24 - breach.hours)),
            taken=taken,
        )
        breach.tell(scene)
        stories.append(story)
        told += [((account, region), second, record) for account, region, second, record in scene.records]
    delivery = Delivery(
        logs, generator(seed, "delivery"), organisation.id, flat=wanted.flat, pretty=wanted.pretty
    )
    told.sort(key=lambda item: item[1], reverse=True)
    ordinary = windows(
        generator(seed, "ordinary"),
        organisation,
        records=max(0, wanted.records - len(told)),
        start=start,
        days=days,
        data_share=wanted.data_events or 0.0,
    )
    for window in ordinary:
        end = window.start + window.seconds
        while told and told[-1][1] < end:
            key, second, record = told.pop()
            window.records.setdefault(key, []).append((second, record))
        for (account, region), lines in sorted(window.records.items()):
            delivery.deliver(account, region, end, lines)
    flows = Counted()
    if wanted.flow_records:
        flows = write_flows(
            logs,
            seed=seed,
            accounts=organisation.accounts,
            stories=stories,
            start=start,
            days=days,
            records=wanted.flow_records,
        )
    return Written(
        perimeter=_perimeter(organisation),
        stories=tuple(stories),
        accounts=tuple(account.id for account in organisation.accounts),
        organisation=organisation.id,
        files=delivery.files + flows.files,
        records=delivery.records + flows.records,
        bytes_plain=delivery.bytes_plain + flows.bytes_plain,
        bytes_written=delivery.bytes_written + flows.bytes_written,
    )


def _victim(organisation: Organisation, index: int) -> Account:
    """Not the management account, where there is another; a different one for each breach while they last."""
    candidates = organisation.accounts[1:] or organisation.accounts
    return candidates[(index + 2) % len(candidates)]


def _perimeter(organisation: Organisation) -> dict[str, Any]:
    return {
        "cloud": "aws",
        "organisation": organisation.id,
        "accounts": [
            {"id": account.id, "name": account.name, "management": account is organisation.management}
            for account in organisation.accounts
        ],
        "vendors": [{"id": vendor.id, "name": vendor.name} for vendor in organisation.vendors],
    }


STAGE = Stage(cloud=Cloud.AWS, breaches=BREACHES, play=play)
