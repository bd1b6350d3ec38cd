"""What mends a trail that is there: its shape, its log group, that it logs, and what it records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.change.model import Expect, equals
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.trail import SELECTORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.trail import Names

GONE = ("TrailNotFoundException",)


def update(trail: Mapping[str, Any], names: Names, home: str, *, anew: bool) -> dict[str, Any]:
    """What UpdateTrail must say; `anew`: also a log group of ours, since there is none or it gets nothing."""
    wanted: dict[str, Any] = {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True}
    changed = {k: v for k, v in wanted.items() if trail.get(k) is not True}
    if trail.get("LogFileValidationEnabled") is not True:
        changed["EnableLogFileValidation"] = True
    if anew:
        changed["CloudWatchLogsLogGroupArn"] = names.account.arn("logs", f"log-group:{names.group}:*", home)
        changed["CloudWatchLogsRoleArn"] = names.role_arn
    return changed


def mended(
    trail: Mapping[str, Any],
    home: str,
    changed: Mapping[str, Any],
    account: Account,
    results: Sequence[Result],
) -> Step:
    """The shape of a trail put right."""
    name, arn = str(trail.get("Name")), str(trail.get("TrailARN"))
    read_as = {"EnableLogFileValidation": "LogFileValidationEnabled"}
    paths = [read_as.get(k, k) for k in changed]
    old = {k: trail.get(read_as.get(k, k)) for k in changed}
    undo = {k: v if v is not None else "" if k.startswith("CloudWatch") else False for k, v in old.items()}
    return changes.step(
        f"mend trail {name}: {', '.join(changed)}",
        arn,
        [("cloudtrail:UpdateTrail", {"Name": arn, **changed})],
        account=account.id,
        region=home,
        read=changes.reading(
            account.id,
            "cloudtrail:GetTrail",
            {"Name": arn},
            region=home,
            absent=GONE,
            keep=[f"Trail.{p}" for p in paths],
        ),
        before={"Trail": {p: trail[p] for p in paths if trail.get(p) is not None}},
        undo=[("cloudtrail:UpdateTrail", {"Name": arn, **undo})],
        after=[equals(f"Trail.{read_as.get(k, k)}", v) for k, v in changed.items()],
        undone=[equals(f"Trail.{p}", trail[p]) for p in paths if trail.get(p) is not None],
        results=results,
    )


def started(trail: Mapping[str, Any], home: str, account: Account, results: Sequence[Result]) -> Step:
    """A trail that is off, switched on."""
    arn = str(trail.get("TrailARN"))
    return changes.step(
        f"start trail {trail.get('Name')}",
        arn,
        [("cloudtrail:StartLogging", {"Name": arn})],
        account=account.id,
        region=home,
        read=changes.reading(account.id, "cloudtrail:GetTrailStatus", {"Name": arn}, region=home, absent=GONE, keep=("IsLogging",)),
        before={"IsLogging": False},
        undo=[("cloudtrail:StopLogging", {"Name": arn})],
        after=[equals("IsLogging", True)],
        results=results,
    )  # fmt: skip


def selected(
    trail: Mapping[str, Any], home: str, account: Account, held: Mapping[str, Any], results: Sequence[Result]
) -> Step:
    """What a trail records, made whole: further selectors that it has stay."""
    arn = str(trail.get("TrailARN"))
    call = "cloudtrail:PutEventSelectors"
    kinds = ("EventSelectors", "AdvancedEventSelectors")
    old = {k: held[k] for k in kinds if held.get(k)}
    more = [s for s in held.get("AdvancedEventSelectors") or () if not _covered(s)]
    return changes.step(
        f"record management events and data events of all S3 objects in trail {trail.get('Name')}",
        arn,
        [(call, {"TrailName": arn, "AdvancedEventSelectors": [*SELECTORS, *more]})],
        account=account.id,
        region=home,
        read=changes.reading(account.id, "cloudtrail:GetEventSelectors", {"TrailName": arn}, region=home, absent=GONE, keep=kinds),
        before={k: held[k] for k in kinds if k in held},
        undo=[(call, {"TrailName": arn, **old})] if old else [],
        after=[Expect(what="has", path="AdvancedEventSelectors[].Name", value=s["Name"]) for s in SELECTORS],
        breaks=(
            "data events of S3 objects are charged by their number",
            "classic selectors are replaced by advanced ones: data events of Lambda that they name are no longer recorded",
        ) if held.get("EventSelectors") else ("data events of S3 objects are charged by their number",),
        results=results,
    )  # fmt: skip


def _covered(selector: Mapping[str, Any]) -> bool:
    """Whether our selectors record all that it does."""
    fields = {str(f.get("Field")): f.get("Equals") for f in selector.get("FieldSelectors") or ()}
    return fields.get("eventCategory") == ["Management"] or fields.get("resources.type") == [
        "AWS::S3::Object"
    ]
