"""Severity of single findings: what a failed call, an unknown organisation or an unreadable request lower."""

from __future__ import annotations

import json

import pytest

from exclave.model import Severity, Signal, Transfer
from tests.correlate.build import THIEF, record, told

ORG = "o-abcdef1234"


def findings(*records):
    return told(*records).findings


def catalogue_policy(*, principal="*", condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "glue:Get*", "Resource": "*"}
    if condition:
        statement["Condition"] = condition
    policy = json.dumps({"Statement": [statement]})
    return record(1, "PutResourcePolicy", {"policyInJson": policy}, service="glue.amazonaws.com")


def bucket_policy(*, principal="*", action="s3:GetObject", condition=None):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    if condition:
        statement["Condition"] = condition
    request = {"bucketName": "data", "bucketPolicy": {"Statement": [statement]}}
    return record(1, "PutBucketPolicy", request, service="s3.amazonaws.com")


@pytest.mark.parametrize("made", [bucket_policy, catalogue_policy])
def test_a_policy_bound_to_an_organisation_nobody_knows_is_low_in_every_service(made):
    found = findings(made(condition={"StringEquals": {"aws:PrincipalOrgID": ORG}}))
    assert {f.severity for f in found if isinstance(f, Transfer)} == {Severity.LOW}


@pytest.mark.parametrize("key", ["aws:SourceVpce", "aws:SourceVpc"])
@pytest.mark.parametrize("made", [bucket_policy, catalogue_policy])
def test_a_policy_bound_to_a_network_nobody_knows_is_low_in_every_service(made, key):
    found = findings(made(condition={"StringEquals": {key: "vpce-0abc12345"}}))
    assert {f.severity for f in found if isinstance(f, Transfer)} == {Severity.LOW}


@pytest.mark.parametrize("made", [bucket_policy, catalogue_policy])
def test_the_same_policy_for_a_foreign_account_is_high(made):
    found = findings(made(principal={"AWS": f"arn:aws:iam::{THIEF}:root"}))
    assert {f.severity for f in found if isinstance(f, Transfer)} == {Severity.HIGH}


def test_a_public_bucket_policy_is_one_transfer_and_its_exposure_only_a_footnote():
    found = findings(bucket_policy())
    assert {f.severity for f in found if isinstance(f, Transfer)} == {Severity.CRITICAL}
    assert {f.severity for f in found if isinstance(f, Signal)} <= {Severity.LOW}


@pytest.mark.parametrize(
    ("service", "name", "request_"),
    [
        ("ec2.amazonaws.com", "ModifySnapshotAttribute", {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"group": "all"}]}}}),
        ("ec2.amazonaws.com", "DisableSnapshotBlockPublicAccess", {}),
        ("cloudtrail.amazonaws.com", "StopLogging", {"name": "trail"}),
        ("guardduty.amazonaws.com", "DeleteDetector", {"detectorId": "d"}),
        ("s3.amazonaws.com", "DeleteBucketPublicAccessBlock", {"bucketName": "data"}),
        ("rds.amazonaws.com", "ModifyDBSnapshotAttribute", {"dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": [THIEF]}),
    ],
)  # fmt: skip
def test_a_failed_call_is_never_above_low(service, name, request_):
    found = findings(record(1, name, request_, service=service, errorCode="AccessDenied"))
    assert found
    assert all(f.severity.rank <= Severity.LOW.rank for f in found)


@pytest.mark.parametrize(
    ("service", "name", "request_"),
    [
        ("ec2.amazonaws.com", "DisableSnapshotBlockPublicAccess", {}),
        ("ec2.amazonaws.com", "DisableImageBlockPublicAccess", {}),
        ("ec2.amazonaws.com", "DisableEbsEncryptionByDefault", {}),
        ("s3.amazonaws.com", "DeleteBucketPublicAccessBlock", {"bucketName": "data"}),
        ("s3.amazonaws.com", "DeleteBucketEncryption", {"bucketName": "data"}),
        ("rds.amazonaws.com", "ModifyDBInstance", {"dBInstanceIdentifier": "db", "deletionProtection": False}),
    ],
)  # fmt: skip
def test_a_lost_safeguard_is_told_once_as_exposure(service, name, request_):
    found = findings(record(1, name, request_, service=service))
    assert [f.signal for f in found if isinstance(f, Signal)] == ["exposure"]
