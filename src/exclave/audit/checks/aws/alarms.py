"""Alarms: the whole chain from a trail to a person, followed link by link.

trail → log group → metric filter that counts the event → metric → alarm on that metric, switched on → SNS topic
→ confirmed subscription. Or, for sharing events, a rule of EventBridge in every region with a target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws import metric_alarm, selectors
from exclave.audit.checks.aws.filter_pattern import BadPatternError, compiled
from exclave.audit.checks.aws.rules import Rules
from exclave.audit.checks.aws.samples import samples
from exclave.audit.checks.aws.sharing import core_methods
from exclave.audit.checks.aws.topics import Topics
from exclave.audit.checks.aws.trails import SELECTORS, STALE, STATUS, TRAILS, moment
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import NOT_RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

IAM = "iam.amazonaws.com"
IAM_EVENTS = tuple(
    f"{IAM}:{name}"
    for name in (
        "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
        "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion", "AttachRolePolicy", "DetachRolePolicy",
        "AttachUserPolicy", "DetachUserPolicy", "AttachGroupPolicy", "DetachGroupPolicy",
    )
)  # fmt: skip
TRAIL_EVENTS = tuple(
    f"cloudtrail.amazonaws.com:{name}"
    for name in ("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")
)
FILTERS, ALARMS = "logs.DescribeMetricFilters", "cloudwatch.DescribeAlarms"


@dataclass(frozen=True, slots=True)
class Link:
    """A metric filter with what is wrong behind it; "" when the chain is whole. `blind`: could not look.

    `selectors`: the answer that says what its trail records; None where nothing is known of it.
    """

    name: str
    counts: Any
    selectors: Any
    wrong: str
    blind: str
    where: str


def iam_policy_changes(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per event that must raise an alarm."""
    return _checks(inventory, settings, IAM_EVENTS, rules=False)


def cloudtrail_changes(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per event that must raise an alarm."""
    return _checks(inventory, settings, TRAIL_EVENTS, rules=False)


def data_sharing(inventory: Inventory, _perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per sharing event of the catalogue."""
    return _checks(inventory, settings, sharing_events(), rules=True)


def sharing_events() -> tuple[str, ...]:
    """`service:action` of the core ways to share; harden alarms on these."""
    found = {
        e for m in core_methods() if m.outcome == "offered" for r in m.match for e in r.events if "*" not in e
    }
    return tuple(sorted(found))


def _checks(inventory: Inventory, settings: Settings, events: Sequence[str], *, rules: bool) -> list[Check]:
    checks: list[Check] = []
    for answer in inventory.answers(TRAILS):
        items = (
            [unseen(answer)]
            if answer.error is not None
            else list(_events(inventory, answer, events, settings, rules=rules))
        )
        checks.append(judged(answer.scope, items, "events that raise an alarm"))
    return checks


def _events(
    inventory: Inventory, trails: Answer, events: Sequence[str], settings: Settings, *, rules: bool
) -> Iterator[Item]:
    account = trails.scope.account
    topics = Topics(inventory)
    links, none, logs = _links(inventory, trails, topics, settings)
    buses = Rules(inventory, account, topics, logs=logs) if rules else None
    for event in events:
        records = samples(event, account)
        fitting = [link for link in links if all(link.counts(r) for r in records)]
        seeing = [
            link
            for link in fitting
            if link.selectors is None or all(selectors.records(link.selectors, r) for r in records)
        ]
        ruled, rule_why = buses.fire(event) if buses else (False, "")
        whole = next((link for link in seeing if not link.wrong and not link.blind), None)
        if whole is not None or ruled:
            yield passed(
                event,
                whole.name if whole else "a rule of EventBridge in every region",
                where=whole.where if whole else "",
            )
            continue
        blind = next((link for link in seeing if link.blind and not link.wrong), None)
        if blind is not None:
            yield Item(resource=event, status=Status.COULD_NOT_LOOK, why=blind.blind, where=blind.where)
            continue
        why = (
            "; ".join(dict.fromkeys(link.wrong for link in seeing))
            or ("the trail's event selectors leave the event out" if fitting else "")
            or none
            or "no metric filter counts the event, whoever makes it"
        )
        yield failed(event, f"{why}{f'; {rule_why}' if rule_why else ''}", (("event", event),), trails.where)


def _links(
    inventory: Inventory, trails: Answer, topics: Topics, settings: Settings
) -> tuple[list[Link], str, bool]:
    """Every metric filter on the log group of a trail of all regions, else why there is none; whether a trail logs."""
    why = "no trail of all regions delivers to a log group"
    found: list[Link] = []
    logs = False
    for trail in trails.items:
        status = _of(inventory, STATUS, trails, trail)
        running = status is None or status.error is not None or (status.answer or {}).get("IsLogging") is True
        logs = logs or running
        group = str(trail.get("CloudWatchLogsLogGroupArn") or "").split(":")
        if trail.get("IsMultiRegionTrail") is not True or len(group) < 7:  # noqa: PLR2004 - arn:aws:logs:region:account:log-group:name
            continue
        if not running:
            why = f"trail {trail.get('Name')} does not log"
            continue
        if status is not None and status.error is None and (lost := _undelivered(status, settings)):
            why = f"trail {trail.get('Name')} {lost}"
            continue
        region, account, name = group[3], group[4], group[6]
        filters = inventory.one(FILTERS, account, region)
        alarms = inventory.one(ALARMS, account, region)
        chosen = _of(inventory, SELECTORS, trails, trail)
        asked = [a for a in (filters, alarms, status) if a is not None]
        asked += [chosen] if chosen is not None and _refused(chosen) else []
        blind = next((f"{a.call}: {a.error.words}" for a in asked if a.error is not None), "")
        recorded = chosen.answer if chosen is not None and chosen.error is None else None
        if filters.error is not None:
            words = f"metric filters of {name}: {blind}"
            found.append(Link("metric filters", lambda _record: True, recorded, "", words, filters.where))
            continue
        mine = [f for f in filters.items if f.get("logGroupName") == name]
        why = f"log group {name} of trail {trail.get('Name')} has no metric filter" if not mine else ""
        found += [_link(f, alarms, blind, topics, filters.where, recorded) for f in mine]
    return found, why if not found else "", logs


def _of(inventory: Inventory, call: str, trails: Answer, trail: Mapping[str, Any]) -> Answer | None:
    answers = inventory.each(call, account=trails.scope.account)
    return next((a for a in answers if a.key == trail.get("TrailARN")), None)


def _refused(answer: Answer) -> bool:
    return answer.error is not None and answer.error.code != NOT_RECORDED


def _undelivered(status: Answer, settings: Settings) -> str:
    """What is wrong with the delivery to CloudWatch Logs."""
    answer: Mapping[str, Any] = status.answer or {}
    if error := answer.get("LatestCloudWatchLogsDeliveryError"):
        return f"could not deliver to CloudWatch Logs: {error}"
    last = moment(answer.get("LatestCloudWatchLogsDeliveryTime"))
    stale = last is not None and settings.now - last > STALE
    return f"has delivered nothing to CloudWatch Logs since {last:%Y-%m-%d %H:%M}" if stale else ""


def _link(
    filter_: Mapping[str, Any], alarms: Answer, blind: str, topics: Topics, where: str, recorded: Any
) -> Link:
    name = str(filter_.get("filterName"))
    test = _counter(filter_)
    if blind:
        return Link(name, test, recorded, "", f"behind {name}: {blind}", where)
    wrong = unknown = ""
    reasons: list[str] = []
    for metric in filter_.get("metricTransformations") or ():
        wrong, unknown = metric_alarm.behind(name, metric, alarms, topics)
        if not wrong and not unknown:
            return Link(name, test, recorded, "", "", where)
        reasons.append(wrong or unknown)
    if not reasons:
        wrong = f"metric filter {name} makes no metric"
    return Link(name, test, recorded, wrong, unknown, where)


def _counter(filter_: Mapping[str, Any]) -> Any:
    """Whether the filter counts a record; one that takes only some sources of the log group counts none for sure."""
    if filter_.get("fieldSelectionCriteria"):
        return lambda _record: False
    try:
        return compiled(str(filter_.get("filterPattern") or ""))
    except BadPatternError:
        return lambda _record: False
