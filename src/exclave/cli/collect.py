"""`exclave collect`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exclave.cli.azure import azure_options, record_azure
from exclave.cli.gcp import gcp_options, record_gcp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder

    Watch = Callable[[Tally], None]
    Say = Callable[[str], None]

COULD_NOT_LOOK, STOPPED = 3, 130


def aws_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that reads AWS."""
    for option in reversed(
        (
            click.option("--profile", help="AWS profile."),
            click.option(
                "--role-name",
                default="",
                help="Take on this role in every account of the organisation, and record them all.",
            ),
            click.option(
                "--region",
                "regions",
                multiple=True,
                help="Only these regions; every enabled one unless said.",
            ),
            click.option(
                "--from-config",
                default="",
                metavar="AGGREGATOR",
                help="Ask only this aggregator of AWS Config (in --region, else the profile's), not the services.",
            ),
            click.option(
                "--expect-account",
                default="",
                help="Refuse to ask anything with credentials of another account.",
            ),
            click.option(
                "--control",
                "control_ids",
                multiple=True,
                help="Only what these controls need: an id or a pattern like aws.alarm.*",
            ),
            click.option(
                "--no-exposures",
                is_flag=True,
                help="Leave out what only exposures need: each snapshot, bucket, key, ...",
            ),
            click.option(
                "--rate",
                type=click.FloatRange(0),
                default=20.0,
                show_default=True,
                help="Calls a second for each service and region; 0: no limit.",
            ),
            click.option(
                "--workers",
                type=click.IntRange(1, 64),
                default=16,
                show_default=True,
                help="Calls at a time.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="Nothing on standard error."),
        )
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """Record a cloud's answers as they are, to audit them offline. Only reads: `exclave permissions` says what it needs."""


def folder_options(function: Callable[..., None]) -> Callable[..., None]:
    """Where to, and whether it is gone on with."""
    target = click.Path(path_type=Path, file_okay=False)
    for option in (
        click.option(
            "--resume",
            is_flag=True,
            help="Go on with what is in the folder: ask only what isn't recorded, or was refused.",
        ),
        click.option("-o", "--output", "folder", type=target, required=True, help="Folder of the inventory."),
    ):
        function = option(function)
    return function


@command.command("aws")
@folder_options
@aws_options
def aws(
    folder: Path,
    resume: bool,
    profile: str | None,
    role_name: str,
    regions: tuple[str, ...],
    from_config: str,
    expect_account: str,
    control_ids: tuple[str, ...],
    no_exposures: bool,
    rate: float,
    workers: int,
    quiet: bool,
) -> None:
    """Record this account, or with --role-name every account of its organisation, in every enabled region.

    Exit status: 0 all recorded, 3 something was refused or it stopped early, 130 interrupted. What was recorded stands.
    """
    names = needed("aws", control_ids, exposures=not no_exposures)
    tally = record_aws(
        folder,
        names,
        resume=resume,
        profile=profile,
        role_name=role_name,
        regions=regions,
        from_config=from_config,
        expect_account=expect_account,
        rate=rate,
        workers=workers,
        quiet=quiet,
    )
    ended(tally, folder, resume=resume)


@command.command("azure")
@folder_options
@azure_options
def azure(
    folder: Path, resume: bool, control_ids: tuple[str, ...], no_exposures: bool, **options: Any
) -> None:
    """Record the tenant and every subscription that the credential sees. Signs in as azure-identity does.

    Exit status: 0 all recorded, 3 something was refused or it stopped early, 130 interrupted. What was recorded stands.
    """
    names = needed("azure", control_ids, exposures=not no_exposures)
    ended(record_azure(folder, names, resume=resume, **options), folder, resume=resume)


@command.command("gcp")
@folder_options
@gcp_options
def gcp(folder: Path, resume: bool, control_ids: tuple[str, ...], no_exposures: bool, **options: Any) -> None:
    """Record an organisation, a folder or some projects of Google Cloud. Signs in by Application Default Credentials.

    Exit status: 0 all recorded, 3 something was refused or it stopped early, 130 interrupted. What was recorded stands.
    """
    names = needed("gcp", control_ids, exposures=not no_exposures)
    ended(record_gcp(folder, names, resume=resume, **options), folder, resume=resume)


def ended(tally: Tally, folder: Path, *, resume: bool) -> None:
    """Say what was recorded, and end the program with the status for it."""
    said = ", ".join(f"{n} {code}" for code, n in sorted(tally.errors.items(), key=lambda e: -e[1]))
    there = f", {tally.kept:,} were there" if resume else ""
    click.echo(
        f"{tally.made:,} calls recorded in {folder}{there}, {tally.failed:,} refused"
        + (f" ({said})" if said else ""),
        err=True,
    )
    sys.exit(COULD_NOT_LOOK if tally.failed else 0)


def needed(cloud: str, control_ids: tuple[str, ...], *, exposures: bool) -> list[str]:
    """Names of the calls that controls, and exposures, need. A usage error for a control that there isn't."""
    from exclave.audit.loader import BadControlError
    from exclave.audit.needs import needs
    from exclave.model import Cloud

    try:
        return needs(Cloud(cloud), control_ids, exposures=exposures)
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error


def record_aws(
    folder: Path,
    names: Sequence[str],
    *,
    resume: bool,
    profile: str | None,
    role_name: str,
    regions: tuple[str, ...],
    from_config: str,
    expect_account: str,
    rate: float,
    workers: int,
    quiet: bool,
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


def recorded(
    folder: Path, run: Callable[[Recorder, Watch, Say, threading.Event], Tally], *, resume: bool, quiet: bool
) -> Tally:
    """Record by `run`, with progress. Ends the program with a clear word where it can't go on."""
    from exclave.inventory.engine import StoppedError
    from exclave.inventory.record import NotEmptyError, Recorder

    stop = threading.Event()
    with _watching(quiet=quiet) as (watch, say):
        try:
            return run(Recorder(folder, resume=resume), watch, say, stop)
        except NotEmptyError as error:
            raise click.UsageError(str(error)) from error
        except KeyboardInterrupt:
            stop.set()
            say(f"interrupted: what was recorded stands in {folder}, and --resume goes on")
            sys.exit(STOPPED)
        except StoppedError as error:
            click.echo(f"stopped: {error}", err=True)
            sys.exit(COULD_NOT_LOOK)
        except OSError as error:
            raise click.FileError(str(folder), error.strerror or str(error)) from error


class _watching:  # noqa: N801 - used as a function
    """A bar on a terminal, a line now and then elsewhere, nothing when quiet."""

    EVERY = 1000  # calls between two lines

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None

    def __enter__(self) -> tuple[Callable[[Tally], None], Callable[[str], None]]:
        if self._quiet:
            return (lambda _tally: None), (lambda _text: None)
        if not sys.stderr.isatty():
            return self._line, lambda text: click.echo(text, err=True)
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.fields[made]:,} calls, {task.fields[failed]:,} refused"),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        bar = Progress(*columns, console=Console(stderr=True, markup=False), transient=True)
        task = bar.add_task("", total=None, made=0, failed=0)
        bar.start()
        self._bar = bar
        return (
            lambda tally: bar.update(task, description=tally.doing, made=tally.made, failed=tally.failed),
            lambda text: bar.console.print(text, highlight=False),
        )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _line(self, tally: Tally) -> None:
        if tally.made % self.EVERY == 0:
            click.echo(f"{tally.made:,} calls, {tally.failed:,} refused: {tally.doing}", err=True)
