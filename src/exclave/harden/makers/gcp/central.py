"""The central log bucket, locked, the sink that fills it, and the right to write to it: what alerts count in too.

Sources: https://cloud.google.com/logging/docs/export/aggregated_sinks, https://cloud.google.com/logging/docs/buckets
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.auditlogs import HOME_SINKS, SINKS
from exclave.audit.checks.gcp.scopes import mappings
from exclave.audit.checks.gcp.sinks import BUCKETS, KEPT_DAYS
from exclave.change.model import equals, has, lacks
from exclave.harden.makers.gcp import bindings, changes
from exclave.harden.makers.gcp.place import THERE, label
from exclave.harden.makers.gcp.script import Script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.gcp.place import Place
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

CONTROL = "gcp.logging"
ABOUT = "switches audit logs on and keeps them"
URL = "https://logging.googleapis.com/v2"
FILTER = " OR ".join(
    f'log_id("cloudaudit.googleapis.com/{k}")' for k in ("activity", "data_access", "system_event", "policy")
)
WRITER = "roles/logging.bucketWriter"
LOCKED = f"can't be undone: a locked log bucket keeps its {KEPT_DAYS} days, and can be deleted only while it is empty"
WHERE = "the log bucket is made in project {}: --set log-project=ID names another, best one that only the security team can enter"


@dataclass(slots=True)
class Work:
    """What is made while going through the failures."""

    place: Place
    options: Options
    script: Script = field(default_factory=lambda: Script(CONTROL, ABOUT))
    undo: Script = field(
        default_factory=lambda: Script(CONTROL, "takes away what the script made, but not a locked bucket")
    )
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def resource(self, kind: str, name: str, block: Mapping[str, Any]) -> None:
        """One resource of Terraform's."""
        self.resources.setdefault(kind, {})[label(name)] = dict(block)


def bucket_name(place: Place, options: Options) -> str:
    """The central log bucket's resource name: alerts count in it too."""
    return f"projects/{place.project}/locations/global/buckets/{options.prefix}-audit"


def central(results: Sequence[Result], inventory: Inventory, place: Place, options: Options) -> Work:
    """The central log bucket and the sink that fills it: what alerts count in."""
    work = Work(place, options)
    _bucket(list(results), inventory, work)
    _sink(list(results), inventory, work)
    return work


def _bucket(results: list[Result], inventory: Inventory, work: Work) -> None:
    """The central log bucket, locked."""
    place, name = work.place, bucket_name(work.place, work.options)
    short = name.rpartition("/")[2]
    there = next(
        (
            b
            for a in inventory.each(BUCKETS, account=place.project)
            for b in mappings(a.items)
            if b.get("name") == name
        ),
        None,
    )
    url = f"{URL}/{name}"
    work.notes.append(WHERE.format(place.project))
    lock = (f"PATCH {url}?updateMask=locked", {"locked": True})
    keep: changes.Call = (f"PATCH {url}?updateMask=retentionDays", {"retentionDays": KEPT_DAYS})
    made: list[changes.Call] = [lock]
    before: dict[str, Any] | None = None
    if there is None:
        body = {"retentionDays": KEPT_DAYS, "description": "audit logs of the whole organisation"}
        made.insert(0, (f"POST {URL}/{name.rpartition('/')[0]}?bucketId={short}", body))
    else:
        before = {k: there[k] for k in ("retentionDays", "locked") if k in there}
        days = before.get("retentionDays")
        short_lived = not isinstance(days, int) or days < KEPT_DAYS
        if before.get("locked") is True and not short_lived:
            return
        if short_lived:
            made.insert(0, keep)
    work.steps.append(
        changes.step(
            f"make log bucket {short}, {KEPT_DAYS} days, locked",
            name,
            made,
            account=place.project,
            read=changes.reading(place.project, f"GET {url}", keep=("retentionDays", "locked")),
            before=before,
            after=[equals("locked", True)],
            breaks=[LOCKED, "what is kept is charged for by volume"],
            results=results,
        )
    )
    where = ("--location=global", f"--project={place.project}")
    verb = "create" if there is None else "update"
    work.script.run("gcloud", "logging", "buckets", verb, short, *where, f"--retention-days={KEPT_DAYS}")
    work.script.run("gcloud", "logging", "buckets", "update", short, *where, "--locked", "--quiet")
    if there is not None:
        work.notes.append(THERE)
        return
    work.resource(
        "google_logging_project_bucket_config", "audit",
        {"project": place.project, "location": "global", "bucket_id": short, "retention_days": KEPT_DAYS, "locked": True},
    )  # fmt: skip


def _sink(results: list[Result], inventory: Inventory, work: Work) -> None:
    """The sink at the organisation, and its right to write."""
    place, name = work.place, f"{work.options.prefix}-audit"
    destination = f"logging.googleapis.com/{bucket_name(place, work.options)}"
    url = f"{URL}/{place.home}/sinks"
    answer = inventory.one(HOME_SINKS if place.organization else SINKS, place.account)
    there = next((s for s in mappings(answer.items) if s.get("name") == name), None)
    body: dict[str, Any] = {"name": name, "destination": destination, "filter": FILTER}
    if place.organization:
        body["includeChildren"] = True
    wanted = [equals(k, v) for k, v in body.items() if k != "name"]
    change: changes.Call = (f"POST {url}?uniqueWriterIdentity=true", body)
    undo: changes.Call = (f"DELETE {url}/{name}", {})
    before: dict[str, Any] | None = None
    fields = ("destination", "filter", "includeChildren", "disabled", "exclusions")
    if there is not None:
        mask = f"?uniqueWriterIdentity=true&updateMask={','.join(fields)}"
        before = {k: there[k] for k in fields if k in there}
        change = (f"PATCH {url}/{name}{mask}", {**body, "disabled": False, "exclusions": []})
        undo = (f"PATCH {url}/{name}{mask}", {"name": name, **before})
    work.steps.append(
        changes.step(
            f"make sink {name} of {place.home}, its projects included",
            f"{place.home}/sinks/{name}",
            [change],
            account=place.account,
            read=changes.reading(place.account, f"GET {url}/{name}", keep=fields),
            before=before,
            undo=[undo],
            after=[*wanted, lacks("disabled", True), lacks("exclusions[].disabled", False)],
            results=results,
        )
    )
    _writer(results, inventory, work)
    where = (
        [f"--organization={place.organization}", "--include-children"]
        if place.organization
        else [f"--project={place.project}"]
    )
    sinks = ("gcloud", "logging", "sinks")
    if there is None:
        work.script.run(*sinks, "create", name, destination, f"--log-filter={FILTER}", *where)
        work.undo.run(*sinks, "delete", name, where[0], "--quiet")
    else:
        mended = ("--no-disabled", "--clear-exclusions")
        work.script.run(*sinks, "update", name, destination, f"--log-filter={FILTER}", *where, *mended)
        off = "--disabled" if there.get("disabled") is True else "--no-disabled"
        all_ = "--include-children" if there.get("includeChildren") is True else "--no-include-children"
        was = (str(there.get("destination")), f"--log-filter={there.get('filter', '')}", where[0], off)
        work.undo.run(*sinks, "update", name, *was, *((all_,) if place.organization else ()))
        if there.get("exclusions"):
            work.notes.append(
                f"the exclusions of sink {name} are not put back by the script that takes it back: --undo does"
            )
    if place.organization and there is None:
        block = {k: v for k, v in body.items() if k != "includeChildren"}
        if "google_logging_project_bucket_config" in work.resources:  # it must be there
            block["depends_on"] = ["google_logging_project_bucket_config.audit"]
        work.resource(
            "google_logging_organization_sink",
            "audit",
            {**block, "org_id": place.organization, "include_children": True},
        )


def _writer(results: list[Result], inventory: Inventory, work: Work) -> None:
    """The right of the organisation's Logging service account to write to the bucket."""
    place = work.place
    if not place.organization:
        return  # a sink to a bucket of its own project needs none
    settings = inventory.one("logging.GetHomeSettings", place.home)
    account = settings.text("loggingServiceAccountId") if settings.error is None else ""
    mail = account or f"service-org-{place.organization}@gcp-sa-logging.iam.gserviceaccount.com"
    member = f"serviceAccount:{mail}"
    project = f"projects/{place.project}"
    policy = bindings.policy_of(inventory, project)
    identifier = ("--role=" + WRITER, f"--member={member}", "--condition=None", "--quiet")
    if not bindings.held(policy, member, WRITER):
        work.script.run("gcloud", "projects", "add-iam-policy-binding", place.project, *identifier)
        work.undo.run("gcloud", "projects", "remove-iam-policy-binding", place.project, *identifier)
        block = {"project": place.project, "role": WRITER, "member": member}
        work.resource("google_project_iam_member", "writer", block)
    if policy is None:
        work.notes.append(f"give {mail} the role {WRITER} on {place.project}, else the sink writes nothing")
        return
    before = policy.get("bindings")
    wanted = bindings.with_member(before, member, WRITER)
    if wanted != (before or []):
        after = [has("bindings[]", {"role": WRITER, "members": member})]
        title = f"let the organisation's Logging write to log buckets of {place.project}"
        work.steps.append(bindings.step(project, policy, wanted, title, after, (), results))
