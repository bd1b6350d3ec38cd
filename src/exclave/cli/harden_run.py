"""What the commands of `exclave harden` share: making, writing, applying, undoing. Each function ends the program."""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from exclave.cli.writing import console, to_stdout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from exclave.audit.model import Control
    from exclave.change.apply import Doing, Done
    from exclave.change.model import Plan, Step
    from exclave.harden.model import Options
    from exclave.harden.run import Hardened
    from exclave.perimeter import Perimeter

FOUND, USAGE, COULD_NOT_LOOK = 1, 2, 3


def needed(cloud: str, control_ids: tuple[str, ...]) -> list[str]:
    """The calls that a hardening reads: what the audit needs, and what makers look at besides."""
    from exclave.cli import collect
    from exclave.harden.registry import also_read

    names = collect.needed(cloud, control_ids, exposures=False)
    return list(dict.fromkeys((*names, *also_read(cloud))))


def folders(
    sources: Sequence[Path], control_ids: tuple[str, ...], who: Mapping[str, Any], given: Mapping[str, Any]
) -> NoReturn:
    """Inventories → artefacts and plan; with --apply its changes are made."""
    from exclave.audit.ours import seen
    from exclave.catalogue.loader import load
    from exclave.cli.hunt import perimeter_maker
    from exclave.harden.run import harden
    from exclave.harden.terminal import show, show_plan
    from exclave.inventory import Inventory

    controls = _controls(control_ids)
    make = perimeter_maker(given["perimeter_file"])
    values = _values(given["values"])
    inventory = Inventory.load(*sources)
    if not inventory.documents:
        raise click.UsageError(
            f"no inventory in {', '.join(map(str, sources))}: `exclave collect` records one"
        )
    _right_account(inventory.coverage().accounts, who)
    perimeter, _said = make(seen(inventory))
    times = {"now": inventory.last} if inventory.last else {}
    made = harden(inventory, perimeter, _options(given, values, perimeter, times), controls, load())
    plan = _plan(made)
    to_stdout(lambda: show(made, console()))
    if plan.steps:
        to_stdout(lambda: show_plan(plan, console()))
    if inventory.problems:
        click.echo(
            f"{len(inventory.problems)} documents of the inventory can't be used: {inventory.problems[0].where}: {inventory.problems[0].what}",
            err=True,
        )
    _write(made, plan, given["output"])
    unseen = bool(made.unseen or inventory.problems)
    if given["apply_"]:
        _apply(plan, who, given, unmade=bool(made.unmade), unseen=unseen)
    if plan.steps and not given["output"]:
        click.echo(
            f"{len(plan.steps)} changes are planned: -o DIR writes the files, --apply makes the changes",
            err=True,
        )
    sys.exit(FOUND if made.missing else COULD_NOT_LOOK if unseen else 0)


def planned(path: Path, who: Mapping[str, Any], given: Mapping[str, Any]) -> NoReturn:
    """A plan from a file, shown; with --apply its changes are made."""
    from exclave.change.file import BadFileError, read_plan
    from exclave.harden.terminal import show_plan

    try:
        plan = read_plan(path)
    except BadFileError as error:
        raise click.UsageError(str(error)) from error
    to_stdout(lambda: show_plan(plan, console()))
    if not given["apply_"]:
        click.echo(f"{len(plan.steps)} changes are planned: --apply makes them", err=True)
        sys.exit(FOUND if plan.steps else 0)
    _apply(plan, who, given, unmade=False, unseen=False)


def undo(path: Path, who: Mapping[str, Any]) -> NoReturn:
    """Take back what an undo file notes."""
    from exclave.change.apply import undo as take_back
    from exclave.change.file import BadFileError, read_undo

    try:
        noted = read_undo(path)
    except BadFileError as error:
        raise click.UsageError(str(error)) from error
    for problem in noted.problems:
        click.echo(f"{path}: {problem}", err=True)
    _end(
        _with_clients(
            [c.step for c in noted.changes],
            who,
            lambda doing: take_back(path, replace(doing, keep_going=True)),
        ),
        unmade=False,
        unseen=bool(noted.problems),
    )


def _apply(
    plan: Plan, who: Mapping[str, Any], given: Mapping[str, Any], *, unmade: bool, unseen: bool
) -> NoReturn:
    from exclave.change.apply import TooManyError
    from exclave.change.apply import apply as make

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    file = given["undo_file"] or Path(f"exclave-undo-{stamp}.jsonl")
    if plan.steps and file.exists():
        raise click.UsageError(
            f"{file} is there already: it is the way back from an earlier run; name another by --undo-file"
        )
    if len(plan.steps) > given["limit"]:
        click.echo(
            f"{len(plan.steps)} changes are planned, and the limit is {given['limit']}: nothing was changed; --limit {len(plan.steps)} allows it, --control takes fewer",
            err=True,
        )
        sys.exit(USAGE)
    if not plan.steps:
        click.echo("nothing to change", err=True)
        sys.exit(FOUND if unmade else COULD_NOT_LOOK if unseen else 0)
    try:
        done = _with_clients(
            plan.steps, who, lambda doing: make(plan, doing, undo_file=file, limit=given["limit"])
        )
    except TooManyError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    if file.exists():
        click.echo(f"to take it back: exclave harden --undo {file}", err=True)
    _end(done, unmade=unmade, unseen=unseen)


def _with_clients(
    steps: Sequence[Step], who: Mapping[str, Any], act: Callable[[Doing], list[Done]]
) -> list[Done]:
    """Act with a client that reads and one that changes; Ctrl-C lets the step in hand come to its end."""
    from exclave.change.apply import Doing
    from exclave.change.calls import CallError
    from exclave.harden.clients import clients
    from exclave.harden.terminal import show_done
    from exclave.inventory.engine import StoppedError

    stop = threading.Event()
    previous = signal.signal(signal.SIGINT, lambda *_: stop.set())
    out = console()
    try:
        reader, writer, identity = clients(steps, **who)
        click.echo(f"as {identity}", err=True)
        return act(Doing(reader=reader, writer=writer, say=lambda done: show_done(done, out), stop=stop))
    except (StoppedError, CallError) as error:
        click.echo(f"stopped: {error}", err=True)
        sys.exit(COULD_NOT_LOOK)
    except OSError as error:
        raise click.FileError(str(error.filename or "undo file"), error.strerror or str(error)) from error
    finally:
        signal.signal(signal.SIGINT, previous)


def _end(done: Sequence[Done], *, unmade: bool, unseen: bool) -> NoReturn:
    from exclave.harden.terminal import summary

    click.echo(summary(done), err=True)
    bad = unmade or any(not d.good for d in done)
    sys.exit(FOUND if bad else COULD_NOT_LOOK if unseen else 0)


def _plan(made: Hardened) -> Plan:
    from exclave.change.model import Plan, Skipped

    return Plan(
        made_at=datetime.now(UTC).replace(microsecond=0),
        steps=made.steps,
        skipped=tuple(
            Skipped(what=c, why="no change by the program puts it in place: see the files and notes")
            for c in made.unmade
        ),
    )


def _write(made: Hardened, plan: Plan, output: Path | None) -> None:
    from exclave.harden.folder import INDEX, write

    if output is None:
        return
    try:
        paths = write(output, made, plan)
    except OSError as error:
        raise click.FileError(str(output), error.strerror or str(error)) from error
    click.echo(f"{len(paths)} files in {output}; begin with {output / INDEX}", err=True)


def _controls(control_ids: tuple[str, ...]) -> Sequence[Control]:
    from exclave.audit.loader import BadControlError, chosen

    try:
        return chosen(control_ids)
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error


def _right_account(accounts: frozenset[str], who: Mapping[str, Any]) -> None:
    expected = who.get("expect_account")
    if expected and expected not in accounts:
        raise click.UsageError(
            f"the inventory is of {', '.join(sorted(accounts))}, not of {expected}: nothing was made"
        )


def _values(given: Sequence[str]) -> dict[str, str]:
    pairs = [g.partition("=") for g in given]
    for name, equals, _ in pairs:
        if not equals or not name.strip():
            raise click.BadParameter(f"{name!r}: write NAME=VALUE", param_hint="--set")
    return {name.strip(): value for name, _, value in pairs}


def _options(
    given: Mapping[str, Any], values: dict[str, str], perimeter: Perimeter, times: dict[str, Any]
) -> Options:
    from exclave.audit.baseline import BadLinesError, hunted
    from exclave.audit.model import Settings
    from exclave.harden.model import Options
    from exclave.harden.names import BadNameError, break_glass, checked

    try:
        used = hunted(given["findings"])
        prefix, notify = checked(given["prefix"], given["notify"])
        spared = break_glass(perimeter, given["break_glass"])
    except (BadLinesError, BadNameError) as error:
        raise click.UsageError(str(error)) from error
    settings = Settings(
        key_days=given["key_days"], session_hours=given["session_hours"], hunted=used, **times
    )
    return Options(
        formats=frozenset(given["formats"]), notify=notify, prefix=prefix, break_glass=spared, settings=settings, values=values
    )  # fmt: skip
