"""`exclave harden alerts`: the activity log alerts of Azure, listed, made, changed, switched and deleted."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from exclave.cli.applying import applying_options
from exclave.cli.reading import record, together
from exclave.cli.writing import put, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exclave.change.model import Step
    from exclave.harden.makers.azure.alert_edits import Alert
    from exclave.inventory import Inventory

COULD_NOT_LOOK = 3
T = TypeVar("T")
CALLS = ("insights.ActivityLogAlerts", "insights.ActionGroups", "alertsmanagement.ActionRules")
LEVELS = ("Critical", "Error", "Warning", "Informational", "Verbose")


def _subscription(function: Callable[..., None]) -> Callable[..., None]:
    text = "Only this subscription; every one that the credential sees unless said."
    return click.option("--subscription", "subscriptions", multiple=True, help=text)(function)


# What an alert can be told.
_content = together(
    click.option("--operation", "operations", multiple=True, metavar="NAME", help="An operation that it fires on, such as Microsoft.Compute/disks/beginGetAccess/action; may be given several times."),
    click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), help="Only events of this level: fewer than all."),
    click.option("--status", help="Only events of this status (Started, Succeeded, Failed): fewer than all."),
    click.option("--caller", help="Only what this one does: fewer than all."),
    click.option("--action-group", "action_group", metavar="ID", help="The action group that it tells."),
    click.option("--description", help="What it is for."),
)  # fmt: skip


@click.group("alerts")
def command() -> None:
    """List and change activity log alerts of Azure.

    Only --apply changes anything.
    """


@command.command("list")
@_subscription
@click.option("--format", "format_", type=click.Choice(["text", "jsonl"]), default="text", show_default=True)
def list_(subscriptions: tuple[str, ...], format_: str) -> None:
    """List the alerts, and why each may be quiet.

    What each fires on, whom it tells.
    Exit status: 0 listed, 3 something could not be looked at.
    """
    from exclave.outputs.neutralise import json_line

    with _looked(subscriptions) as (inventory, found):
        for one in found:
            if format_ == "jsonl":
                shown = {
                    k: getattr(one, k)
                    for k in (
                        "id",
                        "name",
                        "enabled",
                        "scopes",
                        "operations",
                        "conditions",
                        "groups",
                        "wrong",
                    )
                }
                put(json_line(shown))
            else:
                put("\n".join(_told(one)))
        problems = [
            f"{a.scope}: {call}: {a.error.words}"
            for call in CALLS
            for a in inventory.answers(call)
            if a.error is not None
        ]
    for problem in problems:
        tell(problem)
    sys.exit(COULD_NOT_LOOK if problems else 0)


@command.command("create")
@click.argument("name")
@_subscription
@_content
@click.option(
    "--notify",
    multiple=True,
    metavar="WHO",
    help="Whom a new action group tells: a mail address, a phone number, an https:// URL.",
)
@click.option("--resource-group", help="Where it is made: the action group's unless said.")
@click.option(
    "--location", default="westeurope", show_default=True, help="Of the resource group, when it is made."
)
@click.option("--disabled", is_flag=True, help="Made, but not switched on.")
@applying_options
def create(
    name: str, subscriptions: tuple[str, ...], operations: tuple[str, ...], level: str | None, status: str | None, caller: str | None,
    action_group: str | None, description: str | None, notify: tuple[str, ...], resource_group: str | None, location: str, disabled: bool,
    **applying: Any,
) -> None:  # fmt: skip
    """Make an alert on the whole subscription.

    Its action group is one that is there, or is made.
    """
    from exclave.harden.makers.azure import alert_edits
    from exclave.harden.makers.azure.telling import telling
    from exclave.harden.model import Options

    if not operations:
        raise click.UsageError("name what it fires on: --operation NAME")
    with _looked(subscriptions) as (inventory, found):
        account = _one_subscription(inventory)
        given = {"resource-group": resource_group, "location": location, "action-group": action_group}
        values = {k: v for k, v in given.items() if v}
        who = telling(inventory, account, Options(notify=_checked(notify), values=values), ())
    for note in who.notes:
        tell(note)
    wish = {
        "location": "Global",
        "properties": {
            "description": description or "", "enabled": not disabled, "scopes": [f"/subscriptions/{account}"],
            "condition": alert_edits.condition(operations, _narrow(level, status, caller)),
            "actions": {"actionGroups": [{"actionGroupId": who.id}]},
        },
    }  # fmt: skip
    _do([*who.steps, _step(lambda: alert_edits.made(account, who, name, wish, found))], applying)


@command.command("edit")
@click.argument("name")
@_subscription
@_content
@applying_options
def edit(
    name: str, subscriptions: tuple[str, ...], operations: tuple[str, ...], level: str | None, status: str | None, caller: str | None,
    action_group: str | None, description: str | None, **applying: Any,
) -> None:  # fmt: skip
    """Change an alert, by its name or id. With --operation the whole condition is replaced."""
    from exclave.harden.makers.azure import alert_edits

    narrow = _narrow(level, status, caller)
    with _looked(subscriptions) as (_, found):
        one = _named(found, name)
    change: dict[str, Any] = {}
    if operations or narrow:
        change["condition"] = alert_edits.condition(operations or one.operations, narrow)
    if action_group:
        change["actions"] = {"actionGroups": [{"actionGroupId": action_group}]}
    if description is not None:
        change["description"] = description
    if not change:
        raise click.UsageError(
            "say what to change: --operation, --level, --status, --caller, --action-group, --description"
        )
    _do([alert_edits.edited(one, change)], applying)


def _switch(name: str, subscriptions: tuple[str, ...], applying: dict[str, Any], *, on: bool) -> None:
    from exclave.harden.makers.azure import alert_edits

    with _looked(subscriptions) as (_, found):
        one = _named(found, name)
    if one.enabled is on:
        tell(f"{one.name} is {'enabled' if on else 'disabled'} already")
        return
    _do([alert_edits.switched(one, on=on)], applying)


@command.command("enable")
@click.argument("name")
@_subscription
@applying_options
def enable(name: str, subscriptions: tuple[str, ...], **applying: Any) -> None:
    """Switch an alert on."""
    _switch(name, subscriptions, applying, on=True)


@command.command("disable")
@click.argument("name")
@_subscription
@applying_options
def disable(name: str, subscriptions: tuple[str, ...], **applying: Any) -> None:
    """Switch an alert off."""
    _switch(name, subscriptions, applying, on=False)


@command.command("delete")
@click.argument("name")
@_subscription
@applying_options
def delete(name: str, subscriptions: tuple[str, ...], **applying: Any) -> None:
    """Delete an alert; the undo file makes it again as it was."""
    from exclave.harden.makers.azure import alert_edits

    with _looked(subscriptions) as (_, found):
        one = _named(found, name)
    _do([alert_edits.deleted(one)], applying)


@contextmanager
def _looked(subscriptions: tuple[str, ...]) -> Iterator[tuple[Inventory, list[Alert]]]:
    """What stands in Azure now, and the alerts in it."""
    from exclave.audit.model import Settings
    from exclave.harden.makers.azure.alert_edits import alerts
    from exclave.inventory import Inventory

    with tempfile.TemporaryDirectory(prefix="exclave-") as scratch:
        target = Path(scratch) / "inventory"
        record("azure", target, CALLS, subscriptions=subscriptions, quiet=True)
        inventory = Inventory.load(target)
        yield inventory, list(alerts(inventory, Settings()))


def _named(found: Sequence[Alert], name: str) -> Alert:
    from exclave.harden.makers.azure.alert_edits import called

    return _step(lambda: called(found, name))


def _step(make: Callable[[], T]) -> T:
    from exclave.harden.makers.azure.alert_edits import NoSuchAlertError

    try:
        return make()
    except NoSuchAlertError as error:
        raise click.UsageError(str(error)) from error


def _one_subscription(inventory: Inventory) -> str:
    from exclave.model import Cloud

    found = [s.account for s in inventory.scopes if s.cloud is Cloud.AZURE and s.region == "global"]
    if len(found) != 1:
        raise click.UsageError(
            f"say in which subscription: --subscription ID; visible: {', '.join(found) or 'none'}"
        )
    return found[0]


def _checked(notify: tuple[str, ...]) -> tuple[str, ...]:
    from exclave.harden.names import BadNameError, checked

    try:
        return checked("exclave", notify)[1]
    except BadNameError as error:
        raise click.UsageError(str(error)) from error


def _narrow(level: str | None, status: str | None, caller: str | None) -> dict[str, str]:
    found = {k: v for k, v in (("level", level), ("status", status), ("caller", caller)) if v}
    if found:
        tell(
            f"it will not fire on every such event, only where {', '.join(f'{k} is {v}' for k, v in found.items())}",
        )
    return found


def _told(one: Alert) -> list[str]:
    from exclave.outputs.neutralise import line

    lines = [f"{line(one.name)}  {'enabled' if one.enabled else 'disabled'}", f"  id        {line(one.id)}"]
    for word, values in (
        ("watches", one.scopes),
        ("fires on", one.operations),
        ("only if", one.conditions),
        ("tells", one.groups),
        ("wrong", one.wrong),
    ):
        lines += [f"  {word:9} {line(value)}" for value in values]
    return lines


def _do(steps: Sequence[Step], applying: dict[str, Any]) -> None:
    """Show the plan; make it when --apply was given."""
    from exclave.change.clients import Who
    from exclave.change.model import Plan
    from exclave.cli.applying import apply_plan, status_of
    from exclave.cli.writing import console, to_stdout
    from exclave.outputs import plan as writer

    plan = Plan(made_at=datetime.now(UTC).replace(microsecond=0), steps=tuple(steps))
    to_stdout(lambda: writer.write(plan, console()))
    if not applying["apply_"]:
        tell("nothing was changed: --apply makes it so")
        return
    who = Who(expect_account=applying["expect_account"])
    done = apply_plan(
        plan, who, limit=applying["limit"], undo_file=applying["undo_file"], keep_going=applying["keep_going"], command="exclave harden"
    )  # fmt: skip
    sys.exit(status_of(done))
