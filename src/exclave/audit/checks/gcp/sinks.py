"""Log sinks: what they let through, and whether what they write to keeps it.

Sources: https://cloud.google.com/logging/docs/reference/v2/rest/v2/folders.sinks, /v2/projects.locations.buckets, and the
retention policy of https://cloud.google.com/storage/docs/json_api/v1/buckets
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.events import (
    ACTIVITY,
    DATA_ACCESS,
    PEOPLE,
    LogEvent,
    covers,
    entry,
    load,
    narrowed,
)
from exclave.audit.checks.gcp.logfilter import BadFilterError, compiled
from exclave.audit.checks.gcp.scopes import mappings, part
from exclave.model import FOREIGN, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.audit.checks.gcp.logfilter import Compiled
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

BUCKETS, HOME_BUCKETS, STORAGE = "logging.ListBuckets", "logging.ListHomeBuckets", "storage.ListBuckets"
KEPT_DAYS = 365
DAY = 86_400
_LOG_BUCKET = re.compile(
    r"logging\.googleapis\.com/((?:projects|organizations|folders)/([^/]+)/locations/[^/]+/buckets/[^/]+)"
)
_SYSTEM, _POLICY = "system_event", "policy"
_READ = LogEvent(
    group="", service="storage.googleapis.com", method="storage.objects.get", resource="gcs_bucket"
)


def missed(filter_: Compiled, parents: tuple[str, ...]) -> str:
    """The kind of audit log of which a filter leaves something out; "" when it lets everything of everybody through."""
    for number, parent in enumerate(parents):
        # the first parent in full; of the others one call, since only their names differ
        events = load() if number == 0 else (_READ,)
        if not all(covers(filter_, event, parent) for event in events):
            return ACTIVITY
        for kind in (ACTIVITY, DATA_ACCESS):
            reading = (entry(_READ, parent, log=kind, caller=c) for c in PEOPLE)
            if not all(filter_(found) for found in chain(reading, narrowed(filter_, _READ, parent, kind))):
                return kind
    return ""


def excluded(item: Mapping[str, Any], parents: tuple[str, ...]) -> str:
    """The kind of audit log of which an exclusion takes something away; "" when it spares them or is off."""
    if item.get("disabled") is True:
        return ""
    try:
        filter_ = compiled(str(item.get("filter") or ""), sampled=True)
    except BadFilterError as error:
        return f"audit logs perhaps, its filter could not be read: {error}"
    # the first two stand for all, unless the filter tells places apart
    placed = any(name in filter_.named for name in ("logname", "resource.labels.projectid"))
    for parent in parents if placed else parents[:2]:
        for kind in (ACTIVITY, DATA_ACCESS, _SYSTEM, _POLICY):
            tried = chain((entry(_READ, parent, log=kind),), narrowed(filter_, _READ, parent, kind))
            if any(filter_(found) for found in tried) or any(
                filter_(entry(event, parent, log=kind)) for event in load()
            ):
                return f"{kind} audit logs"
    return ""


def wrong_with(
    sink: Mapping[str, Any], parents: tuple[str, ...], inventory: Inventory, perimeter: Perimeter, *, above: bool
) -> tuple[list[str], str]:  # fmt: skip
    """What is wrong with a sink that is to keep all audit logs, and what could not be seen.

    `parents`: whose logs it must let through; `above`: whether it stands at the organisation.
    """
    reasons: list[str] = []
    if sink.get("disabled") is True:
        reasons.append("it is disabled")
    if above and sink.get("includeChildren") is not True:
        reasons.append("it leaves out the projects (includeChildren is not set)")
    try:
        kind = missed(compiled(str(sink.get("filter") or "")), parents)
        if kind:
            reasons.append(f"its filter leaves out {kind} audit logs, or some of them")
    except BadFilterError as error:
        reasons.append(f"its filter could not be read: {error}")
    reasons += [
        f"its exclusion {exclusion.get('name')} takes away {taken}"
        for exclusion in mappings(sink.get("exclusions"))
        if (taken := excluded(exclusion, parents))
    ]
    destination = str(sink.get("destination") or "")
    why, blind = kept(destination, inventory, perimeter)
    return [*reasons, *([why] if why else [])], blind


def kept(destination: str, inventory: Inventory, perimeter: Perimeter) -> tuple[str, str]:
    """Why what is written to a destination is not kept, and what could not be seen of it."""
    if found := _LOG_BUCKET.fullmatch(destination):
        return _log_bucket(found[1], found[2], inventory, perimeter)
    if destination.startswith("storage.googleapis.com/"):
        return _storage(destination.partition("/")[2], inventory, perimeter)
    return f"it writes to {destination or 'nowhere'}, where nothing can be locked against deletion", ""


def _log_bucket(name: str, owner: str, inventory: Inventory, perimeter: Perimeter) -> tuple[str, str]:
    kind = {"projects": Kind.PROJECT, "folders": Kind.ORG_UNIT, "organizations": Kind.ORGANIZATION}[
        name.partition("/")[0]
    ]
    if strange := _strange(Destination(kind=kind, id=owner, cloud=Cloud.GCP), perimeter):
        return f"it writes to {name}, which is not known to be ours ({strange})", ""
    blind = ""
    for answer in _holders(inventory):
        if answer.error is not None:
            blind = blind or f"log buckets of {answer.scope.account}: {answer.error.words}"
        for bucket in mappings(answer.items):
            if same_bucket(str(bucket.get("name")), name, inventory):
                return _retained(bucket, name), ""
    if any(
        a.error is None and a.scope.account in (owner, name.partition("/locations/")[0])
        for a in _holders(inventory)
    ):
        return f"it writes to log bucket {name}, which doesn't exist", ""
    return "", blind or f"log bucket {name} is not in the inventory"


def _holders(inventory: Inventory) -> Iterator[Answer]:
    yield from inventory.each(BUCKETS)
    yield from inventory.each(HOME_BUCKETS)


def same_bucket(one: str, other: str, inventory: Inventory) -> bool:
    """Whether two names are of one bucket: a project may stand in them by id or by number."""
    if one == other:
        return True
    mine, theirs = one.split("/"), other.split("/")
    if mine[:1] != ["projects"] or mine[2:] != theirs[2:] or theirs[:1] != ["projects"]:
        return False
    for answer in inventory.each("cloudresourcemanager.GetProject"):
        names = {answer.text("projectId"), answer.text("name").rpartition("/")[2]}
        if {mine[1], theirs[1]} <= names:
            return True
    return False


def _retained(bucket: Mapping[str, Any], name: str) -> str:
    days = bucket.get("retentionDays", 30)
    if bucket.get("lifecycleState") in ("DELETE_REQUESTED", "FAILED"):
        return f"log bucket {name} is being deleted"
    if not isinstance(days, int) or days < KEPT_DAYS:
        return f"log bucket {name} keeps entries for {days} days, less than {KEPT_DAYS}"
    if bucket.get("locked") is not True:
        return f"log bucket {name} is not locked: its retention can be shortened, and it can be deleted"
    return ""


def _storage(name: str, inventory: Inventory, perimeter: Perimeter) -> tuple[str, str]:
    if strange := _strange(Destination(kind=Kind.BUCKET, id=name.lower(), cloud=Cloud.GCP), perimeter):
        return f"it writes to bucket {name}, which is not known to be ours ({strange})", ""
    blind = ""
    for answer in inventory.each(STORAGE):
        if answer.error is not None:
            blind = blind or f"buckets of {answer.scope.account}: {answer.error.words}"
        for bucket in mappings(answer.items):
            if bucket.get("name") == name:
                return _policy(bucket, name), ""
    return "", blind or f"bucket {name} is not in the inventory"


def _policy(bucket: Mapping[str, Any], name: str) -> str:
    try:
        seconds = int(str(part(bucket, "retentionPolicy", "retentionPeriod") or 0))
    except ValueError:
        seconds = 0
    if seconds < KEPT_DAYS * DAY:
        return f"bucket {name} retains objects for {seconds // DAY} days, less than {KEPT_DAYS}"
    if part(bucket, "retentionPolicy", "isLocked") is not True:
        return f"the retention policy of bucket {name} is not locked"
    return ""


def _strange(destination: Destination, perimeter: Perimeter) -> str:
    judgement = perimeter.judge(destination)
    return judgement.reason if judgement.verdict in FOREIGN else ""
