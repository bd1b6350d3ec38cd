"""What lets a topic of ours into the queues and functions that it tells, as resources of CloudFormation and Terraform.

Only where they are of the account, and a queue has no policy yet: CloudFormation and Terraform put one in place of what is there.
https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html and .../sns-lambda-as-subscriber.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.receivers import Receivers
from exclave.audit.checks.aws.topics import SENDER
from exclave.harden.makers.aws.documents import document, text
from exclave.harden.terraform import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.harden.makers.aws.account import Account
    from exclave.inventory import Inventory

_REGION = re.compile(r"[a-z0-9-]+")


def bare(
    notify: Sequence[str], account: Account, inventory: Inventory, region: str = ""
) -> list[tuple[str, str]]:
    """ARN, and URL or name, of the queues and functions of the account without any policy; `region`: only there."""
    receivers = Receivers(inventory)
    found = []
    for arn in notify:
        place = arn.split(":", 5)[3:5]
        if receivers.bare(arn) and place[1:] == [account.id] and place[0] == (region or place[0]):
            answer = receivers.answer(arn)
            found += [(arn, answer.key)] if answer is not None and _REGION.fullmatch(place[0]) else []
    return found


def queue_policy(queue: str, account: Account, prefix: str) -> dict[str, Any]:
    """Lets the account's topics of our prefix in: the same in every artefact, so that none undoes another."""
    topics = f"arn:{queue.split(':')[1]}:sns:*:{account.id}:{prefix}-*"
    return document(
        [
            {
                "Sid": "Topics", "Effect": "Allow", "Principal": {"Service": SENDER}, "Action": "sqs:SendMessage", "Resource": queue,
                "Condition": {"ArnLike": {"aws:SourceArn": topics}},
            }
        ]
    )  # fmt: skip


def in_cloudformation(
    found: Sequence[tuple[str, str]], account: Account, prefix: str, *, here: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Resources and conditions. `here`: the template is of the receivers' region, and needs no condition."""
    resources: dict[str, Any] = {}
    for number, (arn, name) in enumerate(found, 1):
        if _is_queue(arn):
            policy = queue_policy(arn, account, prefix)
            made = {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {"Queues": [name], "PolicyDocument": policy},
            }
        else:
            permission = {"FunctionName": name, "Action": "lambda:InvokeFunction", "Principal": SENDER}
            made = {
                "Type": "AWS::Lambda::Permission",
                "Properties": {**permission, "SourceArn": {"Ref": "Topic"}},
            }
        resources[f"Receiver{number}"] = made if here else {**made, "Condition": f"Here{number}"}
    same = {
        f"Here{n}": {"Fn::Equals": [{"Ref": "AWS::Region"}, arn.split(":")[3]]}
        for n, (arn, _) in enumerate(found, 1)
    }
    return resources, {} if here else same


def in_terraform(
    found: Sequence[tuple[str, str]], account: Account, prefix: str, *, here: bool
) -> dict[str, dict[str, Any]]:
    """The same for Terraform, by type and name."""
    made: dict[str, dict[str, Any]] = {}
    for kind, name, block, region in _blocks(found, account, prefix):
        count = {} if here else {"count": Reference(f'var.region == "{region}" ? 1 : 0')}
        made.setdefault(kind, {})[name] = block | count
    return made


def _blocks(
    found: Sequence[tuple[str, str]], account: Account, prefix: str
) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    for number, (arn, name) in enumerate(found, 1):
        region = arn.split(":")[3]
        if _is_queue(arn):
            policy = text(queue_policy(arn, account, prefix))
            yield "aws_sqs_queue_policy", f"receiver_{number}", {"queue_url": name, "policy": policy}, region
        else:
            permission = {"function_name": name, "action": "lambda:InvokeFunction", "principal": SENDER}
            source = {"source_arn": Reference("aws_sns_topic.alarms.arn")}
            yield "aws_lambda_permission", f"receiver_{number}", permission | source, region


def _is_queue(arn: str) -> bool:
    return arn.split(":")[2] == "sqs"
