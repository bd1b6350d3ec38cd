"""Lineage on AWS: from what is shared back to what it was made of."""

from typing import Any

import pytest

from exclave.catalogue.loader import load
from exclave.detect.match import index, match
from exclave.formats.cloudtrail import event
from exclave.model import Derivation, Evidence

BACKUP = "arn:aws:backup:eu-west-1:123456789012:recovery-point:"


@pytest.fixture(scope="module")
def whole():
    return index(load(compiled=False))


def pairs(whole, name: str, **parts: Any) -> set[tuple[str, str]]:
    service, _, action = name.partition(":")
    record = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": action,
        "recipientAccountId": "123456789012",
        **parts,
    }
    found = match(event(record, Evidence(file="t", record=1)), whole)
    return {(d.child.key, d.parent.key) for d in found if isinstance(d, Derivation)}


CASES = [
    (
        "ec2:CreateSnapshot",
        {"requestParameters": {"volumeId": "vol-1"}, "responseElements": {"snapshotId": "snap-1"}},
        {("ebs-snapshot:snap-1", "ebs-volume:vol-1")},
    ),
    (
        "ec2:CreateSnapshots",
        {
            "requestParameters": {"CreateSnapshotsRequest": {"InstanceSpecification": {"InstanceId": "i-1"}}},
            "responseElements": {
                "CreateSnapshotsResponse": {
                    "snapshotSet": {
                        "item": [
                            {"snapshotId": "snap-1", "volumeId": "vol-1"},
                            {"snapshotId": "snap-2", "volumeId": "vol-2"},
                        ]
                    }
                }
            },
        },
        {
            ("ebs-snapshot:snap-1", "ebs-volume:vol-1"),
            ("ebs-snapshot:snap-2", "ebs-volume:vol-2"),
            ("ebs-volume:vol-1", "ec2-instance:i-1"),
            ("ebs-volume:vol-2", "ec2-instance:i-1"),
        },
    ),
    (
        "ec2:CopySnapshot",
        {"requestParameters": {"sourceSnapshotId": "snap-1"}, "responseElements": {"snapshotId": "snap-2"}},
        {("ebs-snapshot:snap-2", "ebs-snapshot:snap-1")},
    ),
    (
        "ec2:RegisterImage",
        {
            "requestParameters": {
                "name": "x",
                "blockDeviceMapping": {
                    "items": [{"ebs": {"snapshotId": "snap-2"}}, {"virtualName": "ephemeral0"}]
                },
            },
            "responseElements": {"imageId": "ami-1"},
        },
        {("ami:ami-1", "ebs-snapshot:snap-2")},
    ),
    (
        "ec2:CreateImage",
        {"requestParameters": {"instanceId": "i-1", "name": "x"}, "responseElements": {"imageId": "ami-1"}},
        {("ami:ami-1", "ec2-instance:i-1")},
    ),
    (
        "ec2:RunInstances",
        {
            "requestParameters": {"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 2}]}},
            "responseElements": {"instancesSet": {"items": [{"instanceId": "i-2"}, {"instanceId": "i-3"}]}},
        },
        {("ec2-instance:i-2", "ami:ami-1"), ("ec2-instance:i-3", "ami:ami-1")},
    ),
    (
        "rds:CopyDBSnapshot",
        {
            "requestParameters": {
                "sourceDBSnapshotIdentifier": "arn:aws:rds:us-east-1:123456789012:snapshot:rds:prod-1",
                "targetDBSnapshotIdentifier": "prod-copy",
            }
        },
        {("rds-snapshot:prod-copy", "rds-snapshot:rds:prod-1")},
    ),
    (
        "rds:StartExportTask",
        {
            "requestParameters": {
                "exportTaskIdentifier": "e1",
                "sourceArn": "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:a1",
            }
        },
        {("rds-export:e1", "rds-cluster-snapshot:a1")},
    ),
    (
        "backup:BackupJobCompleted",
        {
            "serviceEventDetails": {
                "recoveryPointArn": "arn:aws:ec2:eu-west-1::snapshot/snap-1",
                "resourceArn": "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1",
            }
        },
        {("ebs-snapshot:snap-1", "ebs-volume:vol-1")},
    ),
    (
        "backup:CopyJobCompleted",
        {
            "serviceEventDetails": {
                "sourceRecoveryPointArn": f"{BACKUP}1",
                "destinationRecoveryPointArn": f"{BACKUP}2",
            }
        },
        {("backup-recovery-point:2", "backup-recovery-point:1")},
    ),
    (
        "dynamodb:RestoreTableFromBackup",
        {
            "requestParameters": {
                "targetTableName": "copy",
                "backupArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/backup/0159",
            }
        },
        {("dynamodb-table:copy", "dynamodb-backup:orders/backup/0159")},
    ),
    (
        "elasticache:CopySnapshot",
        {
            "requestParameters": {
                "sourceSnapshotName": "a",
                "targetSnapshotName": "b",
                "targetBucket": "bucket",
            }
        },
        set(),
    ),
]


@pytest.mark.parametrize(("name", "parts", "expected"), CASES, ids=[c[0] for c in CASES])
def test_an_event_says_what_was_made_of_what(whole, name, parts, expected):
    assert pairs(whole, name, **parts) == expected


def test_a_call_that_failed_made_nothing(whole):
    assert (
        pairs(
            whole,
            "ec2:CopySnapshot",
            errorCode="Client.InvalidSnapshot.NotFound",
            requestParameters={"sourceSnapshotId": "snap-1"},
        )
        == set()
    )
