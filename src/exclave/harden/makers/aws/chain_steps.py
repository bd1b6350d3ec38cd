"""The steps of an alarm's chain, each link read before and after. What bears our names already is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.change.model import equals, has, there
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.chain import Chain, protocol, topic_policy
from exclave.harden.makers.aws.documents import text
from exclave.harden.makers.aws.receiver_steps import let_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.inventory import Inventory

# Of an alarm, what its undo must say again.
_ALARM = (
    "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace",
    "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold",
    "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile",
)  # fmt: skip


def steps(
    chain: Chain, account: Account, region: str, inventory: Inventory, results: Sequence[Result]
) -> Iterator[Step]:
    """Topic, subscriptions, filters, alarm."""
    arn = chain.existing_topic or account.arn("sns", chain.topic, region)
    if not chain.existing_topic and not _exists(arn, account, region, inventory):
        yield _topic(chain.topic, arn, account, region, results)
    told = {
        str(s.get("Endpoint"))
        for _, s in inventory.items("sns.ListSubscriptions", account=account.id, region=region)
        if s.get("TopicArn") == arn and str(s.get("SubscriptionArn")).startswith("arn:")
    }
    for endpoint in chain.notify:
        if endpoint not in told:
            yield _subscription(arn, endpoint, account, region, results)
        yield from let_in(arn, endpoint, account, region, inventory, results)
    for number, pattern in enumerate(chain.patterns, 1):
        yield _filter(chain, chain.filter_name(number), pattern, account, region, inventory, results)
    yield _alarm(chain, arn, account, region, inventory, results)


def _exists(arn: str, account: Account, region: str, inventory: Inventory) -> bool:
    return any(
        t.get("TopicArn") == arn
        for _, t in inventory.items("sns.ListTopics", account=account.id, region=region)
    )


def _topic(name: str, arn: str, account: Account, region: str, results: Sequence[Result]) -> Step:
    attribute = {
        "TopicArn": arn,
        "AttributeName": "Policy",
        "AttributeValue": text(topic_policy(account, arn)),
    }
    return changes.step(
        f"make topic {name}",
        arn,
        [("sns:CreateTopic", {"Name": name}), ("sns:SetTopicAttributes", attribute)],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "sns:GetTopicAttributes", {"TopicArn": arn}, region=region, absent=("NotFound", "NotFoundException"),
            keep=("Attributes.TopicArn",),
        ),
        undo=[("sns:DeleteTopic", {"TopicArn": arn})],
        after=[there("Attributes.TopicArn")],
        breaks=("it isn't encrypted by a key of yours: the templates make one",),
        results=results,
    )  # fmt: skip


def _subscription(arn: str, endpoint: str, account: Account, region: str, results: Sequence[Result]) -> Step:
    args = {
        "TopicArn": arn,
        "Protocol": protocol(endpoint),
        "Endpoint": endpoint,
        "ReturnSubscriptionArn": True,
    }
    return changes.step(
        f"have topic {arn.rpartition(':')[2]} tell {endpoint}",
        f"{arn} → {endpoint}",
        [("sns:Subscribe", args)],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "sns:ListSubscriptionsByTopic", {"TopicArn": arn}, region=region, absent=("NotFound", "NotFoundException"),
            where={"Subscriptions[]": {"Endpoint": endpoint}}, keep=("Subscriptions[].Endpoint", "Subscriptions[].SubscriptionArn"),
        ),
        before={"Subscriptions": []},
        undo=[("sns:Unsubscribe", {"SubscriptionArn": {"$now": "Subscriptions[].SubscriptionArn"}})],
        after=[has("Subscriptions[].Endpoint", endpoint)],
        breaks=("nobody is told until the subscription is confirmed",) if protocol(endpoint) not in ("sqs", "lambda") else (),
        results=results,
    )  # fmt: skip


def _filter(
    chain: Chain, name: str, pattern: str, account: Account, region: str, inventory: Inventory, results: Sequence[Result]
) -> Step:  # fmt: skip
    args = {
        "logGroupName": chain.group, "filterName": name, "filterPattern": pattern, "metricTransformations": [chain.metric],
    }  # fmt: skip
    held = next(
        (
            f for _, f in inventory.items("logs.DescribeMetricFilters", account=account.id, region=region)
            if f.get("logGroupName") == chain.group and f.get("filterName") == name
        ),
        None,
    )  # fmt: skip
    keep = [f"metricFilters[].{k}" for k in ("filterName", "filterPattern", "metricTransformations")]
    undo: tuple[str, dict[str, Any]] = (
        ("logs:PutMetricFilter", {k: held[k] for k in args if k in held})
        if held
        else ("logs:DeleteMetricFilter", {"logGroupName": chain.group, "filterName": name})
    )
    return changes.step(
        f"{'put right' if held else 'make'} metric filter {name} on {chain.group}",
        f"{chain.group} {name}",
        [("logs:PutMetricFilter", args)],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "logs:DescribeMetricFilters", {"logGroupName": chain.group, "filterNamePrefix": name}, region=region,
            absent=("ResourceNotFoundException",), keep=keep, where={"metricFilters[]": {"filterName": name}},
        ),
        before={"metricFilters": [{k: held[k] for k in ("filterName", "filterPattern", "metricTransformations") if k in held}] if held else []},
        undo=[undo],
        after=[has("metricFilters[]", {"filterName": name, "filterPattern": pattern})],
        results=results,
    )  # fmt: skip


def _alarm(
    chain: Chain, arn: str, account: Account, region: str, inventory: Inventory, results: Sequence[Result]
) -> Step:
    args = chain.alarm(arn)
    held: Mapping[str, Any] | None = next(
        (
            a for _, a in inventory.items("cloudwatch.DescribeAlarms", account=account.id, region=region)
            if a.get("AlarmName") == chain.name
        ),
        None,
    )  # fmt: skip
    undo: tuple[str, dict[str, Any]] = (
        ("cloudwatch:PutMetricAlarm", {k: held[k] for k in _ALARM if k in held})
        if held
        else ("cloudwatch:DeleteAlarms", {"AlarmNames": [chain.name]})
    )
    return changes.step(
        f"{'put right' if held else 'make'} alarm {chain.name}",
        account.arn("cloudwatch", f"alarm:{chain.name}", region),
        [("cloudwatch:PutMetricAlarm", args)],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "cloudwatch:DescribeAlarms", {"AlarmNames": [chain.name]}, region=region,
            keep=[f"MetricAlarms[].{k}" for k in _ALARM],
        ),
        before={"MetricAlarms": [{k: held[k] for k in _ALARM if k in held}] if held else []},
        undo=[undo],
        after=[
            equals(f"MetricAlarms[].{k}", args[k])
            for k in ("MetricName", "Namespace", "Statistic", "ActionsEnabled", "ComparisonOperator")
        ]
        + [has("MetricAlarms[].AlarmActions", arn)],
        results=results,
    )  # fmt: skip
