"""Writes an AWS organisation's CloudTrail files: its ordinary records with the breaches among them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from exclave.simulate.aws.delivery import Delivery
from exclave.simulate.aws.ordinary import windows
from exclave.simulate.aws.organisation import found
from exclave.simulate.aws.scene import Scene
from exclave.simulate.breach import Story
from exclave.simulate.network.stage import Counted
from exclave.simulate.network.stage import write as write_flows
from exclave.simulate.written import Written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from exclave.simulate.aws.ordinary import Key
    from exclave.simulate.aws.organisation import Account, Organisation
    from exclave.simulate.breach import Breach

Told = list[tuple["Key", int, bytes]]


def play(
    logs: Path,
    *,
    seed: int,
    records: int,
    days: int,
    start: datetime,
    accounts: int,
    breaches: Sequence[Breach],
    data_events: float,
    flat: bool,
    pretty: bool,
    flow_records: int = 0,
) -> Written:
    """Writes the files below `logs`; arguments as in `simulate`, which has checked them. Raises OSError."""
    taken: set[str] = set()
    organisation = found(_rng(seed, "organisation"), accounts, taken)
    stories: list[Story] = []
    told: Told = []
    for index, breach in enumerate(breaches):
        # A generator for each name: one more breach at the end leaves the others as they were.
        rng = _rng(seed, breach.name)
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
    delivery = Delivery(logs, _rng(seed, "delivery"), organisation.id, flat=flat, pretty=pretty)
    told.sort(key=lambda item: item[1], reverse=True)
    ordinary = windows(
        _rng(seed, "ordinary"),
        organisation,
        records=max(0, records - len(told)),
        start=start,
        days=days,
        data_share=data_events,
    )
    for window in ordinary:
        end = window.start + window.seconds
        while told and told[-1][1] < end:
            key, second, record = told.pop()
            window.records.setdefault(key, []).append((second, record))
        for (account, region), lines in sorted(window.records.items()):
            delivery.write(account, region, end, lines)
    flows = Counted()
    if flow_records:
        flows = write_flows(
            logs,
            seed=seed,
            accounts=organisation.accounts,
            stories=stories,
            start=start,
            days=days,
            records=flow_records,
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


def _rng(seed: int, purpose: str) -> Random:
    """A generator of its own for each purpose, so that they don't disturb each other."""
    return Random(int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:16]))  # noqa: S311
