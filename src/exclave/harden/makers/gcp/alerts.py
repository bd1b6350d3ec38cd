"""Log-based metrics on the central log bucket, a notification channel, and one alert policy on all of the metrics.

Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics,
https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exclave.audit.checks.gcp.alerts import CHANNELS, METRICS, POLICIES, central_buckets
from exclave.audit.checks.gcp.channels import unreached
from exclave.audit.checks.gcp.conditions import PREFIX
from exclave.audit.checks.gcp.events import load
from exclave.audit.checks.gcp.scopes import mappings
from exclave.change.model import equals, gone, has
from exclave.harden.makers.gcp import changes
from exclave.harden.makers.gcp.logging import bucket_name, central
from exclave.harden.makers.gcp.place import gcloud, label, place_of, terraform
from exclave.harden.makers.gcp.script import Script
from exclave.harden.model import Artefact, Made
from exclave.harden.terraform import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "gcp.alert"
ABOUT = "raises an alarm on changes of IAM, log sinks, perimeters, and on sharing"
LOGGING, MONITORING = "https://logging.googleapis.com/v2", "https://monitoring.googleapis.com/v3"
NOBODY = (
    "nobody is to be told: --notify somebody@example.org; without it there are metrics and no alert policy"
)
WAITS = "the metrics count in log bucket {}: --apply makes it and the sink that fills it too; before the script or Terraform, run those of gcp.logging"
_VERSION = re.compile(r"^(?:v\d+|alpha|beta)\.")
GROUPS = ("iam", "logging", "perimeter", "sharing")


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """Everything in one project, for the whole organisation."""
    place = place_of(inventory, results, options)
    notes: list[str] = []
    home = place.home if place.organization else ""
    bucket = next(iter(central_buckets(inventory, home, place.project)), "")
    steps: list[Step] = []
    if not bucket:
        bucket = bucket_name(place, options)
        notes.append(WAITS.format(bucket))
        steps += central(results, inventory, place, options).steps
    project = bucket.split("/")[1]
    metrics = {g: metric_body(g, bucket, options) for g in GROUPS}
    channel = _channel(inventory, project, options)
    steps = [s for body in metrics.values() if (s := _metric(project, body, inventory, results)) is not None]
    if channel is None:
        notes.append(NOBODY)
    else:
        step = _policy(project, list(metrics.values()), channel, inventory, options, results)
        steps += [step] if step is not None else []
    artefacts: list[Artefact] = []
    if options.wants("gcloud"):
        artefacts += _scripts(project, metrics, channel, options)
    if options.wants("terraform"):
        artefacts.append(terraform(CONTROL, _resources(project, metrics, channel, options), ABOUT))
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(notes))


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


def _metric(
    project: str, body: dict[str, Any], inventory: Inventory, results: Sequence[Result]
) -> Step | None:
    name = body["name"]
    url = f"{LOGGING}/projects/{project}/metrics"
    keep = ("filter", "bucketName", "disabled")
    there = next((m for m in mappings(inventory.one(METRICS, project).items) if m.get("name") == name), None)
    wanted = [equals("filter", body["filter"]), equals("bucketName", body["bucketName"])]
    change: changes.Call = (f"POST {url}", body)
    undo: changes.Call = (f"DELETE {url}/{name}", {})
    before = None
    if there is not None:
        before = {k: there[k] for k in keep if k in there}
        if before == {k: body[k] for k in keep if k in body}:
            return None
        change = (f"PUT {url}/{name}", {**body, "disabled": False})
        undo = (
            f"PUT {url}/{name}",
            {k: v for k, v in there.items() if k not in ("createTime", "updateTime")},
        )
    return changes.step(
        f"make metric {name} in {project}", f"projects/{project}/metrics/{name}", [change], account=project,
        read=changes.reading(project, f"GET {url}/{name}", keep=keep), before=before, undo=[undo], after=wanted,
        results=results,
    )  # fmt: skip


def _channel(inventory: Inventory, project: str, options: Options) -> Mapping[str, Any] | None:
    """The channel to tell: one that is there and works, else the body of a new one; None when nobody was named."""
    answer = inventory.one(CHANNELS, project)
    mails = [n for n in options.notify if "@" in n and "/" not in n]
    for channel in mappings(answer.items):
        works = not any(unreached({"notificationChannels": [channel.get("name")]}, answer))
        mine = not mails or (channel.get("labels") or {}).get("email_address") in mails
        if works and mine:
            return channel
    if not mails:
        return None
    return {
        "type": "email", "displayName": f"{options.prefix}: {mails[0]}", "labels": {"email_address": mails[0]}, "enabled": True,
    }  # fmt: skip


def _series(metric: str) -> str:
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
                    "filter": _series(str(m["name"])),
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


def _policy(
    project: str, metrics: Sequence[Mapping[str, Any]], channel: Mapping[str, Any], inventory: Inventory, options: Options,
    results: Sequence[Result],
) -> Step | None:  # fmt: skip
    body = policy_body(metrics, options)
    url = f"{MONITORING}/projects/{project}/alertPolicies"
    there = next(
        (
            p
            for p in mappings(inventory.one(POLICIES, project).items)
            if p.get("displayName") == body["displayName"]
        ),
        None,
    )
    name = str(body["displayName"])
    made: list[changes.Call] = []
    told: Any = channel.get("name")
    if told is None:
        made.append((f"POST {MONITORING}/projects/{project}/notificationChannels", dict(channel)))
        told = {"$made": "name"}
    whole = {**body, "notificationChannels": [told]}
    keep = ("displayName", "enabled", "notificationChannels", "conditions", "combiner")
    if there is not None:
        one = f"{MONITORING}/{there.get('name')}"
        mask = f"?updateMask={','.join(keep)}"
        before = {k: there[k] for k in keep if k in there}
        return changes.step(
            f"mend alert policy {name}", str(there.get("name")), [*made, (f"PATCH {one}{mask}", whole)], account=project,
            read=changes.reading(project, f"GET {one}", keep=keep), before=before, undo=[(f"PATCH {one}{mask}", before)],
            after=[equals("enabled", True)], results=results,
        )  # fmt: skip
    listing = f"GET {url}?filter={quote(f'display_name={chr(34)}{name}{chr(34)}', safe='')}"
    # Google names policies and channels itself
    undo: list[changes.Call] = [(f"DELETE {MONITORING}/{{$now:alertPolicies[].name}}", {})]
    if len(made) == 1:
        undo.append((f"DELETE {MONITORING}/{{$now:alertPolicies[].notificationChannels[]}}", {}))
    fields = ("name", "displayName", "enabled", "notificationChannels")
    return changes.step(
        f"make alert policy {name} in {project}", f"{project}: alert policy {name}", [*made, (f"POST {url}", whole)],
        account=project, read=changes.reading(project, listing, keep=tuple(f"alertPolicies[].{k}" for k in fields)),
        before={}, undo=undo, after=[has("alertPolicies[]", {"displayName": name, "enabled": True})],
        undone=[gone("alertPolicies[]")], results=results,
    )  # fmt: skip


def _scripts(
    project: str,
    metrics: Mapping[str, Mapping[str, Any]],
    channel: Mapping[str, Any] | None,
    options: Options,
) -> list[Artefact]:
    script, undo = Script(CONTROL, ABOUT), Script(CONTROL, "takes away what the script made")
    where = f"--project={project}"
    for body in metrics.values():
        script.run_with(
            script.file(body),
            "gcloud",
            "logging",
            "metrics",
            "create",
            str(body["name"]),
            where,
            "--config-from-file=",
        )
    policy = policy_body(list(metrics.values()), options)
    if channel is not None:
        told = channel.get("name")
        if told is None:
            script.raw(
                f"channel=$(gcloud beta monitoring channels create --channel-content-from-file=\"{script.file(dict(channel))}\" {_quoted(where)} '--format=value(name)')"
            )
        else:
            script.raw(f"channel={_quoted(str(told))}")
        script.raw(
            f'gcloud monitoring policies create --policy-from-file="{script.file(policy)}" --notification-channels="$channel" {_quoted(where)}'
        )
    # the policy first, so that it is never left without its metrics
    undo.raw(
        f"gcloud monitoring policies list {_quoted(where)} {_quoted('--filter=displayName=' + chr(34) + str(policy['displayName']) + chr(34))} "
        "'--format=value(name)' | while read -r name; do gcloud monitoring policies delete \"$name\" --quiet; done"
    )
    for body in metrics.values():
        undo.run("gcloud", "logging", "metrics", "delete", str(body["name"]), where, "--quiet")
    return gcloud(script, undo, ABOUT)


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _resources(
    project: str,
    metrics: Mapping[str, Mapping[str, Any]],
    channel: Mapping[str, Any] | None,
    options: Options,
) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {"google_logging_metric": {}}
    for body in metrics.values():
        out["google_logging_metric"][label(str(body["name"]))] = {
            "project": project, "name": body["name"], "filter": body["filter"],
            "bucket_name": body["bucketName"],
            "metric_descriptor": {"metric_kind": "DELTA", "value_type": "INT64"},
        }  # fmt: skip
    if channel is None:
        return out
    told: Any = channel.get("name")
    if told is None:
        out["google_monitoring_notification_channel"] = {
            "mail": {
                "project": project, "display_name": channel["displayName"], "type": "email", "labels": dict(channel["labels"]),
            }
        }  # fmt: skip
        told = Reference("google_monitoring_notification_channel.mail.name")
    policy = policy_body(list(metrics.values()), options)
    out["google_monitoring_alert_policy"] = {
        "changes": {
            "project": project, "display_name": policy["displayName"], "combiner": "OR", "enabled": True, "notification_channels": [told],
            "conditions": [
                {
                    "display_name": m["name"],
                    "condition_threshold": {
                        "filter": _series(str(m["name"])),
                        "comparison": "COMPARISON_GT", "threshold_value": 0, "duration": "0s",
                        "aggregations": {"alignment_period": "60s", "per_series_aligner": "ALIGN_DELTA", "cross_series_reducer": "REDUCE_SUM"},
                        "trigger": {"count": 1},
                    },
                }
                for m in metrics.values()
            ],
            "depends_on": [f"google_logging_metric.{label(str(m['name']))}" for m in metrics.values()],
        }
    }  # fmt: skip
    return out
