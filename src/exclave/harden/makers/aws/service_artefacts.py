"""Templates and configurations of the other logs, region by region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import buckets, changes
from exclave.harden.makers.aws.documents import document, text
from exclave.harden.model import Artefact
from exclave.harden.results import fact
from exclave.harden.terraform import Reference, configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Item, Result
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.documents import Statement
    from exclave.harden.model import Options

BUCKETS_NOTE = (
    "CloudFormation can't change a bucket that is there: its access logs are set by Terraform, or --apply"
)
TRAIL_NOTE = "the trail's log group is made by the artefact of aws.logging.trail-all-regions"


def artefacts(
    control: str, account: Account, items: Sequence[tuple[Result, Item]], regions: Mapping[str, str], wanted: Sequence[str], options: Options,
    more: Sequence[Statement],
) -> Iterator[Artefact]:  # fmt: skip
    """One of each format for each region in which something doesn't log. The home region's comes first: others write to its bucket."""
    by_region: dict[str, list[Item]] = {region: [] for region in wanted}
    for _, item in items:
        kind = fact(item, "kind")
        region = fact(item, "region") or (
            regions.get(item.resource, account.home)
            if kind == "s3"
            else "us-east-1"
            if kind == "cloudfront"
            else ""
        )
        if region:
            by_region.setdefault(region, []).append(item)
    central = options.value("log-bucket") or buckets.log_bucket(account, options.prefix, account.home)
    for region in sorted(by_region, key=lambda r: (r != account.home, r)):
        mine = by_region[region]
        bucket = buckets.log_bucket(account, options.prefix, region)
        new = region in wanted and bucket not in regions
        about = f"logs of {len(mine)} things in {region}" + (f", and bucket {bucket} for them" if new else "")
        stays = (
            "  # the bucket and its logs stay; no second stack can make it: delete it before, or import it"
            if new
            else ""
        )
        if options.wants("cloudformation"):
            resources = _cloudformation(account, region, mine, bucket if new else "", central, more)
            name = changes.file_name(control, account, "cloudformation", region=region)
            deploy, undo = changes.stack_commands(f"{options.prefix}-logs", name, region, iam=True)
            if resources:
                yield Artefact(
                    control=control, name=name, format="cloudformation", about=about, deploy=deploy, undo=undo + stays,
                    notes=(BUCKETS_NOTE, TRAIL_NOTE), text=to_yaml(template(f"Logs of {region}", resources)),
                )  # fmt: skip
        if options.wants("terraform"):
            deploy, undo = changes.TERRAFORM
            provider = {"aws": {"region": region, "allowed_account_ids": [account.id]}}
            yield Artefact(
                control=control, name=changes.file_name(control, account, "terraform", region=region), format="terraform", about=about,
                deploy=deploy, undo=undo, notes=(TRAIL_NOTE,),
                text=to_json(configuration(provider, _terraform(account, region, mine, bucket, central, more if new else None))),
            )  # fmt: skip


def _role_policy(account: Account, bucket: str) -> dict[str, Any]:
    """What Config's own role may do beside reading: write to the bucket."""
    arn = f"arn:{account.partition}:s3:::{bucket}"
    return document(
        [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{arn}/AWSLogs/{account.id}/*"},
            {"Effect": "Allow", "Action": "s3:GetBucketAcl", "Resource": arn},
        ]
    )


def _trust(account: Account) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:SourceAccount": account.id}}
    return document(
        [{"Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": condition}]
    )  # fmt: skip


def _cloudformation(
    account: Account, region: str, items: Sequence[Item], bucket: str, central: str, more: Sequence[Statement]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if bucket:
        found |= buckets.in_cloudformation("LogBucket", bucket, buckets.log_policy(account, bucket, more))
        after = {"DependsOn": ["LogBucketPolicy"]}
    for number, item in enumerate(items, 1):
        kind = fact(item, "kind")
        if kind == "vpc":
            found[f"FlowLog{number}"] = {
                "Type": "AWS::EC2::FlowLog",
                **after,
                "Properties": {
                    "ResourceId": item.resource,
                    "ResourceType": "VPC",
                    "TrafficType": "ALL",
                    "LogDestinationType": "s3",
                    "LogDestination": f"arn:{account.partition}:s3:::{central}",
                },
            }
        elif kind == "config":
            found |= _config_in_cloudformation(account, region, central, after)
        elif kind == "cloudfront":
            found |= _delivery_in_cloudformation(account, number, item.resource, central, after)
    return found


def _config_in_cloudformation(
    account: Account, region: str, central: str, after: Mapping[str, Any]
) -> dict[str, Any]:
    group = {"AllSupported": True, "IncludeGlobalResourceTypes": region == account.home}
    managed = f"arn:{account.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
    return {
        "ConfigRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": _trust(account),
                "ManagedPolicyArns": [managed],
                "Policies": [{"PolicyName": "deliver", "PolicyDocument": _role_policy(account, central)}],
            },
        },
        "Recorder": {
            "Type": "AWS::Config::ConfigurationRecorder",
            "Properties": {"RoleARN": {"Fn::GetAtt": ["ConfigRole", "Arn"]}, "RecordingGroup": group},
        },
        "Channel": {
            "Type": "AWS::Config::DeliveryChannel",
            **after,
            "Properties": {"S3BucketName": central},
        },
    }


def _delivery_in_cloudformation(
    account: Account, number: int, identifier: str, central: str, after: Mapping[str, Any]
) -> dict[str, Any]:
    name = f"exclave-{identifier}"
    arn = account.arn("cloudfront", f"distribution/{identifier}")
    to = f"arn:{account.partition}:s3:::{central}"
    return {
        f"Source{number}": {
            "Type": "AWS::Logs::DeliverySource",
            "Properties": {"Name": name, "ResourceArn": arn, "LogType": "ACCESS_LOGS"},
        },
        f"Destination{number}": {
            "Type": "AWS::Logs::DeliveryDestination",
            **after,
            "Properties": {"Name": name, "OutputFormat": "w3c", "DestinationResourceArn": to},
        },
        f"Delivery{number}": {
            "Type": "AWS::Logs::Delivery",
            "DependsOn": [f"Source{number}"],
            "Properties": {
                "DeliverySourceName": name,
                "DeliveryDestinationArn": {"Fn::GetAtt": [f"Destination{number}", "Arn"]},
            },
        },
    }


def _terraform(
    account: Account,
    region: str,
    items: Sequence[Item],
    bucket: str,
    central: str,
    more: Sequence[Statement] | None,
) -> dict[str, dict[str, Any]]:
    found = (
        buckets.in_terraform("logs", bucket, buckets.log_policy(account, bucket, more))
        if more is not None
        else {}
    )
    after = {"depends_on": ["aws_s3_bucket_policy.logs"]} if found else {}
    to = f"arn:{account.partition}:s3:::{central}"
    for number, item in enumerate(items, 1):
        kind, label = fact(item, "kind"), f"log_{number}"
        if kind == "vpc":
            flow = {
                "vpc_id": item.resource,
                "traffic_type": "ALL",
                "log_destination_type": "s3",
                "log_destination": to,
                **after,
            }
            found.setdefault("aws_flow_log", {})[label] = flow
        elif kind == "s3":
            logging = {
                "bucket": item.resource, "target_bucket": bucket, "target_prefix": f"{buckets.ACCESS_PREFIX}{item.resource}/", **after,
            }  # fmt: skip
            found.setdefault("aws_s3_bucket_logging", {})[label] = logging
        elif kind == "config":
            found |= _config_in_terraform(account, region, central, after)
        elif kind == "cloudfront":
            for type_, block in _delivery_in_terraform(account, label, item.resource, to, after).items():
                found.setdefault(type_, {})[label] = block
    return found


def _config_in_terraform(
    account: Account, region: str, central: str, after: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    managed = f"arn:{account.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
    role = Reference("aws_iam_role.config.id")
    group = {"all_supported": True, "include_global_resource_types": region == account.home}
    recorder = {"name": "default", "role_arn": Reference("aws_iam_role.config.arn"), "recording_group": group}
    return {
        "aws_iam_role": {
            "config": {"name": f"exclave-config-{region}", "assume_role_policy": text(_trust(account))}
        },
        "aws_iam_role_policy": {
            "config": {"name": "deliver", "role": role, "policy": text(_role_policy(account, central))}
        },
        "aws_iam_role_policy_attachment": {"config": {"role": role, "policy_arn": managed}},
        "aws_config_configuration_recorder": {"config": recorder},
        "aws_config_delivery_channel": {
            "config": {
                "s3_bucket_name": central,
                "depends_on": [
                    "aws_config_configuration_recorder.config",
                    "aws_iam_role_policy.config",
                    "aws_iam_role_policy_attachment.config",
                    *after.get("depends_on", ()),
                ],
            }
        },
        "aws_config_configuration_recorder_status": {
            "config": {
                "name": Reference("aws_config_configuration_recorder.config.name"),
                "is_enabled": True,
                "depends_on": ["aws_config_delivery_channel.config"],
            }
        },
    }


def _delivery_in_terraform(
    account: Account, label: str, identifier: str, to: str, after: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    name, arn = f"exclave-{identifier}", account.arn("cloudfront", f"distribution/{identifier}")
    return {
        "aws_cloudwatch_log_delivery_source": {"name": name, "log_type": "ACCESS_LOGS", "resource_arn": arn},
        "aws_cloudwatch_log_delivery_destination": {
            "name": name, "output_format": "w3c", "delivery_destination_configuration": {"destination_resource_arn": to}, **after,
        },
        "aws_cloudwatch_log_delivery": {
            "delivery_source_name": Reference(f"aws_cloudwatch_log_delivery_source.{label}.name"),
            "delivery_destination_arn": Reference(f"aws_cloudwatch_log_delivery_destination.{label}.arn"),
        },
    }  # fmt: skip
