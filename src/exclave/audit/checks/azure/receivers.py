"""Action groups: whether an alert reaches anybody.

https://learn.microsoft.com/rest/api/monitor/action-groups/list-by-subscription-id
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, subscription_of
from exclave.audit.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.inventory import Inventory
    from exclave.inventory.model import Failure

GROUPS = "insights.ActionGroups"
KINDS = (
    "emailReceivers", "smsReceivers", "voiceReceivers", "webhookReceivers", "azureAppPushReceivers", "logicAppReceivers",
    "azureFunctionReceivers", "automationRunbookReceivers", "armRoleReceivers", "eventHubReceivers", "itsmReceivers",
    "incidentReceivers",
)  # fmt: skip
UNSUBSCRIBED = "disabled"  # of a mail or SMS receiver who asked to be left out


@dataclass(frozen=True, slots=True)
class Groups:
    """Every action group that was recorded, by id, and the subscriptions whose groups could be listed."""

    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    failures: Mapping[str, Failure] = field(default_factory=dict)

    def reached(self, identifiers: Iterable[str]) -> tuple[Status, str]:
        """Whether one of an alert's groups tells somebody; if none does, why not."""
        names = [i for i in identifiers if i]
        if not names:
            return Status.FAIL, "it has no action group, so it tells nobody"
        judged = [self._one(i) for i in names]
        best = min(judged, key=lambda j: j[0].rank)
        return best if best[0] is Status.PASS else (best[0], "; ".join(why for _, why in judged))

    def _one(self, identifier: str) -> tuple[Status, str]:
        group = self.found.get(norm(identifier))
        name = name_of(identifier)
        if group is None:
            subscription = subscription_of(identifier)
            if subscription in self.seen:
                return Status.FAIL, f"its action group {name} doesn't exist"
            failure = self.failures.get(subscription)
            return Status.COULD_NOT_LOOK, f"its action group {name} is not recorded" + (
                f": {failure.words}" if failure else f": it is in subscription {subscription}"
            )
        if properties(group).get("enabled") is False:
            return Status.FAIL, f"its action group {name} is disabled"
        if not receivers(group):
            return Status.FAIL, f"its action group {name} has no receiver that is not disabled"
        return Status.PASS, ""


def receivers(group: Mapping[str, Any]) -> list[str]:
    """The names of those whom a group tells, without those who are disabled."""
    return [
        str(one.get("name") or kind)
        for kind in KINDS
        for one in listed(properties(group), kind)
        if str(one.get("status", "")).lower() != UNSUBSCRIBED
    ]


def groups(inventory: Inventory) -> Groups:
    """The action groups of an inventory."""
    found: dict[str, Mapping[str, Any]] = {}
    seen: set[str] = set()
    failures: dict[str, Failure] = {}
    for answer in inventory.each(GROUPS):
        if answer.error is not None:
            failures[answer.scope.account] = answer.error
            continue
        seen.add(answer.scope.account)
        found |= {norm(g.get("id")): g for g in answer.items if isinstance(g, dict)}
    return Groups(found, frozenset(seen), failures)
