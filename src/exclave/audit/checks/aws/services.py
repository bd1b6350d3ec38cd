"""The other logs: CloudFront, S3 access, CloudTrail's delivery to CloudWatch Logs, Config, VPC flow logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.trails import STATUS, TRAILS, undelivered
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Item, Status
from exclave.inventory.model import NOT_RECORDED
from exclave.policy.evaluate import Answer as Says
from exclave.policy.evaluate import Policies, evaluate
from exclave.policy.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.audit.model import Check, Settings
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

# Where the buckets stand that receive logs.
_RECEIVERS = (
    (TRAILS, "S3BucketName"),
    ("config.DescribeDeliveryChannels", "s3BucketName"),
    ("ec2.DescribeFlowLogs", "LogDestination"),
)
US_EAST_1 = "us-east-1"
_ONLY = " traffic only"
_BUCKET = "arn:aws:s3:::"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html#grant-log-delivery-permissions-general
_DELIVERS = "logging.s3.amazonaws.com"
_SOURCES, _DELIVERIES = "logs.DescribeDeliverySources", "logs.DescribeDeliveries"


def services(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per bucket, VPC, distribution, region's recorder, and for the trails' delivery."""
    checks: list[Check] = []
    for identity in inventory.answers("sts.GetCallerIdentity"):
        account = identity.scope.account
        items = [
            *_buckets(inventory, account), *_distributions(inventory, account), *_trails(inventory, account, settings),
            *_recorders(inventory, account), *_flow_logs(inventory, account),
        ]  # fmt: skip
        checks.append(judged(identity.scope, items, "buckets, VPCs, distributions, recorders and trails"))
    return checks


def _buckets(inventory: Inventory, account: str) -> Iterator[Item]:
    recorded = [a for a in inventory.answers("s3.GetBucketLogging", account=account) if not a.absent]
    # A bucket that receives logs can't log to itself without end.
    targets = {a.text("LoggingEnabled.TargetBucket") for a in recorded}
    for call, key in _RECEIVERS:
        targets |= {
            str(i.get(key)).removeprefix(_BUCKET).partition("/")[0]
            for _, i in inventory.items(call, account=account)
        }
    for answer in inventory.each("cloudfront.GetDistributionConfig", account=account):
        targets.add(answer.text("DistributionConfig.Logging.Bucket").partition(".s3")[0])
    listed = inventory.one("s3.ListBuckets", account)
    # S3 delivers to a bucket of the same account only
    here = {str(b.get("Name")) for b in listed.items} if listed.error is None else None
    # of the buckets that receive
    policies, lists = (
        {a.key: a for a in inventory.each(call, account=account) if a.key in targets}
        for call in ("s3.GetBucketPolicy", "s3.GetBucketAcl")
    )
    for answer in recorded:
        target = "" if answer.error is not None else answer.text("LoggingEnabled.TargetBucket")
        if answer.error is not None:
            yield unseen(answer)
        elif target and here is not None and target not in here:
            why = f"its access logs go to bucket {target}, which the account has not"
            yield failed(answer.key, why, (("kind", "s3"),), answer.where)
        elif target and not _takes_logs(policies.get(target), lists.get(target), target, answer):
            why = f"its access logs go to bucket {target}, which does not let S3 deliver them"
            yield failed(answer.key, why, (("kind", "s3"),), answer.where)
        elif target:
            yield passed(answer.key, facts=(("kind", "s3"), ("target", target)), where=answer.where)
        elif answer.key in targets:
            yield passed(answer.key, "it receives logs itself", (("kind", "s3"),), answer.where)
        else:
            yield failed(answer.key, "bucket without access logs", (("kind", "s3"),), answer.where)


def _takes_logs(policy: Answer | None, grants: Answer | None, target: str, source: Answer) -> bool:
    """Whether a bucket's policy, or its list, lets S3 deliver the access logs of another; what was not recorded may."""
    if policy is None or policy.error is not None or grants is None or grants.error is not None:
        return True
    account = source.scope.account
    request = Request(
        action="s3:PutObject", resource=f"{_BUCKET}{target}/{source.key}", principal=_DELIVERS, resource_account=account,
        context={"aws:SourceAccount": account, "aws:SourceArn": f"{_BUCKET}{source.key}", "aws:SecureTransport": "true"},
    )  # fmt: skip
    says = evaluate(
        request, Policies(resource=None if policy.absent else (policy.answer or {}).get("Policy"))
    )
    writes = {
        (g.get("Grantee") or {}).get("URI")
        for g in (grants.answer or {}).get("Grants") or ()
        if g.get("Permission") in ("WRITE", "FULL_CONTROL")
    }
    return says is not Says.DENIES or any(str(uri).endswith("/groups/s3/LogDelivery") for uri in writes)


def _distributions(inventory: Inventory, account: str) -> Iterator[Item]:
    delivered = set()
    sources = {
        str(s.get("name")): [str(r) for r in s.get("resourceArns") or ()]
        for _, s in inventory.items(_SOURCES, account=account)
    }
    for _, delivery in inventory.items(_DELIVERIES, account=account):
        delivered.update(sources.get(str(delivery.get("deliverySourceName")), []))
    blind = [
        a for call in (_SOURCES, _DELIVERIES) for a in inventory.each(call, account=account) if _refused(a)
    ]
    for answer in inventory.answers("cloudfront.GetDistributionConfig", account=account):
        name = answer.key or "distributions"
        if answer.error is not None:
            yield unseen(answer, f"CloudFront {name}")
            continue
        config: dict[str, Any] = next(iter(answer.items), {})
        logging = config.get("Logging") or {}
        newer = any(arn.endswith(f":distribution/{answer.key}") for arn in delivered)
        if newer or (logging.get("Enabled") is True and logging.get("Bucket")):
            yield passed(name, facts=(("kind", "cloudfront"),), where=answer.where)
        elif blind:  # the newer kind of delivery may carry its logs
            yield unseen(blind[0], f"CloudFront {name}")
        elif not answer.absent:
            yield failed(
                name, "CloudFront distribution without access logs", (("kind", "cloudfront"),), answer.where
            )


def _refused(answer: Answer) -> bool:
    return answer.error is not None and answer.error.code != NOT_RECORDED


def _trails(inventory: Inventory, account: str, settings: Settings) -> Iterator[Item]:
    reasons: list[str] = []
    where, blind = "", None
    name = "CloudTrail to CloudWatch Logs"
    for answer in inventory.answers(TRAILS, account=account):
        if answer.error is not None:
            yield unseen(answer, name)
            return
        where = answer.where
        for trail in answer.items:
            status = _status(trail, inventory, account)
            if trail.get("CloudWatchLogsLogGroupArn") and status is not None and status.error is not None:
                blind = status
                continue
            why = delivery_fault(trail, inventory, account, settings)
            if not why:
                yield passed(
                    str(trail.get("TrailARN")), facts=(("kind", "cloudwatch-logs"),), where=answer.where
                )
                return
            reasons.append(f"{trail.get('Name')} {why}")
    if blind is not None:
        yield unseen(blind, name)
        return
    yield failed(
        name,
        "no trail delivers to CloudWatch Logs" + (f": {'; '.join(reasons)}" if reasons else ""),
        (("kind", "cloudwatch-logs"),),
        where,
    )


def _status(trail: Mapping[str, Any], inventory: Inventory, account: str) -> Answer | None:
    return next((a for a in inventory.each(STATUS, account=account) if a.key == trail.get("TrailARN")), None)


def delivery_fault(trail: Mapping[str, Any], inventory: Inventory, account: str, settings: Settings) -> str:
    """What is wrong with a trail's delivery to CloudWatch Logs, or ""."""
    if not trail.get("CloudWatchLogsLogGroupArn"):
        return "has no log group"
    status = _status(trail, inventory, account)
    answer: Mapping[str, Any] = (status.answer if status is not None and status.error is None else None) or {}
    if not answer:
        return "did not tell its status"
    return "does not log" if answer.get("IsLogging") is not True else undelivered(answer, settings)


def _recorders(inventory: Inventory, account: str) -> Iterator[Item]:
    recorders = inventory.answers("config.DescribeConfigurationRecorders", account=account)
    # IAM is of no region: one recorder must take it in
    everything = [(a.scope.region, r) for a in recorders for r in a.items if _records_all(r)]
    taken = [r["recordingGroup"].get("includeGlobalResourceTypes") is not False for _, r in everything]
    regions = sorted({region for region, _ in everything})
    left_out = regions and not any(taken) and all(a.error is None for a in recorders)
    lacking = (US_EAST_1 if US_EAST_1 in regions else regions[0]) if left_out else ""
    for answer in recorders:
        region = answer.scope.region
        name = f"Config in {region}"
        status = inventory.one("config.DescribeConfigurationRecorderStatus", account, region)
        channel = inventory.one("config.DescribeDeliveryChannels", account, region)
        delivery = inventory.one("config.DescribeDeliveryChannelStatus", account, region)
        blind = [a for a in (answer, status, channel) if a.error is not None]
        if blind:
            yield unseen(blind[0], name)
            continue
        why = _recorder(answer, status, channel, delivery)
        facts: tuple[tuple[str, str], ...] = (("kind", "config"), ("region", region))
        if region == lacking:
            why = why or "no recorder of any region takes in IAM (includeGlobalResourceTypes)"
            facts = (*facts, ("iam", "missing"))
        if why:
            yield failed(name, f"{name}: {why}", facts, answer.where)
        elif any(_daily(r.get("recordingMode") or {}) for r in answer.items):
            why = f"{name}: the recorder looks once a day: what is changed and changed back is not seen"
            yield Item(resource=name, status=Status.PARTIAL, why=why, facts=facts, where=answer.where)
        else:
            yield passed(name, facts=facts, where=answer.where)


def _recorder(answer: Answer, status: Answer, channel: Answer, delivery: Answer) -> str:
    if not answer.items:
        return "no recorder"
    running = {s.get("name") for s in status.items if s.get("recording") is True}
    if not any(r.get("name") in running for r in answer.items):
        return "the recorder is stopped"
    if not any(_records_all(r) for r in answer.items if r.get("name") in running):
        return "the recorder leaves resource types out"
    if not channel.items:
        return "there is no delivery channel"
    if any(str(s.get("lastStatus")).upper() == "FAILURE" for s in status.items if s.get("name") in running):
        return "the recorder's last run failed"
    failing = [
        d for d in delivery.items
        if str((d.get("configHistoryDeliveryInfo") or {}).get("lastStatus")).upper() == "FAILURE"
    ]  # fmt: skip
    return "its last delivery failed" if failing else ""


def _daily(mode: Mapping[str, Any]) -> bool:
    """Whether all types of resources, or some, are looked at once a day."""
    modes = (mode, *(mode.get("recordingModeOverrides") or ()))
    return any(m.get("recordingFrequency") == "DAILY" for m in modes)


def _records_all(recorder: Mapping[str, Any]) -> bool:
    group = recorder.get("recordingGroup") or {}
    return group.get("allSupported") is True and not (group.get("exclusionByResourceTypes") or {}).get(
        "resourceTypes"
    )


def _flow_logs(inventory: Inventory, account: str) -> Iterator[Item]:
    for answer in inventory.answers("ec2.DescribeVpcs", account=account):
        region = answer.scope.region
        logs = inventory.one("ec2.DescribeFlowLogs", account, region)
        blind = [a for a in (answer, logs) if a.error is not None]
        if blind:
            yield unseen(blind[0], f"flow logs in {region}")
            continue
        for vpc in answer.items:
            name = str(vpc.get("VpcId"))
            mine = [log for log in logs.items if log.get("ResourceId") == name]
            whys = [_flow_log(log) for log in mine]
            halves = {
                log.get("TrafficType") for log, why in zip(mine, whys, strict=True) if why.endswith(_ONLY)
            }
            facts = (("kind", "vpc"), ("region", region))
            if "" in whys or halves >= {"ACCEPT", "REJECT"}:
                yield passed(name, facts=facts, where=logs.where)
            else:
                yield failed(name, f"VPC {name}: " + (whys[0] if whys else "no flow log"), facts, logs.where)


def _flow_log(log: Mapping[str, Any]) -> str:
    if str(log.get("FlowLogStatus", "ACTIVE")).upper() != "ACTIVE":
        return "its flow log is not active"
    if str(log.get("DeliverLogsStatus", "SUCCESS")).upper() == "FAILED":
        return f"its flow log can't be delivered: {log.get('DeliverLogsErrorMessage', '')}"
    fields = set(re.findall(r"\$\{([a-z-]+)\}", str(log.get("LogFormat") or "")))
    if fields and not (fields & {"srcaddr", "pkt-srcaddr"} and fields & {"dstaddr", "pkt-dstaddr"}):
        return "its flow log leaves out the addresses"
    return (
        ""
        if log.get("TrafficType", "ALL") == "ALL"
        else f"its flow log holds {str(log.get('TrafficType')).lower()}ed{_ONLY}"
    )
