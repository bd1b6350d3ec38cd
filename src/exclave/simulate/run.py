"""`simulate`: writes the logs of an organisation with breaches in it, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from exclave.simulate.aws import stage as aws
from exclave.simulate.aws.breaches import BREACHES as AWS_BREACHES
from exclave.simulate.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exclave.simulate.breach import Breach

BREACHES: Mapping[str, Breach] = {**AWS_BREACHES}  # of all clouds
LAYOUTS = ("delivery", "flat")
MAX_DATA_EVENTS = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was written, and where. Sizes in bytes."""

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
    flow_records: int = 0,
) -> Summary:
    """Writes CloudTrail files, flow logs if wanted, and `truth.jsonl` below `out`; calls nobody.

    Same arguments, same bytes.

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
        flow_records: how many records of ordinary flow logs to write beside; a breach's own come on top.
            None: no flow logs.

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
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty")
    start = start.astimezone(UTC).replace(second=0, microsecond=0)
    logs, truth = out / "logs", out / "truth.jsonl"
    logs.mkdir(parents=True, exist_ok=True)
    written = aws.play(
        logs,
        seed=seed,
        records=records,
        days=days,
        start=start,
        accounts=accounts,
        breaches=[BREACHES[name] for name in breaches],
        data_events=data_events,
        flat=layout == "flat",
        pretty=pretty,
        flow_records=flow_records,
    )
    write_truth(truth, written.perimeter, written.stories)
    return Summary(
        out=out,
        logs=logs,
        truth=truth,
        files=written.files,
        records=written.records,
        bytes_plain=written.bytes_plain,
        bytes_written=written.bytes_written,
        accounts=written.accounts,
        organisation=written.organisation,
        breaches=tuple(breaches),
        start=start,
        end=start + timedelta(days=days),
    )


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
