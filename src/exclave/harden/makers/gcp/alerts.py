"""Log-based metrics on the central log bucket, a notification channel, and one alert policy on all of the metrics.

Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics,
https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exclave.audit.checks.gcp.alerts import CHANNELS, METRICS, POLICIES, central_buckets
from exclave.audit.checks.gcp.channels import unreached
from exclave.audit.checks.gcp.scopes import mappings, part
from exclave.change.model import equals, gone, has
from exclave.harden.makers.gcp import changes
from exclave.harden.makers.gcp.alert_bodies import GROUPS, metric_body, policy_body
from exclave.harden.makers.gcp.alert_files import ABOUT, CONTROL, Held, resources, scripts
from exclave.harden.makers.gcp.central import bucket_name, central
from exclave.harden.makers.gcp.place import THERE, place_of, terraform
from exclave.harden.model import Artefact, Made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

LOGGING, MONITORING = "https://logging.googleapis.com/v2", "https://monitoring.googleapis.com/v3"
NOBODY = (
    "nobody is to be told: --notify somebody@example.org; without it there are metrics and no alert policy"
)
WAITS = "the metrics count in log bucket {}: --apply makes it and the sink that fills it too; before the script or Terraform, run those of gcp.logging"


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
    there = {str(m.get("name")): m for m in mappings(inventory.one(METRICS, project).items)}
    policy = _held_policy(
        project, str(policy_body(list(metrics.values()), options)["displayName"]), inventory
    )
    held = Held(metrics=there, policy=policy)
    if options.wants("gcloud"):
        artefacts += scripts(project, metrics, channel, options, held)
    if options.wants("terraform"):
        if policy is not None or any(str(m["name"]) in there for m in metrics.values()):
            notes.append(THERE)
        if written := resources(project, metrics, channel, options, held):
            artefacts.append(terraform(CONTROL, written, ABOUT))
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(notes))


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
        mine = not mails or part(channel, "labels", "email_address") in mails
        if works and mine:
            return channel
    if not mails:
        return None
    return {
        "type": "email", "displayName": f"{options.prefix}: {mails[0]}", "labels": {"email_address": mails[0]}, "enabled": True,
    }  # fmt: skip


def _held_policy(project: str, name: str, inventory: Inventory) -> Mapping[str, Any] | None:
    policies = mappings(inventory.one(POLICIES, project).items)
    return next((p for p in policies if p.get("displayName") == name), None)


def _policy(
    project: str, metrics: Sequence[Mapping[str, Any]], channel: Mapping[str, Any], inventory: Inventory, options: Options,
    results: Sequence[Result],
) -> Step | None:  # fmt: skip
    body = policy_body(metrics, options)
    url = f"{MONITORING}/projects/{project}/alertPolicies"
    name = str(body["displayName"])
    there = _held_policy(project, name, inventory)
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
