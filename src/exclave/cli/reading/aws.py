"""Reading AWS: its options, and recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from exclave.cli.reading.common import common_options, recorded, together

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path

    from exclave.cli.reading.common import Say, Watch
    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder

RATE, WORKERS = 20.0, 16

aws_options = together(
    click.option("--profile", help="AWS profile."),
    click.option("--role-name", default="", help="Take on this role in every account of the organisation, and record them all."),
    click.option("--region", "regions", multiple=True, help="Only these regions; every enabled one unless said."),
    click.option(
        "--from-config",
        default="",
        metavar="AGGREGATOR",
        help="Ask only this aggregator of AWS Config (in --region, else the profile's), not the services.",
    ),
    click.option("--expect-account", default="", help="Refuse to ask anything with credentials of another account."),
    common_options("aws.alarm.*", rate=RATE, per="service and region", workers=WORKERS),
)  # fmt: skip


def record(
    folder: Path,
    names: Sequence[str],
    *,
    resume: bool = False,
    profile: str | None = None,
    role_name: str = "",
    regions: tuple[str, ...] = (),
    from_config: str = "",
    expect_account: str = "",
    rate: float = RATE,
    workers: int = WORKERS,
    quiet: bool = False,
) -> Tally:
    """Record, with progress. Ends the program with a clear word where it can't go on."""
    from exclave.inventory.aws.collect import Options, collect
    from exclave.inventory.config import collect as config
    from exclave.inventory.table import load
    from exclave.model import Cloud

    def run(recorder: Recorder, watch: Watch, say: Say, stop: threading.Event) -> Tally:
        options = Options(
            profile=profile,
            role_name=role_name,
            regions=regions,
            expect_account=expect_account,
            rate=rate,
            burst=max(1, int(rate * 2)),
            workers=workers,
            watch=watch,
            say=say,
        )
        if not from_config:
            return collect(names, load(Cloud.AWS), recorder, options, stop)
        try:
            return config.collect(from_config, recorder, options, stop)
        except config.BadAggregatorError as error:
            raise click.BadParameter(str(error), param_hint="--from-config") from error

    return recorded(folder, run, resume=resume, quiet=quiet)
