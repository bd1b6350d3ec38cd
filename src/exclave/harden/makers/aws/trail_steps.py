"""What makes a trail whole: an existing one is mended where that is enough, else one of ours is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.selectors import all_management
from exclave.audit.checks.aws.services import delivery_fault
from exclave.audit.checks.aws.trails import SELECTORS as SELECTORS_CALL
from exclave.audit.checks.aws.trails import (
    STATUS,
    TRAILS,
    key_faults,
    selector_faults,
    shape_faults,
    status_faults,
)
from exclave.change.model import Expect, equals, there
from exclave.harden.makers.aws import buckets, changes
from exclave.harden.makers.aws.documents import text
from exclave.harden.makers.aws.source import for_new_buckets
from exclave.harden.makers.aws.trail import DAYS, SELECTORS, Names, trust, writing
from exclave.harden.makers.aws.trail_mending import GONE, mended, selected, started, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The log group that alarms are to watch. `steps` make it, and the trail, where they aren't there yet."""

    group: str
    region: str
    steps: tuple[Step, ...] = ()
    ours: bool = False


def target(
    account: Account, inventory: Inventory, perimeter: Perimeter, options: Options, results: Sequence[Result]
) -> Target:
    """The log group of a trail of all regions that works and records all management events; else what the steps mend or make."""
    for _, trail in inventory.items(TRAILS, account=account.id):
        home, name = _group_of(trail, account)
        selectors = _recorded(inventory, SELECTORS_CALL, account.id, trail)
        whole = all_management(selectors) or not selectors  # nothing is known of another account's trail
        if (
            name
            and trail.get("IsMultiRegionTrail") is True
            and whole
            and not _lost(trail, inventory, account, options)
        ):
            return Target(group=name, region=home)
    steps = tuple(steps_of(account, inventory, perimeter, options, results, whole=False))
    old = candidate(account, inventory, perimeter, options)
    if old is None:
        return Target(
            group=Names(account=account, prefix=options.prefix).group,
            region=account.home,
            steps=steps,
            ours=True,
        )
    home, name = _group_of(old, account)
    if not name or _broken(old, inventory, account, options):
        home, name = (
            str(old.get("HomeRegion") or account.home),
            Names(account=account, prefix=options.prefix).group,
        )
    return Target(group=name, region=home, steps=steps, ours=True)


def _group_of(trail: Mapping[str, Any], account: Account) -> tuple[str, str]:
    """Region and name of a trail's log group, where it is in the account; else empty."""
    arn = str(trail.get("CloudWatchLogsLogGroupArn") or "").split(":")
    return (arn[3], arn[6]) if len(arn) > 6 and arn[4] == account.id else ("", "")  # noqa: PLR2004 - arn:aws:logs:region:account:log-group:name


def _lost(trail: Mapping[str, Any], inventory: Inventory, account: Account, options: Options) -> str:
    """Why a trail's log group gets nothing, as the audit says it."""
    return delivery_fault(trail, inventory, account.id, options.settings)


def _broken(trail: Mapping[str, Any], inventory: Inventory, account: Account, options: Options) -> bool:
    """Whether it is the log group, or the way to it, that fails."""
    return not trail.get("CloudWatchLogsLogGroupArn") or "deliver" in _lost(
        trail, inventory, account, options
    )


def candidate(
    account: Account, inventory: Inventory, perimeter: Perimeter, options: Options
) -> Mapping[str, Any] | None:
    """A trail of the account's own whose bucket is ours and that delivers: it is worth mending."""
    for _, trail in inventory.items(TRAILS, account=account.id):
        arn = str(trail.get("TrailARN"))
        if f":{account.id}:" not in arn or trail.get("IsOrganizationTrail") is True:
            continue
        amiss = " ".join(shape_faults(trail, account.id, perimeter))
        status = _recorded(inventory, STATUS, account.id, trail)
        faults = (*status_faults(status, options.settings), *key_faults(trail, inventory, account.id))
        stuck = [w for w in faults if "deliver" in w]
        if "bucket" not in amiss and not stuck:
            return trail  # type: ignore[no-any-return]
    return None


def steps_of(
    account: Account, inventory: Inventory, perimeter: Perimeter, options: Options, results: Sequence[Result], *, whole: bool = True
) -> Iterator[Step]:  # fmt: skip
    """The steps to a trail of all regions with a log group. Without `whole` an existing trail keeps selectors that record all management events."""
    trail = candidate(account, inventory, perimeter, options)
    if trail is None:
        more = for_new_buckets(account, perimeter, options)
        names = Names(account=account, prefix=options.prefix, more=more)
        yield from _group(names, account.home, inventory, results)
        yield _bucket(names, results)
        yield _trail(names, results)
        return
    home = str(trail.get("HomeRegion") or account.home)
    names = Names(account=account, prefix=options.prefix)
    anew = _broken(trail, inventory, account, options)
    if anew:
        yield from _group(names, home, inventory, results)
    if changed := update(trail, names, home, anew=anew):
        yield mended(trail, home, changed, account, results)
    status = _recorded(inventory, STATUS, account.id, trail)
    if status.get("IsLogging") is not True:
        yield started(trail, home, account, results)
    selectors = _recorded(inventory, SELECTORS_CALL, account.id, trail)
    if any(selector_faults(selectors, options.settings)) if whole else not all_management(selectors):
        yield selected(trail, home, account, selectors, results)


def _recorded(inventory: Inventory, call: str, account: str, trail: Mapping[str, Any]) -> Mapping[str, Any]:
    found = next((a for a in inventory.each(call, account=account) if a.key == trail.get("TrailARN")), None)
    return (found.answer or {}) if found is not None and found.error is None else {}


def _group(names: Names, region: str, inventory: Inventory, results: Sequence[Result]) -> Iterator[Step]:
    account = names.account.id
    group_arn = names.account.arn("logs", f"log-group:{names.group}:*", region)
    yield changes.step(
        f"make role {names.role}, by which CloudTrail writes to the log group",
        names.role_arn,
        [
            ("iam:CreateRole", {"RoleName": names.role, "AssumeRolePolicyDocument": text(trust())}),
            ("iam:PutRolePolicy", {"RoleName": names.role, "PolicyName": "write", "PolicyDocument": text(writing(group_arn))}),
        ],
        account=account,
        read=changes.reading(account, "iam:GetRole", {"RoleName": names.role}, absent=("NoSuchEntity",), keep=("Role.RoleName",)),
        undo=[
            ("iam:DeleteRolePolicy", {"RoleName": names.role, "PolicyName": "write"}),
            ("iam:DeleteRole", {"RoleName": names.role}),
        ],
        after=[there("Role.RoleName")],
        results=results,
    )  # fmt: skip
    if any(
        f.get("logGroupName") == names.group
        for _, f in inventory.items("logs.DescribeLogGroups", account=account, region=region)
    ):
        return
    yield changes.step(
        f"make log group {names.group}",
        group_arn,
        [
            ("logs:CreateLogGroup", {"logGroupName": names.group}),
            ("logs:PutRetentionPolicy", {"logGroupName": names.group, "retentionInDays": DAYS}),
        ],
        account=account,
        region=region,
        read=changes.reading(
            account, "logs:DescribeLogGroups", {"logGroupNamePrefix": names.group}, region=region,
            keep=("logGroups[].logGroupName",), where={"logGroups[]": {"logGroupName": names.group}},
        ),
        before={"logGroups": []},
        undo=[("logs:DeleteLogGroup", {"logGroupName": names.group})],
        after=[Expect(what="has", path="logGroups[].logGroupName", value=names.group)],
        breaks=("an undo deletes the events in it; the trail's bucket keeps them",),
        results=results,
    )  # fmt: skip


def _bucket(names: Names, results: Sequence[Result]) -> Step:
    policy = buckets.trail_policy(names.account, names.bucket, names.trail_arn, names.more)
    return bucket_step(names.account, names.bucket, names.account.home, policy, "the trail's files", results)


def bucket_step(
    account: Account,
    bucket: str,
    region: str,
    policy: Mapping[str, Any],
    what: str,
    results: Sequence[Result],
) -> Step:
    """A step that makes a bucket for logs."""
    return changes.step(
        f"make bucket {bucket} for {what}",
        f"arn:{account.partition}:s3:::{bucket}",
        buckets.calls(bucket, region, policy),
        account=account.id,
        region=region,
        read=changes.reading(
            account.id, "s3:GetBucketPolicy", {"Bucket": bucket}, region=region, absent=("NoSuchBucket", "NoSuchBucketPolicy"),
        ),
        undo=[("s3:DeleteBucket", {"Bucket": bucket})],
        after=[equals("Policy", text(policy))],
        breaks=("once it holds logs an undo leaves it: empty it by hand first",),
        results=results,
    )  # fmt: skip


def _trail(names: Names, results: Sequence[Result]) -> Step:
    account, region = names.account.id, names.account.home
    create = {
        "Name": names.trail, "S3BucketName": names.bucket, "IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True,
        "EnableLogFileValidation": True, "CloudWatchLogsLogGroupArn": names.group_arn, "CloudWatchLogsRoleArn": names.role_arn,
    }  # fmt: skip
    return changes.step(
        f"make and start trail {names.trail} of all regions",
        names.trail_arn,
        [
            ("cloudtrail:CreateTrail", create),
            ("cloudtrail:PutEventSelectors", {"TrailName": names.trail, "AdvancedEventSelectors": SELECTORS}),
            ("cloudtrail:StartLogging", {"Name": names.trail}),
        ],
        account=account,
        region=region,
        read=changes.reading(
            account,
            "cloudtrail:GetTrailStatus",
            {"Name": names.trail_arn},
            region=region,
            absent=GONE,
            keep=("IsLogging",),
        ),
        undo=[("cloudtrail:DeleteTrail", {"Name": names.trail})],
        after=[equals("IsLogging", True)],
        breaks=("data events of S3 objects are charged by their number",),
        results=results,
    )
