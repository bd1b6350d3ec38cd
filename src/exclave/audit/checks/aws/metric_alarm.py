"""A metric and the alarms on it: does one event raise one that tells a topic which is heard?

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.checks.aws.topics import Topics
    from exclave.inventory import Answer

LONGEST = 3600  # seconds of an alarm's period times its periods: later, the data has gone
SENDER = "cloudwatch.amazonaws.com"
_MINUTE = 60  # how often a filter reports its default value
_CHILD = re.compile(r"""\bALARM\(\s*(?:"([^"]*)"|'([^']*)'|([^"')]*?))\s*\)""")


def behind(
    name: str, metric: Mapping[str, Any], alarms: Answer, composites: Sequence[Any], topics: Topics
) -> tuple[str, str]:
    """What is wrong behind a metric of the filter `name`, and what could not be seen; both empty when all is right."""
    spoken = f"{metric.get('metricNamespace')}/{metric.get('metricName')}"
    if number(metric.get("metricValue")) < 1:
        return f"metric filter {name} adds {metric.get('metricValue')} to {spoken}, not at least 1", ""
    mine = [
        a
        for a in map(_plain, alarms.items)
        if (a.get("Namespace"), a.get("MetricName"))
        == (metric.get("metricNamespace"), metric.get("metricName"))
    ]
    if not mine:
        return f"no alarm is on metric {spoken} of filter {name}", ""
    wrongs: list[str] = []
    blinds: list[str] = []
    for alarm in mine:
        found = [w] if (w := _alarm(alarm, metric)) else []
        told = [] if found else [alarm, *_above(alarm, composites)]
        for each in told:
            wrong, blind = _told(each, topics, alarms.scope.region)
            if not wrong and not blind:
                return "", ""
            found += [wrong] if wrong else []
            blinds += [f"alarm {alarm.get('AlarmName')}: {blind}"] if blind else []
        wrongs += [f"alarm {alarm.get('AlarmName')}: {w}" for w in found[:1]]
    return ("", blinds[0]) if blinds else ("; ".join(wrongs), "")


def _plain(alarm: Mapping[str, Any]) -> Mapping[str, Any]:
    """An alarm on one metric that is written as a list of metrics, as any other."""
    metrics = list(alarm.get("Metrics") or [])
    stat = metrics[0].get("MetricStat") if len(metrics) == 1 else None
    if not stat:
        return alarm
    metric = stat.get("Metric") or {}
    same = {"Statistic": stat.get("Stat"), "Period": stat.get("Period"), "Unit": stat.get("Unit")}
    return {**alarm, **metric, **same}


def _above(alarm: Mapping[str, Any], composites: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """Composite alarms that are raised whenever this one is: any of several, and nothing that holds them back."""
    for composite in composites:
        rule = str(composite.get("AlarmRule"))
        rest = _CHILD.sub("", rule)
        if composite.get("ActionsSuppressor") or not re.fullmatch(r"(?:OR|[\s()])*", rest):
            continue
        names = {next((g for g in found if g), "") for found in _CHILD.findall(rule)}
        if names & {alarm.get("AlarmName"), alarm.get("AlarmArn")}:
            yield composite


def _told(alarm: Mapping[str, Any], topics: Topics, region: str) -> tuple[str, str]:
    if alarm.get("ActionsEnabled") is not True:
        return "its actions are switched off", ""
    return topics.reached(alarm.get("AlarmActions") or (), SENDER, region)


def _alarm(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    """What keeps one event from raising the alarm, each time anew."""
    if alarm.get("Dimensions"):
        return "it watches dimensions: one value of them, or none that the metric has"
    if metric.get("dimensions"):
        return "the metric has dimensions, and the alarm watches none of them"
    unit = alarm.get("Unit")
    if unit and unit != (metric.get("unit") or "None"):
        return f"it watches the unit {unit}, and the metric has {metric.get('unit') or 'None'}"
    return _statistic(alarm, metric) or _threshold(alarm, metric) or _missing(alarm, metric)


def _statistic(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    statistic = str(alarm.get("Statistic"))
    if statistic not in ("Sum", "SampleCount", "Maximum", "Average"):
        return f"its statistic {alarm.get('Statistic') or alarm.get('ExtendedStatistic')} does not see a single event"
    # a default value is reported for every minute in which the filter counts nothing
    if metric.get("defaultValue") is not None and statistic in ("Average", "SampleCount"):
        return f"its statistic {statistic} takes the events into account that the filter does not count"
    return ""


def _threshold(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    statistic, operator, threshold = (
        alarm.get("Statistic"), alarm.get("ComparisonOperator"), alarm.get("Threshold"),
    )  # fmt: skip
    if not isinstance(threshold, int | float):
        return "it has no threshold of its own"

    def raised(value: float) -> bool:
        return (operator == "GreaterThanOrEqualToThreshold" and value >= threshold) or (
            operator == "GreaterThanThreshold" and value > threshold
        )

    if not raised(1 if statistic == "SampleCount" else number(metric.get("metricValue"))):
        return f"one event does not raise it ({operator} {threshold})"
    period = number(alarm.get("Period"))
    default = metric.get("defaultValue")
    quiet = number(default) * (max(period / _MINUTE, 1) if statistic == "Sum" else 1)
    if raised(0) or (default is not None and raised(quiet)):
        return f"it is raised without any event ({operator} {threshold}), and so tells of none"
    periods = number(alarm.get("EvaluationPeriods")) or 1
    points = number(alarm.get("DatapointsToAlarm")) or periods
    if points > 1:
        return f"it waits for {points:g} periods with events"
    if period * periods > LONGEST:
        return f"it looks only every {period:g} seconds"
    return ""


def _missing(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    """An alarm tells only when its state changes: without events it must leave the alarm state."""
    treated = str(alarm.get("TreatMissingData") or "missing")
    if treated in ("missing", "notBreaching") or metric.get("defaultValue") is not None:
        return ""
    return (
        f"it treats missing data as {treated}: it stays in alarm after the first event and tells of no other"
    )


def number(value: object) -> float:
    """A number however it is written; 0 for what is none."""
    try:
        return float(str(value))
    except ValueError:
        return 0.0
