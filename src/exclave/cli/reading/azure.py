"""Reading Azure: its options, and recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exclave.cli.reading.common import common_options, recorded, together

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from exclave.cli.reading.common import Say, Watch
    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder

RATE, WORKERS = 10.0, 8

azure_options = together(
    click.option(
        "--subscription", "subscriptions", multiple=True, help="Only these subscriptions; every one that the credential sees unless said."
    ),
    click.option("--expect-account", default="", help="Refuse to ask anything of another tenant than this, or of another subscription."),
    click.option(
        "--domain-settings",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="Password settings of a managed domain, exported by Get-ADFineGrainedPasswordPolicy | ConvertTo-Json.",
    ),
    common_options("azure.alert.*", rate=RATE, per="service", workers=WORKERS),
)  # fmt: skip


def record(
    folder: Path,
    names: Sequence[str],
    *,
    resume: bool = False,
    subscriptions: tuple[str, ...] = (),
    expect_account: str = "",
    domain_settings: Path | None = None,
    rate: float = RATE,
    workers: int = WORKERS,
    quiet: bool = False,
) -> Tally:
    """Record, with progress. Ends the program with a clear word where it can't go on."""
    from exclave.inventory.azure.collect import Options, collect
    from exclave.inventory.azure.exported import BadSettingsError, read
    from exclave.inventory.table import load
    from exclave.model import Cloud

    try:
        settings = read(domain_settings) if domain_settings else None
    except BadSettingsError as error:
        raise click.UsageError(str(error)) from error

    def run(recorder: Recorder, watch: Watch, say: Say, stop: threading.Event) -> Tally:
        options = Options(
            subscriptions=subscriptions,
            expect_account=expect_account,
            settings=settings,
            rate=rate,
            burst=max(1, int(rate * 2)),
            workers=workers,
            watch=watch,
            say=say,
        )
        return collect(names, load(Cloud.AZURE), recorder, options, stop)

    return recorded(folder, run, resume=resume, quiet=quiet)
