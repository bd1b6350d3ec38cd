"""The policy that is printed holds what the table's calls need, and nothing beside."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from exclave.cli.permissions import command
from exclave.model import Cloud
from exclave.revoke.needs import PREFIXES, permissions
from exclave.revoke.table import every, load, reading_calls

# IAM's names of S3 calls, where they differ: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3 = {
    "GetBucketReplication": "GetReplicationConfiguration", "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration", "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration", "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration", "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification", "PutBucketNotificationConfiguration": "PutBucketNotification",
    "UpdateJobStatus": "UpdateJobStatus",
}  # fmt: skip


# Of an older version of an object; the calls are the same.
VERSIONS = ("s3:GetObjectVersionAcl", "s3:PutObjectVersionAcl")


def changing_calls(ways):
    """The SDK operations, or verbs and URLs with their places, that applying and undoing make."""
    return {call.call for way in ways for call in (*way.change, *way.set, *way.drop, *way.undo)}


def needed(call):
    service, _, operation = call.partition(":")
    return (
        f"{PREFIXES.get(service, service)}:{S3.get(operation, operation) if service == 's3' else operation}"
    )


def test_aws_needs_the_permissions_of_the_calls_and_no_others():
    ways = every(load(), Cloud.AWS)
    calls = {*reading_calls(ways), *changing_calls(ways)}
    assert set(permissions(Cloud.AWS)) == {needed(c) for c in calls} | {
        "sts:GetCallerIdentity",
        "iam:PassRole",
        "s3:DeleteAccessPoint",  # what FSx asks for beside its own
        *VERSIONS,
    }
    reading = {needed(c) for c in reading_calls(ways)} | {VERSIONS[0]}
    assert set(permissions(Cloud.AWS, changing=False)) == reading | {"sts:GetCallerIdentity"}


def test_prefixes_are_those_that_requests_are_signed_with():
    import botocore.session

    session = botocore.session.get_session()
    ways = every(load(), Cloud.AWS)
    for service in {c.partition(":")[0] for c in (*reading_calls(ways), *changing_calls(ways))}:
        signed = session.get_service_model(service).signing_name
        # these sign with a name that is not IAM's prefix
        assert PREFIXES.get(service, service) in (signed, {"sagemaker": "sagemaker"}.get(service)), (
            service,
            signed,
        )


@pytest.mark.parametrize("cloud", [Cloud.AZURE, Cloud.GCP])
def test_every_way_of_the_others_names_its_permissions(cloud):
    form = (
        r"Microsoft\.\w+(/\w+)+/(read|write|delete|action)|[A-Z]\w+(\.\w+)+"
        if cloud is Cloud.AZURE
        else r"[a-z]+(\.\w+){2}"
    )
    for way in every(load(), cloud):
        assert way.permissions, way.methods
        assert all(re.fullmatch(form, p) for p in way.permissions), way.permissions
        verbs = {c.call.partition(" ")[0] for c in (*way.change, *way.set, *way.drop, *way.undo)}
        if cloud is Cloud.AZURE and "graph" not in way.read.call:
            assert "DELETE" not in verbs or any(p.endswith("/delete") for p in way.permissions), way.methods
            assert any(p.endswith("/read") for p in way.permissions)


def test_it_can_be_printed_for_some_methods():
    done = CliRunner().invoke(command, ["revoke", "--method", "aws.ebs.*"])
    assert json.loads(done.output)["Statement"] == [
        {
            "Sid": "TakeBack",
            "Effect": "Allow",
            "Action": [
                "ec2:DescribeSnapshotAttribute",
                "ec2:ModifySnapshotAttribute",
                "sts:GetCallerIdentity",
            ],
            "Resource": "*",
        }
    ]
    assert CliRunner().invoke(command, ["revoke", "--control", "aws.*"]).exit_code == 2
    assert CliRunner().invoke(command, ["--method", "aws.*"]).exit_code == 2


def test_where_a_policy_is_too_long_it_is_said_with_what_makes_it_shorter():
    said = CliRunner().invoke(command, ["revoke"]).stderr
    assert "put it in several managed policies, or ask for less by --method" in said
