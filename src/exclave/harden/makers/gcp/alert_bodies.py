"""The metrics and the alert policy, as Google's interfaces take them.

Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics,
https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.conditions import PREFIX
from exclave.audit.checks.gcp.events import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.harden.model import Options

GROUPS = ("iam", "logging", "perimeter", "sharing")
_VERSION = re.compile(r"^(?:v\d+|alpha|beta)\.")


def filter_of(group: str) -> str:
    """The filter of a group's events: by service, and by how the names of its methods end."""
    services: dict[str, dict[str, None]] = {}
    for event in load():
        if event.group == group:
            short = _VERSION.sub("", event.method)
            short = short.rpartition(".")[2] if short.startswith("google.") else short
            services.setdefault(event.service, {})[short] = None
    parts = [
        f'(protoPayload.serviceName="{service}" AND protoPayload.methodName:({" OR ".join(f"{chr(34)}{m}{chr(34)}" for m in methods)}))'
        for service, methods in services.items()
    ]
    return f'log_id("cloudaudit.googleapis.com/activity") AND ({" OR ".join(parts)})'


def metric_body(group: str, bucket: str, options: Options) -> dict[str, Any]:
    """A counter of a group's events."""
    return {
        "name": f"{options.prefix}-{group}",
        "description": f"changes: {group}",
        "filter": filter_of(group),
        "bucketName": bucket,
        "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"},
    }


def series(metric: str) -> str:
    """The time series of a metric: Cloud Monitoring refuses a filter without a type of resource."""
    return f'metric.type="{PREFIX}{metric}" AND resource.type="logging_bucket"'


def policy_body(metrics: Sequence[Mapping[str, Any]], options: Options) -> dict[str, Any]:
    """One policy with a condition for each metric; its channel is left to who sends it."""
    return {
        "displayName": f"{options.prefix}: changes of access, logging, perimeters and sharing",
        "combiner": "OR",
        "enabled": True,
        "conditions": [
            {
                "displayName": str(m["name"]),
                "conditionThreshold": {
                    "filter": series(str(m["name"])),
                    "comparison": "COMPARISON_GT",
                    "thresholdValue": 0,
                    "duration": "0s",
                    "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA", "crossSeriesReducer": "REDUCE_SUM"}],
                    "trigger": {"count": 1},
                },
            }
            for m in metrics
        ],
        "documentation": {"mimeType": "text/markdown", "content": "Somebody changed access, logging or a perimeter, or shared data: see who, and `exclave hunt` the logs."},
    }  # fmt: skip
