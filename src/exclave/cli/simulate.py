"""`exclave simulate`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from exclave.cli.when import When
from exclave.cli.writing import CannotWriteError, put, tell

_START = datetime(2026, 3, 2, tzinfo=UTC)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "-b",
    "--breach",
    "breaches",
    multiple=True,
    metavar="NAME",
    help="A breach to hide in the traffic; several times for several; 'all' for each (of --cloud).",
)
@click.option(
    "-c",
    "--cloud",
    "clouds",
    multiple=True,
    type=click.Choice(["aws", "azure", "gcp"]),
    help="Whose logs; several times for several in one folder.  [default: those of the breaches, else aws]",
)
@click.option("--list", "list_", is_flag=True, help="List the breaches.")
@click.option(
    "--records",
    type=click.IntRange(0),
    default=20_000,
    show_default=True,
    help="Ordinary records, of all clouds together.",
)
@click.option(
    "--days", type=click.IntRange(1, 3660), default=3, show_default=True, help="Days that they cover."
)
@click.option("--start", type=When(), default=_START, show_default="2026-03-02", help="First day.")
@click.option(
    "--accounts",
    type=click.IntRange(2, 500),
    default=6,
    show_default=True,
    help="Accounts (subscriptions, projects) of the organisation.",
)
@click.option(
    "--data-events",
    type=click.FloatRange(0, 0.95),
    default=None,
    help="Share of records about objects that are read and written.  [default: aws 0, others some]",
)
@click.option(
    "--flow-records",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Records of VPC flow logs beside them; five million are a gigabyte.",
)
@click.option("--gzip", "packed", is_flag=True, help="Pack every file (AWS packs its own in any case).")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed writes the same bytes.")
def command(
    folder: Path | None,
    breaches: tuple[str, ...],
    clouds: tuple[str, ...],
    list_: bool,
    records: int,
    days: int,
    start: datetime,
    accounts: int,
    data_events: float | None,
    flow_records: int,
    packed: bool,
    seed: int,
) -> None:
    """Write logs with known breaches in them, into FOLDER.

    Nothing here calls a cloud. It serves demos, tests and benchmarks, and to test a SIEM with. FOLDER/logs holds
    the logs, FOLDER/truth.jsonl who is ours and, for each breach, its events, destinations, resources and actors.
    """
    from exclave.model import Cloud
    from exclave.outputs.words import count
    from exclave.simulate import BREACHES, STAGES, simulate

    wanted = [Cloud(cloud) for cloud in clouds]
    if missing := [cloud for cloud in wanted if cloud not in STAGES]:
        raise click.BadParameter(f"{missing[0]} can't be simulated yet", param_hint="--cloud")
    within = {name: breach for name, breach in BREACHES.items() if not wanted or breach.cloud in wanted}
    if list_:
        for name, breach in within.items():
            put(f"{breach.cloud:6} {name:34} {breach.title}")
        return
    if folder is None:
        raise click.UsageError("say where to write: exclave simulate FOLDER")
    chosen = list(within) if "all" in breaches else list(breaches)
    if unknown := [b for b in chosen if b not in BREACHES]:
        raise click.BadParameter(f"{', '.join(unknown)}; known: {', '.join(BREACHES)}", param_hint="--breach")
    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"{folder} is not empty: choose a new folder")
    try:
        made = simulate(
            folder,
            seed=seed,
            records=records,
            days=days,
            start=start,
            accounts=accounts,
            breaches=chosen,
            clouds=wanted,
            data_events=data_events,
            flow_records=flow_records,
            packed=packed,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise CannotWriteError(folder, error) from error
    tell(f"{made.records:,} records in {made.files:,} files: {made.logs}")
    tell(f"the truth about {count(len(made.breaches), 'breach', 'breaches')}: {made.truth}")
    tell(f"hunt them: exclave hunt {made.logs}")
