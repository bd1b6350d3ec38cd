"""The alarms as a script of gcloud and as a configuration of Terraform's."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
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


_GOOGLES = (
    "name",
    "createTime",
    "updateTime",
    "creationRecord",
    "mutationRecord",
    "validity",
)  # that it writes itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is there already: metrics by name, and the alert policy of our name."""

    metrics: Mapping[str, Mapping[str, Any]]
    policy: Mapping[str, Any] | None


def scripts(
    project: str,
    metrics: Mapping[str, Mapping[str, Any]],
    channel: Mapping[str, Any] | None,
    options: Options,
    held: Held,
) -> list[Artefact]:
    """The script, and the one that takes it away. What is there and right is left alone; what is wrong comes back so."""
    script, undo = Script(CONTROL, ABOUT), Script(CONTROL, "takes away what the script made")
    where = f"--project={project}"
    of_metrics = ("gcloud", "logging", "metrics")
    for body in metrics.values():
        name, old = str(body["name"]), held.metrics.get(str(body["name"]))
        if (
            old is None
            or any(old.get(k) != body[k] for k in ("filter", "bucketName"))
            or old.get("disabled") is True
        ):
            verb = "create" if old is None else "update"
            script.run_with(script.file(body), *of_metrics, verb, name, where, "--config-from-file=")
    policy = policy_body(list(metrics.values()), options)
    if channel is not None:
        told = channel.get("name")
        if told is None:
            script.raw(
                f"channel=$(gcloud beta monitoring channels create --channel-content-from-file=\"{script.file(dict(channel))}\" {_quoted(where)} '--format=value(name)')"
            )
        else:
            script.raw(f"channel={_quoted(str(told))}")
        made = f'--policy-from-file="{script.file(policy)}"'
        if held.policy is None:
            script.raw(
                f'gcloud monitoring policies create {made} --notification-channels="$channel" {_quoted(where)}'
            )
        else:
            of_policy = (
                f"gcloud monitoring policies update {_quoted(str(held.policy.get('name')))} {_quoted(where)}"
            )
            script.raw(f'{of_policy} {made} --set-notification-channels="$channel"')
            undo.raw(
                f'{of_policy} --policy-from-file="{undo.file({k: v for k, v in held.policy.items() if k not in _GOOGLES})}"'
            )
    # the policy first, so that it is never left without its metrics
    if held.policy is None:
        undo.raw(
            f"gcloud monitoring policies list {_quoted(where)} {_quoted('--filter=displayName=' + chr(34) + str(policy['displayName']) + chr(34))} "
            "'--format=value(name)' | while read -r name; do gcloud monitoring policies delete \"$name\" --quiet; done"
        )
    for body in metrics.values():
        name, old = str(body["name"]), held.metrics.get(str(body["name"]))
        if old is None:
            undo.run(*of_metrics, "delete", name, where, "--quiet")
        else:
            kept = {k: v for k, v in old.items() if k not in _GOOGLES}
            undo.run_with(undo.file(kept), *of_metrics, "update", name, where, "--config-from-file=")
    return gcloud(script, undo, ABOUT)


def _quoted(text: str) -> str:
    return shlex.quote(text)


def resources(
    project: str,
    metrics: Mapping[str, Mapping[str, Any]],
    channel: Mapping[str, Any] | None,
    options: Options,
    held: Held,
) -> dict[str, dict[str, Any]]:
    """Type → name → arguments of each resource. What is there already Terraform would make once more."""
    new = {
        label(str(body["name"])): {
            "project": project, "name": body["name"], "filter": body["filter"],
            "bucket_name": body["bucketName"],
            "metric_descriptor": {"metric_kind": "DELTA", "value_type": "INT64"},
        }
        for body in metrics.values() if str(body["name"]) not in held.metrics
    }  # fmt: skip
    out: dict[str, dict[str, Any]] = {"google_logging_metric": new} if new else {}
    if channel is None or held.policy is not None:
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
            **({"depends_on": [f"google_logging_metric.{name}" for name in new]} if new else {}),
        }
    }  # fmt: skip
    return out
