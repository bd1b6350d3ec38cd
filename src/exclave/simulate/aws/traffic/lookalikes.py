"""Calls that look like a transfer and are none: the quiet cases a hunter has to keep quiet.

Shares with an account of the same organisation, removals of a share, dry runs, refused calls of our own
people, policies that are bound to the organisation, copies inside the account.
"""

from __future__ import annotations

from exclave.simulate.aws.call import Call

_OK = {"requestId": "@@uuid:rid@@", "_return": True}
_SNAPSHOT_ARN = "arn:aws:rds:@@region@@:@@account@@:snapshot:"


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (*_volumes(), *_databases(), *_buckets(), *_roles())


def _volumes() -> tuple[Call, ...]:
    def share(verb: str) -> dict[str, object]:
        return {
            "snapshotId": "@@pick:snapshot@@",
            "attributeType": "CREATE_VOLUME_PERMISSION",
            "createVolumePermission": {verb: {"items": [{"userId": "@@peer@@"}]}},
        }

    image = {"imageId": "ami-@@hex1@@", "attributeType": "launchPermission"}
    return (
        Call(
            by="pipeline",
            service="ec2",
            name="ModifySnapshotAttribute",
            weight=0.012,
            request=share("add"),
            response=_OK,
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="ModifySnapshotAttribute",
            weight=0.012,
            request=share("remove"),
            response=_OK,
        ),
        Call(
            by="person",
            service="ec2",
            name="ModifySnapshotAttribute",
            weight=0.006,
            request=share("add"),
            error="Client.DryRunOperation",
            message="Request would have succeeded, but DryRun flag is set.",
        ),
        Call(
            by="person",
            service="ec2",
            name="ModifySnapshotAttribute",
            weight=0.006,
            request=share("add"),
            error="Client.UnauthorizedOperation",
            message="You are not authorized to perform this operation.",
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="ModifyImageAttribute",
            weight=0.012,
            request={**image, "launchPermission": {"add": {"items": [{"userId": "@@peer@@"}]}}},
            response=_OK,
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="ModifyImageAttribute",
            weight=0.006,
            request={**image, "launchPermission": {"add": {"items": [{"organizationArn": "@@orgarn@@"}]}}},
            response=_OK,
        ),
        Call(
            by="person",
            service="ec2",
            name="ModifyImageAttribute",
            weight=0.006,
            request={**image, "launchPermission": {"remove": {"items": [{"group": "all"}]}}},
            response=_OK,
        ),
        Call(
            by="pipeline",
            service="ec2",
            name="CopySnapshot",
            weight=0.012,
            request={
                "sourceRegion": "@@otherregion@@",
                "sourceSnapshotId": "@@pick:snapshot@@",
                "encrypted": True,
                "description": "second copy",
                "destinationRegion": "@@region@@",
                "kmsKeyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
            },
            response={"requestId": "@@uuid:rid@@", "snapshotId": "snap-@@hex1@@"},
        ),
        Call(
            by="person",
            service="ec2",
            name="CreateImage",
            weight=0.006,
            request={"instanceId": "@@pick:instance@@", "name": "golden-@@int:1:900@@", "noReboot": True},
            response={"requestId": "@@uuid:rid@@", "imageId": "ami-@@hex1@@"},
        ),
    )


def _databases() -> tuple[Call, ...]:
    name = "@@pick:database@@-release-@@int:1:900@@"
    return (
        Call(
            by="pipeline",
            service="rds",
            name="ModifyDBSnapshotAttribute",
            weight=0.006,
            request={"dBSnapshotIdentifier": name, "attributeName": "restore", "valuesToAdd": ["@@peer@@"]},
            response={
                "dBSnapshotIdentifier": name,
                "dBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": ["@@peer@@"]}],
            },
        ),
        Call(
            by="pipeline",
            service="rds",
            name="ModifyDBSnapshotAttribute",
            weight=0.006,
            request={
                "dBSnapshotIdentifier": name,
                "attributeName": "restore",
                "valuesToRemove": ["@@peer@@"],
            },
            response={
                "dBSnapshotIdentifier": name,
                "dBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": []}],
            },
        ),
        Call(
            by="pipeline",
            service="rds",
            name="CopyDBSnapshot",
            weight=0.006,
            request={
                "sourceDBSnapshotIdentifier": "arn:aws:rds:@@otherregion@@:@@account@@:snapshot:" + name,
                "targetDBSnapshotIdentifier": name,
                "sourceRegion": "@@otherregion@@",
                "copyTags": True,
                "kmsKeyId": "arn:aws:kms:@@region@@:@@account@@:key/@@pick:key@@",
            },
            response={
                "dBSnapshotIdentifier": name,
                "dBSnapshotArn": _SNAPSHOT_ARN + name,
                "status": "pending",
                "dBInstanceIdentifier": "@@pick:database@@",
                "engine": "postgres",
                "allocatedStorage": 200,
                "encrypted": True,
                "snapshotType": "manual",
            },
        ),
    )


def _buckets() -> tuple[Call, ...]:
    def policy(statement: dict[str, object]) -> dict[str, object]:
        return {
            "bucketName": "@@pick:bucket@@",
            "Host": "@@pick:bucket@@.s3.@@region@@.amazonaws.com",
            "policy": "",
            "bucketPolicy": {"Version": "2012-10-17", "Statement": [statement]},
        }

    objects = ["arn:aws:s3:::@@pick:bucket@@", "arn:aws:s3:::@@pick:bucket@@/*"]
    return (
        Call(
            by="pipeline",
            service="s3",
            name="PutBucketPolicy",
            weight=0.012,
            request=policy(
                {
                    "Sid": "OwnOrganisation",
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": objects,
                    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "@@org@@"}},
                }
            ),
        ),
        Call(
            by="pipeline",
            service="s3",
            name="PutBucketPolicy",
            weight=0.012,
            request=policy(
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": objects,
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ),
        ),
        Call(
            by="pipeline",
            service="s3",
            name="PutBucketPolicy",
            weight=0.006,
            request=policy(
                {
                    "Sid": "Sibling",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::@@peer@@:role/workload"},
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::@@pick:bucket@@/*",
                }
            ),
        ),
    )


def _roles() -> tuple[Call, ...]:
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":'
        '"arn:aws:iam::@@peer@@:role/pipeline"},"Action":"sts:AssumeRole","Condition":{"StringEquals":'
        '{"aws:PrincipalOrgID":"@@org@@"}}}]}'
    )
    return (
        Call(
            by="pipeline",
            service="iam",
            name="UpdateAssumeRolePolicy",
            weight=0.006,
            everywhere=True,
            request={"roleName": "deploy", "policyDocument": trust},
        ),
        Call(
            by="pipeline",
            service="lambda",
            name="AddPermission20150331v2",
            weight=0.006,
            request={
                "functionName": "@@pick:function@@",
                "statementId": "rule-@@int:1:900@@",
                "action": "lambda:InvokeFunction",
                "principal": "events.amazonaws.com",
                "sourceArn": "arn:aws:events:@@region@@:@@account@@:rule/nightly",
            },
            response={
                "statement": '{"Sid":"rule","Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},'
                '"Action":"lambda:InvokeFunction"}'
            },
        ),
    )
