"""Readers of Google Cloud: members and bindings of IAM policies, projects, buckets, dataset access, sinks, callers.

Sources: IAM policies, https://cloud.google.com/iam/docs/reference/rest/v1/Policy, their changes in audit logs,
https://cloud.google.com/logging/docs/audit/services (AuditData.policyDelta), principal identifiers,
https://cloud.google.com/iam/docs/principal-identifiers, and the access entries of a BigQuery dataset,
https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exclave.catalogue.paths import embedded
from exclave.catalogue.readers.common import MAX_ID
from exclave.model import Destination, Event, Kind
from exclave.perimeter.google import bare, is_copier, is_networker, project_of_member

if TYPE_CHECKING:
    from exclave.catalogue.entry import Read

_PUBLIC = {"allusers": "allUsers", "allauthenticatedusers": "allAuthenticatedUsers"}
_CONVENIENCE = re.compile(r"project(?:owner|editor|viewer)s?:(.+)", re.IGNORECASE)
_PROJECT_PATH = re.compile(r"(?:^|/)projects/([^/\s]+)")
_PROJECT_ID = re.compile(r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|\d{3,20}")
_BUCKET_PATH = re.compile(r"(?:^|/)buckets/([^/\s]+)")
_BUCKET = re.compile(r"(?:gs://|//storage\.googleapis\.com/|storage\.googleapis\.com/|https://storage\.(?:googleapis|cloud\.google)\.com/)?"
                     r"([a-z0-9][a-z0-9._-]{1,221})(?:/.*)?", re.IGNORECASE | re.DOTALL)  # fmt: skip
_GS_TEXT = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,221})", re.IGNORECASE)
_ANCESTOR = re.compile(r"(?:^|/)(organizations|folders)/(\d+)")
_CUSTOMER = re.compile(r"(?:is:|under:)?(C[0-9a-z]{7,9})")
_DATASET = re.compile(r"((?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]{4,28}[a-z0-9])[:.]\w+(?:\.[^.]+)?")


def _strings(found: Iterable[Any]) -> Iterator[str]:
    for value in found:
        if isinstance(value, str) and value.strip():
            yield value.strip()[:MAX_ID]
        elif isinstance(value, int) and not isinstance(value, bool):
            yield str(value)
        elif isinstance(value, list):
            yield from _strings(value)


def member(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Members as IAM policies write them, or bare mail addresses. Deleted members are nobody."""
    return [d for text in _strings(found) if (d := _member(text, event, read.note))]


def _member(text: str, event: Event, note: str = "", limits: tuple[str, ...] = ()) -> Destination | None:
    cloud, lower = event.cloud, text.lower()
    if lower.startswith("deleted:"):
        return None
    if lower in _PUBLIC:
        who = "everybody" if lower == "allusers" else "everybody with a Google account"
        return Destination(
            kind=Kind.PUBLIC,
            id=_PUBLIC[lower],
            cloud=cloud,
            limits=limits,
            note=f"{who}, {note}" if note else who,
        )
    if found := _CONVENIENCE.fullmatch(text):
        return Destination(kind=Kind.PROJECT, id=found[1], cloud=cloud, limits=limits, note=note)
    if lower.startswith("domain:"):
        return Destination(kind=Kind.DOMAIN, id=bare(lower), cloud=cloud, limits=limits, note=note)
    if lower.startswith(("principal://", "principalset://")):
        if "//cloudresourcemanager.googleapis.com/" in lower:
            return ancestor_of(text, event, note) or _project(text, event, note)
        return Destination(kind=Kind.PRINCIPAL, id=text, cloud=cloud, limits=limits, note=note)
    if lower.startswith("iammember:"):
        return _member(text[len("iammember:") :], event, note, limits)
    mail = bare(text)
    if "@" not in mail and not project_of_member(mail):
        return Destination(
            kind=Kind.UNKNOWN, id=mail, cloud=cloud, limits=limits, note="not a member that is known"
        )
    return Destination(kind=Kind.PRINCIPAL, id=mail, cloud=cloud, limits=limits, note=note)


def bindings(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The members of a whole policy, with role and condition. `actions` limits it to roles that match (`roles/storage.*`)."""
    out: list[Destination] = []
    for value in found:
        policy = embedded(value)
        listed = policy.get("bindings") if isinstance(policy, Mapping) and "bindings" in policy else policy
        for item in listed if isinstance(listed, list) else [listed]:
            if isinstance(item, Mapping) and _wanted(item.get("role"), read):
                members = item.get("members")
                for text in _strings(members if isinstance(members, list) else [members]):
                    made = _member(text, event, _by(item.get("role")), _limits(item.get("condition")))
                    if made and not _made_by_actor(made.id, event):
                        out.append(made)
    return out


def added(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The members that a change of a policy added (`bindingDeltas` with action ADD)."""
    return _deltas(found, read, event, "add")


def removed(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The members that a change of a policy took away (`bindingDeltas` with action REMOVE)."""
    return _deltas(found, read, event, "remove")


def _deltas(found: list[Any], read: Read, event: Event, action: str) -> list[Destination]:
    out: list[Destination] = []
    for value in found:
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, Mapping) or not _wanted(item.get("role"), read):
                continue
            done = str(item.get("action", "")).lower()
            if done == action or (done == "1" and action == "add") or (done == "2" and action == "remove"):
                note, limits = _by(item.get("role")), _limits(item.get("condition"))
                made = (_member(text, event, note, limits) for text in _strings([item.get("member")]))
                out.extend(d for d in made if d)
    return out


def _wanted(role: Any, read: Read) -> bool:
    if not read.actions:
        return True
    text = str(role).lower()
    return any(
        text.startswith(a.lower().rstrip("*")) if a.endswith("*") else text == a.lower() for a in read.actions
    )


def _made_by_actor(mail: str, event: Event) -> bool:
    """Whether a member is the one who creates the resource: he is its owner by default, nobody lets him in."""
    action = event.action.lower().rpartition(".")[2]
    return bool(mail) and mail == event.actor.id and action.startswith(("insert", "create"))


def _by(role: Any) -> str:
    return f"by {role[:200]}" if isinstance(role, str) and role else ""


def _limits(condition: Any) -> tuple[str, ...]:
    if not isinstance(condition, Mapping):
        return ()
    text = condition.get("expression") or condition.get("title")
    return (f"the condition {text[:300]}",) if isinstance(text, str) and text else ()


def project(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The project in a resource name or URL, or a project's id or number; of `projects/_/buckets/b`, the bucket; `*` is everybody."""
    return [d for text in _strings(found) if (d := _project(text, event, read.note))]


def foreign_project(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """As `project`, but nothing for the log's own project: for what is written there every day."""
    return [d for d in project(found, read, event) if d.id != event.account]


def peer_project(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """As `foreign-project`, for a network that one is joined with; what Google's own agent joins is Google's, and gives nothing.

    Source: https://cloud.google.com/vpc/docs/configure-private-services-access
    """
    return [] if is_networker(event.actor.id) else foreign_project(found, read, event)


# projects of Google and its partners whose images everybody boots from
_IMAGES = re.compile(
    r"(?:[a-z0-9-]+-cloud|ubuntu-os-[a-z0-9-]+|ubuntu-os-pro-cloud|windows-cloud|windows-sql-cloud|cos-cloud|deeplearning-platform-release"
    r"|ml-images|gke-node-images|gke-windows-node-images|serverless-vpc-access-images|dataflow-service-producer-prod|click-to-deploy-images"
    r"|cloud-dataproc|confidential-vm-images|backupdr-images|bitnami-launchpad|mirantis-public|cloud-hpc-image-public|google\.com:[a-z0-9-]+)"
)


def source_project(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """As `foreign-project`, for what something is made of: public image projects, which every machine boots from, give nothing."""
    return [
        d
        for d in foreign_project(found, read, event)
        if d.kind is not Kind.PROJECT or not _IMAGES.fullmatch(d.id)
    ]


def copy_target(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Where an object is copied to: a project, or the bucket where the log leaves the project out; a copy in one bucket gives nothing."""
    labels = event.fields.get("resource")
    labels = labels.get("labels") if isinstance(labels, Mapping) else None
    own = labels.get("bucket_name") if isinstance(labels, Mapping) else None
    kept = [t for t in _strings(found) if not (own and (b := _BUCKET_PATH.search(t)) and b[1] == own)]
    return project(kept, read, event)


def build_export(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The bucket that a build writes an exported image to, of steps that are an image export."""
    out: list[Destination] = []
    for value in found:
        for step in value if isinstance(value, list) else [value]:
            if isinstance(step, Mapping) and "image_export" in str(step.get("name", "")).replace("-", "_"):
                args = [
                    a
                    for a in _strings([step.get("args")])
                    if "destination" in a.lower() or a.lower().startswith("gs://")
                ]
                out.extend(bucket_in_text(args, read, event))
    return out


def finding_target(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Where data went, by the full resource name of a finding: a bucket, or the project of a dataset or instance."""
    out: list[Destination] = []
    for text in _strings(found):
        if "storage.googleapis.com/" in text or text.startswith("gs://"):
            out.extend(bucket([text], read, event))
        elif made := _project(text, event, read.note):
            out.append(made)
        else:
            out.append(
                Destination(kind=Kind.UNKNOWN, id=text, cloud=event.cloud, note="named by the finding alone")
            )
    return out


def admin_user(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The person or group in the parameters of a Workspace admin event (`USER_EMAIL`)."""
    out = []
    for value in found:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping) and str(item.get("name", "")).upper() == "USER_EMAIL":
                out.extend(member([item.get("value")], read, event))
    return out


def _project(text: str, event: Event, note: str) -> Destination | None:
    text = text.removeprefix("bq://")
    if text == "*":
        return Destination(kind=Kind.PUBLIC, id="*", cloud=event.cloud, note="any project")
    found = _PROJECT_PATH.search(text)
    if found and found[1] not in ("_", "-"):
        return Destination(kind=Kind.PROJECT, id=found[1], cloud=event.cloud, note=note)
    if bucket_found := _BUCKET_PATH.search(text):
        return Destination(kind=Kind.BUCKET, id=bucket_found[1].lower(), cloud=event.cloud, note=note)
    if found:
        return Destination(
            kind=Kind.UNKNOWN, id=text, cloud=event.cloud, note="the log leaves the project out"
        )
    if _PROJECT_ID.fullmatch(text):
        return Destination(kind=Kind.PROJECT, id=text, cloud=event.cloud, note=note)
    if "/" not in text and (dataset := _DATASET.fullmatch(text)):
        return Destination(kind=Kind.PROJECT, id=dataset[1], cloud=event.cloud, note=note)
    return None


def bucket(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Buckets of Cloud Storage: `gs://` URIs, names, full resource names."""
    out = []
    for text in _strings(found):
        path = _BUCKET_PATH.search(text)
        name = path[1] if path else match[1] if (match := _BUCKET.fullmatch(text)) else ""
        if name:
            out.append(Destination(kind=Kind.BUCKET, id=name.lower(), cloud=event.cloud, note=read.note))
    return out


def bucket_in_text(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Buckets whose `gs://` URI stands somewhere in a text: arguments of a command, SQL."""
    names = dict.fromkeys(m.lower().rstrip(".") for text in _strings(found) for m in _GS_TEXT.findall(text))
    return [Destination(kind=Kind.BUCKET, id=name, cloud=event.cloud, note=read.note) for name in names]


def sink(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Where a log sink writes: a bucket, or the project of a dataset, topic or log bucket."""
    out = []
    for text in _strings(found):
        if text.startswith("storage.googleapis.com/"):
            out.extend(bucket([text], read, event))
        elif made := ancestor_of(text, event, read.note) or _project(text, event, read.note):
            out.append(made)
    return out


def dataset_access(found: list[Any], _read: Read, event: Event) -> list[Destination]:
    """Who a BigQuery dataset's access list lets in: the entries of the API and of both kinds of audit log."""
    out: list[Destination] = []
    for value in found:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                out.extend(_access(item, event))
    return out


def _access(item: Mapping[str, Any], event: Event) -> Iterator[Destination]:
    note = _by(item.get("role"))
    for key, prefix in (
        ("userByEmail", ""),
        ("userEmail", ""),
        ("groupByEmail", ""),
        ("groupEmail", ""),
        ("domain", "domain:"),
        ("iamMember", ""),
    ):
        for text in _strings([item.get(key)]):
            made = _member(prefix + text, event, note)
            if made and not _made_by_actor(made.id, event):
                yield made
    special = str(item.get("specialGroup", ""))
    plain = special.replace("_", "").lower()
    if plain in _PUBLIC and (public := _member(plain, event, note)):
        yield public
    for key in ("view", "viewName", "routine"):
        part = item.get(key)
        if isinstance(part, Mapping):
            yield from _of_project(
                part.get("projectId"),
                event,
                f"an authorised {key.removesuffix('Name')} reads with the dataset's rights",
            )
    part = item.get("dataset")
    if isinstance(part, Mapping):
        inner = part.get("dataset")
        yield from _of_project(
            inner.get("projectId") if isinstance(inner, Mapping) else None,
            event,
            "the views of an authorised dataset read with this one's rights",
        )


def _of_project(identifier: Any, event: Event, note: str) -> Iterator[Destination]:
    if isinstance(identifier, str) and identifier and identifier != event.account:
        yield Destination(kind=Kind.PROJECT, id=identifier[:MAX_ID], cloud=event.cloud, note=note)


def ancestor(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The organisation or folder that a name states."""
    return [d for text in _strings(found) if (d := ancestor_of(text, event, read.note))]


def ancestor_of(text: str, event: Event, note: str = "") -> Destination | None:
    """The organisation or folder in a resource name, or None."""
    found = _ANCESTOR.search(text)
    if not found:
        return None
    kind = Kind.ORGANIZATION if found[1] == "organizations" else Kind.ORG_UNIT
    return Destination(kind=kind, id=found[2], cloud=event.cloud, note=note)


def customer(found: list[Any], read: Read, event: Event) -> list[Destination]:
    """Customers (`C0...`) and organisations that a policy about domains allows; others of its values give nothing."""
    out = []
    for text in _strings(found):
        if match := _CUSTOMER.fullmatch(text):
            out.append(Destination(kind=Kind.CUSTOMER, id=match[1], cloud=event.cloud, note=read.note))
        elif made := ancestor_of(text, event, read.note):
            out.append(made)
    return out


def foreign_caller(_found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The caller, when he is a service account of another project than the log's; whose transfer agent, the perimeter tells."""
    actor = event.actor
    if is_copier(actor.id):
        return [Destination(kind=Kind.PRINCIPAL, id=actor.id, cloud=event.cloud, note=read.note)]
    if not actor.account or not event.account or actor.account == event.account or actor.kind == "service":
        return []
    return [Destination(kind=Kind.PRINCIPAL, id=actor.id, cloud=event.cloud, note=read.note)]


def outside_caller(_found: list[Any], read: Read, event: Event) -> list[Destination]:
    """The caller, whoever he is: where the record itself says that he comes from outside."""
    kind = Kind.PRINCIPAL if event.actor.id else Kind.UNKNOWN
    return [
        Destination(
            kind=kind,
            id=event.actor.id,
            cloud=event.cloud,
            note=read.note or ("" if event.actor.id else "the log leaves the caller out"),
        )
    ]
