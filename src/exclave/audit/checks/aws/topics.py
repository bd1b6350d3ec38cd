"""SNS topics: does what an alarm or a rule sends reach anybody?

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.event_pattern import fires
from exclave.audit.checks.aws.grants import Found, Keys, lets, refused
from exclave.audit.checks.aws.receivers import Receivers
from exclave.audit.checks.aws.recorded import Recorded
from exclave.policy.evaluate import Answer as Says

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exclave.inventory import Answer, Inventory

TOPICS, SUBSCRIPTIONS, ATTRIBUTES = "sns.ListTopics", "sns.ListSubscriptions", "sns.GetTopicAttributes"
SUBSCRIPTION = "sns.GetSubscriptionAttributes"
SENDER = "sns.amazonaws.com"


class Topics:
    """The topics and confirmed subscriptions of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._recorded = Recorded(inventory)
        self._confirmed: dict[str, list[Answer]] = {}
        self._keys = Keys(inventory)
        self.receivers = Receivers(inventory)

    def reached(
        self,
        actions: Iterable[object],
        sender: str,
        region: str,
        source: str = "",
        messages: Sequence[Mapping[str, Any]] = (),
    ) -> Found:
        """What is wrong with the topics among some ARNs, and what could not be seen; both empty when one is heard.

        `sender` is the service that publishes, `cloudwatch.amazonaws.com`, which does so in its own region only;
        `source` the ARN of the alarm; `messages` what it sends, every one of which must be heard.
        """
        arns = [str(a) for a in actions if ":sns:" in str(a)]
        if not arns:
            return "no SNS topic is told", ""
        wrong: list[str] = []
        blind: list[str] = []
        for arn in arns:
            why, unseen = self._topic(arn, sender, region, source)
            if not why and not unseen and not self.heard([arn], messages):
                why = f"the filter policy of the subscription to topic {arn} lets nothing of it through"
            if not why and not unseen:
                return "", ""
            wrong += [why] if why else []
            blind += [unseen] if unseen else []
        return ("", blind[0]) if blind else ("; ".join(wrong), "")

    def heard(self, arns: Iterable[str], messages: Sequence[Mapping[str, Any]]) -> bool:
        """Whether each message passes the filter policy of a confirmed subscription to one of the topics."""
        found = [a for arn in arns for a in self._subscribed(arn) if not refused(a)]
        attributes: list[Mapping[str, Any]] = [next(iter(a.items), {}) for a in found]
        return all(any(_passes(a, m) for a in attributes) for m in messages)

    def _subscribed(self, topic: str) -> list[Answer]:
        """The attributes of each confirmed subscription to a topic, as far as they were recorded."""
        if topic in self._confirmed:
            return self._confirmed[topic]
        region, account = topic.split(":")[3:5]
        listed = self._recorded.one(SUBSCRIPTIONS, account, region)
        recorded = self._recorded.by_key(SUBSCRIPTION, account, region)
        taken = [s for s in _confirmed(listed, topic) if self._taken(s, topic) == ("", "")]
        mine = [str(s.get("SubscriptionArn")) for s in taken]
        self._confirmed[topic] = [recorded[s] for s in mine if s in recorded]
        return self._confirmed[topic]

    def _topic(self, arn: str, sender: str, own: str, source: str) -> Found:
        parts = arn.split(":")
        if len(parts) < 6:  # noqa: PLR2004 - arn:aws:sns:region:account:name
            return f"{arn} is no topic", ""
        region, account = parts[3], parts[4]
        if region != own:
            return f"topic {arn} is of another region than what tells it", ""
        if not any((s.account, s.region) == (account, region) for s in self._inventory.scopes):
            return "", f"topic {arn} is of an account or region that was not recorded"
        topics = self._recorded.one(TOPICS, account, region)
        listed = self._recorded.one(SUBSCRIPTIONS, account, region)
        for answer in (topics, listed):
            if answer.error is not None:
                return "", f"{answer.call}: {answer.error.words}"
        if not any(t.get("TopicArn") == arn for t in topics.items):
            return f"topic {arn} does not exist", ""
        confirmed = _confirmed(listed, arn)
        if not confirmed:
            some = any(s.get("TopicArn") == arn for s in listed.items)
            return f"topic {arn} has no {'confirmed ' if some else ''}subscription", ""
        taken = [self._taken(s, arn) for s in confirmed]
        if ("", "") not in taken:
            blind = next((unseen for _, unseen in taken if unseen), "")
            return ("", blind) if blind else (f"nobody hears topic {arn}: {taken[0][0]}", "")
        subscribed = self._subscribed(arn)
        if subscribed and all(refused(a) for a in subscribed):
            return "", f"subscriptions to {arn}: {subscribed[0].error.words if subscribed[0].error else ''}"
        return self._closed(arn, sender, source)

    def _closed(self, arn: str, sender: str, source: str) -> Found:
        """What keeps the sender out, and whether that can't be told, where the topic's attributes were recorded."""
        region, account = arn.split(":")[3:5]
        found = self._recorded.by_key(ATTRIBUTES, account, region).get(arn)
        if found is not None and refused(found) and found.error is not None:
            return "", f"{found.call}: {found.error.words}"
        attributes: Mapping[str, Any] = next(iter(found.items), {}) if found is not None else {}
        policy = attributes.get("Policy")
        says = lets(policy, arn, sender, source) if policy else Says.ALLOWS
        if says is Says.DENIES:
            return f"the policy of topic {arn} does not let {sender} publish", ""
        if says is Says.CANT_TELL:
            return "", f"whether the policy of topic {arn} lets {sender} publish can't be told"
        key = str(attributes.get("KmsMasterKeyId") or "")
        place = (account, region)
        return (
            self._keys.locked(f"topic {arn}", "alias/aws/sns", key, place, sender, source)
            if key
            else ("", "")
        )

    def _taken(self, subscription: Mapping[str, Any], topic: str) -> Found:
        """What keeps the queue or function of a subscription from its messages."""
        if str(subscription.get("Protocol")) not in ("sqs", "lambda"):
            return "", ""
        endpoint = str(subscription.get("Endpoint") or "")
        return self.receivers.refuses(endpoint, SENDER, topic)


def _confirmed(listed: Answer, topic: str) -> list[Mapping[str, Any]]:
    mine = [s for s in listed.items if s.get("TopicArn") == topic]
    return [s for s in mine if str(s.get("SubscriptionArn")).startswith("arn:")]


def _passes(subscription: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Whether a message without attributes, as AWS's services send them, passes a subscription's filter policy."""
    policy = str(subscription.get("FilterPolicy") or "{}").strip()
    by_body = subscription.get("FilterPolicyScope") == "MessageBody"
    return policy == "{}" or fires(policy, message if by_body else {})
