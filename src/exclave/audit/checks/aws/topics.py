"""SNS topics: does what an alarm sends reach anybody?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.inventory import Inventory

TOPICS, SUBSCRIPTIONS = "sns.ListTopics", "sns.ListSubscriptions"


class Topics:
    """The topics and confirmed subscriptions of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def reached(self, actions: Iterable[object]) -> tuple[str, str]:
        """What is wrong with the topics among some ARNs, and what could not be seen; both empty when one is heard."""
        arns = [str(a) for a in actions if ":sns:" in str(a)]
        if not arns:
            return "no SNS topic is told", ""
        wrong: list[str] = []
        blind: list[str] = []
        for arn in arns:
            why, unseen = self._topic(arn)
            if not why and not unseen:
                return "", ""
            wrong += [why] if why else []
            blind += [unseen] if unseen else []
        return ("", blind[0]) if blind else ("; ".join(wrong), "")

    def _topic(self, arn: str) -> tuple[str, str]:
        parts = arn.split(":")
        if len(parts) < 6:  # noqa: PLR2004 - arn:aws:sns:region:account:name
            return f"{arn} is no topic", ""
        region, account = parts[3], parts[4]
        if not any((s.account, s.region) == (account, region) for s in self._inventory.scopes):
            return "", f"topic {arn} is of an account or region that was not recorded"
        topics = self._inventory.one(TOPICS, account, region)
        listed = self._inventory.one(SUBSCRIPTIONS, account, region)
        for answer in (topics, listed):
            if answer.error is not None:
                return "", f"{answer.call}: {answer.error.words}"
        if not any(t.get("TopicArn") == arn for t in topics.items):
            return f"topic {arn} does not exist", ""
        mine = [s for s in listed.items if s.get("TopicArn") == arn]
        if any(str(s.get("SubscriptionArn")).startswith("arn:") for s in mine):
            return "", ""
        return f"topic {arn} has no {'confirmed ' if mine else ''}subscription", ""
