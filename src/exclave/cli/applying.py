"""What every command that changes a cloud has in common: its options, applying a plan, and undoing."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from exclave.cli.reading.common import together
from exclave.cli.writing import CannotWriteError, console, tell, to_stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exclave.change.apply import Done
    from exclave.change.clients import Who
    from exclave.change.model import Plan

STANDS, USAGE, COULD_NOT_LOOK, INTERRUPTED = 1, 2, 3, 130


# The options of commands that change a cloud.
applying_options = together(
    click.option("--apply", "apply_", is_flag=True, help="Do it. Without this nothing is changed."),
    click.option(
        "--limit",
        type=click.IntRange(1),
        default=10,
        show_default=True,
        help="The most resources that may be changed; with more nothing is.",
    ),
    click.option(
        "--undo-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where to note what stood before (default: ./exclave-undo-TIME.jsonl).",
    ),
    click.option("--keep-going", is_flag=True, help="Go on with the other resources when one fails."),
    click.option(
        "--expect-account",
        default="",
        help="Change nothing unless the credentials, and what is changed, are of this account.",
    ),
)


def apply_plan(
    plan: Plan, who: Who, *, limit: int, undo_file: Path | None, keep_going: bool, command: str
) -> list[Done]:
    """Make a plan's steps, telling of each; says where the undo file is.

    Ends the program with 2 when there are more steps than the limit, with 3 where there are no credentials or those of
    another account.
    """
    from exclave.change import clients
    from exclave.change.apply import Doing, TooManyError, apply

    if not plan.steps:
        return []
    target = undo_file or Path(f"exclave-undo-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}.jsonl")
    requests = [r for s in plan.steps for r in s.change]
    accounts = clients.accounts_of(plan.steps)
    with _stopping() as stop, clear_errors():
        doing = Doing(
            reader=clients.reader(who, clients.reads_of(plan.steps), accounts),
            writer=clients.writer(who, requests, accounts),
            say=_teller(),
            stop=stop,
            keep_going=keep_going,
        )
        try:
            results = apply(plan, doing, undo_file=target, limit=limit)
        except TooManyError as error:
            raise click.UsageError(
                f"{error}. Choose fewer, or raise --limit once you have looked at each."
            ) from error
        except FileExistsError as error:
            raise click.UsageError(
                f"{target} is there already: an undo file is never written over"
            ) from error
        except OSError as error:
            raise CannotWriteError(target, error) from error
    _closing(results, f"`{command} --undo {target}` takes it back" if target.exists() else "")
    return results


def undo_from(file: Path, who: Who, *, keep_going: bool) -> NoReturn:
    """Undo what an undo file notes, telling of each, and end the program with the status for it."""
    from exclave.change import clients
    from exclave.change.apply import Doing, undo
    from exclave.change.file import BadFileError, read_undo

    try:
        found = read_undo(file)
    except BadFileError as error:
        raise click.UsageError(str(error)) from error
    for problem in found.problems:
        tell(f"{file}: {problem}")
    steps = [c.step for c in found.changes]
    accounts = clients.accounts_of(steps)
    with _stopping() as stop, clear_errors():
        doing = Doing(
            reader=clients.reader(who, clients.reads_of(steps), accounts),
            writer=clients.writer(who, [r for s in steps for r in s.undo], accounts),
            say=_teller(),
            stop=stop,
            keep_going=keep_going,
        )
        try:
            results = undo(file, doing)
        except OSError as error:
            raise CannotWriteError(file, error) from error
    _closing(results, "")
    sys.exit(status_of(results, unlooked=len(found.problems)))


def status_of(results: Sequence[Done], *, left: int = 0, unlooked: int = 0) -> int:
    """0 when all is done, 1 where something still stands, 3 where something could not be looked at, 130 interrupted."""
    if any(d.why == "stopped" for d in results):
        return INTERRUPTED
    if left or any(not d.good for d in results):
        return STANDS
    return COULD_NOT_LOOK if unlooked else 0


def _teller() -> Callable[[Done], None]:
    from exclave.outputs import plan as writer

    out = console()

    def said(one: Done) -> None:
        with suppress(CannotWriteError):  # what is being changed goes on, whoever listens
            to_stdout(lambda: writer.done(one, out))

    return said


def _closing(results: Sequence[Done], hint: str) -> None:
    from exclave.outputs.plan import counted

    tell(counted(results) + (f"; {hint}" if hint else ""))


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, so that the step in hand is finished; the second ends the program."""
    stop = threading.Event()

    def first(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        tell("stopping after this step; what was done can be undone")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, first)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Ends the program with a clear word, and 3, where there are no credentials or those of another account."""
    from exclave.inventory.azure.endpoints import BadEndpointError
    from exclave.inventory.engine import StoppedError
    from exclave.inventory.gcp.endpoints import BadEndpointError as BadGoogleEndpointError

    try:
        yield
    except StoppedError as error:
        tell(f"Error: {error}")
        sys.exit(COULD_NOT_LOOK)
    except (BadEndpointError, BadGoogleEndpointError) as error:
        raise click.UsageError(str(error)) from error
