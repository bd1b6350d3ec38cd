"""Writes a Google Cloud organisation's audit logs: its ordinary entries with the breaches among them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from exclave.model import Cloud
from exclave.simulate.breach import Story
from exclave.simulate.gcp.breaches import BREACHES
from exclave.simulate.gcp.delivery import Delivery
from exclave.simulate.gcp.ordinary import HOUR, windows
from exclave.simulate.gcp.organisation import found
from exclave.simulate.gcp.scene import Scene
from exclave.simulate.ids import generator
from exclave.simulate.wanted import Stage, Wanted
from exclave.simulate.written import Written

if TYPE_CHECKING:
    from pathlib import Path

    from exclave.simulate.gcp.call import Log
    from exclave.simulate.gcp.organisation import Organisation, Project

_DATA_SHARE = 0.6  # of the data access log, where it is on for what holds data


def play(logs: Path, wanted: Wanted) -> Written:
    """Writes the files below `logs`. Raises OSError."""
    seed, start, days = wanted.seed, wanted.start, wanted.days
    taken: set[str] = set()
    organisation = found(generator(seed, "gcp/organisation"), wanted.accounts, taken)
    stories: list[Story] = []
    told: list[tuple[Log, int, bytes]] = []
    for index, breach in enumerate(wanted.breaches):
        # A generator for each name: one more breach at the end leaves the others as they were.
        rng = generator(seed, breach.name)
        victim = _victim(organisation, index)
        story = Story(breach=breach, account=victim.id)
        scene = Scene(
            rng=rng,
            organisation=organisation,
            victim=victim,
            story=story,
            start=start + timedelta(hours=rng.uniform(0.3, 0.95) * (days * 24 - breach.hours)),
            taken=taken,
        )
        breach.tell(scene)
        stories.append(story)
        told += scene.records
    delivery = Delivery(logs, flat=wanted.flat, packed=wanted.packed)
    told.sort(key=lambda item: item[1], reverse=True)
    ordinary = windows(
        generator(seed, "gcp/ordinary"),
        organisation,
        records=max(0, wanted.records - len(told)),
        start=start,
        days=days,
        data_share=_DATA_SHARE if wanted.data_events is None else wanted.data_events,
    )
    for window in ordinary:
        while told and told[-1][1] < window.start + HOUR:
            log, second, record = told.pop()
            window.records.setdefault(log, []).append((second, record))
        for log, lines in sorted(window.records.items()):
            delivery.deliver(log, window.start, lines)
    return Written(
        perimeter=_perimeter(organisation),
        stories=tuple(stories),
        accounts=tuple(project.id for project in organisation.projects),
        organisation=organisation.id,
        files=delivery.files,
        records=delivery.records,
        bytes_plain=delivery.bytes_plain,
        bytes_written=delivery.bytes_written,
    )


def _victim(organisation: Organisation, index: int) -> Project:
    """Not the project of the pipelines, where there is another; a different one for each breach while they last."""
    candidates = organisation.projects[1:] or organisation.projects
    return candidates[(index + 1) % len(candidates)]


def _perimeter(organisation: Organisation) -> dict[str, Any]:
    return {
        "cloud": "gcp",
        "organisation": organisation.id,
        "customer": organisation.customer,
        "domains": [organisation.domain],
        "accounts": [
            {"id": project.id, "name": project.name, "number": project.number, "folder": project.folder}
            for project in organisation.projects
        ],
        "vendors": [{"id": vendor.project, "name": vendor.name} for vendor in organisation.vendors],
    }


STAGE = Stage(cloud=Cloud.GCP, breaches=BREACHES, play=play)
