"""Alert processing rules that take the action groups off alerts: what looks like an alarm then tells nobody.

https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-processing-rules
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, texts
from exclave.audit.checks.azure.moments import moment
from exclave.audit.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.audit.model import Settings
    from exclave.inventory import Inventory
    from exclave.inventory.model import Failure

RULES = "alertsmanagement.ActionRules"
REMOVES = "removeallactiongroups"
# What a condition may call the service and the kind of signal: the schema of alerts, and the enumerations of the interface
# (https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema, .../dotnet/api/azure.resourcemanager.alertsmanagement.models)
_SERVICES = {"Activity Log - Administrative": {"activity log - administrative", "activitylog administrative"}}
_SIGNALS = {"Platform": {"metric"}}
_ACTIVITY = {"log", "activity log"}


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a subscription that take all action groups off, now; or why they couldn't be read."""

    found: tuple[Mapping[str, Any], ...] = ()
    failure: Failure | None = None


def rules(inventory: Inventory, account: str, settings: Settings) -> Rules:
    """What a subscription's rules do to alerts at the time of the inventory."""
    answer = inventory.one(RULES, account)
    return Rules(
        tuple(i for i in answer.items if isinstance(i, dict) and _removes(properties(i), settings.now)),
        answer.error,
    )


def silenced(
    known: Rules, target: str, alert: Mapping[str, Any], service: str, severity: str, kind: str
) -> tuple[Status, str]:
    """Whether an alert keeps its action groups, whatever it fires on. A condition that isn't followed may be met.

    A rule's scope and its conditions on the target are about what an alert fires on, not about where the alert lies.

    Args:
        known: `rules`.
        target: the scope that the alert watches.
        alert: the alert rule.
        service: the monitor service, as conditions name it.
        severity: `Sev4`.
        kind: the resource type that it fires on.

    Returns:
        pass, or what is wrong: a rule that silences it, always or for some targets, or rules that couldn't be read.
    """
    whole = norm(target)
    values = {
        "alertrulename": {str(alert.get("name", ""))}, "alertruleid": {norm(alert.get("id"))}, "severity": {severity},
        "monitorservice": _SERVICES.get(service, {service}), "monitorcondition": {"Fired"}, "targetresourcetype": _types(kind),
        "signaltype": _SIGNALS.get(service, _ACTIVITY), "description": {str(properties(alert).get("description") or "")},
    }  # fmt: skip
    if "/providers/" in whole:
        values |= {"targetresource": {whole}, "targetresourcegroup": {whole.partition("/providers/")[0]}}
    for rule in known.found:
        held = properties(rule)
        scopes = [norm(s) for s in texts(held, "scopes")]
        inside = any(f"{whole}/".startswith(f"{s}/") for s in scopes)
        part = next((s for s in scopes if s.startswith(f"{whole}/")), "")
        met = [_met(c, values) for c in listed(held, "conditions")]
        if not (inside or part) or False in met:
            continue
        some = (
            f" for what is in {name_of(part)}" if not inside else " for some targets" if None in met else ""
        )
        return (
            Status.FAIL,
            f"the alert processing rule {name_of(rule.get('id'))} takes its action groups off{some}",
        )
    if known.failure is not None:
        return Status.COULD_NOT_LOOK, f"{RULES}: {known.failure.words}"
    return Status.PASS, ""


def _removes(held: Mapping[str, Any], now: datetime) -> bool:
    if held.get("enabled") is False:
        return False
    if not any(str(a.get("actionType", "")).lower() == REMOVES for a in listed(held, "actions")):
        return False
    schedule = held.get("schedule")
    if isinstance(schedule, dict):
        begins, ends = moment(schedule.get("effectiveFrom")), moment(schedule.get("effectiveUntil"))
        if (ends and _aware(ends) < now) or (begins and _aware(begins) > now):
            return False
    return True


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _types(kind: str) -> set[str]:
    # the target of a rule's deletion may be told as the group that it is in
    return {kind, kind.rpartition("/")[0]} if kind.count("/") > 1 else {kind}


def _met(condition: Mapping[str, Any], values: Mapping[str, set[str]]) -> bool | None:
    """Whether a condition holds; None when it may, by what the alert fires on."""
    names = values.get(str(condition.get("field", "")).lower())
    if names is None:
        return None
    lower = {n.lower() for n in names}
    wanted = [w.lower().rstrip("/") for w in texts(condition, "values")]
    equal, inside = any(w in lower for w in wanted), any(w in n for w in wanted for n in lower)
    operator = str(condition.get("operator", "")).lower()
    return {"equals": equal, "notequals": not equal, "contains": inside, "doesnotcontain": not inside}.get(
        operator
    )
