"""`simulate`: writes the logs of an organisation with breaches in it, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exclave.model import Cloud
from exclave.simulate.clouds import BREACHES, STAGES
from exclave.simulate.truth import write_truth
from exclave.simulate.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LAYOUTS = ("delivery", "flat")
MAX_DATA_EVENTS = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was written, and where. Sizes in bytes. `organisation` is that of the first cloud."""

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
    clouds: tuple[Cloud, ...]
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
    clouds: Sequence[Cloud] = (),
    data_events: float | None = None,
    layout: str = "delivery",
    pretty: bool = False,
    packed: bool = False,
    flow_records: int = 0,
) -> Summary:
    """Writes the logs of an organisation in each cloud, and `truth.jsonl`, below `out`; calls nobody.

    Same arguments, same bytes.

    Args:
        out: a folder that doesn't exist yet, or is empty.
        seed: of everything that is drawn.
        records: how many in all; never fewer than the breaches need.
        days: how many whole days from `start`.
        start: with a time zone; cut to the minute.
        accounts: how many the organisation has in each cloud, at least one (subscriptions, projects).
        breaches: names from BREACHES, each once; each has an account of its own while there are enough.
        clouds: which to write, the records shared among them; those of the breaches besides. None given:
            those of the breaches, and AWS where there are none either.
        data_events: the share of records that are data events, 0 to 0.95; None for what is usual in a cloud.
        layout: `delivery` as the cloud lays its bucket out, `flat` for all files in one folder.
        pretty: indents the JSON, where a file is one document.
        packed: gzip for every file; AWS packs its own in any case.
        flow_records: how many records of ordinary AWS flow logs to write beside; a breach's own come on top.
            0: no flow logs.

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
    if flow_records < 0:
        raise ValueError("flow_records must not be negative")
    _check_breaches(breaches)
    chosen = _clouds(clouds, breaches)
    if flow_records and Cloud.AWS not in chosen:
        raise ValueError("flow logs are written for AWS only")
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    start = start.astimezone(UTC).replace(second=0, microsecond=0)
    logs, truth = out / "logs", out / "truth.jsonl"
    logs.mkdir(parents=True, exist_ok=True)
    written = [
        STAGES[cloud].play(
            logs,
            Wanted(
                seed=seed,
                records=records * (number + 1) // len(chosen) - records * number // len(chosen),
                days=days,
                start=start,
                accounts=accounts,
                breaches=[BREACHES[name] for name in breaches if BREACHES[name].cloud is cloud],
                data_events=data_events,
                flat=layout == "flat",
                pretty=pretty,
                packed=packed,
                flow_records=flow_records,
            ),
        )
        for number, cloud in enumerate(chosen)
    ]
    write_truth(
        truth, [one.perimeter for one in written], [story for one in written for story in one.stories]
    )
    return Summary(
        out=out,
        logs=logs,
        truth=truth,
        files=sum(one.files for one in written),
        records=sum(one.records for one in written),
        bytes_plain=sum(one.bytes_plain for one in written),
        bytes_written=sum(one.bytes_written for one in written),
        accounts=tuple(account for one in written for account in one.accounts),
        organisation=written[0].organisation,
        breaches=tuple(breaches),
        clouds=chosen,
        start=start,
        end=start + timedelta(days=days),
    )


def _clouds(clouds: Sequence[Cloud], breaches: Sequence[str]) -> tuple[Cloud, ...]:
    """Those that are written, in the order of STAGES."""
    asked = {*clouds, *(BREACHES[name].cloud for name in breaches)} or {Cloud.AWS}
    if unknown := [cloud for cloud in asked if cloud not in STAGES]:
        raise ValueError(f"{unknown[0]} can't be simulated; there are {', '.join(STAGES)}")
    return tuple(cloud for cloud in STAGES if cloud in asked)


def _check_amounts(records: int, days: int, accounts: int, data_events: float | None) -> None:
    if records < 0 or days < 1 or accounts < 1:
        raise ValueError("records must not be negative; days and accounts must be at least 1")
    if data_events is not None and not 0 <= data_events <= MAX_DATA_EVENTS:
        raise ValueError(f"data_events must be between 0 and {MAX_DATA_EVENTS}")


def _check_breaches(breaches: Sequence[str]) -> None:
    unknown = [name for name in breaches if name not in BREACHES]
    if unknown:
        raise ValueError(f"unknown breach {unknown[0]!r}; there are {', '.join(sorted(BREACHES))}")
    if len(set(breaches)) != len(breaches):
        raise ValueError("a breach may be named once only")
