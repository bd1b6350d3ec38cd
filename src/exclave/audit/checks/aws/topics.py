"""SNS topics: does what an alarm or a rule sends reach anybody?

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.policy.evaluate import Answer as Says
from exclave.policy.evaluate import Policies, evaluate
from exclave.policy.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.inventory import Inventory

KEY_POLICY = "kms.GetKeyPolicy"
TOPICS, SUBSCRIPTIONS, ATTRIBUTES = "sns.ListTopics", "sns.ListSubscriptions", "sns.GetTopicAttributes"


class Topics:
    """The topics and confirmed subscriptions of an inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def reached(self, actions: Iterable[object], sender: str, region: str) -> tuple[str, str]:
        """What is wrong with the topics among some ARNs, and what could not be seen; both empty when one is heard.

        `sender` is the service that publishes, `cloudwatch.amazonaws.com`, which does so in its own region only.
        """
        arns = [str(a) for a in actions if ":sns:" in str(a)]
        if not arns:
            return "no SNS topic is told", ""
        wrong: list[str] = []
        blind: list[str] = []
        for arn in arns:
            why, unseen = self._topic(arn, sender, region)
            if not why and not unseen:
                return "", ""
            wrong += [why] if why else []
            blind += [unseen] if unseen else []
        return ("", blind[0]) if blind else ("; ".join(wrong), "")

    def _topic(self, arn: str, sender: str, own: str) -> tuple[str, str]:
        parts = arn.split(":")
        if len(parts) < 6:  # noqa: PLR2004 - arn:aws:sns:region:account:name
            return f"{arn} is no topic", ""
        region, account = parts[3], parts[4]
        if region != own:
            return f"topic {arn} is of another region than what tells it", ""
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
        return self._closed(arn, account, region, sender)

    def _closed(self, arn: str, account: str, region: str, sender: str) -> tuple[str, str]:
        """What keeps the sender out, and whether that can't be told, where the topic's attributes were recorded."""
        answers = self._inventory.each(ATTRIBUTES, account=account, region=region)
        found = next((a for a in answers if a.key == arn and a.error is None), None)
        attributes: Mapping[str, Any] = next(iter(found.items), {}) if found is not None else {}
        key = str(attributes.get("KmsMasterKeyId") or "")
        if key.endswith("alias/aws/sns"):
            return f"topic {arn} is encrypted with SNS's own key, which {sender} can't use", ""
        policy = attributes.get("Policy")
        says = lets(policy, arn, sender, account) if policy else Says.ALLOWS
        if says is Says.DENIES:
            return f"the policy of topic {arn} does not let {sender} publish", ""
        keys = self._inventory.each(KEY_POLICY, account=account, region=region) if key else ()
        recorded = next((a for a in keys if a.error is None and a.key and key.endswith(a.key)), None)
        document = (recorded.answer or {}).get("Policy") if recorded is not None else None
        if document and lets(document, key, sender, account, "kms:GenerateDataKey") is Says.DENIES:
            return f"the policy of the key of topic {arn} does not let {sender} use it", ""
        return (
            "",
            f"whether the policy of topic {arn} lets {sender} publish can't be told"
            if says is Says.CANT_TELL
            else "",
        )


def lets(policy: object, resource: str, sender: str, account: str, action: str = "sns:Publish") -> Says:
    """Whether a policy of a topic, or of its key, lets a service of the account.

    EventBridge says nothing of whose rule it is, CloudWatch does, and is let by who lets the account:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    """
    context = {"aws:SecureTransport": "true"}
    callers = [sender]
    if sender.startswith("cloudwatch"):
        region = (resource.split(":") + [""] * 6)[3]
        context |= {
            "aws:SourceAccount": account, "aws:SourceOwner": account,
            "aws:SourceArn": f"arn:aws:cloudwatch:{region}:{account}:alarm:exclave-probe",
        }  # fmt: skip
        callers.append(f"arn:aws:iam::{account}:root")
    answers = [
        evaluate(
            Request(
                action=action, resource=resource, principal=caller, resource_account=account, context=context
            ),
            Policies(resource=policy),
        )
        for caller in callers
    ]
    return next((a for a in (Says.ALLOWS, Says.CANT_TELL) if a in answers), Says.DENIES)
