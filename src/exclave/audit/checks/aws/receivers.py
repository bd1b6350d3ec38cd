"""Queues and functions that a topic or a rule hands its messages to: are they there, and do they take them?

Sources: https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.audit.checks.aws.grants import Found, Keys, lets, refused
from exclave.policy.evaluate import Answer as Says

if TYPE_CHECKING:
    from exclave.inventory import Answer, Inventory

FUNCTIONS, QUEUES = "lambda.ListFunctions", "sqs.ListQueues"
FUNCTION_POLICY, QUEUE = "lambda.GetPolicy", "sqs.GetQueueAttributes"
_LISTS = {"lambda": FUNCTIONS, "sqs": QUEUES}


class Receivers:
    """The queues and functions of an inventory. What was never recorded is taken to be right."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._keys = Keys(inventory)
        self._known: dict[tuple[str, str, str], Found] = {}

    def gone(self, arn: str) -> bool:
        """Whether it is a queue or function of an account whose queues and functions were listed, and none of them."""
        service, place, name, _ = _parts(arn)
        if not service:
            return False
        listed = self._inventory.one(_LISTS[service], *place)
        return listed.error is None and name not in _names(listed, service)

    def refuses(self, arn: str, sender: str, source: str) -> Found:
        """What keeps a receiver from being told by a service for `source`, a topic or rule; and what could not be seen."""
        mark = (arn, sender, source)
        if mark not in self._known:
            self._known[mark] = self._asked(arn, sender, source)
        return self._known[mark]

    def bare(self, arn: str) -> bool:
        """Whether it is there, and has no policy at all."""
        service, _, _, qualifier = _parts(arn)
        answer = self.answer(arn)
        if answer is None or answer.error is not None or qualifier:
            return False
        if service == "lambda":
            return not (answer.answer or {}).get("Policy")
        held = next(iter(answer.items), None)
        return not answer.absent and not (isinstance(held, dict) and held.get("Policy"))

    def answer(self, arn: str) -> Answer | None:
        """What was recorded of its policy."""
        service, (account, region), name, _ = _parts(arn)
        call = FUNCTION_POLICY if service == "lambda" else QUEUE
        answers = self._inventory.each(call, account=account, region=region) if service else ()
        return next((a for a in answers if _named(a, name)), None)

    def _asked(self, arn: str, sender: str, source: str) -> Found:
        service, (account, region), name, qualifier = _parts(arn)
        answer = self.answer(arn)
        if answer is None or (answer.error is not None and not refused(answer)):
            return "", ""
        if answer.error is not None:
            return "", f"{answer.call}: {answer.error.words}"
        if service == "lambda":
            # an alias, or a version, has a policy of its own
            policy = (answer.answer or {}).get("Policy") if not answer.absent else None
            return ("", "") if qualifier else _said(policy, arn, sender, source, "lambda:InvokeFunction")
        held = next(iter(answer.items), None) if not answer.absent else {}
        attributes = held if isinstance(held, dict) else {}
        wrong, blind = _said(attributes.get("Policy"), arn, sender, source, "sqs:SendMessage")
        key = str(attributes.get("KmsMasterKeyId") or "")
        if wrong or blind or not key:
            return wrong, blind
        return self._keys.locked(f"queue {name}", "alias/aws/sqs", key, (account, region), sender, source)


def _parts(arn: str) -> tuple[str, tuple[str, str], str, str]:
    """Service, account and region, name, and alias or version of a queue's or function's ARN; empty for anything else."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in _LISTS:  # noqa: PLR2004 - arn:aws:sqs:region:account:name
        return "", ("", ""), "", ""
    name, _, qualifier = parts[5].removeprefix("function:").partition(":")
    return parts[2], (parts[4], parts[3]), name, qualifier


def _said(policy: object, arn: str, sender: str, source: str, action: str) -> Found:
    if not policy:
        return f"{arn} has no policy, and so does not let {sender} in", ""
    says = lets(policy, arn, sender, source, action)
    if says is Says.DENIES:
        return f"the policy of {arn} does not let {sender} in", ""
    return "", f"whether the policy of {arn} lets {sender} in can't be told" if says is Says.CANT_TELL else ""


def _names(listed: Answer, service: str) -> set[str]:
    if service == "lambda":
        return {str(f.get("FunctionName")) for f in listed.items if isinstance(f, dict)}
    return {str(q).rpartition("/")[2] for q in listed.items}


def _named(answer: Answer, name: str) -> bool:
    """Whether it is the answer of a queue (its key is a URL) or function of this name, or of any."""
    return answer.key.rpartition("/")[2] == name or (not answer.key and answer.error is not None)
