"""The steps by which S3, VPCs, Config and CloudFront log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.change.model import Expect, equals, has, there
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.buckets import ACCESS_PREFIX
from exclave.harden.results import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

US_EAST_1 = "us-east-1"
CONFIG, CONFIG_ROLE = "config.amazonaws.com", "AWSServiceRoleForConfig"


def s3_logging(
    item: Item, account: Account, region: str, to: str, inventory: Inventory, result: Result
) -> Step:
    """Access logs of a bucket; what it has now may go to a bucket that is gone."""
    bucket = item.resource
    recorded = inventory.each("s3.GetBucketLogging", account=account.id)
    held = next((a.answer for a in recorded if a.key == bucket and a.error is None), None) or {}
    before = {"LoggingEnabled": held["LoggingEnabled"]} if held.get("LoggingEnabled") else {}
    status = {"LoggingEnabled": {"TargetBucket": to, "TargetPrefix": f"{ACCESS_PREFIX}{bucket}/"}}
    call = "s3:PutBucketLogging"
    return changes.step(
        f"log access to bucket {bucket} in {to}",
        f"arn:{account.partition}:s3:::{bucket}",
        [(call, {"Bucket": bucket, "BucketLoggingStatus": status})],
        account=account.id,
        region=region,
        read=changes.reading(account.id, "s3:GetBucketLogging", {"Bucket": bucket}, region=region, keep=("LoggingEnabled",)),
        before=before,
        undo=[(call, {"Bucket": bucket, "BucketLoggingStatus": before})],
        after=[equals("LoggingEnabled.TargetBucket", to)],
        results=[result],
    )  # fmt: skip


def flow_log(item: Item, account: Account, region: str, to: str, options: Options, result: Result) -> Step:
    """A flow log of all traffic of a VPC, in a bucket. It bears a tag, by which its undo finds it."""
    vpc = item.resource
    tag = f"{options.prefix}-harden"
    create = {
        "ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3",
        "LogDestination": f"arn:{account.partition}:s3:::{to}",
        "TagSpecifications": [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": tag, "Value": vpc}]}],
    }  # fmt: skip
    filters = [{"Name": "resource-id", "Values": [vpc]}, {"Name": f"tag:{tag}", "Values": [vpc]}]
    return changes.step(
        f"write a flow log of VPC {vpc} to {to}",
        account.arn("ec2", f"vpc/{vpc}", region),
        [("ec2:CreateFlowLogs", create)],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "ec2:DescribeFlowLogs", {"Filter": filters}, region=region,
            keep=("FlowLogs[].FlowLogId", "FlowLogs[].ResourceId", "FlowLogs[].TrafficType"),
        ),
        before={"FlowLogs": []},
        undo=[("ec2:DeleteFlowLogs", {"FlowLogIds": [{"$now": "FlowLogs[].FlowLogId"}]})],
        after=[has("FlowLogs[]", {"ResourceId": vpc, "TrafficType": "ALL"})],
        results=[result],
    )  # fmt: skip


def config(item: Item, account: Account, to: str, inventory: Inventory, result: Result) -> Iterator[Step]:
    """Config's recorder of all types, its delivery, and that it runs; of a region that has a recorder only what lacks."""
    region, iam = fact(item, "region"), fact(item, "iam") == "missing"
    role_arn = account.arn("iam", f"role/aws-service-role/{CONFIG}/{CONFIG_ROLE}")
    held = inventory.one("config.DescribeConfigurationRecorders", account.id, region)
    recorder: Mapping[str, Any] = next(iter(held.items), {})
    name = str(recorder.get("name") or "default")
    if not recorder:
        yield _role(account, role_arn, result)
    group: dict[str, Any] = {
        "allSupported": True,
        "includeGlobalResourceTypes": iam or region == account.home,
    }
    wanted = {"name": name, "roleARN": str(recorder.get("roleARN") or role_arn), "recordingGroup": group}
    put = "config:PutConfigurationRecorder"
    daily = (recorder.get("recordingMode") or {}).get("recordingFrequency") == "DAILY"
    if iam or daily or not _all_types(recorder):
        yield changes.step(
            f"record every type in Config of {region}",
            f"Config of {account.id} in {region}",
            [(put, {"ConfigurationRecorder": wanted})],
            account=account.id,
            region=region,
            read=changes.reading(account.id, "config:DescribeConfigurationRecorders", {}, region=region),
            before=held.answer,
            undo=[(put, {"ConfigurationRecorder": _settable(recorder)})]
            if recorder
            else [("config:DeleteConfigurationRecorder", {"ConfigurationRecorderName": name})],
            after=[equals("ConfigurationRecorders[].recordingGroup.allSupported", True)],
            results=[result],
        )
    channel = inventory.one("config.DescribeDeliveryChannels", account.id, region)
    if not channel.items:
        yield changes.step(
            f"deliver what Config of {region} records to {to}",
            f"delivery of Config of {account.id} in {region}",
            [("config:PutDeliveryChannel", {"DeliveryChannel": {"name": "default", "s3BucketName": to}})],
            account=account.id,
            region=region,
            read=changes.reading(account.id, "config:DescribeDeliveryChannels", {}, region=region),
            before=channel.answer,
            undo=[("config:DeleteDeliveryChannel", {"DeliveryChannelName": "default"})],
            after=[Expect(what="equals", path="DeliveryChannels[].s3BucketName", value=to)],
            results=[result],
        )
    status = inventory.one("config.DescribeConfigurationRecorderStatus", account.id, region)
    known = [s for s in status.items if s.get("name") == name]
    if not any(s.get("recording") is True for s in known):
        yield _running(account, region, name, known, result)


def _running(account: Account, region: str, name: str, known: Sequence[Any], result: Result) -> Step:
    keep = ("ConfigurationRecordersStatus[].name", "ConfigurationRecordersStatus[].recording")
    return changes.step(
        f"start Config's recorder in {region}",
        f"recording of Config of {account.id} in {region}",
        [("config:StartConfigurationRecorder", {"ConfigurationRecorderName": name})],
        account=account.id,
        region=region,
        read=changes.reading(account.id, "config:DescribeConfigurationRecorderStatus", {}, region=region, keep=keep),
        before={"ConfigurationRecordersStatus": [{"name": name, "recording": bool(s.get("recording"))} for s in known] or [{"name": name, "recording": False}]},
        undo=[("config:StopConfigurationRecorder", {"ConfigurationRecorderName": name})],
        after=[equals("ConfigurationRecordersStatus[].recording", True)],
        results=[result],
    )  # fmt: skip


def _role(account: Account, role_arn: str, result: Result) -> Step:
    path = f"/aws-service-role/{CONFIG}/"
    return changes.step(
        "make the service-linked role of Config",
        role_arn,
        [("iam:CreateServiceLinkedRole", {"AWSServiceName": CONFIG})],
        account=account.id,
        read=changes.reading(account.id, "iam:ListRoles", {"PathPrefix": path}, keep=("Roles[].RoleName",)),
        before={"Roles": []},
        undo=[("iam:DeleteServiceLinkedRole", {"RoleName": {"$now": "Roles[].RoleName"}})],
        after=[there("Roles[].RoleName")],
        results=[result],
    )


def _all_types(recorder: Mapping[str, Any]) -> bool:
    group = recorder.get("recordingGroup") or {}
    return group.get("allSupported") is True and not (group.get("exclusionByResourceTypes") or {}).get(
        "resourceTypes"
    )


def _settable(recorder: Mapping[str, Any]) -> dict[str, Any]:
    return {k: recorder[k] for k in ("name", "roleARN", "recordingGroup", "recordingMode") if recorder.get(k)}


def distribution(item: Item, account: Account, to: str, result: Result) -> Iterator[Step]:
    """CloudFront's access logs by CloudWatch Logs' delivery: the distribution itself isn't touched."""
    identifier = item.resource
    arn = account.arn("cloudfront", f"distribution/{identifier}")
    name = f"exclave-{identifier}"
    destination = {
        "name": name, "outputFormat": "w3c",
        "deliveryDestinationConfiguration": {"destinationResourceArn": f"arn:{account.partition}:s3:::{to}"},
    }  # fmt: skip
    create = {
        "deliverySourceName": name, "deliveryDestinationArn": {"$made": "deliveryDestination.arn"},
    }  # fmt: skip
    yield changes.step(
        f"log access to CloudFront distribution {identifier} in {to}",
        arn,
        [
            ("logs:PutDeliverySource", {"name": name, "resourceArn": arn, "logType": "ACCESS_LOGS"}),
            ("logs:PutDeliveryDestination", destination),
            ("logs:CreateDelivery", create),
        ],
        account=account.id,
        region=US_EAST_1,
        read=changes.reading(
            account.id, "logs:DescribeDeliveries", {}, region=US_EAST_1, where={"deliveries[]": {"deliverySourceName": name}},
            keep=("deliveries[].id", "deliveries[].deliverySourceName"),
        ),
        before={"deliveries": []},
        undo=[
            ("logs:DeleteDelivery", {"id": {"$now": "deliveries[].id"}}),
            ("logs:DeleteDeliveryDestination", {"name": name}),
            ("logs:DeleteDeliverySource", {"name": name}),
        ],
        after=[has("deliveries[].deliverySourceName", name)],
        results=[result],
    )  # fmt: skip
