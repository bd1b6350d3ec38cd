"""Activity log alerts as a person manages them: what each does, and the steps that make, change, switch or delete one.

https://learn.microsoft.com/rest/api/monitor/activity-log-alerts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure import receivers, suppression
from exclave.audit.checks.azure.activity import ALERTS, about
from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, texts
from exclave.audit.model import Status
from exclave.change.model import equals, gone
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.alerts import API, TYPE, alert_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Settings
    from exclave.change.model import Step
    from exclave.harden.makers.azure.telling import Telling
    from exclave.inventory import Inventory

KEPT = ("location", "tags", "properties")


class NoSuchAlertError(Exception):
    """No alert, or more than one, is called so; the message says which there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it stands. `wrong`: why it doesn't fire on all its operations, or tells nobody."""

    id: str
    account: str
    name: str
    enabled: bool
    scopes: tuple[str, ...]
    operations: tuple[str, ...]
    conditions: tuple[str, ...]  # what else it asks
    groups: tuple[str, ...]
    wrong: tuple[str, ...]
    held: Mapping[str, Any]


def alerts(inventory: Inventory, settings: Settings) -> Iterator[Alert]:
    """Every activity log alert of an inventory."""
    known = receivers.groups(inventory)
    for answer in inventory.answers(ALERTS):
        rules = suppression.rules(inventory, answer.scope.account, settings)
        for one in answer.items:
            if not isinstance(one, Mapping):
                continue
            held = properties(one)
            operations, conditions = _condition(held.get("condition"))
            wrong = {
                i.why.partition(": ")[2]
                for operation in operations
                for i in about(answer, operation, known, rules)
                if i.status is not Status.PASS and dict(i.facts).get("alert") == str(one.get("id"))
            }
            yield Alert(
                id=str(one.get("id")), account=answer.scope.account, name=str(one.get("name")), enabled=held.get("enabled") is not False,
                scopes=tuple(texts(held, "scopes")), operations=operations, conditions=conditions,
                groups=tuple(str(g.get("actionGroupId")) for g in listed(held.get("actions"), "actionGroups")),
                wrong=tuple(sorted(wrong)), held=one,
            )  # fmt: skip


def _condition(condition: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The operations that a condition names, and what else it asks, in words."""
    operations: list[str] = []
    others: list[str] = []
    for part in listed(condition, "allOf"):
        leaves = listed(part, "anyOf") or [part]
        if all(str(leaf.get("field", "")).lower() == "operationname" for leaf in leaves):
            operations += [o for leaf in leaves for o in texts(leaf, "equals", "containsAny")]
        else:
            others.append(
                " or ".join(
                    f"{leaf.get('field')} = {', '.join(texts(leaf, 'equals', 'containsAny'))}"
                    for leaf in leaves
                )
            )
    return tuple(operations), tuple(others)


def called(found: Sequence[Alert], name: str) -> Alert:
    """The alert of a name or id.

    Raises:
        NoSuchAlertError: none is called so, or several are.
    """
    fit = [a for a in found if norm(a.id) == norm(name)] or [
        a for a in found if a.name.lower() == name.lower()
    ]
    if len(fit) == 1:
        return fit[0]
    if fit:
        raise NoSuchAlertError(
            f"{len(fit)} alerts are called {name}: name one by its id: {', '.join(a.id for a in fit)}"
        )
    raise NoSuchAlertError(
        f"no alert is called {name}; there are: {', '.join(sorted(a.name for a in found)) or 'none'}"
    )


def condition(
    operations: Sequence[str], narrow: Mapping[str, str], category: str = "Administrative"
) -> dict[str, Any]:
    """A condition for some operations. `narrow`: further fields (level, status, caller) that must hold."""
    leaves = [{"field": "operationName", "equals": o} for o in operations]
    named: list[dict[str, Any]] = leaves if len(leaves) == 1 else [{"anyOf": leaves}] if leaves else []
    more = [{"field": k, "equals": v} for k, v in narrow.items() if v]
    return {"allOf": [{"field": "category", "equals": category}, *named, *more]}


def made(account: str, who: Telling, name: str, wish: Mapping[str, Any], found: Sequence[Alert]) -> Step:
    """The step that makes a new alert, in the resource group of `who`.

    Raises:
        NoSuchAlertError: there is one of that name and place already.
    """
    identifier = f"/subscriptions/{account}/resourceGroups/{who.group}/providers/{TYPE}/{name}"
    if any(norm(a.id) == norm(identifier) for a in found):
        raise NoSuchAlertError(f"{identifier} is there already: edit it")
    return alert_step(identifier, wish, None, account, first=who.first)


def edited(alert: Alert, change: Mapping[str, Any]) -> Step:
    """The step that changes some properties of an alert."""
    body = {k: alert.held[k] for k in KEPT if alert.held.get(k) is not None}
    body["properties"] = {**properties(alert.held), **change}
    return alert_step(
        alert.id,
        body,
        alert.held,
        alert.account,
        title=f"change {', '.join(change)} of the alert {alert.name}",
    )


def switched(alert: Alert, *, on: bool) -> Step:
    """The step that enables or disables an alert."""
    calls = [
        changes.call("PATCH", alert.id, API, alert.account, {"properties": {"enabled": e}})
        for e in (on, alert.enabled)
    ]
    return changes.step(
        f"{'enable' if on else 'disable'} the alert {alert.name}", alert.id, alert.account, calls[:1],
        read=changes.reading(alert.id, API, alert.account, ("properties.enabled", "properties.condition", "properties.scopes")),
        before=alert.held, undo=calls[1:], after=[equals("properties.enabled", on)],
        breaks=() if on else ("what it watches is not told any more",),
    )  # fmt: skip


def deleted(alert: Alert) -> Step:
    """The step that deletes an alert; its undo makes it again as it was."""
    body = {k: alert.held[k] for k in KEPT if alert.held.get(k) is not None}
    return changes.step(
        f"delete the alert {name_of(alert.id)}", alert.id, alert.account, [changes.call("DELETE", alert.id, API, alert.account)],
        read=changes.reading(alert.id, API, alert.account, ("properties.enabled", "properties.condition", "properties.scopes", "properties.actions")),
        before=alert.held, undo=[changes.call("PUT", alert.id, API, alert.account, body)], after=[gone()],
        breaks=("what it watches is not told any more",),
    )  # fmt: skip
