"""A metric and the alarms on it: does one event raise one that tells a topic which is heard?

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.metric_math import BadExpressionError, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.checks.aws.topics import Topics
    from exclave.inventory import Answer, Scope

LONGEST = 3600  # seconds of an alarm's period times its periods: later, the data has gone
SENDER = "cloudwatch.amazonaws.com"
# Of a filter: account and region of the log become dimensions of its metrics.
SYSTEM = "emitSystemFieldDimensions"
_MINUTE = 60  # how often a filter reports its default value
_CHILD = re.compile(r"""\bALARM\(\s*(?:"([^"]*)"|'([^']*)'|([^"')]*?))\s*\)""")
Name = tuple[object, object]  # of a metric: namespace and name


def name_of(metric: Mapping[str, Any]) -> Name:
    """Namespace and name of a filter's metric."""
    return metric.get("metricNamespace"), metric.get("metricName")


def behind(
    name: str,
    metric: Mapping[str, Any],
    alarms: Answer,
    composites: Sequence[Any],
    topics: Topics,
    defaults: Mapping[Name, object],
    mutes: Mapping[str, str],
) -> tuple[str, str]:
    """What is wrong behind a metric of the filter `name`, and what could not be seen; both empty when all is right.

    `defaults`: the metrics of all filters, with the value that each reports when it counts nothing. `mutes`: names of
    alarms, with the rule that mutes each.
    """
    spoken = f"{metric.get('metricNamespace')}/{metric.get('metricName')}"
    if number(metric.get("metricValue")) < 1:
        return f"metric filter {name} adds {metric.get('metricValue')} to {spoken}, not at least 1", ""
    wrongs: list[str] = []
    blinds: list[str] = []
    for alarm in alarms.items:
        queries = _queries(alarm)
        mine = [q for q in queries if _watched(q) == name_of(metric)]
        if not mine and not _searches(queries, metric):
            continue
        wrong, blind = _alarm(alarm, queries, mine, metric, defaults)
        found = [wrong] if wrong else []
        told = [] if wrong or blind else [alarm, *_above(alarm, composites)]
        blinds += [f"alarm {alarm.get('AlarmName')}: {blind}"] if blind else []
        for each in told:
            wrong, blind = _told(each, topics, alarms.scope, mutes)
            if not wrong and not blind:
                return "", ""
            found += [wrong] if wrong else []
            blinds += [f"alarm {alarm.get('AlarmName')}: {blind}"] if blind else []
        wrongs += [f"alarm {alarm.get('AlarmName')}: {w}" for w in found[:1]]
    if not wrongs and not blinds:
        return f"no alarm is on metric {spoken} of filter {name}", ""
    return ("", blinds[0]) if blinds else ("; ".join(wrongs), "")


def _queries(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What an alarm watches, as a list of metrics and expressions; that on one metric has one."""
    if alarm.get("Metrics"):
        return [q for q in alarm["Metrics"] if isinstance(q, dict)]
    metric = {k: alarm.get(k) for k in ("Namespace", "MetricName", "Dimensions")}
    stat = alarm.get("Statistic") or alarm.get("ExtendedStatistic")
    return [{"Id": "m", "MetricStat": {"Metric": metric, "Stat": stat, "Period": alarm.get("Period"), "Unit": alarm.get("Unit")}}]  # fmt: skip


def _watched(query: Mapping[str, Any]) -> Name | None:
    metric = (query.get("MetricStat") or {}).get("Metric") or {}
    # with an account the metric is one that another shares
    return None if query.get("AccountId") else (metric.get("Namespace"), metric.get("MetricName"))


def _searches(queries: Sequence[Mapping[str, Any]], metric: Mapping[str, Any]) -> bool:
    """Whether an expression looks for metrics by name: `SEARCH(...)`, or a query of Metrics Insights."""
    texts = " ".join(str(q.get("Expression") or "") for q in queries)
    return bool(re.search(r"(?i)\b(SEARCH|SELECT)\b", texts)) and str(metric.get("metricName")) in texts


def _above(alarm: Mapping[str, Any], composites: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """Composite alarms that are raised whenever this one is: any of several, and nothing that holds them back."""
    raised = {alarm.get("AlarmName"), alarm.get("AlarmArn")}
    left = [c for c in composites if re.fullmatch(r"(?:OR|[\s()])*", _CHILD.sub("", str(c.get("AlarmRule"))))]
    while now := [c for c in left if _children(c) & raised]:
        left = [c for c in left if c not in now]
        raised |= {n for c in now for n in (c.get("AlarmName"), c.get("AlarmArn"))}
        yield from (c for c in now if not c.get("ActionsSuppressor"))


def _children(composite: Mapping[str, Any]) -> set[str]:
    return {next((g for g in found if g), "") for found in _CHILD.findall(str(composite.get("AlarmRule")))}


def _told(
    alarm: Mapping[str, Any], topics: Topics, scope: Scope, mutes: Mapping[str, str]
) -> tuple[str, str]:
    if alarm.get("ActionsEnabled") is not True:
        return "its actions are switched off", ""
    name = alarm.get("AlarmName")
    if mute := mutes.get(str(name)):
        return f"its actions are muted by {mute}", ""
    arn = str(alarm.get("AlarmArn") or f"arn:aws:cloudwatch:{scope.region}:{scope.account}:alarm:{name}")
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    message = {
        "AlarmName": name, "AlarmDescription": alarm.get("AlarmDescription"), "AWSAccountId": scope.account, "NewStateValue": "ALARM", "AlarmArn": arn,
        "Trigger": {k: v for k, v in alarm.items() if isinstance(v, str | int | float)},
    }  # fmt: skip
    messages = [message | {"OldStateValue": old} for old in ("OK", "INSUFFICIENT_DATA")]
    return topics.reached(alarm.get("AlarmActions") or (), SENDER, scope.region, arn, messages)


def _alarm(
    alarm: Mapping[str, Any],
    queries: Sequence[Mapping[str, Any]],
    mine: Sequence[Mapping[str, Any]],
    metric: Mapping[str, Any],
    defaults: Mapping[Name, object],
) -> tuple[str, str]:
    """What keeps one event from raising the alarm, each time anew; and whether that can't be told."""
    for query in mine:
        if wrong := _query(query["MetricStat"], metric):
            return wrong, ""
    if not isinstance(alarm.get("Threshold"), int | float):
        return "it has no threshold of its own", ""
    try:
        quiet = _raised(alarm, queries, metric, defaults)
    except BadExpressionError as error:
        return "", f"its expression can't be followed ({error})"
    return quiet or _periods(alarm, mine), ""


def _query(stat: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    """What keeps a statistic from seeing one event of the metric."""
    if (stat.get("Metric") or {}).get("Dimensions"):
        return "it watches dimensions: one value of them, or none that the metric has"
    if metric.get("dimensions") or metric.get(SYSTEM):
        return "the metric has dimensions, and the alarm watches none of them"
    unit = stat.get("Unit")
    if unit and unit != (metric.get("unit") or "None"):
        return f"it watches the unit {unit}, and the metric has {metric.get('unit') or 'None'}"
    statistic = stat.get("Stat")
    if statistic not in ("Sum", "SampleCount", "Maximum", "Average"):
        return f"its statistic {statistic} does not see a single event"
    # a default value is reported for every minute in which the filter counts nothing
    if metric.get("defaultValue") is not None and statistic in ("Average", "SampleCount"):
        return f"its statistic {statistic} takes the events into account that the filter does not count"
    return ""


def _raised(
    alarm: Mapping[str, Any],
    queries: Sequence[Mapping[str, Any]],
    metric: Mapping[str, Any],
    defaults: Mapping[Name, object],
) -> str:
    """Why one event does not take the alarm from where it is without any to where it tells of it."""
    operator, threshold = alarm.get("ComparisonOperator"), alarm["Threshold"]
    expressions = {str(q.get("Id")): str(q.get("Expression") or "") for q in queries}
    wanted = next((str(q.get("Id")) for q in queries if q.get("ReturnData") is not False), "")
    rule = f"{expressions.get(wanted) or ''} {operator} {threshold}".strip()

    def raises(found: float | None) -> bool:
        return found is not None and (
            (operator == "GreaterThanOrEqualToThreshold" and found >= threshold)
            or (operator == "GreaterThanThreshold" and found > threshold)
        )

    stats = {str(q.get("Id")): q for q in queries if q.get("MetricStat")}
    # of a metric that no filter makes nothing says what it is meanwhile
    for other in (None, 0.0):
        before = {i: _without(q["MetricStat"], defaults.get(_watched(q), other)) for i, q in stats.items()}  # type: ignore[arg-type]
        with_one = before | {
            i: 1 if q["MetricStat"].get("Stat") == "SampleCount" else number(metric.get("metricValue"))
            for i, q in stats.items()
            if _watched(q) == name_of(metric)
        }
        found = value(wanted, expressions, with_one, before)
        if found is None:
            return f"{rule}: it has no value while another of its metrics has none"
        if not raises(found):
            return f"one event does not raise it ({rule})"
        quiet = value(wanted, expressions, before, with_one)
        if raises(0 if quiet is None else quiet):
            return f"it is raised without any event ({rule}), and so tells of none"
        # an alarm tells only when its state changes: without events it must leave the alarm state
        treated = str(alarm.get("TreatMissingData") or "missing")
        if quiet is None and treated not in ("missing", "notBreaching"):
            return f"it treats missing data as {treated}: it stays in alarm after the first event and tells of no other"
    return ""


def _without(stat: Mapping[str, Any], default: object) -> float | None:
    """What a statistic is in a period without any event."""
    if default is None:
        return None
    times = max(number(stat.get("Period")) / _MINUTE, 1) if stat.get("Stat") == "Sum" else 1
    return number(default) * times


def _periods(alarm: Mapping[str, Any], mine: Sequence[Mapping[str, Any]]) -> str:
    period = max((number(q["MetricStat"].get("Period")) for q in mine), default=0)
    periods = number(alarm.get("EvaluationPeriods")) or 1
    points = number(alarm.get("DatapointsToAlarm")) or periods
    if points > 1:
        return f"it waits for {points:g} periods with events"
    if period * periods > LONGEST:
        return f"it looks only every {period:g} seconds"
    return ""


def number(value: object) -> float:
    """A number however it is written; 0 for what is none."""
    try:
        return float(str(value))
    except ValueError:
        return 0.0
