"""What single entries of AWS services can't show in an example: lineage, and the ends of offers."""

from typing import Any

import pytest

from exclave.catalogue.loader import load
from exclave.detect.match import Found, index, match
from exclave.formats.cloudtrail import event
from exclave.model import Closure, Derivation, Evidence, Signal

OURS = "123456789012"


@pytest.fixture(scope="module")
def whole():
    return index(load(compiled=False))


def found(whole, name: str, **parts: Any) -> list[Found]:
    service, _, action = name.partition(":")
    record = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": action,
        "recipientAccountId": OURS,
        "userIdentity": {"type": "IAMUser", "accountId": OURS, "arn": f"arn:aws:iam::{OURS}:user/dana"},
        **parts,
    }
    return list(match(event(record, Evidence(file="t", record=1)), whole))


MADE_OF = [
    (
        "ec2:CreateVpcPeeringConnection",
        {
            "requestParameters": {"vpcId": "vpc-1", "peerVpcId": "vpc-2"},
            "responseElements": {"vpcPeeringConnection": {"vpcPeeringConnectionId": "pcx-1"}},
        },
        {("vpc-peering:pcx-1", "vpc:vpc-1"), ("vpc-peering:pcx-1", "vpc:vpc-2")},
    ),
    (
        "ec2:CreateSubnet",
        {"requestParameters": {"vpcId": "vpc-1"}, "responseElements": {"subnet": {"subnetId": "subnet-1"}}},
        {("subnet:subnet-1", "vpc:vpc-1")},
    ),
    (
        "datasync:CreateTask",
        {
            "requestParameters": {"sourceLocationArn": f"arn:aws:datasync:eu-west-1:{OURS}:location/loc-1"},
            "responseElements": {"taskArn": f"arn:aws:datasync:eu-west-1:{OURS}:task/task-1"},
        },
        {("datasync-task:task-1", "datasync-location:loc-1")},
    ),
    (
        "snowball:CreateJob",
        {
            "requestParameters": {
                "jobType": "EXPORT",
                "resources": {"s3Resources": [{"bucketArn": "arn:aws:s3:::ours-archive"}]},
            },
            "responseElements": {"jobId": "JID1"},
        },
        {("snow-job:JID1", "s3-bucket:ours-archive")},
    ),
    (
        "dataexchange:CreateDataGrant",
        {"requestParameters": {"sourceDataSetId": "ds1"}, "responseElements": {"id": "grant1"}},
        {("data-grant:grant1", "data-set:ds1")},
    ),
    (
        "firehose:CreateDeliveryStream",
        {
            "requestParameters": {
                "deliveryStreamName": "f",
                "kinesisStreamSourceConfiguration": {
                    "kinesisStreamARN": f"arn:aws:kinesis:eu-west-1:{OURS}:stream/s"
                },
            }
        },
        {("firehose-stream:f", "kinesis-stream:s")},
    ),
]


@pytest.mark.parametrize(("name", "parts", "wanted"), MADE_OF, ids=[case[0] for case in MADE_OF])
def test_a_thing_is_known_by_what_it_was_made_of(whole, name, parts, wanted):
    made = {(d.child.key, d.parent.key) for d in found(whole, name, **parts) if isinstance(d, Derivation)}
    assert made == wanted


ENDS = [
    ("glue:DeleteResourcePolicy", {}, "aws.glue.catalog-policy", f"glue-catalog:{OURS}"),
    (
        "es:UpdateElasticsearchDomainConfig",
        {"domainName": "logs", "accessPolicies": ""},
        "aws.opensearch.domain-policy",
        "opensearch-domain:logs",
    ),
    ("kafka:DeleteReplicator", {"replicatorArn": "r"}, "aws.msk.replicator", "msk-replicator:r"),
    (
        "dataexchange:DeleteDataGrant",
        {"dataGrantId": "grant1"},
        "aws.dataexchange.grant",
        "data-grant:grant1",
    ),
    (
        "route53domains:CancelDomainTransferToAnotherAwsAccount",
        {"domainName": "ours.example"},
        "aws.route53.domain-transfer",
        "domain:ours.example",
    ),
    (
        "ec2:DeleteTrafficMirrorSession",
        {"DeleteTrafficMirrorSessionRequest": {"TrafficMirrorSessionId": "tms-1"}},
        "aws.mirror.session",
        "traffic-mirror-session:tms-1",
    ),
]


@pytest.mark.parametrize(("name", "request_", "method", "resource"), ENDS, ids=[case[0] for case in ENDS])
def test_a_deletion_ends_what_was_offered(whole, name, request_, method, resource):
    ended = [f for f in found(whole, name, requestParameters=request_) if isinstance(f, Closure)]
    assert [(f.method, f.resource.key) for f in ended if f.resource] == [(method, resource)]


def test_a_policy_that_lets_in_nobody_ends_the_offers_of_its_resource(whole):
    policy = '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"glue:*","Resource":"*"}]}'
    parts = found(whole, "glue:PutResourcePolicy", requestParameters={"policyInJson": policy})
    assert [f.method for f in parts if isinstance(f, Closure)] == ["aws.glue.catalog-policy"]


CHANGES = [
    (
        "cloudtrail:UpdateTrail",
        {
            "name": "t",
            "isMultiRegionTrail": False,
            "isOrganizationTrail": False,
            "enableLogFileValidation": False,
        },
    ),
    ("cloudtrail:UpdateTrail", {"name": "t", "s3BucketName": "b", "isMultiRegionTrail": True}),
    (
        "cloudtrail:PutEventSelectors",
        {
            "trailName": "t",
            "eventSelectors": [{"readWriteType": "ReadOnly", "includeManagementEvents": False}],
        },
    ),
    (
        "guardduty:UpdateDetector",
        {"detectorId": "d", "features": [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]},
    ),
    ("guardduty:UpdateDetector", {"detectorId": "d", "enable": False}),
    ("iam:AttachUserPolicy", {"userName": "u", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam:AttachUserPolicy", {"userName": "u", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
    (
        "ec2:CreateRoute",
        {"routeTableId": "r", "vpcPeeringConnectionId": "pcx-1", "destinationCidrBlock": "10.0.0.0/8"},
    ),
    ("ec2:CreateRoute", {"routeTableId": "r", "gatewayId": "igw-1", "destinationCidrBlock": "0.0.0.0/0"}),
]


@pytest.mark.parametrize(("name", "request_"), CHANGES)
def test_one_change_gives_one_signal(whole, name, request_):
    assert len([f for f in found(whole, name, requestParameters=request_) if isinstance(f, Signal)]) == 1
