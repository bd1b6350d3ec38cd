"""Conditions of alert policies: does one entry, counted by a metric, open an incident?

Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#MetricThreshold
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.logfilter import BadFilterError, compiled
from exclave.audit.checks.gcp.scopes import mappings, part, seconds, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "logging.googleapis.com/user/"
LONGEST = 3600.0  # seconds of alignment: later, the data has gone
_SEEING = frozenset(
    {"ALIGN_DELTA", "ALIGN_SUM", "ALIGN_COUNT", "ALIGN_MAX", "ALIGN_RATE", "ALIGN_MEAN", "ALIGN_NONE"}
)
_DILUTING = frozenset({"ALIGN_RATE", "ALIGN_MEAN"})  # one event is less than 1 there
_MEAN = "REDUCE_MEAN"  # and so it is in the mean of several time series
_LANGUAGES = {"conditionMonitoringQueryLanguage": "MQL", "conditionPrometheusQueryLanguage": "PromQL"}
_MERGING = frozenset({"REDUCE_NONE", "REDUCE_SUM", "REDUCE_MAX", "REDUCE_COUNT", ""})


def policy_wrong(policy: Mapping[str, Any]) -> str:
    """What keeps a whole policy from opening incidents; "" when nothing does."""
    if policy.get("enabled") is not True:
        return "it is switched off"
    if part(policy, "validity", "code"):
        return f"Google calls it invalid ({part(policy, 'validity', 'message')})"
    conditions = list(mappings(policy.get("conditions")))
    if len(conditions) > 1 and policy.get("combiner") not in ("OR", None):
        return "it waits for all of its conditions at once"
    prompts = texts(part(policy, "alertStrategy", "notificationPrompts"))
    if prompts and "OPENED" not in prompts:
        return f"it tells of incidents only when they are {', '.join(prompts)}"
    return ""


def unfollowed(condition: Mapping[str, Any], metric: str) -> str:
    """The language of a condition on a metric that isn't followed here; "" when there is none."""
    for kind, name in _LANGUAGES.items():
        query = str(part(condition, kind, "query") or "")
        if re.search(rf"user[/_]{re.escape(metric)}(?![\w/-])", query):
            return f"its condition is in {name}, which is not followed"
    return ""


def watches(condition: Mapping[str, Any], metric: str, resources: tuple[str, ...]) -> tuple[bool, str]:
    """Whether a condition is on a metric of Cloud Logging, and why one entry doesn't meet it.

    `resources`: the types of resource under which the metric may count it.
    """
    threshold = condition.get("conditionThreshold")
    spoken = str(part(threshold, "filter") or "")
    if f"{PREFIX}{metric}" not in spoken:
        return False, ""
    try:
        filter_ = compiled(spoken)
    except BadFilterError as error:
        return True, f"its filter could not be read: {error}"
    if filter_.named.get("metric.type") and f"{PREFIX}{metric}" not in filter_.named["metric.type"]:
        return False, ""
    series = [
        {"metric": {"type": f"{PREFIX}{metric}", "labels": {}}, "resource": {"type": kind, "labels": {}}}
        for kind in resources
    ]
    if not any(filter_(one) for one in series):
        return True, f"its filter sees only a part of the metric ({spoken[:150]})"
    return True, _single(threshold)


def _single(threshold: Any) -> str:
    """Why one event doesn't meet a threshold; "" when it does."""
    if part(threshold, "denominatorFilter") or part(threshold, "forecastOptions"):
        return "it is on a ratio or a forecast, not on the count"
    value = part(threshold, "thresholdValue")
    if isinstance(value, str):  # JSON has no other way to write Infinity
        return f"one event does not meet it (threshold {value[:20]})"
    least = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    comparison = part(threshold, "comparison")
    aligners = list(mappings(part(threshold, "aggregations")))
    diluted = any(
        str(a.get("perSeriesAligner")) in _DILUTING or str(a.get("crossSeriesReducer")).startswith(_MEAN)
        for a in aligners
    )
    low = least == 0 if diluted else 0 <= least < 1
    if not (
        (comparison == "COMPARISON_GT" and low)
        or (comparison == "COMPARISON_GE" and 0 < least <= 1 and not diluted)
    ):
        return f"one event does not meet it ({comparison} {least:g})"
    if share := part(threshold, "trigger", "percent"):
        return f"it waits for {share} % of the time series"
    count = part(threshold, "trigger", "count")
    if isinstance(count, int) and count > 1:
        return f"it waits for {count} time series"
    return _aligned(aligners, seconds(part(threshold, "duration")) or 0.0)


def _aligned(aligners: list[Mapping[str, Any]], duration: float) -> str:
    period = 60.0
    for number, one in enumerate(aligners):
        aligner, reducer = str(one.get("perSeriesAligner") or ""), str(one.get("crossSeriesReducer") or "")
        if number == 0:
            period = seconds(one.get("alignmentPeriod")) or period
        if aligner and aligner not in _SEEING:
            return f"its aligner {aligner} does not see a single event"
        if reducer not in _MERGING and not reducer.startswith(_MEAN):
            return f"its reducer {reducer} does not see a single event"
    if period > LONGEST:
        return f"it looks only every {period:g} seconds"
    if duration > period:
        return f"the count must stay up for {duration:g} seconds, longer than one event does"
    return ""
