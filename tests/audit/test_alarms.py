from __future__ import annotations

import copy

import pytest

from exclave.audit.checks.aws import alarms

from .build import OURS, REGION, denied, doc, look, status, why

IAM = "aws.alarm.iam-policy-changes"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{OURS}:trail/main"
TOPIC = f"arn:aws:sns:{REGION}:{OURS}:alarms"
PATTERN = "{ " + " || ".join(f"($.eventName = {e.partition(':')[2]})" for e in alarms.IAM_EVENTS) + " }"
FILTER = {
    "filterName": "iam", "logGroupName": "trail", "filterPattern": PATTERN,
    "metricTransformations": [{"metricName": "IamChanges", "metricNamespace": "CIS", "metricValue": "1"}],
}  # fmt: skip
ALARM = {
    "AlarmName": "iam", "Namespace": "CIS", "MetricName": "IamChanges", "ActionsEnabled": True, "AlarmActions": [TOPIC],
    "Statistic": "Sum", "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "EvaluationPeriods": 1, "Period": 300,
}  # fmt: skip


class Chain:
    """A whole chain, each link of which a test may break."""

    def __init__(self):
        self.trail = {
            "TrailARN": TRAIL, "Name": "main", "IsMultiRegionTrail": True, "HomeRegion": REGION,
            "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{OURS}:log-group:trail:*",
        }  # fmt: skip
        self.status = {"IsLogging": True}
        self.filter, self.alarm = copy.deepcopy(FILTER), dict(ALARM)
        self.topics = [{"TopicArn": TOPIC}]
        self.subscriptions = [{"TopicArn": TOPIC, "SubscriptionArn": f"{TOPIC}:1", "Protocol": "email"}]
        self.rules, self.targets = [], {}

    def documents(self):
        made = [
            doc("cloudtrail.DescribeTrails", {"trailList": [self.trail]}),
            doc("cloudtrail.GetTrailStatus", self.status, key=TRAIL, args={"Name": TRAIL}),
            doc("logs.DescribeMetricFilters", {"metricFilters": [self.filter]}, region=REGION),
            doc("cloudwatch.DescribeAlarms", {"MetricAlarms": [self.alarm]}, region=REGION),
            doc("sns.ListTopics", {"Topics": self.topics}, region=REGION),
            doc("sns.ListSubscriptions", {"Subscriptions": self.subscriptions}, region=REGION),
            doc("events.ListRules", {"Rules": self.rules}, region=REGION),
        ]
        made += [
            doc("events.ListTargetsByRule", {"Targets": t}, key=r, region=REGION)
            for r, t in self.targets.items()
        ]
        return made


def test_a_whole_chain_passes_for_every_event():
    (check,) = look(IAM, Chain().documents())
    assert (check.status, check.count, check.of) == ("pass", 16, 16)


BREAKS = {
    "alarm on another metric": (lambda c: c.alarm.update(MetricName="Other"), "no alarm is on metric"),
    "alarm in another namespace": (lambda c: c.alarm.update(Namespace="Other"), "no alarm is on metric"),
    "subscription not confirmed": (
        lambda c: c.subscriptions[0].update(SubscriptionArn="PendingConfirmation"),
        "no confirmed subscription",
    ),
    "subscription deleted": (
        lambda c: c.subscriptions[0].update(SubscriptionArn="Deleted"),
        "no confirmed subscription",
    ),
    "no subscription": (lambda c: c.subscriptions.clear(), "no subscription"),
    "topic gone": (lambda c: c.topics.clear(), "does not exist"),
    "actions off": (lambda c: c.alarm.update(ActionsEnabled=False), "switched off"),
    "no action": (lambda c: c.alarm.update(AlarmActions=[]), "no SNS topic"),
    "a threshold of many": (lambda c: c.alarm.update(Threshold=100.0), "one event does not raise it"),
    "the wrong way round": (
        lambda c: c.alarm.update(ComparisonOperator="LessThanThreshold"),
        "one event does not raise it",
    ),
    "five periods": (lambda c: c.alarm.update(EvaluationPeriods=5), "waits for 5 periods"),
    "minimum": (lambda c: c.alarm.update(Statistic="Minimum"), "statistic"),
    "dimensions": (lambda c: c.alarm.update(Dimensions=[{"Name": "a", "Value": "b"}]), "dimensions"),
    "a metric of nothing": (
        lambda c: c.filter["metricTransformations"][0].update(metricValue="0"),
        "not at least 1",
    ),
    "trail stopped": (lambda c: c.status.update(IsLogging=False), "does not log"),
    "trail of one region": (lambda c: c.trail.update(IsMultiRegionTrail=False), "no trail of all regions"),
    "trail without log group": (
        lambda c: c.trail.pop("CloudWatchLogsLogGroupArn"),
        "no trail of all regions",
    ),
    "filter on another log group": (lambda c: c.filter.update(logGroupName="other"), "has no metric filter"),
    "filter lacks an event": (
        lambda c: c.filter.update(filterPattern=PATTERN.replace("PutRolePolicy", "Nothing")),
        "no metric filter counts",
    ),
    "filter counts root only": (
        lambda c: c.filter.update(
            filterPattern='{ ($.userIdentity.type = "Root") && ' + PATTERN.strip("{} ") + " }"
        ),
        "no metric filter counts",
    ),
    "filter counts failures only": (
        lambda c: c.filter.update(
            filterPattern='{ ($.errorCode = "AccessDenied") && (' + PATTERN.strip("{} ") + ") }"
        ),
        "no metric filter counts",
    ),
    "filter of plain text": (
        lambda c: c.filter.update(filterPattern="PutRolePolicy"),
        "no metric filter counts",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_broken_link_fails_and_says_which(name):
    chain = Chain()
    change, words = BREAKS[name]
    change(chain)
    assert status(IAM, chain.documents()) == "fail"
    assert words in why(IAM, chain.documents())


def test_several_filters_may_share_the_events():
    chain = Chain()
    chain.filter["filterPattern"] = (
        '{ $.eventSource = "iam.amazonaws.com" && ($.eventName = Put* || $.eventName = "Create*") }'
    )
    (check,) = look(IAM, chain.documents())
    assert 0 < check.count < check.of
    chain.filter["filterPattern"] = '{ $.eventSource = "iam.amazonaws.com" }'
    assert status(IAM, chain.documents()) == "pass"


def test_what_was_denied_is_not_known_to_be_missing():
    for call in ("cloudwatch.DescribeAlarms", "sns.ListSubscriptions", "logs.DescribeMetricFilters"):
        blind = [d for d in Chain().documents() if d["call"] != call] + [denied(call, region=REGION)]
        assert status(IAM, blind) == "could-not-look", call


def test_the_chain_of_cloudtrail_changes_needs_its_own_filter():
    chain = Chain()
    assert status("aws.alarm.cloudtrail-changes", chain.documents()) == "fail"
    chain.filter["filterPattern"] = (
        "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }"
    )
    assert status("aws.alarm.cloudtrail-changes", chain.documents()) == "pass"


def sharing_rule(**changes):
    sources = sorted({e.partition(":")[0] for e in alarms.sharing_events()})
    names = sorted({e.partition(":")[2] for e in alarms.sharing_events()})
    pattern = {
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": sources, "eventName": names},
    }
    import json

    return {"Name": "sharing", "State": "ENABLED", "EventPattern": json.dumps(pattern)} | changes


def test_a_rule_of_eventbridge_in_every_region_serves_as_well():
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    assert status("aws.alarm.data-sharing", chain.documents()) == "pass"


def test_a_rule_that_is_off_has_no_target_or_misses_a_region_does_not():
    for change in (
        lambda c: c.rules[0].update(State="DISABLED"),
        lambda c: c.targets["sharing"].clear(),
        lambda c: c.subscriptions.clear(),
    ):
        chain = Chain()
        chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
        change(chain)
        assert status("aws.alarm.data-sharing", chain.documents()) == "fail"
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    elsewhere = doc("events.ListRules", {"Rules": []}, region="us-east-1")
    assert status("aws.alarm.data-sharing", [*chain.documents(), elsewhere]) == "fail"
