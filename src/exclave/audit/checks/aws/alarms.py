"""Alarms: the whole chain from a trail to a person, followed link by link.

trail → log group → metric filter that counts the event → metric → alarm on that metric, switched on → SNS topic
→ confirmed subscription. Or, for sharing events, a rule of EventBridge in every region with a target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws import metric_alarm, selectors
from exclave.audit.checks.aws.filter_pattern import BadPatternError, Test, compiled, named
from exclave.audit.checks.aws.rules import Logging, Rules
from exclave.audit.checks.aws.samples import GLOBAL, everyday, exceptions, samples
from exclave.audit.checks.aws.sharing import core_methods
from exclave.audit.checks.aws.topics import Topics
from exclave.audit.checks.aws.trails import SELECTORS, STATUS, TRAILS, undelivered
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import NOT_RECORDED, Answer, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.inventory import Inventory
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
_ALWAYS = "its alarm is raised all the time, and tells of no change"
COMPOSITES = "cloudwatch.DescribeAlarms.composite"
MUTES, MUTE = "cloudwatch.ListAlarmMuteRules", "cloudwatch.GetAlarmMuteRule"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a trail records: the answer that says its selectors, None where nothing is known; whether global services."""

    selectors: Any
    globals_: bool

    def __call__(self, record: Mapping[str, Any]) -> bool:
        return (self.globals_ or record.get("eventSource") not in GLOBAL) and (
            self.selectors is None or selectors.records(self.selectors, record)
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A metric filter with what is wrong behind it; "" when the chain is whole. `blind`: could not look.

    `names`: fields and values that the filter, or its trail, tells apart.
    """

    name: str
    counts: Test
    recorded: _Seen
    wrong: str
    blind: str
    where: str
    names: Sequence[tuple[str, str]] = ()

    def sees(self, record: Mapping[str, Any]) -> bool:
        """Whether the trail records it and the filter counts it."""
        return self.recorded(record) and self.counts(record)


@dataclass(frozen=True, slots=True)
class _Behind:
    """What stands behind the metric filters of a log group: the alarms of its region, and who hears them."""

    alarms: Answer
    composites: Answer
    topics: Topics
    defaults: Mapping[metric_alarm.Name, object]
    mutes: Mapping[str, str]


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
    rules = [r for m in core_methods() if m.outcome == "offered" for r in m.match if not r.common]
    found = {e for rule in rules for e in rule.events if "*" not in e}
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
    links, none, logging = _links(inventory, trails, topics, settings)
    buses = Rules(inventory, account, topics, logging) if rules else None
    for event in events:
        records = samples(event, account)
        wrong, blind, link = _chain(links, records, none)
        ruled, unseen = buses.fire(event) if buses else ("none", "")
        if not wrong and not blind and link is not None:
            yield passed(event, link.name, where=link.where)
        elif not ruled and not unseen:
            yield passed(event, "a rule of EventBridge in every region")
        elif not wrong or not ruled or (unseen and ruled == "none"):
            where = link.where if link else trails.where
            why = blind if not wrong else unseen
            yield Item(resource=event, status=Status.COULD_NOT_LOOK, why=why, where=where)
        else:
            why = wrong if ruled == "none" else f"{wrong}; {ruled}"
            yield failed(event, why, (("event", event),), trails.where)


def _chain(
    links: Sequence[Link], records: Sequence[Mapping[str, Any]], none: str
) -> tuple[str, str, Link | None]:
    """What is wrong with the chains for an event, what could not be seen, and the filter to name."""
    whole = [link for link in links if not link.wrong and not link.blind]
    asked = [("", r) for r in records]
    asked += exceptions(records, dict.fromkeys(n for link in whole for n in link.names))
    unseen = [(words, r) for words, r in asked if not any(link.sees(r) for link in whole)]
    if not unseen:
        return "", "", next(link for link in whole if link.sees(records[0]))
    blind = [link for link in links if link.blind and not link.wrong]
    if all(any(link.sees(r) for link in blind) for _, r in unseen):
        return "", blind[0].blind, blind[0]
    fitting = [link for link in links if all(link.counts(r) for r in records)]
    reasons = dict.fromkeys(
        link.wrong for link in fitting if link.wrong and all(link.sees(r) for r in records)
    )
    seeing = [link for link in whole if all(link.sees(r) for r in records)]
    if seeing:
        return f"metric filter {seeing[0].name} does not count it {unseen[0][0]}", "", None
    if reasons:
        return "; ".join(reasons), "", None
    if fitting:
        return "the trail's event selectors leave the event out", "", None
    return none or f"no metric filter counts the event, whoever makes it{_partly(links, records)}", "", None


def _partly(links: Sequence[Link], records: Sequence[Mapping[str, Any]]) -> str:
    """A filter that counts the event of some, and of whom it does not."""
    for link in links:
        left = next((r for r in records if not link.counts(r)), None)
        if left is not None and any(link.counts(r) for r in records):
            who = f"{left['userIdentity']['type']} in {left['awsRegion']} by {left['userAgent']}"
            return f": {link.name} leaves out that of {who}"
    return ""


def _links(
    inventory: Inventory, trails: Answer, topics: Topics, settings: Settings
) -> tuple[list[Link], str, list[Logging]]:
    """Every metric filter on the log group of a trail of all regions, else why there is none; and the trails that log."""
    why = "no trail of all regions delivers to a log group"
    found: list[Link] = []
    logging: list[Logging] = []
    for trail in trails.items:
        status = _of(inventory, STATUS, trails, trail)
        chosen = _of(inventory, SELECTORS, trails, trail)
        blind = next((f"{a.call}: {a.error.words}" for a in (status, chosen) if a.error is not None), "")
        recorded = chosen.answer if chosen.error is None else None
        everywhere = trail.get("IsMultiRegionTrail") is True
        running = status.error is not None or (status.answer or {}).get("IsLogging") is True
        if running:
            logging.append(Logging("" if everywhere else str(trail.get("HomeRegion")), recorded, blind))
        group = str(trail.get("CloudWatchLogsLogGroupArn") or "").split(":")
        if not everywhere or len(group) < 7:  # noqa: PLR2004 - arn:aws:logs:region:account:log-group:name
            continue
        if not running:
            why = f"trail {trail.get('Name')} does not log"
            continue
        if status.error is None and (lost := undelivered(status.answer or {}, settings)):
            why = f"trail {trail.get('Name')} {lost}"
            continue
        region, account, name = group[3], group[4], group[6]
        filters = inventory.one(FILTERS, account, region)
        alarms = inventory.one(ALARMS, account, region)
        composites = inventory.one(COMPOSITES, account, region)
        muting = [a for call in (MUTES, MUTE) for a in inventory.each(call, account=account, region=region)]
        asked = [filters, alarms, *(a for a in (composites, *muting) if _refused(a))]
        blind = blind or next((f"{a.call}: {a.error.words}" for a in asked if a.error is not None), "")
        globals_ = trail.get("IncludeGlobalServiceEvents") is not False
        seen = _Seen(recorded, globals_)
        if filters.error is not None:
            words = f"metric filters of {name}: {blind}"
            found.append(Link("metric filters", lambda _record: True, seen, "", words, filters.where))
            continue
        mine = [f for f in filters.items if f.get("logGroupName") == name]
        defaults = _defaults(filters)
        why = f"log group {name} of trail {trail.get('Name')} has no metric filter" if not mine else ""
        behind = _Behind(alarms, composites, topics, defaults, _mutes(muting))
        found += [_link(f, behind, blind, filters.where, seen) for f in mine]
    return found, why if not found else "", logging


def _of(inventory: Inventory, call: str, trails: Answer, trail: Mapping[str, Any]) -> Answer:
    answers = inventory.each(call, account=trails.scope.account)
    missing = Failure(code=NOT_RECORDED, message="nothing was recorded of it")
    return next(
        (a for a in answers if a.key == trail.get("TrailARN")),
        Answer(call=call, scope=trails.scope, error=missing),
    )


def _refused(answer: Answer) -> bool:
    return answer.error is not None and answer.error.code != NOT_RECORDED


def _mutes(answers: Sequence[Answer]) -> dict[str, str]:
    """Name of each alarm that a rule mutes, now or by its schedule, and the rule in words."""
    found: dict[str, str] = {}
    for answer in answers:
        rule = answer.answer if answer.call == MUTE and isinstance(answer.answer, dict) else {}
        if rule.get("Status") in ("ACTIVE", "SCHEDULED"):
            when = answer.text("Rule.Schedule.Expression"), answer.text("Rule.Schedule.Duration")
            words = (
                f"the mute rule {rule.get('Name')} ({str(rule.get('Status')).lower()}: {' for '.join(when)})"
            )
            names = (rule.get("MuteTargets") or {}).get("AlarmNames") or ()
            found |= dict.fromkeys(map(str, names), words)
    return found


def _link(filter_: Mapping[str, Any], behind: _Behind, blind: str, where: str, seen: _Seen) -> Link:
    name = str(filter_.get("filterName"))
    test, names = _counter(filter_)
    names += selectors.named(seen.selectors) if seen.selectors else []
    if all(test(record) for record in everyday(behind.alarms.scope.account)):
        return Link(name, test, seen, f"metric filter {name} counts every call: {_ALWAYS}", "", where, names)
    if blind:
        return Link(name, test, seen, "", f"behind {name}: {blind}", where, names)
    wrong = unknown = ""
    reasons: list[str] = []
    system = {metric_alarm.SYSTEM: filter_.get(metric_alarm.SYSTEM)}
    for metric in filter_.get("metricTransformations") or ():
        wrong, unknown = metric_alarm.behind(
            name, metric | system, behind.alarms, behind.composites.items, behind.topics, behind.defaults, behind.mutes
        )  # fmt: skip
        if not wrong and not unknown:
            return Link(name, test, seen, "", "", where, names)
        reasons.append(wrong or unknown)
    if not reasons:
        wrong = f"metric filter {name} makes no metric"
    return Link(name, test, seen, wrong, unknown, where, names)


def _defaults(filters: Answer) -> dict[metric_alarm.Name, object]:
    """Each metric of the filters, with the value that it has when nothing is counted."""
    found: dict[metric_alarm.Name, object] = {}
    for filter_ in filters.items:
        for metric in filter_.get("metricTransformations") or ():
            name = metric_alarm.name_of(metric)
            found[name] = found.get(name) if found.get(name) is not None else metric.get("defaultValue")
    return found


def _counter(filter_: Mapping[str, Any]) -> tuple[Test, list[tuple[str, str]]]:
    """Whether the filter counts a record, and what it names; one that takes only some sources counts none for sure."""
    pattern = str(filter_.get("filterPattern") or "")
    if not filter_.get("fieldSelectionCriteria"):
        try:
            return compiled(pattern), named(pattern)
        except BadPatternError:
            pass
    return lambda _record: False, []
