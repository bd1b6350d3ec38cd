"""A trail of all regions that can be trusted: CloudTrail, its bucket, and the log group that alarms watch.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html,
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.harden.makers.aws import buckets
from exclave.harden.makers.aws.documents import document, text
from exclave.harden.terraform import Reference

if TYPE_CHECKING:
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.documents import Statement

DAYS = 365  # that a log group keeps events
SELECTORS = [
    {"Name": "Management events", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]},
    {
        "Name": "Data events of all S3 objects",
        "FieldSelectors": [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        ],
    },
]
SELECTORS_NOTE = "data events of S3 are charged by their number: see what your buckets' traffic will cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What belongs to our trail is called by rule, so that other makers find it."""

    account: Account
    prefix: str
    more: tuple[Statement, ...] = ()  # that the bucket's policy holds besides

    @property
    def trail(self) -> str:
        """The trail."""
        return f"{self.prefix}-trail"

    @property
    def trail_arn(self) -> str:
        """Its ARN."""
        return self.account.arn("cloudtrail", f"trail/{self.trail}", self.account.home)

    @property
    def group(self) -> str:
        """The log group."""
        return f"/{self.prefix}/trail"

    @property
    def group_arn(self) -> str:
        """Its ARN, as CloudTrail wants it."""
        return self.account.arn("logs", f"log-group:{self.group}:*", self.account.home)

    @property
    def role(self) -> str:
        """The role by which CloudTrail writes to the log group."""
        return f"{self.prefix}-trail-to-logs"

    @property
    def role_arn(self) -> str:
        """Its ARN."""
        return self.account.arn("iam", f"role/{self.role}")

    @property
    def bucket(self) -> str:
        """The bucket."""
        return buckets.trail_bucket(self.account, self.prefix)


def trust() -> dict[str, Any]:
    """Who may take on the role."""
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
    )


def writing(group_arn: str) -> dict[str, Any]:
    """What the role may do."""
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return document([{"Effect": "Allow", "Action": actions, "Resource": group_arn}])


def key_policy(names: Names) -> dict[str, Any]:
    """Who may use the key of the logs: the account, and the services that write or encrypt them."""
    account = names.account
    region = account.home
    here = {"StringEquals": {"aws:SourceArn": names.trail_arn}}
    group = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.group_arn.removesuffix(":*")}}
    use = ["kms:GenerateDataKey*", "kms:DescribeKey"]
    logs = {"Service": f"logs.{region}.amazonaws.com"}
    return document(
        [
            {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": account.arn("iam", "root")}, "Action": "kms:*", "Resource": "*"},
            {"Sid": "Trail", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": use, "Resource": "*", "Condition": here},
            {"Sid": "LogGroup", "Effect": "Allow", "Principal": logs, "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", *use], "Resource": "*", "Condition": group},
        ]
    )  # fmt: skip


def in_cloudformation(names: Names) -> dict[str, Any]:
    """Key, bucket, log group, role and trail as resources."""
    policy = buckets.trail_policy(names.account, names.bucket, names.trail_arn, names.more)
    key = {"Fn::GetAtt": ["TrailKey", "Arn"]}
    return {
        "TrailKey": {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Retain",  # without it the logs can't be read
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "Description": "Logs of the trail",
                "EnableKeyRotation": True,
                "KeyPolicy": key_policy(names),
            },
        },
        **buckets.in_cloudformation("TrailBucket", names.bucket, policy, key),
        "TrailLogGroup": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"LogGroupName": names.group, "RetentionInDays": DAYS, "KmsKeyId": key},
        },
        "TrailRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": names.role,
                "AssumeRolePolicyDocument": trust(),
                "Policies": [{"PolicyName": "write", "PolicyDocument": writing(names.group_arn)}],
            },
        },
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "DependsOn": ["TrailBucketPolicy"],
            "Properties": {
                "TrailName": names.trail,
                "S3BucketName": {"Ref": "TrailBucket"},
                "KMSKeyId": key,
                "IsLogging": True,
                "IsMultiRegionTrail": True,
                "IncludeGlobalServiceEvents": True,
                "EnableLogFileValidation": True,
                "CloudWatchLogsLogGroupArn": {"Fn::GetAtt": ["TrailLogGroup", "Arn"]},
                "CloudWatchLogsRoleArn": {"Fn::GetAtt": ["TrailRole", "Arn"]},
                "AdvancedEventSelectors": SELECTORS,
            },
        },
    }


def in_terraform(names: Names) -> dict[str, dict[str, Any]]:
    """The same for Terraform."""
    policy = buckets.trail_policy(names.account, names.bucket, names.trail_arn, names.more)
    key = Reference("aws_kms_key.trail.arn")
    selectors = [
        {
            "name": s["Name"],
            "field_selector": [{"field": f["Field"], "equals": f["Equals"]} for f in s["FieldSelectors"]],  # type: ignore[index]
        }
        for s in SELECTORS
    ]
    return {
        "aws_kms_key": {
            "trail": {
                "description": "Logs of the trail", "enable_key_rotation": True, "policy": text(key_policy(names)),
            }
        },
        **buckets.in_terraform("trail", names.bucket, policy, key),
        "aws_cloudwatch_log_group": {
            "trail": {"name": names.group, "retention_in_days": DAYS, "kms_key_id": key}
        },
        "aws_iam_role": {"trail": {"name": names.role, "assume_role_policy": text(trust())}},
        "aws_iam_role_policy": {
            "trail": {
                "name": "write", "role": Reference("aws_iam_role.trail.id"), "policy": text(writing(names.group_arn)),
            }
        },
        "aws_cloudtrail": {
            "trail": {
                "name": names.trail,
                "s3_bucket_name": Reference("aws_s3_bucket.trail.id"),
                "kms_key_id": key,
                "is_multi_region_trail": True,
                "include_global_service_events": True,
                "enable_log_file_validation": True,
                "enable_logging": True,
                "cloud_watch_logs_group_arn": Reference('format("%s:*", aws_cloudwatch_log_group.trail.arn)'),
                "cloud_watch_logs_role_arn": Reference("aws_iam_role.trail.arn"),
                "advanced_event_selector": selectors,
                "depends_on": ["aws_s3_bucket_policy.trail", "aws_iam_role_policy.trail"],
            }
        },
    }  # fmt: skip
