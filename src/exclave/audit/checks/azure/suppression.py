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
    known: Rules, target: str, alert: Mapping[str, Any], service: str, severity: str
) -> tuple[Status, str]:
    """Whether an alert keeps its action groups. A condition that can't be judged counts as not met.

    Args:
        known: `rules`.
        target: the scope that the alert watches.
        alert: the alert rule.
        service: the monitor service, as conditions name it.
        severity: `Sev4`.

    Returns:
        pass, or what is wrong: a rule that silences it, or rules that couldn't be read.
    """
    values = {
        "alertrulename": str(alert.get("name", "")), "alertruleid": str(alert.get("id", "")), "monitorservice": service,
        "severity": severity, "monitorcondition": "Fired",
    }  # fmt: skip
    for rule in known.found:
        held = properties(rule)
        inside = any(f"{norm(target)}/".startswith(f"{norm(s)}/") for s in texts(held, "scopes"))
        if inside and all(_met(c, values) for c in listed(held, "conditions")):
            name = name_of(rule.get("id"))
            return Status.FAIL, f"the alert processing rule {name} takes its action groups off"
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


def _met(condition: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    value = values.get(str(condition.get("field", "")).lower())
    if value is None:
        return False
    wanted = [w.lower() for w in texts(condition, "values")]
    operator, text = str(condition.get("operator", "")).lower(), value.lower()
    equal, inside = any(w == text for w in wanted), any(w in text for w in wanted)
    return {"equals": equal, "notequals": not equal, "contains": inside, "doesnotcontain": not inside}.get(
        operator, False
    )
