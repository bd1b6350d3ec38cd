"""SNS topics: does what an alarm or a rule sends reach anybody?

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.policy.document import Malformed, parse
from exclave.policy.patterns import action_tokens, covers, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.inventory import Inventory

TOPICS, SUBSCRIPTIONS, ATTRIBUTES = "sns.ListTopics", "sns.ListSubscriptions", "sns.GetTopicAttributes"


class Topics:
    """The topics and confirmed subscriptions of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def reached(self, actions: Iterable[object], sender: str) -> tuple[str, str]:
        """What is wrong with the topics among some ARNs, and what could not be seen; both empty when one is heard.

        `sender` is the service that publishes: `cloudwatch.amazonaws.com`.
        """
        arns = [str(a) for a in actions if ":sns:" in str(a)]
        if not arns:
            return "no SNS topic is told", ""
        wrong: list[str] = []
        blind: list[str] = []
        for arn in arns:
            why, unseen = self._topic(arn, sender)
            if not why and not unseen:
                return "", ""
            wrong += [why] if why else []
            blind += [unseen] if unseen else []
        return ("", blind[0]) if blind else ("; ".join(wrong), "")

    def _topic(self, arn: str, sender: str) -> tuple[str, str]:
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
        if not any(str(s.get("SubscriptionArn")).startswith("arn:") for s in mine):
            return f"topic {arn} has no {'confirmed ' if mine else ''}subscription", ""
        return self._closed(arn, account, region, sender), ""

    def _closed(self, arn: str, account: str, region: str, sender: str) -> str:
        """What keeps the sender out, where the topic's attributes were recorded."""
        answers = self._inventory.each(ATTRIBUTES, account=account, region=region)
        found = next((a for a in answers if a.key == arn and a.error is None), None)
        attributes: Mapping[str, Any] = next(iter(found.items), {}) if found is not None else {}
        if str(attributes.get("KmsMasterKeyId") or "").endswith("alias/aws/sns"):
            return f"topic {arn} is encrypted with SNS's own key, which {sender} can't use"
        policy = attributes.get("Policy")
        return (
            f"the policy of topic {arn} does not let {sender} publish"
            if policy and not lets(policy, sender)
            else ""
        )


def lets(policy: object, sender: str) -> bool:
    """Whether a topic's policy lets a service publish. A policy that can't be read lets nobody."""
    parsed = parse(policy)
    if isinstance(parsed, Malformed):
        return False
    let = False
    for statement in parsed.statements:
        named = any(covers(action_tokens(a), literal("sns:publish")) for a in statement.actions)
        if named == statement.not_action:
            continue
        who = {(p.type, p.id) for p in statement.principals or ()}
        everybody = any(type_ == "*" or id_ == "*" for type_, id_ in who)
        fits = ("Service", sender) in who or (
            everybody and (sender.startswith("cloudwatch") or not statement.conditions)
        )
        if not statement.allow and fits and not statement.conditions:
            return False
        # CloudWatch publishes in the name of the account, which SNS's default policy lets by AWS:SourceOwner
        of_account = sender.startswith("cloudwatch") and any(type_ == "AWS" for type_, _ in who)
        let = let or (statement.allow and (fits or of_account))
    return let
