"""A metric and the alarms on it: does one event raise one that tells a topic which is heard?

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.audit.checks.aws.topics import Topics
    from exclave.inventory import Answer

LONGEST = 3600  # seconds of an alarm's period times its periods: later, the data has gone
SENDER = "cloudwatch.amazonaws.com"


def behind(name: str, metric: Mapping[str, Any], alarms: Answer, topics: Topics) -> tuple[str, str]:
    """What is wrong behind a metric of the filter `name`, and what could not be seen; both empty when all is right."""
    spoken = f"{metric.get('metricNamespace')}/{metric.get('metricName')}"
    if number(metric.get("metricValue")) < 1:
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
            wrong, blind = topics.reached(alarm.get("AlarmActions") or (), SENDER)
            if not wrong and not blind:
                return "", ""
            if blind:
                blinds.append(f"alarm {alarm.get('AlarmName')}: {blind}")
        if wrong:
            wrongs.append(f"alarm {alarm.get('AlarmName')}: {wrong}")
    return ("", blinds[0]) if blinds else ("; ".join(wrongs), "")


def _alarm(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    """What keeps one event from raising the alarm, each time anew."""
    if alarm.get("ActionsEnabled") is not True:
        return "its actions are switched off"
    if alarm.get("Dimensions"):
        return "it watches dimensions: one value of them, or none that the metric has"
    if metric.get("dimensions"):
        return "the metric has dimensions, and the alarm watches none of them"
    unit = alarm.get("Unit")
    if unit and unit != (metric.get("unit") or "None"):
        return f"it watches the unit {unit}, and the metric has {metric.get('unit') or 'None'}"
    return _statistic(alarm, metric) or _threshold(alarm) or _missing(alarm, metric)


def _statistic(alarm: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    statistic = str(alarm.get("Statistic"))
    if statistic not in ("Sum", "SampleCount", "Maximum", "Average"):
        return f"its statistic {alarm.get('Statistic') or alarm.get('ExtendedStatistic')} does not see a single event"
    # a default value is reported for every event that the filter does not count
    if metric.get("defaultValue") is not None and statistic in ("Average", "SampleCount"):
        return f"its statistic {statistic} takes the events into account that the filter does not count"
    return ""


def _threshold(alarm: Mapping[str, Any]) -> str:
    threshold = alarm.get("Threshold")
    least = threshold if isinstance(threshold, int | float) else None
    operator = alarm.get("ComparisonOperator")
    single = least is not None and (
        (operator == "GreaterThanOrEqualToThreshold" and 0 < least <= 1)
        or (operator == "GreaterThanThreshold" and 0 <= least < 1)
    )
    if not single:
        return f"one event does not raise it ({operator} {threshold})"
    periods = number(alarm.get("EvaluationPeriods")) or 1
    points = number(alarm.get("DatapointsToAlarm")) or periods
    if points > 1:
        return f"it waits for {points:g} periods with events"
    if number(alarm.get("Period")) * periods > LONGEST:
        return f"it looks only every {number(alarm.get('Period')):g} seconds"
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
