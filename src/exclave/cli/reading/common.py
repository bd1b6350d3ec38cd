"""What reading has in common whatever the cloud: its options, the progress, the end of it."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import click

from exclave.cli.writing import CannotWriteError, tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exclave.inventory.engine import Tally
    from exclave.inventory.record import Recorder

    Watch = Callable[[Tally], None]
    Say = Callable[[str], None]
    Run = Callable[[Recorder, Watch, Say, threading.Event], Tally]

COULD_NOT_LOOK, STOPPED = 3, 130


def together(*options: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Several options as one decorator, shown in this order."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def common_options(
    example: str, *, rate: float, per: str, workers: int
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The options that reading any cloud has.

    Args:
        example: a control of the cloud, or a pattern.
        rate: calls a second, unless said.
        per: what the rate is of.
        workers: calls at a time, unless said.
    """
    return together(
        click.option(
            "--control", "control_ids", multiple=True, help=f"Only what these controls need: an id or a pattern like {example}"
        ),
        click.option("--no-exposures", is_flag=True, help="Leave out what only exposures need: each snapshot, bucket, key, ..."),
        click.option(
            "--rate", type=click.FloatRange(0), default=rate, show_default=True, help=f"Calls a second for each {per}; 0: no limit."
        ),
        click.option("--workers", type=click.IntRange(1, 64), default=workers, show_default=True, help="Calls at a time."),
        click.option("-q", "--quiet", is_flag=True, help="Nothing on standard error."),
    )  # fmt: skip


def ended(tally: Tally, folder: Path, *, resume: bool) -> None:
    """Say what was recorded, and end the program with the status for it."""
    from exclave.inventory.model import code_in_words, to_do

    counted = sorted(tally.errors.items(), key=lambda e: -e[1])
    said = ", ".join(f"{n} {code_in_words(code)}" for code, n in counted)
    there = f", {tally.kept:,} were there" if resume else ""
    tell(
        f"{tally.made:,} calls recorded in {folder}{there}, {tally.failed:,} refused"
        + (f" ({said})" if said else ""),
    )
    for advice in to_do(tally.errors):
        tell(advice)
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


def recorded(folder: Path, run: Run, *, resume: bool, quiet: bool) -> Tally:
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
            goes_on = f"; --resume goes on with what is in {folder}" if any(folder.glob("*")) else ""
            tell(f"stopped: {error}{goes_on}")
            sys.exit(COULD_NOT_LOOK)
        except OSError as error:
            raise CannotWriteError(folder, error) from error


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
            return self._line, tell
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
            tell(f"{tally.made:,} calls, {tally.failed:,} refused: {tally.doing}")
