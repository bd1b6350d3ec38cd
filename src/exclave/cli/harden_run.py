"""What the commands of `exclave harden` share: making, writing, applying, undoing. Each function ends the program."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import click

from exclave.cli.writing import CannotWriteError, console, tell, to_stdout
from exclave.outputs import plan as plan_writer
from exclave.outputs.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from exclave.audit.model import Control
    from exclave.change.clients import Who
    from exclave.change.model import Plan
    from exclave.harden.model import Options
    from exclave.harden.run import Hardened
    from exclave.perimeter import Perimeter

FOUND, COULD_NOT_LOOK = 1, 3


def needed(cloud: str, control_ids: tuple[str, ...]) -> list[str]:
    """The calls that a hardening reads: what the audit needs, and what makers look at besides."""
    from exclave.cli import reading
    from exclave.harden.registry import also_read

    names = reading.needed(cloud, control_ids, exposures=False)
    return list(dict.fromkeys((*names, *also_read(cloud))))


def folders(
    sources: Sequence[Path], control_ids: tuple[str, ...], who: Who, given: Mapping[str, Any]
) -> NoReturn:
    """Inventories → artefacts and plan; with --apply its changes are made."""
    from exclave.audit.ours import seen
    from exclave.catalogue.loader import load
    from exclave.cli.hunt import perimeter_maker
    from exclave.harden.run import harden
    from exclave.harden.terminal import show
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
        to_stdout(lambda: plan_writer.write(plan, console()))
    if inventory.problems:
        tell(
            f"{len(inventory.problems)} documents of the inventory can't be used: {inventory.problems[0].where}: {inventory.problems[0].what}",
        )
    _write(made, plan, given["output"])
    unseen = bool(made.unseen or inventory.problems)
    if given["apply_"]:
        _apply(plan, who, given, unmade=bool(made.unmade), unseen=unseen)
    if plan.steps and not given["output"]:
        tell(
            f"planned: {count(len(plan.steps), 'change')}; -o DIR writes the files, --apply makes the changes",
        )
    sys.exit(FOUND if made.missing else COULD_NOT_LOOK if unseen else 0)


def planned(path: Path, who: Who, given: Mapping[str, Any]) -> NoReturn:
    """A plan from a file, shown; with --apply its changes are made."""
    from exclave.change.file import BadFileError, read_plan

    try:
        plan = read_plan(path)
    except BadFileError as error:
        raise click.UsageError(str(error)) from error
    to_stdout(lambda: plan_writer.write(plan, console()))
    if not given["apply_"]:
        tell(f"planned: {count(len(plan.steps), 'change')}; --apply makes them")
        sys.exit(FOUND if plan.steps else 0)
    _apply(plan, who, given, unmade=False, unseen=False)


def _apply(plan: Plan, who: Who, given: Mapping[str, Any], *, unmade: bool, unseen: bool) -> NoReturn:
    from exclave.cli.applying import apply_plan, status_of

    if not plan.steps:
        tell("nothing to change")
    done = apply_plan(
        plan, who, limit=given["limit"], undo_file=given["undo_file"], keep_going=False, command="exclave harden"
    )  # fmt: skip
    sys.exit(status_of(done, left=unmade, unlooked=unseen))


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
        raise CannotWriteError(output, error) from error
    tell(f"{len(paths)} files in {output}; begin with {output / INDEX}")


def _controls(control_ids: tuple[str, ...]) -> Sequence[Control]:
    from exclave.audit.loader import BadControlError, chosen

    try:
        return chosen(control_ids)
    except BadControlError as error:
        raise click.BadParameter(str(error), param_hint="--control") from error


def _right_account(accounts: frozenset[str], who: Who) -> None:
    expected = who.expect_account
    if expected and expected not in accounts:
        raise click.UsageError(
            f"the inventory is of {', '.join(sorted(accounts))}, not of {expected}: nothing was made"
        )


def _values(given: Sequence[str]) -> dict[str, str]:
    from exclave.harden.model import VALUES

    pairs = [g.partition("=") for g in given]
    for name, equals, _ in pairs:
        if not equals or not name.strip():
            raise click.BadParameter(f"{name!r}: write NAME=VALUE", param_hint="--set")
        if name.strip() not in VALUES:
            known = ", ".join(sorted(VALUES))
            raise click.BadParameter(
                f"no control asks for {name.strip()!r}; known: {known}", param_hint="--set"
            )
    return {name.strip(): value for name, _, value in pairs}


def _options(
    given: Mapping[str, Any], values: dict[str, str], perimeter: Perimeter, times: dict[str, Any]
) -> Options:
    from exclave.audit.baseline import BadLinesError, hunted
    from exclave.audit.model import Settings
    from exclave.harden.model import FORMATS, Options
    from exclave.harden.names import BadNameError, break_glass, checked

    if unknown := sorted(set(given["formats"]) - FORMATS):
        raise click.BadParameter(
            f"{', '.join(unknown)}; one of {', '.join(sorted(FORMATS))}", param_hint="--format"
        )
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
