"""gzip + json, and a Python rule per event: how rule engines for logs are commonly built. 30 rules, of one call each."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Event = Mapping[str, Any]
_WATCHED = [
    "ec2:ModifySnapshotAttribute",
    "ec2:ModifyImageAttribute",
    "ec2:SharedSnapshotCopyInitiated",
    "ec2:CreateSnapshot",
    "ec2:CreateVpcPeeringConnection",
    "rds:ModifyDBSnapshotAttribute",
    "rds:ModifyDBClusterSnapshotAttribute",
    "rds:StartExportTask",
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketReplication",
    "s3:DeletePublicAccessBlock",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "ram:CreateResourceShare",
    "ram:AssociateResourceShare",
    "backup:PutBackupVaultAccessPolicy",
    "backup:StartCopyJob",
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:AttachUserPolicy",
    "iam:UpdateAssumeRolePolicy",
    "cloudtrail:StopLogging",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "guardduty:DeleteDetector",
    "lambda:AddPermission",
    "ecr:SetRepositoryPolicy",
    "redshift:AuthorizeSnapshotAccess",
    "secretsmanager:PutResourcePolicy",
]


def deep_get(event: Event, *keys: str) -> Any:
    found: Any = event
    for key in keys:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def rule(service: str, name: str) -> Callable[[Event], bool]:
    def holds(event: Event) -> bool:
        return (
            event.get("eventSource") == f"{service}.amazonaws.com"
            and event.get("eventName") == name
            and not event.get("errorCode")
            and deep_get(event, "userIdentity", "type") != "AWSService"
        )

    return holds


def main() -> None:
    rules = [rule(*watched.split(":")) for watched in _WATCHED]
    count = 0
    for path in Path(sys.argv[1]).iterdir():
        with gzip.open(path) as file:
            records = json.load(file)["Records"]
        for record in records:
            for one in rules:
                if one(record):
                    count += 1
    print(count)


main()
