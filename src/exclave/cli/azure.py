"""What every command that reads Azure has in common: its options, and recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder


def azure_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that reads Azure."""
    for option in reversed(
        (
            click.option(
                "--subscription",
                "subscriptions",
                multiple=True,
                help="Only these subscriptions; every one that the credential sees unless said.",
            ),
            click.option(
                "--expect-account",
                default="",
                help="Refuse to ask anything of another tenant than this, or of another subscription.",
            ),
            click.option(
                "--domain-settings",
                type=click.Path(path_type=Path, dir_okay=False, exists=True),
                help="Password settings of a managed domain, exported by Get-ADFineGrainedPasswordPolicy | ConvertTo-Json.",
            ),
            click.option(
                "--control",
                "control_ids",
                multiple=True,
                help="Only what these controls need: an id or a pattern like azure.alert.*",
            ),
            click.option("--no-exposures", is_flag=True, help="Leave out what only exposures need."),
            click.option(
                "--rate",
                type=click.FloatRange(0),
                default=10.0,
                show_default=True,
                help="Requests a second for each service; 0: no limit.",
            ),
            click.option(
                "--workers",
                type=click.IntRange(1, 64),
                default=8,
                show_default=True,
                help="Requests at a time.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="Nothing on standard error."),
        )
    ):
        function = option(function)
    return function


def record_azure(
    folder: Path,
    names: Sequence[str],
    *,
    resume: bool,
    subscriptions: tuple[str, ...],
    expect_account: str,
    domain_settings: Path | None,
    rate: float,
    workers: int,
    quiet: bool,
) -> Tally:
    """Record, with progress. Ends the program with a clear word where it can't go on."""
    from exclave.cli.collect import recorded
    from exclave.inventory.azure.collect import Options, collect
    from exclave.inventory.azure.exported import BadSettingsError, read
    from exclave.inventory.table import load
    from exclave.model import Cloud

    try:
        settings = read(domain_settings) if domain_settings else None
    except BadSettingsError as error:
        raise click.UsageError(str(error)) from error

    def run(recorder: Recorder, watch: Any, say: Any, stop: threading.Event) -> Tally:
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
