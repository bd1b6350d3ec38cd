"""Alarms: the whole chain from a trail to a person, followed link by link.

trail → log group → metric filter that counts the event → metric → alarm on that metric, switched on → SNS topic
→ confirmed subscription. Or, for sharing events, a rule of EventBridge in every region with a target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.event_pattern import fires
from exclave.audit.checks.aws.filter_pattern import BadPatternError, compiled
from exclave.audit.checks.aws.sharing import core_methods
from exclave.audit.checks.aws.topics import Topics
from exclave.audit.checks.aws.trails import STATUS, TRAILS
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status

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
FILTERS, ALARMS, RULES, TARGETS = (
    "logs.DescribeMetricFilters",
    "cloudwatch.DescribeAlarms",
    "events.ListRules",
    "events.ListTargetsByRule",
)
LONGEST = 3600  # seconds of an alarm's period times its periods: later, the data has gone
_CALLERS = (
    {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/probe", "userName": "probe"},
    {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/probe/probe"},
    {"type": "Root", "arn": "arn:aws:iam::123456789012:root"},
)


@dataclass(frozen=True, slots=True)
class Link:
    """A metric filter with what is wrong behind it; "" when the chain is whole. `blind`: could not look."""

    name: str
    counts: Any
    wrong: str
    blind: str
    where: str


def iam_policy_changes(inventory: Inventory, _perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per event that must raise an alarm."""
    return _checks(inventory, IAM_EVENTS, rules=False)


def cloudtrail_changes(inventory: Inventory, _perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per event that must raise an alarm."""
    return _checks(inventory, TRAIL_EVENTS, rules=False)


def data_sharing(inventory: Inventory, _perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per sharing event of the catalogue."""
    return _checks(inventory, sharing_events(), rules=True)


def sharing_events() -> tuple[str, ...]:
    """`service:action` of the core ways to share; harden alarms on these."""
    found = {
        e for m in core_methods() if m.outcome == "offered" for r in m.match for e in r.events if "*" not in e
    }
    return tuple(sorted(found))


def _checks(inventory: Inventory, events: Sequence[str], *, rules: bool) -> list[Check]:
    checks: list[Check] = []
    for answer in inventory.answers(TRAILS):
        items = (
            [unseen(answer)]
            if answer.error is not None
            else list(_events(inventory, answer, events, rules=rules))
        )
        checks.append(judged(answer.scope, items, "events that raise an alarm"))
    return checks


def _events(inventory: Inventory, trails: Answer, events: Sequence[str], *, rules: bool) -> Iterator[Item]:
    account = trails.scope.account
    topics = Topics(inventory)
    links, none = _links(inventory, trails, topics)
    buses = _rules(inventory, account, topics) if rules else {}
    for event in events:
        records = [_record(event, caller) for caller in _CALLERS]
        fitting = [link for link in links if all(link.counts(r) for r in records)]
        ruled, rule_why = _ruled(event, buses) if rules else (False, "")
        whole = next((link for link in fitting if not link.wrong and not link.blind), None)
        if whole is not None or ruled:
            yield passed(
                event,
                whole.name if whole else "a rule of EventBridge in every region",
                where=whole.where if whole else "",
            )
            continue
        blind = next((link for link in fitting if link.blind and not link.wrong), None)
        if blind is not None:
            yield Item(resource=event, status=Status.COULD_NOT_LOOK, why=blind.blind, where=blind.where)
            continue
        why = (
            "; ".join(dict.fromkeys(link.wrong for link in fitting))
            or none
            or "no metric filter counts the event, whoever makes it"
        )
        yield failed(event, f"{why}{f'; {rule_why}' if rule_why else ''}", (("event", event),), trails.where)


def _record(event: str, caller: Mapping[str, str]) -> dict[str, Any]:
    source, _, name = event.partition(":")
    return {
        "eventVersion": "1.08", "userIdentity": dict(caller), "eventTime": "2026-01-01T00:00:00Z", "eventSource": source, "eventName": name,
        "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.0", "eventType": "AwsApiCall",
        "managementEvent": True, "readOnly": False, "recipientAccountId": "123456789012",
    }  # fmt: skip


def _links(inventory: Inventory, trails: Answer, topics: Topics) -> tuple[list[Link], str]:
    """Every metric filter on the log group of a working trail of all regions; else why there is none."""
    why = "no trail of all regions delivers to a log group"
    found: list[Link] = []
    for trail in trails.items:
        group = str(trail.get("CloudWatchLogsLogGroupArn") or "").split(":")
        if trail.get("IsMultiRegionTrail") is not True or len(group) < 7:  # noqa: PLR2004 - arn:aws:logs:region:account:log-group:name
            continue
        status = next(
            (
                a
                for a in inventory.each(STATUS, account=trails.scope.account)
                if a.key == trail.get("TrailARN")
            ),
            None,
        )
        if status is not None and status.error is None and (status.answer or {}).get("IsLogging") is not True:
            why = f"trail {trail.get('Name')} does not log"
            continue
        region, account, name = group[3], group[4], group[6]
        filters = inventory.one(FILTERS, account, region)
        alarms = inventory.one(ALARMS, account, region)
        blind = next((a.error.words for a in (filters, alarms) if a.error is not None), "")
        if filters.error is not None:
            found.append(
                Link(
                    "metric filters",
                    lambda _record: True,
                    "",
                    f"metric filters of {name}: {blind}",
                    filters.where,
                )
            )
            continue
        mine = [f for f in filters.items if f.get("logGroupName") == name]
        why = f"log group {name} of trail {trail.get('Name')} has no metric filter" if not mine else ""
        found += [_link(f, alarms, blind, topics, filters.where) for f in mine]
    return found, why if not found else ""


def _link(filter_: Mapping[str, Any], alarms: Answer, blind: str, topics: Topics, where: str) -> Link:
    name = str(filter_.get("filterName"))
    try:
        test: Any = compiled(str(filter_.get("filterPattern") or ""))
    except BadPatternError:
        test = lambda _record: False  # noqa: E731
    if blind:
        return Link(name, test, "", f"alarms behind {name}: {blind}", where)
    wrong = unknown = ""
    reasons: list[str] = []
    for metric in filter_.get("metricTransformations") or ():
        wrong, unknown = _metric(name, metric, alarms, topics)
        if not wrong and not unknown:
            return Link(name, test, "", "", where)
        reasons.append(wrong or unknown)
    if not reasons:
        wrong = f"metric filter {name} makes no metric"
    return Link(name, test, wrong, unknown, where)


def _metric(name: str, metric: Mapping[str, Any], alarms: Answer, topics: Topics) -> tuple[str, str]:
    """What is wrong behind a metric, and what could not be seen."""
    spoken = f"{metric.get('metricNamespace')}/{metric.get('metricName')}"
    if _number(metric.get("metricValue")) < 1:
        return f"metric filter {name} adds {metric.get('metricValue')} to {spoken}, not at least 1", ""
    mine = [
        a
        for a in alarms.items
        if (a.get("Namespace"), a.get("MetricName"))
        == (metric.get("metricNamespace"), metric.get("metricName"))
    ]
    if not mine:
        return f"no alarm is on metric {spoken} of filter {name}", ""
    wrongs: list[str] = []
    blinds: list[str] = []
    for alarm in mine:
        wrong = _alarm(alarm, metric)
        if not wrong:
            wrong, blind = topics.reached(alarm.get("AlarmActions") or ())
            if not wrong and not blind:
                return "", ""
            if blind:
                blinds.append(f"alarm {alarm.get('AlarmName')}: {blind}")
        if wrong:
            wrongs.append(f"alarm {alarm.get('AlarmName')}: {wrong}")
    return ("", blinds[0]) if blinds else ("; ".join(wrongs), "")


def _alarm(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    if alarm.get("ActionsEnabled") is not True:
        return "its actions are switched off"
    if alarm.get("Dimensions") and not metric.get("dimensions"):
        return "it watches dimensions that the metric has not"
    if str(alarm.get("Statistic")) not in ("Sum", "SampleCount", "Maximum", "Average"):
        return f"its statistic {alarm.get('Statistic')} does not see a single event"
    threshold = alarm.get("Threshold")
    least = threshold if isinstance(threshold, int | float) else None
    operator = alarm.get("ComparisonOperator")
    single = least is not None and (
        (operator == "GreaterThanOrEqualToThreshold" and 0 < least <= 1)
        or (operator == "GreaterThanThreshold" and 0 <= least < 1)
    )
    if not single:
        return f"one event does not raise it ({operator} {threshold})"
    periods = _number(alarm.get("EvaluationPeriods")) or 1
    points = _number(alarm.get("DatapointsToAlarm")) or periods
    if points > 1:
        return f"it waits for {points:g} periods with events"
    if _number(alarm.get("Period")) * periods > LONGEST:
        return f"it looks only every {_number(alarm.get('Period')):g} seconds"
    return ""


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def _rules(inventory: Inventory, account: str, topics: Topics) -> dict[str, list[tuple[str, Any, str]]]:
    """Region → (name, pattern, what is wrong with it) of each rule."""
    found: dict[str, list[tuple[str, Any, str]]] = {}
    for answer in inventory.answers(RULES, account=account):
        rules = found.setdefault(answer.scope.region, [])
        targets = {a.key: a for a in inventory.each(TARGETS, account=account, region=answer.scope.region)}
        for rule in answer.items:
            name = str(rule.get("Name"))
            if not rule.get("EventPattern"):
                continue
            wrong = (
                ""
                if rule.get("State") in ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
                else f"rule {name} is off"
            )
            reached = targets.get(name)
            arns = (
                [str(t.get("Arn")) for t in reached.items]
                if reached is not None and reached.error is None
                else []
            )
            if not wrong and not arns:
                wrong = f"rule {name} has no target"
            elif not wrong and all(":sns:" in a for a in arns):
                why, blind = topics.reached(arns)
                wrong = f"rule {name}: {why or blind}" if why or blind else ""
            rules.append((name, rule.get("EventPattern"), wrong))
    return found


def _ruled(event: str, buses: Mapping[str, list[tuple[str, Any, str]]]) -> tuple[bool, str]:
    """Whether a rule of every region fires on the event, and what is wrong where one is meant to."""
    source, _, _name = event.partition(":")
    delivered = {
        "source": f"aws.{source.partition('.')[0]}", "detail-type": "AWS API Call via CloudTrail", "account": "123456789012",
        "detail": _record(event, _CALLERS[1]),
    }  # fmt: skip
    missing, why = [], ""
    for region, rules in buses.items():
        fitting = [(name, wrong) for name, pattern, wrong in rules if fires(pattern, delivered)]
        if not any(not wrong for _, wrong in fitting):
            missing.append(region)
            why = why or next((wrong for _, wrong in fitting if wrong), "")
    if buses and not missing:
        return True, ""
    some = len(missing) < len(buses)
    return False, why or (
        f"no rule of EventBridge fires on it in {', '.join(sorted(missing)[:5])}" if some else ""
    )
