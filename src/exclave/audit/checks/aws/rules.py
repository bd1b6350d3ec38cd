"""Rules of EventBridge: does one in every region fire on an event, and reach somebody?

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.event_pattern import fires
from exclave.audit.checks.aws.samples import samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.audit.checks.aws.topics import Topics
    from exclave.inventory import Answer, Inventory

RULES, TARGETS = "events.ListRules", "events.ListTargetsByRule"
SENDER = "events.amazonaws.com"
ON = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


class Rules:
    """The rules of an account's default buses. `logs`: whether a trail logs, without which no call gets there."""

    def __init__(self, inventory: Inventory, account: str, topics: Topics, *, logs: bool) -> None:
        self._account, self._logs = account, logs
        self._buses: dict[str, list[tuple[str, Any, str]]] = {}  # region -> name, pattern, what is wrong
        self._blind = ""
        for answer in inventory.answers(RULES, account=account):
            region = answer.scope.region
            if answer.error is not None:
                self._blind = self._blind or f"rules in {region}: {answer.error.words}"
            targets = {a.key: a for a in inventory.each(TARGETS, account=account, region=region)}
            self._buses[region] = [
                (
                    str(rule.get("Name")),
                    rule.get("EventPattern"),
                    _wrong(rule, targets.get(str(rule.get("Name"))), topics),
                )
                for rule in answer.items
                if rule.get("EventPattern") and rule.get("EventBusName") in (None, "", "default")
            ]

    def fire(self, event: str) -> tuple[bool, str]:
        """Whether a rule of every region fires on the event, and what is wrong where one is meant to."""
        missing, why = [], ""
        for region, rules in self._buses.items():
            delivered = self._delivered(event, region)
            fitting = [
                (name, wrong) for name, pattern, wrong in rules if all(fires(pattern, d) for d in delivered)
            ]
            if not any(not wrong for _, wrong in fitting):
                missing.append(region)
                why = why or next((wrong for _, wrong in fitting if wrong), "")
        if self._buses and not missing:
            return (True, "") if self._logs else (False, "no trail logs, so EventBridge is told of no call")
        some = len(missing) < len(self._buses)
        return False, why or self._blind or (
            f"no rule of EventBridge fires on it in {', '.join(sorted(missing)[:5])}" if some else ""
        )  # fmt: skip

    def _delivered(self, event: str, region: str) -> list[Mapping[str, Any]]:
        source = event.partition(":")[0]
        return [
            {
                "version": "0", "source": f"aws.{source.partition('.')[0]}", "detail-type": "AWS API Call via CloudTrail",
                "account": self._account, "region": region, "resources": [], "detail": {**record, "awsRegion": region},
            }
            for record in samples(event, self._account)
        ]  # fmt: skip


def _wrong(rule: Mapping[str, Any], reached: Answer | None, topics: Topics) -> str:
    name = rule.get("Name")
    if rule.get("State") not in ON:
        return f"rule {name} is off"
    if reached is not None and reached.error is not None:
        return f"targets of rule {name}: {reached.error.words}"
    arns = [str(t.get("Arn")) for t in reached.items] if reached is not None else []
    if not arns:
        return f"rule {name} has no target"
    if all(":sns:" in a for a in arns):
        why, blind = topics.reached(arns, SENDER)
        return f"rule {name}: {why or blind}" if why or blind else ""
    return ""
