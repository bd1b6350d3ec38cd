"""The chain of an alarm: metric filters on a trail's log group, a metric, an alarm, a topic, who is told.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services (an alarm can't
publish to a topic under AWS's own key, hence a key of ours; EventBridge says neither key nor topic whose rule it is: a
condition on aws:SourceAccount there silently drops every message) and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.harden.makers.aws.documents import document, text
from exclave.harden.terraform import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.harden.makers.aws.account import Account

NAMESPACE = "Exclave"
PERIOD = 300  # seconds
ALARMS, RULES = "cloudwatch.amazonaws.com", "events.amazonaws.com"  # that publish
_TOPIC = "TOPIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One alarm with what is before and behind it."""

    name: str  # of filters, metric and alarm: exclave-iam-policy-changes
    about: str
    group: str
    patterns: tuple[str, ...]
    topic: str  # name, or the ARN of one that is there
    notify: tuple[str, ...]

    def filter_name(self, number: int) -> str:
        """The name of one metric filter."""
        return self.name if len(self.patterns) == 1 else f"{self.name}-{number}"

    @property
    def metric(self) -> dict[str, Any]:
        """The metric that all filters add to."""
        return {"metricName": self.name, "metricNamespace": NAMESPACE, "metricValue": "1", "defaultValue": 0}

    def alarm(self, topic_arn: Any) -> dict[str, Any]:
        """The alarm, as PutMetricAlarm takes it and CloudFormation spells it."""
        return {
            "AlarmName": self.name,
            "AlarmDescription": self.about,
            "Namespace": NAMESPACE,
            "MetricName": self.name,
            "Statistic": "Sum",
            "Period": PERIOD,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": True,
            "AlarmActions": [topic_arn],
        }

    @property
    def existing_topic(self) -> str:
        """The ARN of the topic, where it is one that the user named."""
        return self.topic if self.topic.startswith("arn:") else ""


def protocol(endpoint: str) -> str:
    """How a topic tells somebody."""
    if endpoint.startswith("arn:"):
        return endpoint.split(":")[2]
    if endpoint.startswith(("https://", "http://")):
        return endpoint.partition(":")[0]
    return "email" if "@" in endpoint else "sms"


def topic_policy(account: Account, topic_arn: Any, service: str = ALARMS) -> dict[str, Any]:
    """Who may publish: CloudWatch's alarms, or EventBridge's rules, of this account."""
    return document(
        [
            {
                "Sid": "Publisher", "Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": topic_arn,
                **_of_this(account, service),
            }
        ]
    )  # fmt: skip


def key_policy(account: Account, service: str = ALARMS) -> dict[str, Any]:
    """Who may use the topic's key."""
    use = ["kms:Decrypt", "kms:GenerateDataKey*"]
    return document(
        [
            {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": account.arn("iam", "root")}, "Action": "kms:*", "Resource": "*"},
            {"Sid": "Publisher", "Effect": "Allow", "Principal": {"Service": service}, "Action": use, "Resource": "*", **_of_this(account, service)},
        ]
    )  # fmt: skip


def _of_this(account: Account, service: str) -> dict[str, Any]:
    if service == RULES:
        return {}
    return {"Condition": {"StringEquals": {"aws:SourceAccount": account.id}}}


def topic_in_cloudformation(
    account: Account, topic: str, notify: Sequence[str], service: str = ALARMS
) -> dict[str, Any]:
    """Key, topic, its policy, and who is told."""
    key = {"Fn::GetAtt": ["AlarmKey", "Arn"]}
    found: dict[str, Any] = {
        "AlarmKey": {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "Description": "Alarms",
                "EnableKeyRotation": True,
                "KeyPolicy": key_policy(account, service),
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic, "KmsMasterKeyId": key}},
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": topic_policy(account, {"Ref": "Topic"}, service),
            },
        },
    }
    for number, endpoint in enumerate(notify, 1):
        found[f"Subscription{number}"] = {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": protocol(endpoint),
                "Endpoint": endpoint,
            },
        }
    return found


def in_cloudformation(chain: Chain, account: Account) -> dict[str, Any]:
    """The whole chain; the log group is a parameter, `LogGroupName`."""
    existing = chain.existing_topic
    resources = {} if existing else topic_in_cloudformation(account, chain.topic, chain.notify)
    for number, pattern in enumerate(chain.patterns, 1):
        transformation = {
            "MetricName": chain.name, "MetricNamespace": NAMESPACE, "MetricValue": "1", "DefaultValue": 0,
        }  # fmt: skip
        resources[f"Filter{number}"] = {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "FilterName": chain.filter_name(number),
                "LogGroupName": {"Ref": "LogGroupName"},
                "FilterPattern": pattern,
                "MetricTransformations": [transformation],
            },
        }
    resources["Alarm"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": chain.alarm(existing or {"Ref": "Topic"}),
    }
    return resources


def topic_in_terraform(
    account: Account, topic: str, notify: Sequence[str], service: str = ALARMS
) -> dict[str, dict[str, Any]]:
    """The same for Terraform."""
    it = Reference("aws_sns_topic.alarms.arn")
    found: dict[str, dict[str, Any]] = {
        "aws_kms_key": {
            "alarms": {
                "description": "Alarms",
                "enable_key_rotation": True,
                "policy": text(key_policy(account, service)),
            }
        },
        "aws_sns_topic": {
            "alarms": {"name": topic, "kms_master_key_id": Reference("aws_kms_key.alarms.arn")}
        },
        "aws_sns_topic_policy": {
            "alarms": {"arn": it, "policy": _with_topic(topic_policy(account, _TOPIC, service))}
        },
    }
    if notify:
        found["aws_sns_topic_subscription"] = {
            f"subscription_{n}": {"topic_arn": it, "protocol": protocol(e), "endpoint": e}
            for n, e in enumerate(notify, 1)
        }
    return found


def _with_topic(policy: Mapping[str, Any]) -> Reference:
    """A policy of our own words in which Terraform puts the topic's ARN."""
    return Reference(f"jsonencode({text(policy)})".replace(f'"{_TOPIC}"', "aws_sns_topic.alarms.arn"))


def in_terraform(chain: Chain, account: Account) -> dict[str, dict[str, Any]]:
    """The same for Terraform; the log group is the variable `log_group_name`."""
    existing = chain.existing_topic
    found = {} if existing else topic_in_terraform(account, chain.topic, chain.notify)
    filters = {
        f"filter_{number}": {
            "name": chain.filter_name(number),
            "log_group_name": Reference("var.log_group_name"),
            "pattern": pattern,
            "metric_transformation": {
                "name": chain.name, "namespace": NAMESPACE, "value": "1", "default_value": "0",
            },
        }
        for number, pattern in enumerate(chain.patterns, 1)
    }  # fmt: skip
    alarm = {
        "alarm_name": chain.name,
        "alarm_description": chain.about,
        "namespace": NAMESPACE,
        "metric_name": chain.name,
        "statistic": "Sum",
        "period": PERIOD,
        "evaluation_periods": 1,
        "threshold": 1,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "treat_missing_data": "notBreaching",
        "actions_enabled": True,
        "alarm_actions": [existing or Reference("aws_sns_topic.alarms.arn")],
    }
    return {
        **found,
        "aws_cloudwatch_log_metric_filter": filters,
        "aws_cloudwatch_metric_alarm": {"alarm": alarm},
    }


def parameters(chain: Chain) -> Mapping[str, Any]:
    """The template's parameters."""
    return {
        "LogGroupName": {
            "Type": "String", "Default": chain.group, "Description": "The log group that the trail delivers to",
        }
    }  # fmt: skip
