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
        self.composites, self.more_filters, self.keys, self.filter_policies = [], [], [], {}
        self.attributes = {"TopicArn": TOPIC, "Policy": DEFAULT_POLICY}
        self.selectors = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}

    def documents(self):
        made = [
            doc("cloudtrail.DescribeTrails", {"trailList": [self.trail]}),
            doc("cloudtrail.GetTrailStatus", self.status, key=TRAIL, args={"Name": TRAIL}),
            doc("cloudtrail.GetEventSelectors", self.selectors, key=TRAIL),
            doc("sns.GetTopicAttributes", {"Attributes": self.attributes}, key=TOPIC, region=REGION),
            doc(
                "logs.DescribeMetricFilters",
                {"metricFilters": [self.filter, *self.more_filters]},
                region=REGION,
            ),
            doc("cloudwatch.DescribeAlarms", {"MetricAlarms": [self.alarm]}, region=REGION),
            doc("cloudwatch.DescribeAlarms.composite", {"CompositeAlarms": self.composites}, region=REGION),
            *self.keys,
            *(
                doc("sns.GetSubscriptionAttributes", {"Attributes": a}, key=k, region=REGION)
                for k, a in self.filter_policies.items()
            ),
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


def filtered(clause):
    return lambda c: c.filter.update(filterPattern="{ (" + PATTERN.strip("{} ") + f") && ({clause}) }}")


def topic_policy(**more):
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC} | more
    return lambda c: c.attributes.update(Policy=json.dumps({"Statement": [statement]}))


def key_policy(principal, *actions, **more):
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions or ("kms:Decrypt", "kms:GenerateDataKey*")),
        "Resource": "*",
    } | more
    return [
        doc("kms.ListKeys", {"Keys": [{"KeyId": "k1"}]}, region=REGION),
        doc(
            "kms.ListAliases", {"Aliases": [{"AliasName": "alias/ours", "TargetKeyId": "k1"}]}, region=REGION
        ),
        doc("kms.GetKeyPolicy", {"Policy": json.dumps({"Statement": [statement]})}, key="k1", region=REGION),
    ]


def locked(principal, *actions, key=f"arn:aws:kms:{REGION}:{OURS}:key/k1", **more):
    """A topic with a key, and the key's policy."""

    def change(chain):
        chain.attributes["KmsMasterKeyId"] = key
        chain.keys = key_policy(principal, *actions, **more)

    return change


def filtered_by(policy, scope="MessageBody"):
    """A filter policy of the only subscription."""
    attributes = {"FilterPolicy": json.dumps(policy), "FilterPolicyScope": scope}
    return lambda c: c.filter_policies.update({f"{TOPIC}:1": attributes})


def watching(expression, *others, default=None, **more):
    """The alarm is on an expression: m1 is the filter's metric, m2 and on are others (`ours`: of another filter)."""

    def change(chain):
        for key in ("Namespace", "MetricName", "Statistic", "Period"):
            del chain.alarm[key]

        def query(number, space, name):
            metric = {"Namespace": space, "MetricName": name}
            stat = {"Metric": metric, "Period": 300, "Stat": "Sum"}
            return {"Id": f"m{number}", "MetricStat": stat, "ReturnData": False}

        chain.alarm["Metrics"] = [
            {"Id": "e1", "Expression": expression},
            query(1, "CIS", "IamChanges"),
            *(query(n, "CIS" if name == "ours" else "AWS/X", name) for n, name in enumerate(others, 2)),
        ]
        chain.filter["metricTransformations"][0].update({} if default is None else {"defaultValue": default})
        other = {"metricName": "ours", "metricNamespace": "CIS", "metricValue": "1"}
        other |= {} if default is None else {"defaultValue": default}
        chain.more_filters.append(
            {
                "filterName": "other",
                "logGroupName": "trail",
                "filterPattern": "{ $.x = 1 }",
                "metricTransformations": [other],
            }
        )
        chain.alarm.update(more)

    return change  # fmt: skip


def muted(*names, **more):
    """A mute rule of CloudWatch on alarms of these names."""
    arn = f"arn:aws:cloudwatch:{REGION}:{OURS}:alarm-mute-rule:nights"
    schedule = {"Expression": "cron(0 23 * * *)", "Duration": "PT6H"}
    rule = {"Name": "nights", "AlarmMuteRuleArn": arn, "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": list(names)}, "Status": "ACTIVE"}  # fmt: skip
    listed = {"AlarmMuteRuleSummaries": [{"AlarmMuteRuleArn": arn, "Status": "ACTIVE"}]}
    return lambda c: c.keys.extend(
        [
            doc("cloudwatch.ListAlarmMuteRules", listed, key="all", region=REGION),
            doc("cloudwatch.GetAlarmMuteRule", rule | more, key="nights", region=REGION),
        ]
    )


def composite(rule, **more):
    """The alarm itself tells nobody; a composite one on it is meant to."""

    def change(chain):
        chain.alarm["ActionsEnabled"] = False
        chain.composites = [
            {"AlarmName": "all", "AlarmRule": rule, "ActionsEnabled": True, "AlarmActions": [TOPIC]} | more
        ]

    return change  # fmt: skip


RIGHT = {
    "another alarm is muted": muted("other"),
    "muted until it expired": muted("iam", Status="EXPIRED"),
    "composite of a muted one": lambda c: (composite("ALARM(iam)")(c), muted("iam")(c)),
    "1 of 60 periods": lambda c: c.alarm.update(EvaluationPeriods=60, DatapointsToAlarm=1, Period=60),
    "more than none": lambda c: c.alarm.update(Threshold=0.0, ComparisonOperator="GreaterThanThreshold"),
    "ten for each": lambda c: (
        c.alarm.update(Threshold=10.0), c.filter["metricTransformations"][0].update(metricValue="10"),
    ),
    "a list of one metric": lambda c: c.alarm.update(
        Metrics=[{"Id": "m", "MetricStat": {"Metric": {"Namespace": c.alarm.pop("Namespace"), "MetricName": c.alarm.pop("MetricName")}, "Period": 300, "Stat": c.alarm.pop("Statistic")}}]
    ),
    "composite": composite('ALARM("iam")'),
    "composite of any": composite(f'(ALARM(other) OR (ALARM("arn:aws:cloudwatch:{REGION}:{OURS}:alarm:x") OR ALARM(\'iam\')))'),
    "successes": filtered("$.errorCode NOT EXISTS"),
    "not by a service itself": filtered('$.userIdentity.type != "AWSService" && $.eventType != "AwsServiceEvent"'),
    "two filters by who": lambda c: (
        c.more_filters.append(c.filter | {"filterName": "rest", "filterPattern": '{ $.userIdentity.type != "Root" }'}),
        filtered('$.userIdentity.type = "Root"')(c),
    ),
    "topic for the alarms of the account": topic_policy(
        Principal={"Service": "cloudwatch.amazonaws.com"},
        Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{OURS}:alarm:*"}, "StringEquals": {"aws:SourceAccount": OURS}},
    ),
    "topic for this very alarm": topic_policy(
        Principal={"Service": "cloudwatch.amazonaws.com"}, Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{OURS}:alarm:iam"}},
    ),
    "topic with a key that lets alarms": locked({"Service": "cloudwatch.amazonaws.com"}),
    "topic with a key by its alias": locked({"Service": "cloudwatch.amazonaws.com"}, key="alias/ours"),
    "topic with a key for the account": locked(
        {"Service": "cloudwatch.amazonaws.com"}, "kms:*", Condition={"StringEquals": {"aws:SourceAccount": OURS}},
    ),
    "a subscription to alarms": filtered_by({"NewStateValue": ["ALARM"], "Trigger": {"MetricName": [{"prefix": "Iam"}]}}),
    "a subscription to what has no attribute": filtered_by({"severity": [{"exists": False}]}, "MessageAttributes"),
    "an empty filter policy": filtered_by({}),
    "one of two subscriptions hears all": lambda c: (
        c.subscriptions.append({"TopicArn": TOPIC, "SubscriptionArn": f"{TOPIC}:2", "Protocol": "sqs"}), filtered_by({"x": ["y"]})(c),
    ),
    "what is missing filled": watching("FILL(m1, 0)", TreatMissingData="breaching"),
    "the sum of all": watching("SUM(METRICS())", "ours"),
    "the sum of some": watching("SUM([m1, FILL(m2, 0)])", "Other"),
    "the sum of two, each filled": watching("FILL(m1, 0) + FILL(m2, 0)", "ours"),
    "the sum of two that are 0 without events": watching("m1 + m2", "ours", default=0),
    "if there is any": watching("IF(m1 > 0, 1, 0)"),
    "either of two": watching("IF(FILL(m1,0) > 0 || FILL(m2,0) > 0, 1, 0)", "ours"),
    "composite of a composite": lambda c: (
        composite("ALARM(middle)")(c), c.composites.append({"AlarmName": "middle", "AlarmRule": "ALARM(iam)", "ActionsEnabled": False}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_a_chain_that_is_built_in_another_way_passes(name):
    chain = Chain()
    RIGHT[name](chain)
    assert why(IAM, chain.documents()) == ""
    assert status(IAM, chain.documents()) == "pass"


BREAKS = {
    "muted": (muted("other", "iam"), "muted by the mute rule nights (active: cron(0 23 * * *) for PT6H)"),
    "to be muted": (muted("iam", Status="SCHEDULED"), "muted by the mute rule"),
    "a muted composite": (lambda c: (composite("ALARM(iam)")(c), muted("all")(c)), "switched off"),
    "metric with dimensions of its log": (
        lambda c: c.filter.update(emitSystemFieldDimensions=["@aws.account"]),
        "watches none of them",
    ),
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
    "filter without one user": (
        filtered(f'$.userIdentity.arn != "arn:aws:iam::{OURS}:user/deploy"'),
        "where userIdentity.arn is arn:aws:iam::123456789012:user/deploy",
    ),
    "filter without one role": (
        filtered("$.userIdentity.sessionContext.sessionIssuer.userName != Admin*"),
        "whoever makes it",
    ),
    "filter without one tool": (filtered('$.userAgent != "terraform*"'), "where userAgent is terraform"),
    "filter without root": (filtered('$.userIdentity.type != "Root"'), "iam leaves out that of Root"),
    "filter without one address": (filtered("$.sourceIPAddress != 203.0.113.77"), "203.0.113.77"),
    "filter without private addresses": (filtered("$.sourceIPAddress != 10.*"), "sourceIPAddress is 10.1"),
    "filter of one version of the records": (filtered('$.eventVersion = "1.08"'), "no metric filter counts"),
    "filter without what a service does for somebody": (
        filtered("$.userIdentity.invokedBy NOT EXISTS"),
        "where userIdentity.invokedBy is exclave-probe",
    ),
    "filter without one policy": (filtered("$.requestParameters.policyName != x"), "whoever makes it"),
    "trail leaves one role out": (
        lambda c: c.selectors.update(
            EventSelectors=[],
            AdvancedEventSelectors=[
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "userIdentity.arn", "NotEquals": [f"arn:aws:iam::{OURS}:role/deploy"]},
                    ]
                }
            ],
        ),
        "role/deploy",
    ),
    "trail leaves global services out": (
        lambda c: c.trail.update(IncludeGlobalServiceEvents=False),
        "leave the event out",
    ),
    "default value that raises it": (
        lambda c: c.filter["metricTransformations"][0].update(defaultValue=1),
        "without any event",
    ),
    "threshold of nothing": (lambda c: c.alarm.update(Threshold=0.0), "without any event"),
    "sixty of sixty periods": (
        lambda c: c.alarm.update(EvaluationPeriods=60, DatapointsToAlarm=60, Period=60),
        "waits for 60 periods",
    ),
    "a day": (lambda c: c.alarm.update(Period=86400), "only every 86400 seconds"),
    "topic in another region": (
        lambda c: c.alarm.update(AlarmActions=[TOPIC.replace(REGION, "us-east-1")]),
        "of another region",
    ),
    "told when it is over": (
        lambda c: c.alarm.update(AlarmActions=[], OKActions=[TOPIC], InsufficientDataActions=[TOPIC]),
        "no SNS topic",
    ),
    "nothing ever came": (
        lambda c: c.status.update(StartLoggingTime="2026-01-01T00:00:00Z"),
        "since it was started",
    ),
    "topic that lets another account publish": (
        topic_policy(Principal={"AWS": "arn:aws:iam::111122223333:root"}),
        "does not let cloudwatch",
    ),
    "topic that lets another account's alarms publish": (
        topic_policy(
            Principal={"Service": "cloudwatch.amazonaws.com"},
            Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}},
        ),
        "does not let cloudwatch",
    ),
    "topic whose policy is of another topic": (
        topic_policy(Principal={"Service": "cloudwatch.amazonaws.com"}, Resource=f"{TOPIC}-2"),
        "does not let cloudwatch",
    ),
    "topic with a key that lets nobody": (locked({"Service": "events.amazonaws.com"}), "key of topic"),
    "topic with a key that leaves it to IAM": (
        locked({"AWS": f"arn:aws:iam::{OURS}:root"}, "kms:*"),
        "key of topic",
    ),
    "topic with a key that is only for reading": (
        locked({"Service": "cloudwatch.amazonaws.com"}, "kms:Decrypt"),
        "key of topic",
    ),
    "topic with a key for another account": (
        locked(
            {"Service": "cloudwatch.amazonaws.com"},
            Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}},
        ),
        "key of topic",
    ),
    "topic with a key that is gone": (
        locked({"Service": "cloudwatch.amazonaws.com"}, key="alias/gone"),
        "does not exist",
    ),
    "topic for another alarm": (
        topic_policy(
            Principal={"Service": "cloudwatch.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{OURS}:alarm:other"}},
        ),
        "does not let cloudwatch",
    ),
    "topic for the organisation only": (
        lambda c: c.attributes.update(
            Policy=json.dumps(
                {
                    "Statement": [
                        *json.loads(DEFAULT_POLICY)["Statement"],
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "sns:*",
                            "Resource": TOPIC,
                            "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-ours000000"}},
                        },
                    ]
                }
            )
        ),
        "does not let cloudwatch",
    ),
    "a subscription to one attribute": (
        filtered_by({"severity": ["high"]}, "MessageAttributes"),
        "filter policy",
    ),
    "a subscription by what stands in the body, of the attributes": (
        filtered_by({"NewStateValue": ["ALARM"]}, "MessageAttributes"),
        "filter policy",
    ),
    "a subscription to what is over": (filtered_by({"NewStateValue": ["OK"]}), "filter policy"),
    "a subscription to other alarms": (
        filtered_by({"AlarmName": [{"anything-but": ["iam"]}]}),
        "filter policy",
    ),
    "a subscription to other alarms, by how they begin": (
        filtered_by({"AlarmName": [{"anything-but": {"prefix": ["i", "c"]}}]}),
        "filter policy",
    ),
    "the sum of two, one of which has no value": (watching("m1 + m2", "ours"), "has no value while"),
    "a tenth": (watching("m1 / 10"), "one event does not raise it (m1 / 10"),
    "if there are many": (watching("IF(m1 > 5, 1, 0)"), "one event does not raise it"),
    "repeated for ever": (watching("FILL(m1, REPEAT)"), "without any event"),
    "filled with events": (watching("FILL(m1, 1)"), "without any event"),
    "not while something else": (watching("IF(m2 > 0, 0, m1)", "Deploying"), "has no value while"),
    "only with something else": (watching("IF(FILL(m2, 0) > 0, m1, 0)", "Logins"), "does not raise it"),
    "the others": (watching("m2", "ours"), "has no value while"),
    "the difference": (watching("FILL(m1, 0) - FILL(m2, 1)", "Other"), "does not raise it"),
    "the metric of another account": (
        lambda c: (
            watching("FILL(m1, 0)")(c),
            c.alarm["Metrics"][1].update(AccountId="111122223333"),
        ),
        "no alarm is on metric",
    ),
    "held against a band": (
        lambda c: (c.alarm.pop("Threshold"), c.alarm.update(ThresholdMetricId="b")),
        "no threshold of its own",
    ),
    "composite but for another": (
        composite('ALARM("iam") AND NOT ALARM("maintenance")'),
        "switched off",
    ),
    "composite that is always raised": (composite("ALARM(iam) OR TRUE"), "switched off"),
    "composite of a composite that waits": (
        lambda c: (
            composite("ALARM(middle)")(c),
            c.composites.append({"AlarmName": "middle", "AlarmRule": "ALARM(iam) AND ALARM(x)"}),
        ),
        "switched off",
    ),
    "composite that waits for another": (
        composite('ALARM("iam") AND ALARM("deploying")'),
        "switched off",
    ),
    "composite that is held back": (composite("ALARM(iam)", ActionsSuppressor="deploying"), "switched off"),
    "composite of another": (composite('NOT ALARM("iam")'), "switched off"),
    "filter of everything": (lambda c: c.filter.update(filterPattern=""), "counts every call"),
    "filter of every call": (
        lambda c: c.filter.update(filterPattern='{ $.eventType = "AwsApiCall" }'),
        "tells of no change",
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


@pytest.mark.parametrize(
    ("call", "key"),
    [
        ("cloudwatch.DescribeAlarms", ""), ("sns.ListSubscriptions", ""), ("logs.DescribeMetricFilters", ""), ("sns.GetTopicAttributes", TOPIC),
        ("cloudwatch.ListAlarmMuteRules", "all"), ("sns.GetSubscriptionAttributes", f"{TOPIC}:1"), ("kms.GetKeyPolicy", "k1"), ("kms.ListAliases", ""), ("kms.ListKeys", ""),
    ],
)  # fmt: skip
def test_what_was_denied_is_not_known_to_be_missing(call, key):
    chain = Chain()
    locked({"Service": "cloudwatch.amazonaws.com"}, key="alias/ours")(chain)
    gone = {call} | ({"kms.GetKeyPolicy"} if call == "kms.ListKeys" else set())
    blind = [d for d in chain.documents() if d["call"] not in gone]
    assert status(IAM, [*blind, denied(call, key=key, region=REGION)]) == "could-not-look"


def test_an_expression_that_can_not_be_followed_is_not_known_to_be_wrong():
    for expression in ("RATE(m1)", 'SELECT SUM(IamChanges) FROM "CIS"', "m1 +", "ANOMALY_DETECTION_BAND(m1)"):
        chain = Chain()
        watching(expression)(chain)
        assert status(IAM, chain.documents()) == "could-not-look", expression


def test_the_chain_of_cloudtrail_changes_needs_its_own_filter():
    chain = Chain()
    assert status("aws.alarm.cloudtrail-changes", chain.documents()) == "fail"
    chain.filter["filterPattern"] = (
        "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }"
    )
    assert status("aws.alarm.cloudtrail-changes", chain.documents()) == "pass"
    chain.filter["filterPattern"] = (
        '{ $.eventSource = "cloudtrail.amazonaws.com" && $.awsRegion != "sa-east-1" }'
    )
    assert "where awsRegion is sa-east-1" in why("aws.alarm.cloudtrail-changes", chain.documents())


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
    filtered_by({"detail": {"eventType": ["AwsApiCall"]}})(chain)
    pattern_with(awsRegion=[{"anything-but": "us-east-1"}])(chain)  # a rule is told of its own region alone
    assert status("aws.alarm.data-sharing", chain.documents()) == "pass"


def pattern_with(**detail):
    def change(chain):
        pattern = json.loads(chain.rules[0]["EventPattern"])
        pattern["detail"] |= detail
        chain.rules[0]["EventPattern"] = json.dumps(pattern)

    return change


def test_two_rules_may_split_who_asks_between_them():
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    chain.attributes["Policy"] = RULES_POLICY
    pattern_with(userIdentity={"type": ["Root"]})(chain)
    assert "does not fire for every caller" in why("aws.alarm.data-sharing", chain.documents())
    chain.rules.insert(0, sharing_rule(Name="rest"))
    chain.targets["rest"] = chain.targets["sharing"]
    pattern_with(userIdentity={"type": [{"anything-but": "Root"}]})(chain)
    assert status("aws.alarm.data-sharing", chain.documents()) == "pass"


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
        pattern_with(userIdentity={"arn": [{"anything-but": {"suffix": "/deploy"}}]}),
        pattern_with(userAgent=[{"anything-but": ["terraform"]}]),
        pattern_with(requestParameters={"x": [{"exists": False}]}),
        lambda c: c.trail.update(IsMultiRegionTrail=False, HomeRegion="us-east-1"),
        lambda c: c.selectors.update(
            EventSelectors=[{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]
        ),
        lambda c: c.targets["sharing"][0].update(Arn=TOPIC.replace(REGION, "us-east-1")),
        lambda c: c.attributes.update(
            Policy=RULES_POLICY.replace(
                '"Resource"',
                '"Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}, "Resource"',
            )
        ),
        pattern_with(eventName=["ModifySnapshotAttribute"]),
        pattern_with(userIdentity={"arn": [{"anything-but": {"suffix": ["/ci", "/deploy"]}}]}),
        pattern_with(sourceIPAddress=[{"anything-but": {"wildcard": "10.*"}}]),
        filtered_by({"detail": {"eventName": ["ModifySnapshotAttribute"]}}),
        filtered_by({"detail": {"eventName": [{"anything-but": "ModifySnapshotAttribute"}]}}),
        filtered_by({"source": ["aws.ec2"]}, "MessageAttributes"),
    ],
)
def test_a_rule_that_is_off_narrow_or_unheard_does_not(change):
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    chain.attributes["Policy"] = RULES_POLICY
    change(chain)
    assert status("aws.alarm.data-sharing", chain.documents()) == "fail"


@pytest.mark.parametrize(
    ("arns", "expected"),
    [
        (("lambda:{}:function:there:live",), "pass"), (("sqs:{}:there",), "pass"), (("lambda:{}:function:gone",), "fail"), (("sqs:{}:gone",), "fail"),
        (("sqs:{}:gone", "lambda:{}:function:there"), "pass"), (("lambda:eu-west-1:999900001111:function:theirs",), "pass"),
    ],
)  # fmt: skip
def test_a_rule_that_tells_a_queue_or_function_which_is_gone_tells_nobody(arns, expected):
    chain = Chain()
    here = f"{REGION}:{OURS}"
    chain.rules = [sharing_rule()]
    chain.targets = {"sharing": [{"Id": a, "Arn": "arn:aws:" + a.format(here)} for a in arns]}
    listed = [
        doc("lambda.ListFunctions", {"Functions": [{"FunctionName": "there"}]}, region=REGION),
        doc("sqs.ListQueues", {"QueueUrls": [f"https://sqs/{OURS}/there"]}, region=REGION),
    ]
    assert status("aws.alarm.data-sharing", [*chain.documents(), *listed]) == expected


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


@pytest.mark.parametrize(
    "call", ["events.ListRules", "events.ListTargetsByRule", "sns.ListTopics", "cloudtrail.GetEventSelectors"]
)
def test_rules_targets_and_topics_that_were_denied_are_not_known_to_be_missing(call):
    chain = Chain()
    chain.rules, chain.targets = [sharing_rule()], {"sharing": [{"Id": "1", "Arn": TOPIC}]}
    chain.attributes["Policy"] = RULES_POLICY
    key = {"events.ListTargetsByRule": "sharing", "cloudtrail.GetEventSelectors": TRAIL}.get(call, "")
    where = {} if call.startswith("cloudtrail") else {"region": REGION}
    blind = [d for d in chain.documents() if d["call"] != call] + [denied(call, key=key, **where)]
    assert status("aws.alarm.data-sharing", blind) == "could-not-look"


def test_a_trail_of_which_nothing_more_was_recorded_is_not_known_to_log():
    for call in ("cloudtrail.GetTrailStatus", "cloudtrail.GetEventSelectors"):
        half = [d for d in Chain().documents() if d["call"] != call]
        assert status(IAM, half) == "could-not-look", call
