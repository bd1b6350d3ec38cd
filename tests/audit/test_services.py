from __future__ import annotations

import json

import pytest

from .build import OURS, REGION, denied, doc, look, status, why

CONTROL = "aws.logging.services"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{OURS}:trail/main"
GROUP = {"allSupported": True, "includeGlobalResourceTypes": True}


class Logs:
    """Everything switched on; a test switches one thing off."""

    def __init__(self):
        self.logging = {"LoggingEnabled": {"TargetBucket": "logs"}}
        self.trail = {
            "TrailARN": TRAIL,
            "Name": "main",
            "S3BucketName": "logs",
            "CloudWatchLogsLogGroupArn": f"arn:aws:logs:{REGION}:{OURS}:log-group:t:*",
        }
        self.trail_status = {"IsLogging": True, "LatestCloudWatchLogsDeliveryTime": "2026-03-02T11:50:00Z"}
        self.recorder, self.recording = (
            {"name": "default", "recordingGroup": dict(GROUP)},
            {"name": "default", "recording": True, "lastStatus": "SUCCESS"},
        )
        self.channels = [{"name": "default", "s3BucketName": "logs"}]
        self.flow = {
            "ResourceId": "vpc-1",
            "FlowLogStatus": "ACTIVE",
            "TrafficType": "ALL",
            "DeliverLogsStatus": "SUCCESS",
        }
        self.distribution = {"Logging": {"Enabled": True, "Bucket": "logs.s3.amazonaws.com"}}
        self.deliveries = []

    def documents(self):
        return [
            doc("sts.GetCallerIdentity", {"Account": OURS}),
            doc("s3.ListBuckets", {"Buckets": [{"Name": "data"}, {"Name": "logs"}]}),
            doc("cloudfront.ListDistributions", {"DistributionList": {"Items": [{"Id": "E1"}]}}),
            doc("s3.GetBucketLogging", self.logging, key="data"), doc("s3.GetBucketLogging", {}, key="logs"),
            doc("cloudtrail.DescribeTrails", {"trailList": [self.trail]}), doc("cloudtrail.GetTrailStatus", self.trail_status, key=TRAIL),
            doc("config.DescribeConfigurationRecorders", {"ConfigurationRecorders": [self.recorder] if self.recorder else []}, region=REGION),
            doc("config.DescribeConfigurationRecorderStatus", {"ConfigurationRecordersStatus": [self.recording]}, region=REGION),
            doc("config.DescribeDeliveryChannels", {"DeliveryChannels": self.channels}, region=REGION),
            doc("config.DescribeDeliveryChannelStatus", {"DeliveryChannelsStatus": []}, region=REGION),
            doc("ec2.DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1"}]}, region=REGION),
            doc("ec2.DescribeFlowLogs", {"FlowLogs": [self.flow]}, region=REGION),
            doc("cloudfront.GetDistributionConfig", {"DistributionConfig": self.distribution}, key="E1"),
            doc("logs.DescribeDeliverySources", {"deliverySources": [{"name": "s", "resourceArns": [f"arn:aws:cloudfront::{OURS}:distribution/E1"]}]}, region="us-east-1"),
            doc("logs.DescribeDeliveries", {"deliveries": self.deliveries}, region="us-east-1"),
        ]  # fmt: skip


def regional(documents):
    """us-east-1 is a scope of its own, in which nothing but the delivery was recorded: leave it out."""
    return [d for d in documents if d["scope"]["region"] != "us-east-1"]


def test_everything_on_passes_and_a_bucket_that_receives_logs_needs_none():
    assert status(CONTROL, regional(Logs().documents())) == "pass"


BREAKS = {
    "bucket": (lambda x: x.logging.clear(), "bucket without access logs"),
    "no log group": (
        lambda x: x.trail.pop("CloudWatchLogsLogGroupArn"),
        "no trail delivers to CloudWatch Logs",
    ),
    "stopped trail": (lambda x: x.trail_status.update(IsLogging=False), "does not log"),
    "delivery error": (
        lambda x: x.trail_status.update(LatestCloudWatchLogsDeliveryError="AccessDenied"),
        "could not deliver",
    ),
    "old delivery": (
        lambda x: x.trail_status.update(LatestCloudWatchLogsDeliveryTime="2026-02-01T00:00:00Z"),
        "Logs since 2026-02-01",
    ),
    "recorder stopped": (lambda x: x.recording.update(recording=False), "is stopped"),
    "recorder failing": (lambda x: x.recording.update(lastStatus="FAILURE"), "last run failed"),
    "some types": (
        lambda x: x.recorder["recordingGroup"].update(allSupported=False),
        "leaves resource types out",
    ),
    "no channel": (lambda x: x.channels.clear(), "no delivery channel"),
    "no recorder": (lambda x: setattr(x, "recorder", None), "no recorder"),
    "no flow log": (lambda x: x.flow.update(ResourceId="vpc-other"), "no flow log"),
    "rejects only": (lambda x: x.flow.update(TrafficType="REJECT"), "rejected traffic only"),
    "undelivered": (lambda x: x.flow.update(DeliverLogsStatus="FAILED"), "can't be delivered"),
    "flow log without addresses": (
        lambda x: x.flow.update(LogFormat="${version} ${action} ${srcaddr}"),
        "leaves out the addresses",
    ),
    "logs to a bucket that is gone": (
        lambda x: x.logging["LoggingEnabled"].update(TargetBucket="gone"),
        "which the account has not",
    ),
    "never delivered": (
        lambda x: x.trail_status.update(
            LatestCloudWatchLogsDeliveryTime=None, StartLoggingTime="2026-01-01T00:00:00Z"
        ),
        "since it was started",
    ),
    "no IAM": (
        lambda x: x.recorder["recordingGroup"].update(includeGlobalResourceTypes=False),
        "takes in IAM",
    ),
    "distribution": (lambda x: x.distribution.update(Logging={"Enabled": False}), "CloudFront distribution"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_that_is_off_fails_and_says_which(name):
    logs = Logs()
    change, words = BREAKS[name]
    change(logs)
    assert status(CONTROL, regional(logs.documents())) == "fail"
    assert words in why(CONTROL, regional(logs.documents()))


@pytest.mark.parametrize(
    "mode",
    [
        {"recordingFrequency": "DAILY"},
        {
            "recordingFrequency": "CONTINUOUS",
            "recordingModeOverrides": [{"resourceTypes": ["AWS::S3::Bucket"], "recordingFrequency": "DAILY"}],
        },
    ],
)
def test_a_recorder_that_looks_once_a_day_is_half_of_one(mode):
    logs = Logs()
    logs.recorder["recordingMode"] = mode
    assert status(CONTROL, regional(logs.documents())) == "partial"


def test_denied_is_not_known_to_be_off():
    rest = [d for d in regional(Logs().documents()) if d["call"] != "ec2.DescribeFlowLogs"]
    assert (
        status(CONTROL, [*rest, denied("ec2.DescribeFlowLogs", "ec2:DescribeFlowLogs", region=REGION)])
        == "could-not-look"
    )


def test_a_trails_status_that_was_denied_is_not_known_to_be_wrong():
    rest = [d for d in regional(Logs().documents()) if d["call"] != "cloudtrail.GetTrailStatus"]
    assert status(CONTROL, [*rest, denied("cloudtrail.GetTrailStatus", key=TRAIL)]) == "could-not-look"


def test_the_newer_log_delivery_that_was_denied_is_not_known_to_be_missing():
    logs = Logs()
    logs.distribution = {"Logging": {"Enabled": False}}
    rest = regional(logs.documents())
    blind = [
        denied("logs.DescribeDeliverySources", region="us-east-1"),
        denied("logs.DescribeDeliveries", region="us-east-1"),
    ]
    (check,) = look(CONTROL, [*rest, *blind])
    assert [i.status.value for i in check.items if "CloudFront" in i.resource] == ["could-not-look"]


def test_a_bucket_that_receives_under_a_folder_or_from_a_distribution_is_spared():
    logs = Logs()
    logs.logging, logs.trail["S3BucketName"] = {"LoggingEnabled": {"TargetBucket": "data"}}, "data"
    logs.channels[0]["s3BucketName"] = "data"
    assert "bucket without" not in why(CONTROL, regional(logs.documents()))  # the distribution's
    logs.distribution["Logging"]["Bucket"] = "data.s3.eu-west-1.amazonaws.com"
    assert "bucket without" in why(CONTROL, regional(logs.documents()))
    logs.flow["LogDestination"] = "arn:aws:s3:::logs/flows"
    assert status(CONTROL, regional(logs.documents())) == "pass"


ALLOW = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*"}  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "uri", "expected"),
    [
        ([], "http://acs.amazonaws.com/groups/s3/LogDelivery", "pass"), ([], "http://acs.amazonaws.com/groups/global/AllUsers", "fail"),
        ([ALLOW | {"Condition": {"StringEquals": {"aws:SourceAccount": OURS}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"}}}], "", "pass"),
        ([ALLOW | {"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::other"}}}], "", "fail"),
        ([ALLOW, ALLOW | {"Effect": "Deny", "Principal": "*"}], "", "fail"),
        ([ALLOW | {"Principal": {"Service": "delivery.logs.amazonaws.com"}}], "", "fail"),
    ],
)  # fmt: skip
def test_a_bucket_for_logs_must_let_s3_deliver_them(statements, uri, expected):
    policy = {"Policy": json.dumps({"Statement": statements})} if statements else None
    grants = [{"Grantee": {"URI": uri}, "Permission": "WRITE"}] if uri else []
    documents = [
        *regional(Logs().documents()),
        doc("s3.GetBucketPolicy", policy, key="logs", absent="" if policy else "NoSuchBucketPolicy"),
        doc("s3.GetBucketAcl", {"Grants": grants}, key="logs"),
    ]
    assert status(CONTROL, documents) == expected


def test_two_flow_logs_of_half_the_traffic_hold_all_of_it():
    logs = Logs()
    documents = regional(logs.documents())
    flows = next(d for d in documents if d["call"] == "ec2.DescribeFlowLogs")["answer"]["FlowLogs"]
    flows[:] = [logs.flow | {"TrafficType": kind} for kind in ("ACCEPT", "REJECT")]
    assert status(CONTROL, documents) == "pass"


def test_the_newer_log_delivery_of_a_distribution_counts():
    logs = Logs()
    logs.distribution, logs.deliveries = {"Logging": {"Enabled": False}}, [{"deliverySourceName": "s"}]
    assert "CloudFront" not in why(CONTROL, logs.documents())
