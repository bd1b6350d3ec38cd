"""Composite alarms, which moto has not, on ministack: one tells of what another counts, unless it waits for something else."""

from __future__ import annotations

import json

import pytest

from tests.harden.test_deploy_real import OURS, trail
from tests.inventory.ministack import ministack

from .test_aws_real import REGION, audited, client, collected, control

pytestmark = pytest.mark.real

IAM = ("--control", "aws.alarm.iam-policy-changes", "--no-exposures")


def test_a_composite_alarm_tells_of_an_alarm_that_tells_nobody(tmp_path):
    with ministack() as url:
        trail(url)
        topic = client(url, "sns").create_topic(Name="alarms")["TopicArn"]
        lets = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
        client(url, "sqs").create_queue(
            QueueName="q", Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [lets]})}
        )
        client(url, "sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{OURS}:q"
        )
        client(url, "logs").put_metric_filter(
            logGroupName="trail", filterName="iam", filterPattern='{ $.eventSource = "iam.amazonaws.com" }',
            metricTransformations=[{"metricName": "iam", "metricNamespace": "CIS", "metricValue": "1"}],
        )  # fmt: skip
        cloudwatch = client(url, "cloudwatch")
        for name in ("iam", "deploying"):
            cloudwatch.put_metric_alarm(
                AlarmName=name, MetricName=name, Namespace="CIS", Statistic="Sum", Period=300, EvaluationPeriods=1, Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold", ActionsEnabled=False,
            )  # fmt: skip
        seen = []
        for number, rule in enumerate(("ALARM(iam)", "ALARM(iam) AND NOT ALARM(deploying)", "")):
            if rule:
                cloudwatch.put_composite_alarm(AlarmName="all", AlarmRule=rule, AlarmActions=[topic])
            else:
                cloudwatch.delete_alarms(AlarmNames=["all"])
            found, _ = audited(url, collected(url, tmp_path / str(number), *IAM), *IAM)
            seen.append(control(found, IAM[1])["status"])
        assert seen == ["pass", "fail", "fail"]
