from __future__ import annotations

import copy
import json

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


# As SNS writes it for a new topic: the account, by AWS:SourceOwner.
DEFAULT_POLICY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["SNS:Publish"], "Resource": TOPIC, "Condition": {"StringEquals": {"AWS:SourceOwner": OURS}}}]}
)  # fmt: skip
RULES_POLICY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": TOPIC}]}
)  # fmt: skip


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
        self.attributes = {"TopicArn": TOPIC, "Policy": DEFAULT_POLICY}
        self.selectors = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}

    def documents(self):
        made = [
            doc("cloudtrail.DescribeTrails", {"trailList": [self.trail]}),
            doc("cloudtrail.GetTrailStatus", self.status, key=TRAIL, args={"Name": TRAIL}),
            doc("cloudtrail.GetEventSelectors", self.selectors, key=TRAIL),
            doc("sns.GetTopicAttributes", {"Attributes": self.attributes}, key=TOPIC, region=REGION),
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
    "missing data keeps it in alarm": (
        lambda c: c.alarm.update(TreatMissingData="ignore"),
        "tells of no other",
    ),
    "missing data raises it": (lambda c: c.alarm.update(TreatMissingData="breaching"), "tells of no other"),
    "average with a default of 0": (
        lambda c: (
            c.alarm.update(Statistic="Average"),
            c.filter["metricTransformations"][0].update(defaultValue=0),
        ),
        "does not count",
    ),
    "metric with dimensions": (
        lambda c: c.filter["metricTransformations"][0].update(dimensions={"who": "$.userIdentity.arn"}),
        "watches none of them",
    ),
    "another unit": (lambda c: c.alarm.update(Unit="Seconds"), "unit Seconds"),
    "trail reads only": (
        lambda c: c.selectors.update(
            EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]
        ),
        "leave the event out",
    ),
    "trail of data events": (
        lambda c: c.selectors.update(
            EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": False}]
        ),
        "leave the event out",
    ),
    "trail leaves IAM out": (
        lambda c: c.selectors.update(
            EventSelectors=[],
            AdvancedEventSelectors=[
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "eventSource", "NotEquals": ["iam.amazonaws.com"]},
                    ]
                }
            ],
        ),
        "leave the event out",
    ),
    "trail leaves somebody out": (
        lambda c: c.selectors.update(
            EventSelectors=[],
            AdvancedEventSelectors=[
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "userIdentity.arn", "NotStartsWith": [f"arn:aws:iam::{OURS}:user/"]},
                    ]
                }
            ],
        ),
        "leave the event out",
    ),
    "logs are not delivered": (
        lambda c: c.status.update(LatestCloudWatchLogsDeliveryError="AccessDenied"),
        "could not deliver",
    ),
    "logs came long ago": (
        lambda c: c.status.update(LatestCloudWatchLogsDeliveryTime="2026-02-01T00:00:00Z"),
        "delivered nothing",
    ),
    "filter of one region": (
        lambda c: c.filter.update(
            filterPattern='{ ($.awsRegion = "eu-west-1") && (' + PATTERN.strip("{} ") + ") }"
        ),
        "no metric filter counts",
    ),
    "filter without the console": (
        lambda c: c.filter.update(
            filterPattern='{ ($.userAgent != "console.amazonaws.com") && (' + PATTERN.strip("{} ") + ") }"
        ),
        "no metric filter counts",
    ),
    "filter of some sources": (
        lambda c: c.filter.update(fieldSelectionCriteria='@aws.region = "eu-west-1"'),
        "no metric filter counts",
    ),
    "topic with SNS's own key": (lambda c: c.attributes.update(KmsMasterKeyId="alias/aws/sns"), "own key"),
    "topic that lets nobody publish": (
        lambda c: c.attributes.update(
            Policy='{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"*"}]}'
        ),
        "does not let cloudwatch.amazonaws.com publish",
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
    return {"Name": "sharing", "State": "ENABLED", "EventPattern": json.dumps(pattern)} | changes


def test_a_rule_of_eventbridge_in_every_region_serves_as_well():
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    chain.attributes["Policy"] = RULES_POLICY
    assert status("aws.alarm.data-sharing", chain.documents()) == "pass"


def pattern_with(**detail):
    def change(chain):
        pattern = json.loads(chain.rules[0]["EventPattern"])
        pattern["detail"] |= detail
        chain.rules[0]["EventPattern"] = json.dumps(pattern)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.rules[0].update(State="DISABLED"),
        lambda c: c.rules[0].update(EventBusName="another"),
        lambda c: c.targets["sharing"].clear(),
        lambda c: c.subscriptions.clear(),
        lambda c: c.status.update(IsLogging=False),
        lambda c: c.attributes.update(Policy=DEFAULT_POLICY),
        pattern_with(userIdentity={"type": ["AssumedRole"]}),
        pattern_with(awsRegion=["us-east-1"]),
        pattern_with(errorCode=[{"exists": True}]),
        pattern_with(eventName=["ModifySnapshotAttribute"]),
    ],
)
def test_a_rule_that_is_off_narrow_or_unheard_does_not(change):
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    chain.attributes["Policy"] = RULES_POLICY
    change(chain)
    assert status("aws.alarm.data-sharing", chain.documents()) == "fail"


def test_a_rule_in_one_region_of_two_does_not():
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    chain.attributes["Policy"] = RULES_POLICY
    elsewhere = doc("events.ListRules", {"Rules": []}, region="us-east-1")
    assert status("aws.alarm.data-sharing", [*chain.documents(), elsewhere]) == "fail"


def test_a_trails_status_or_selectors_that_were_denied_are_not_known_to_be_right():
    for call in ("cloudtrail.GetTrailStatus", "cloudtrail.GetEventSelectors"):
        blind = [d for d in Chain().documents() if d["call"] != call] + [denied(call, key=TRAIL)]
        assert status(IAM, blind) == "could-not-look", call
