"""Activity log alerts: on deletion of a security rule, and on the catalogue's operations.

https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/create-or-update. 100 active rules are all that a
subscription takes (https://learn.microsoft.com/azure/azure-monitor/service-limits), so one rule has many operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.activity import ALERTS, SERVICE, SEVERITY
from exclave.audit.checks.azure.conditions import type_of
from exclave.audit.checks.azure.ids import name_of, norm, properties
from exclave.audit.checks.azure.operations import NSG_RULE_DELETE, kind_of, watched
from exclave.audit.checks.azure.suppression import rules, silenced
from exclave.audit.model import Status
from exclave.change.model import equals
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.arm import IdOf, Resource, Template
from exclave.harden.makers.azure.telling import telling
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Request, Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

TYPE, API = "Microsoft.Insights/activityLogAlerts", "2020-10-01"
RULE_API = "2021-08-08"
MOST = 20  # operations of one rule
MANY = (
    "one rule has up to 20 operations (anyOf), for a subscription takes 100 rules: that is in the interface's "
    "model, try one before you rely on it"
)


def nsg_rule_delete(
    results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options
) -> Made:
    """One alert for each subscription."""
    wanted = {f"{options.prefix}-nsg-rule-delete": (NSG_RULE_DELETE,)}
    return _made(results, inventory, options, lambda _mine: wanted)


def activity(
    results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options
) -> Made:
    """Alerts for the operations that lack one, some operations each."""

    def lacking(mine: Sequence[Result]) -> dict[str, tuple[str, ...]]:
        bad = {i.resource for r in mine for i in r.check.items if i.status in (Status.FAIL, Status.PARTIAL)}
        return grouped(options.prefix, bad)

    made = _made(results, inventory, options, lacking)
    return Made(artefacts=made.artefacts, steps=made.steps, notes=(*made.notes, MANY))


def grouped(prefix: str, only: set[str]) -> dict[str, tuple[str, ...]]:
    """Name → operations of the alerts, by what the operations do; a name always has the same operations.

    Rules none of whose operations is lacking are left out.
    """
    by_kind: dict[str, list[str]] = {}
    for name, methods in watched():
        by_kind.setdefault(kind_of(methods), []).append(name)
    found: dict[str, tuple[str, ...]] = {}
    for kind, names in sorted(by_kind.items()):
        for number, start in enumerate(range(0, len(names), MOST), 1):
            part = tuple(names[start : start + MOST])
            if only & set(part):
                found[f"{prefix}-{kind}-{number}"] = part
    return found


def body(account: str, operations: Sequence[str], group: Any, about: str) -> dict[str, Any]:
    """An alert that fires on each of the operations: any level, any status, whoever does it."""
    leaves = [{"field": "operationName", "equals": o} for o in operations]
    return {
        "location": "Global",
        "properties": {
            "description": about,
            "enabled": True,
            "scopes": [f"/subscriptions/{account}"],
            "condition": {
                "allOf": [
                    {"field": "category", "equals": "Administrative"},
                    leaves[0] if len(leaves) == 1 else {"anyOf": leaves},
                ]
            },
            "actions": {"actionGroups": [{"actionGroupId": group}]},
        },
    }


def _made(results: Sequence[Result], inventory: Inventory, options: Options, wanted_of: Any) -> Made:
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes: list[str] = []
    for account, mine in by_account(results).items():
        control = mine[0].control.id
        wanted = wanted_of(mine)
        if not wanted:
            continue
        who = telling(inventory, account, options, mine)
        notes += who.notes
        steps += who.steps
        there = {norm(a.get("id")): a for a in inventory.one(ALERTS, account).items if isinstance(a, dict)}
        resources = [who.resource] if who.resource else []
        for number, (name, operations) in enumerate(wanted.items()):
            about = f"{operations[0] if len(operations) == 1 else f'{len(operations)} operations'} in this subscription"
            identifier = f"/subscriptions/{account}/resourceGroups/{who.group}/providers/{TYPE}/{name}"
            wish = body(account, operations, who.id, about)
            steps.append(
                alert_step(identifier, wish, there.get(norm(identifier)), account, mine, first=who.first)
            )
            group = IdOf("actionGroup") if who.resource else who.id
            resources.append(
                Resource(
                    symbol=f"alert{number + 1}", type=TYPE, api=API, name=name, body=body(account, operations, group, about),
                    after=("actionGroup",) if who.resource else (),
                )
            )  # fmt: skip
        steps += _unsilenced(inventory, account, mine, options, wanted)
        undo = "az resource delete --ids " + " ".join(
            f"/subscriptions/{account}/resourceGroups/{who.group}/providers/{TYPE}/{n}" for n in wanted
        )
        artefacts += changes.templates(
            control, account, Template(resources=tuple(resources)), options, about=f"{len(wanted)} activity log alerts",
            group=who.group, undo=undo, notes=(f"make the resource group first: az group create --name {who.group} --location {who.location}",),
        )  # fmt: skip
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def alert_step(
    identifier: str,
    wish: Mapping[str, Any],
    before: Any,
    account: str,
    results: Sequence[Result] = (),
    title: str = "",
    first: Sequence[Request] = (),
) -> Step:
    """The step that makes an alert so, or replaces one of that name."""
    undo = [changes.call("DELETE", identifier, API, account)]
    if before is not None:
        old = {k: before[k] for k in ("location", "tags", "properties") if before.get(k) is not None}
        undo = [changes.call("PUT", identifier, API, account, old)]
    held = properties(wish)
    return changes.step(
        title or f"{'change' if before else 'make'} the alert {name_of(identifier)}",
        identifier,
        account,
        [*first, changes.call("PUT", identifier, API, account, dict(wish))],
        read=changes.reading(
            identifier,
            API,
            account,
            (
                "location",
                "properties.enabled",
                "properties.scopes",
                "properties.condition",
                "properties.actions",
            ),
        ),
        before=before,
        undo=undo,
        after=[
            equals("properties.enabled", held.get("enabled")),
            equals("properties.condition", held.get("condition")),
        ],
        results=results,
        why=changes.why(results),
    )


def _unsilenced(
    inventory: Inventory, account: str, results: Sequence[Result], options: Options, wanted: Mapping[str, Sequence[str]],
) -> list[Step]:  # fmt: skip
    """Alert processing rules that would silence the new alerts, switched off."""
    known = rules(inventory, account, options.settings)
    whole = f"/subscriptions/{account}"
    new = {(name, type_of(one)) for name, operations in wanted.items() for one in operations}
    steps: list[Step] = []
    for rule in known.found:
        only = type(known)((rule,), None)
        judged = (silenced(only, whole, {"name": n}, SERVICE, SEVERITY, kind)[0] for n, kind in new)
        if Status.FAIL not in judged:
            continue
        identifier = str(rule.get("id"))
        steps.append(
            changes.step(
                f"switch off the alert processing rule {name_of(identifier)}, which silences alerts",
                identifier,
                account,
                [changes.call("PATCH", identifier, RULE_API, account, {"properties": {"enabled": False}})],
                read=changes.reading(
                    identifier,
                    RULE_API,
                    account,
                    ("properties.enabled", "properties.scopes", "properties.actions"),
                ),
                before=rule,
                undo=[
                    changes.call("PATCH", identifier, RULE_API, account, {"properties": {"enabled": True}})
                ],
                after=[equals("properties.enabled", False)],
                breaks=("what the rule kept quiet is told again",),
                results=results,
            )
        )
    return steps
