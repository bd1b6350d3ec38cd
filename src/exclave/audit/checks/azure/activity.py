"""Activity log alerts: an enabled rule on the whole subscription that fires on the operation and tells somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure import receivers, suppression
from exclave.audit.checks.azure.conditions import Fires, fires, type_of
from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, texts
from exclave.audit.checks.azure.operations import NSG_RULE_DELETE, watched
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

ALERTS = "insights.ActivityLogAlerts"
SERVICE, SEVERITY = "Activity Log - Administrative", "Sev4"


def nsg_rule_delete(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per alert that is about deleting security rules: one that is right is enough."""
    found = receivers.groups(inventory)
    checks: list[Check] = []
    for answer in inventory.answers(ALERTS):
        if answer.error is not None:
            items = [unseen(answer)]
        else:
            rules = suppression.rules(inventory, answer.scope.account, settings)
            items = about(answer, NSG_RULE_DELETE, found, rules)
        checks.append(judged(answer.scope, items, "alerts on deleting security rules", any_passes=True))
    return checks


def activity(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per operation of the catalogue: some alert must be right for it."""
    found = receivers.groups(inventory)
    checks: list[Check] = []
    for answer in inventory.answers(ALERTS):
        if answer.error is not None:
            items = [unseen(answer)]
        else:
            rules = suppression.rules(inventory, answer.scope.account, settings)
            items = [_best(about(answer, name, found, rules), name) for name, _ in watched()]
        checks.append(judged(answer.scope, items, "operations"))
    return checks


def about(answer: Answer, operation: str, groups: receivers.Groups, rules: suppression.Rules) -> list[Item]:
    """An item for each alert that is about the operation; one that fails when there is none."""
    items: list[Item] = []
    for alert in answer.items:
        if isinstance(alert, dict):
            result = fires(properties(alert).get("condition"), operation)
            if result.covers:
                items.append(_alert(alert, operation, result, answer, groups, rules))
    if not items:
        facts = (("operation", operation),)
        items.append(failed(operation, f"no alert is about {operation}", facts, answer.where))
    return items


def _alert(
    alert: Mapping[str, Any],
    operation: str,
    result: Fires,
    answer: Answer,
    groups: receivers.Groups,
    rules: suppression.Rules,
) -> Item:
    held = properties(alert)
    identifier = str(alert.get("id") or alert.get("name") or "")
    whole = norm(f"/subscriptions/{answer.scope.account}")
    scopes = [norm(s) for s in texts(held, "scopes")]
    reasons: list[str] = []
    if held.get("enabled") is False:
        reasons.append("it is disabled")
    if whole not in scopes:
        said = ", ".join(scopes[:2]) or "nothing"
        reasons.append(f"it watches {said}, not the whole subscription")
    reasons += result.narrowed
    reached, why = groups.reached(
        [str(g.get("actionGroupId") or "") for g in listed(held.get("actions"), "actionGroups")]
    )
    if reached is Status.FAIL:
        reasons.append(why)
    quiet, silence = suppression.silenced(rules, whole, alert, SERVICE, SEVERITY, type_of(operation))
    if quiet is Status.FAIL:
        reasons.append(silence)
    facts = (("alert", identifier), ("operation", operation))
    said = f"alert {name_of(identifier)}: " + "; ".join(reasons or [w for w in (why, silence) if w])
    if reasons:
        only_successes = result.successes and len(reasons) == 1 and operation != NSG_RULE_DELETE
        status = Status.PARTIAL if only_successes else Status.FAIL
        return Item(resource=identifier, status=status, why=said, facts=facts, where=answer.where)
    if Status.COULD_NOT_LOOK in (reached, quiet):
        return Item(
            resource=identifier, status=Status.COULD_NOT_LOOK, why=said, facts=facts, where=answer.where
        )
    return passed(identifier, facts=facts, where=answer.where)


def _best(items: Sequence[Item], operation: str) -> Item:
    """The one item of an operation: that of its best alert."""
    best = min(items, key=lambda i: i.status.rank)
    why = f"{operation}: {best.why}" if best.why and operation not in best.why else best.why
    return Item(resource=operation, status=best.status, why=why, facts=best.facts, where=best.where)
