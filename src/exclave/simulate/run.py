"""`simulate`: writes the logs of an organisation with breaches in it, and the truth about them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from exclave.simulate.aws.breaches import BREACHES as AWS_BREACHES
from exclave.simulate.aws.delivery import Delivery
from exclave.simulate.aws.ordinary import Key, windows
from exclave.simulate.aws.organisation import found
from exclave.simulate.aws.scene import Scene
from exclave.simulate.breach import Story
from exclave.simulate.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exclave.simulate.aws.organisation import Account, Organisation
    from exclave.simulate.breach import Breach

BREACHES: Mapping[str, Breach] = {**AWS_BREACHES}  # of all clouds
LAYOUTS = ("delivery", "flat")
MAX_DATA_EVENTS = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was written. Sizes in bytes."""

    out: Path
    logs: Path
    truth: Path
    files: int
    records: int
    bytes_plain: int
    bytes_written: int
    accounts: tuple[str, ...]
    organisation: str
    breaches: tuple[str, ...]
    start: datetime
    end: datetime


def simulate(
    out: Path,
    *,
    seed: int,
    records: int,
    days: int,
    start: datetime,
    accounts: int,
    breaches: Sequence[str],
    data_events: float = 0.0,
    layout: str = "delivery",
    pretty: bool = False,
) -> Summary:
    """Writes CloudTrail files and `truth.jsonl` below `out`; calls nobody. Same arguments, same bytes.

    Args:
        out: a folder that doesn't exist yet, or is empty.
        seed: of everything that is drawn.
        records: how many in all; never fewer than the breaches need.
        days: how many whole days from `start`.
        start: with a time zone; cut to the minute.
        accounts: how many the organisation has, at least one.
        breaches: names from BREACHES, each once; each has an account of its own while there are enough.
        data_events: the share of records that are data events, 0 to 0.95.
        layout: `delivery` as CloudTrail lays its bucket out, `flat` for all files in one folder.
        pretty: indents the JSON.

    Raises:
        ValueError: an argument is out of range, or a breach is unknown.
        FileExistsError: `out` holds something.
        OSError: a file can't be written.
    """
    if start.tzinfo is None:
        raise ValueError("start needs a time zone")
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}")
    _check_amounts(records, days, accounts, data_events)
    _check_breaches(breaches)
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    start = start.astimezone(UTC).replace(second=0, microsecond=0)
    taken: set[str] = set()
    organisation = found(_rng(seed, "organisation"), accounts, taken)
    stories, told = _tell(seed, organisation, breaches, start=start, days=days, taken=taken)
    logs = out / "logs"
    delivery = Delivery(logs, _rng(seed, "delivery"), organisation.id, flat=layout == "flat", pretty=pretty)
    logs.mkdir(parents=True, exist_ok=True)
    ordinary = max(0, records - len(told))
    told.sort(key=lambda item: item[1], reverse=True)
    for window in windows(
        _rng(seed, "ordinary"), organisation, records=ordinary, start=start, days=days, data_share=data_events
    ):
        end = window.start + window.seconds
        while told and told[-1][1] < end:
            key, second, record = told.pop()
            window.records.setdefault(key, []).append((second, record))
        for (account, region), found_records in sorted(window.records.items()):
            if found_records:
                delivery.write(account, region, end, found_records)
    truth = out / "truth.jsonl"
    write_truth(truth, _perimeter(organisation), stories)
    return Summary(
        out=out,
        logs=logs,
        truth=truth,
        files=delivery.files,
        records=delivery.records,
        bytes_plain=delivery.bytes_plain,
        bytes_written=delivery.bytes_written,
        accounts=tuple(account.id for account in organisation.accounts),
        organisation=organisation.id,
        breaches=tuple(breaches),
        start=start,
        end=start + timedelta(days=days),
    )


def _tell(
    seed: int,
    organisation: Organisation,
    names: Sequence[str],
    *,
    start: datetime,
    days: int,
    taken: set[str],
) -> tuple[list[Story], list[tuple[Key, int, bytes]]]:
    stories: list[Story] = []
    told: list[tuple[Key, int, bytes]] = []
    for index, name in enumerate(names):
        breach = BREACHES[name]
        # A generator for each name: one more breach at the end leaves the others as they were.
        rng = _rng(seed, name)
        victim = _victim(organisation, index)
        story = Story(breach=breach, account=victim.id)
        spare = days * 24 - breach.hours
        scene = Scene(
            rng=rng,
            organisation=organisation,
            victim=victim,
            story=story,
            taken=taken,
            start=start + timedelta(hours=rng.uniform(0.3, 0.95) * spare),
        )
        breach.tell(scene)
        stories.append(story)
        told += [((account, region), second, record) for account, region, second, record in scene.records]
    return stories, told


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


def _check_amounts(records: int, days: int, accounts: int, data_events: float) -> None:
    if records < 0 or days < 1 or accounts < 1:
        raise ValueError("records must not be negative; days and accounts must be at least 1")
    if not 0 <= data_events <= MAX_DATA_EVENTS:
        raise ValueError(f"data_events must be between 0 and {MAX_DATA_EVENTS}")


def _check_breaches(breaches: Sequence[str]) -> None:
    unknown = [name for name in breaches if name not in BREACHES]
    if unknown:
        raise ValueError(f"unknown breach {unknown[0]!r}; there are {', '.join(sorted(BREACHES))}")
    if len(set(breaches)) != len(breaches):
        raise ValueError("a breach may be named once only")
