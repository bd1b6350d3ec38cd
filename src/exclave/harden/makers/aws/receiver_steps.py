"""Steps by which a queue or function that is told of alarms lets the topic in; the rest of its policy stays.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html and .../sns-lambda-as-subscriber.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.receivers import Receivers
from exclave.audit.checks.aws.topics import SENDER
from exclave.change.model import has
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.bucket_policy import joined
from exclave.harden.makers.aws.documents import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.inventory import Inventory


def let_in(
    topic: str, endpoint: str, account: Account, region: str, inventory: Inventory, results: Sequence[Result]
) -> Iterator[Step]:
    """A step where the inventory shows that the endpoint's policy keeps the topic out."""
    receivers = Receivers(inventory)
    wrong, _ = receivers.refuses(endpoint, SENDER, topic)
    parts = endpoint.split(":", 5)
    if not wrong or parts[3:5] != [region, account.id]:
        return
    found = receivers.answer(endpoint)
    if found is None or found.error is not None:
        return
    sid = f"Topic{hashlib.sha256(topic.encode()).hexdigest()[:12]}"
    step = _function if parts[2] == "lambda" else _queue
    held = found.text("Policy") if parts[2] == "lambda" else found.text("Attributes.Policy")
    made = step(topic, endpoint, sid, held, found.key, account, region, results)
    if made is not None:
        yield made


def _queue(
    topic: str, endpoint: str, sid: str, held: str, url: str, account: Account, region: str, results: Sequence[Result]
) -> Step | None:  # fmt: skip
    statement: dict[str, Any] = {
        "Sid": sid, "Effect": "Allow", "Principal": {"Service": SENDER}, "Action": "sqs:SendMessage", "Resource": endpoint,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }  # fmt: skip
    policy = joined(held or None, statement)
    if policy is None:
        return None
    return changes.step(
        _title(endpoint, topic),
        endpoint,
        [("sqs:SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": text(policy)}})],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "sqs:GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["Policy"]}, region=region, keep=("Attributes.Policy",),
        ),
        before={"Attributes": {"Policy": held}} if held else {},
        undo=[("sqs:SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": held}})],
        after=[has("Attributes.Policy.Statement[]", {"Sid": sid, "Effect": "Allow"})],
        results=results,
    )  # fmt: skip


def _function(
    topic: str, endpoint: str, sid: str, held: str, name: str, account: Account, region: str, results: Sequence[Result]
) -> Step:  # fmt: skip
    given = {"StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": SENDER, "SourceArn": topic}
    return changes.step(
        _title(endpoint, topic),
        endpoint,
        [("lambda:AddPermission", {"FunctionName": name, **given})],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "lambda:GetPolicy", {"FunctionName": name}, region=region, absent=("ResourceNotFoundException",), keep=("Policy",),
        ),
        before={"Policy": held} if held else None,
        undo=[("lambda:RemovePermission", {"FunctionName": name, "StatementId": sid})],
        after=[has("Policy.Statement[]", {"Sid": sid, "Effect": "Allow"})],
        results=results,
    )  # fmt: skip


def _title(endpoint: str, topic: str) -> str:
    return f"let topic {topic.rpartition(':')[2]} into {endpoint}"
