"""The alarms as a script of gcloud and as a configuration of Terraform's."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from exclave.harden.makers.gcp.alert_bodies import policy_body, series
from exclave.harden.makers.gcp.place import gcloud, label
from exclave.harden.makers.gcp.script import Script
from exclave.harden.terraform import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.harden.model import Artefact, Options

CONTROL = "gcp.alert"
ABOUT = "raises an alarm on changes of IAM, log sinks, perimeters, and on sharing"


def scripts(
    project: str,
    metrics: Mapping[str, Mapping[str, Any]],
    channel: Mapping[str, Any] | None,
    options: Options,
) -> list[Artefact]:
    """The script, and the one that takes it away."""
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
    return shlex.quote(text)


def resources(
    project: str,
    metrics: Mapping[str, Mapping[str, Any]],
    channel: Mapping[str, Any] | None,
    options: Options,
) -> dict[str, dict[str, Any]]:
    """Type → name → arguments of each resource."""
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
                        "filter": series(str(m["name"])),
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
