"""Buckets that receive logs: private, encrypted, versioned, and only the services that log may write.

Policies: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html,
https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html,
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.harden.makers.aws.documents import document, text
from exclave.harden.terraform import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.documents import Statement

US_EAST_1 = "us-east-1"  # the one region that CreateBucket must not be told
BLOCKS = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ACCESS_PREFIX = "s3-access/"
STALE, HALF = 90, 7  # days until an overwritten log, and an upload that never ended, are removed
NO_LOGS_OF_LOGS = {
    "checkov": {
        "skip": [{"id": "CKV_AWS_18", "comment": "it receives logs: it would log its own without end"}]
    }
}


def trail_bucket(account: Account, prefix: str) -> str:
    """Name of the bucket of our trail: buckets share one name space, hence the account."""
    return f"{prefix}-trail-{account.id}-{account.home}"


def log_bucket(account: Account, prefix: str, region: str) -> str:
    """Name of the bucket of the other logs of a region."""
    return f"{prefix}-logs-{account.id}-{region}"


def trail_policy(
    account: Account, bucket: str, trail_arn: str, more: Sequence[Statement] = ()
) -> dict[str, Any]:
    """Who may write to a trail's bucket; `more` are denies of whole buckets."""
    arn = f"arn:{account.partition}:s3:::{bucket}"
    mine = {"StringEquals": {"aws:SourceArn": trail_arn}}
    put = {"StringEquals": {"aws:SourceArn": trail_arn, "s3:x-amz-acl": "bucket-owner-full-control"}}
    service = "cloudtrail.amazonaws.com"
    return document(
        [
            _secure(arn),
            _allow("TrailReadsAcl", service, "s3:GetBucketAcl", arn, mine),
            _allow("TrailWrites", service, "s3:PutObject", f"{arn}/AWSLogs/{account.id}/*", put),
            *({**s, "Resource": [arn, f"{arn}/*"]} for s in more),
        ]
    )


def log_policy(account: Account, bucket: str, more: Sequence[Statement] = ()) -> dict[str, Any]:
    """Who may write to a bucket of other logs: S3's, Config's, and what CloudWatch Logs delivers (VPC, CloudFront)."""
    arn = f"arn:{account.partition}:s3:::{bucket}"
    mine = {"StringEquals": {"aws:SourceAccount": account.id}}
    put = {"StringEquals": {"aws:SourceAccount": account.id, "s3:x-amz-acl": "bucket-owner-full-control"}}
    config, delivery = "config.amazonaws.com", "delivery.logs.amazonaws.com"
    return document(
        [
            _secure(arn),
            _allow("AccessLogs", "logging.s3.amazonaws.com", "s3:PutObject", f"{arn}/*", mine),
            _allow("ConfigLooks", config, ["s3:GetBucketAcl", "s3:ListBucket"], arn, mine),
            _allow("ConfigWrites", config, "s3:PutObject", f"{arn}/AWSLogs/{account.id}/Config/*", put),
            _allow("DeliveryLooks", delivery, ["s3:GetBucketAcl", "s3:ListBucket"], arn, mine),
            _allow("DeliveryWrites", delivery, "s3:PutObject", f"{arn}/AWSLogs/{account.id}/*", put),
            *({**s, "Resource": [arn, f"{arn}/*"]} for s in more),
        ]
    )


def _allow(sid: str, service: str, action: str | list[str], resource: str, condition: Any) -> dict[str, Any]:
    return {
        "Sid": sid, "Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource, "Condition": condition,
    }  # fmt: skip


def _secure(arn: str) -> dict[str, Any]:
    return {
        "Sid": "OnlyByTls", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip


def calls(bucket: str, region: str, policy: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The calls that make it, in order: operation and arguments."""
    create: dict[str, Any] = {"Bucket": bucket, "ObjectOwnership": "BucketOwnerEnforced"}
    if region != US_EAST_1:
        create["CreateBucketConfiguration"] = {"LocationConstraint": region}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return [
        ("s3:CreateBucket", create),
        ("s3:PutPublicAccessBlock", {"Bucket": bucket, "PublicAccessBlockConfiguration": BLOCKS}),
        (
            "s3:PutBucketEncryption",
            {"Bucket": bucket, "ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        ),
        ("s3:PutBucketVersioning", {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}),
        ("s3:PutBucketPolicy", {"Bucket": bucket, "Policy": text(policy)}),
    ]


def in_cloudformation(name: str, bucket: str, policy: Mapping[str, Any], key: Any = None) -> dict[str, Any]:
    """The bucket and its policy as resources. It is kept when the stack is deleted: it holds logs."""
    encryption: dict[str, Any] = (
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key is not None else {"SSEAlgorithm": "AES256"}
    )
    rule = {"ServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": key is not None}
    return {
        name: {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Metadata": NO_LOGS_OF_LOGS,
            "Properties": {
                "BucketName": bucket,
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]},
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "old",
                            "Status": "Enabled",
                            "NoncurrentVersionExpiration": {"NoncurrentDays": STALE},
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": HALF},
                        }
                    ]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": BLOCKS,
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        f"{name}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"Bucket": {"Ref": name}, "PolicyDocument": policy},
        },
    }


def in_terraform(
    name: str, bucket: str, policy: Mapping[str, Any], key: Reference | None = None
) -> dict[str, dict[str, Any]]:
    """The same for Terraform, by type and name."""
    it = Reference(f"aws_s3_bucket.{name}.id")
    algorithm: dict[str, Any] = (
        {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
        if key is not None
        else {"sse_algorithm": "AES256"}
    )
    return {
        "aws_s3_bucket": {name: {"bucket": bucket}},
        "aws_s3_bucket_ownership_controls": {
            name: {"bucket": it, "rule": {"object_ownership": "BucketOwnerEnforced"}}
        },
        "aws_s3_bucket_public_access_block": {
            name: {
                "bucket": it, "block_public_acls": True, "ignore_public_acls": True, "block_public_policy": True,
                "restrict_public_buckets": True,
            }
        },
        "aws_s3_bucket_server_side_encryption_configuration": {
            name: {
                "bucket": it,
                "rule": {
                    "apply_server_side_encryption_by_default": algorithm,
                    "bucket_key_enabled": key is not None,
                },
            }
        },
        "aws_s3_bucket_versioning": {
            name: {"bucket": it, "versioning_configuration": {"status": "Enabled"}}
        },
        "aws_s3_bucket_lifecycle_configuration": {
            name: {
                "bucket": it,
                "rule": {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {},
                    "noncurrent_version_expiration": {"noncurrent_days": STALE},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": HALF},
                },
            }
        },
        "aws_s3_bucket_policy": {name: {"bucket": it, "policy": text(policy)}},
    }  # fmt: skip
