"""A trail that records every region, works, and can be trusted.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html,
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws import selectors
from exclave.audit.checks.aws.grants import Keys
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Item, Status
from exclave.model import FOREIGN, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.audit.model import Check, Settings
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

TRAILS, REGIONAL = "cloudtrail.DescribeTrails", "cloudtrail.DescribeTrails.region"
STATUS, SELECTORS = "cloudtrail.GetTrailStatus", "cloudtrail.GetEventSelectors"
STALE = timedelta(hours=24)  # a trail that logs delivers several times an hour
_S3_OBJECTS = "AWS::S3::Object"
_KINDS = ("EventSelectors", "AdvancedEventSelectors")
_WHOLE_S3 = ("arn:aws:s3", "arn:aws:s3:::", "arn:aws-cn:s3", "arn:aws-us-gov:s3")


def trail_all_regions(inventory: Inventory, perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per trail; one that is right in every way is enough, or several that record all between them."""
    checks: list[Check] = []
    for answer in inventory.answers(TRAILS):
        account = answer.scope.account
        items = [unseen(answer)] if answer.error is not None else []
        found = {t.get("TrailARN"): (t, answer) for t in answer.items}
        for regional in inventory.answers(REGIONAL, account=account):
            found |= {
                t.get("TrailARN"): (t, regional) for t in regional.items if t.get("TrailARN") not in found
            }
        looked = [_trail(t, where, inventory, perimeter, settings) for t, where in found.values()]
        working = [selected for _, selected in looked if selected is not None]
        together = {kind: [s for w in working for s in w.get(kind) or ()] for kind in _KINDS}
        whole = len(working) > 1 and not any(selector_faults(together, settings))
        items += [
            passed(i.resource, facts=i.facts, where=i.where) if whole and selected is not None else i
            for i, selected in looked
        ]
        checks.append(
            judged(
                answer.scope, items, "trails", none_why="there is no trail", none=Status.FAIL, any_passes=True
            )
        )
    return checks


def _trail(
    trail: Mapping[str, Any], answer: Answer, inventory: Inventory, perimeter: Perimeter, settings: Settings
) -> tuple[Item, Mapping[str, Any] | None]:
    """What is to be said of a trail, and its selectors where all else is right."""
    arn = str(trail.get("TrailARN"))
    account = answer.scope.account
    reasons = list(shape_faults(trail, account, perimeter))
    facts = [
        ("name", str(trail.get("Name"))),
        ("bucket", str(trail.get("S3BucketName"))),
        ("home", str(trail.get("HomeRegion"))),
    ]
    unknown: Item | None = None
    reasons += key_faults(trail, inventory, account)
    working: Mapping[str, Any] | None = None
    for call, read in ((STATUS, status_faults), (SELECTORS, selector_faults)):
        if trail.get("IsMultiRegionTrail") is not True:
            break  # not asked for: it can't be the one
        found = next((a for a in inventory.each(call, account=account) if a.key == arn), None)
        if found is None:
            unknown = unknown or Item(
                resource=arn, status=Status.COULD_NOT_LOOK, why=f"{call}: not recorded", where=answer.where
            )
        elif found.absent:
            return failed(arn, f"{arn}: the trail is gone"), None
        elif found.error is not None:
            unknown = unknown or unseen(found, arn)
        else:
            if call == SELECTORS and not reasons and unknown is None:
                working = found.answer or {}
            reasons += read(found.answer or {}, settings)
    if reasons:
        why = f"{trail.get('Name')}: " + "; ".join(reasons)
        return failed(arn, why, tuple(facts), answer.where), working
    return unknown or passed(arn, facts=tuple(facts), where=answer.where), working


def shape_faults(trail: Mapping[str, Any], account: str, perimeter: Perimeter) -> Iterator[str]:
    """What is wrong with how a trail is set up."""
    if trail.get("IsMultiRegionTrail") is not True:
        yield "it records one region only"
    if trail.get("IncludeGlobalServiceEvents") is not True:
        yield "it leaves out global services (IAM, STS)"
    if trail.get("LogFileValidationEnabled") is not True:
        yield "log file validation is off"
    bucket = str(trail.get("S3BucketName") or "")
    if not bucket:
        yield "it has no bucket"
        return
    judgement = perimeter.judge(Destination(kind=Kind.BUCKET, id=bucket, cloud=Cloud.AWS), account)
    # of a trail that the organisation has in another account nothing here says whose its bucket is
    theirs = trail.get("IsOrganizationTrail") is True and f":{account}:" not in str(trail.get("TrailARN"))
    if judgement.verdict in FOREIGN and not theirs:
        yield f"it delivers to bucket {bucket}, which is not known to be ours ({judgement.reason})"


def key_faults(trail: Mapping[str, Any], inventory: Inventory, account: str) -> list[str]:
    """What is wrong with the key of a trail's files. Where its state can't be seen, whether they arrive is told by the trail's own."""
    key = str(trail.get("KmsKeyId") or "")
    if not key:
        return []
    wrong, _ = Keys(inventory).unusable("its files", key, (account, str(trail.get("HomeRegion"))))
    return [f"{wrong}, so that nothing is delivered"] if wrong else []


def status_faults(status: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """What is wrong with what a trail does now: whether it logs, and delivers."""
    if status.get("IsLogging") is not True:
        yield "it does not log"
    if error := status.get("LatestDeliveryError"):
        yield f"its last delivery failed: {error}"
    if error := status.get("LatestDigestDeliveryError"):
        yield f"its last digest, by which its files are validated, could not be delivered: {error}"
    delivered = moment(status.get("LatestDeliveryTime"))
    if delivered is not None and settings.now - delivered > STALE:
        yield f"it has delivered nothing since {delivered:%Y-%m-%d %H:%M}"
    started = moment(status.get("StartLoggingTime"))
    if delivered is None and started is not None and settings.now - started > STALE:
        yield f"it has delivered nothing since it was started on {started:%Y-%m-%d}"


def selector_faults(answer: Mapping[str, Any], _settings: Settings) -> Iterator[str]:
    """What a trail leaves out."""
    if not selectors.all_management(answer):
        yield "it does not record all management events (reading and writing)"
    if not selectors.all_data(answer, _S3_OBJECTS, _WHOLE_S3):
        yield "it does not record data events of all S3 objects"


def undelivered(status: Mapping[str, Any], settings: Settings) -> str:
    """What is wrong with a trail's delivery to CloudWatch Logs."""
    if error := status.get("LatestCloudWatchLogsDeliveryError"):
        return f"could not deliver to CloudWatch Logs: {error}"
    last = moment(status.get("LatestCloudWatchLogsDeliveryTime"))
    started = moment(status.get("StartLoggingTime"))
    if last is not None and settings.now - last > STALE:
        return f"has delivered nothing to CloudWatch Logs since {last:%Y-%m-%d %H:%M}"
    if last is None and started is not None and settings.now - started > STALE:
        return f"has delivered nothing to CloudWatch Logs since it was started on {started:%Y-%m-%d}"
    return ""


def moment(value: object) -> datetime | None:
    """A time as an inventory holds it: ISO 8601 text, or seconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
