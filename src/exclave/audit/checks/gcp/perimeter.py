"""What keeps data inside: organisation policies as they come to in each project, its buckets, and service perimeters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.constraints import enforced, members_bound, storage_bound
from exclave.audit.checks.gcp.scopes import HOME, home_of, mappings, part, projects
from exclave.audit.checks.gcp.vpcsc import service_perimeter
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from exclave.audit.model import Check, Item, Settings
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

BUCKETS = "storage.ListBuckets"
STRANGE = "not known to be ours"  # what the safeguards say of whom they let in
PUBLIC, UNIFORM = "storage.publicAccessPrevention", "storage.uniformBucketLevelAccess"
SQL = ("sql.restrictPublicIp", "sql.restrictAuthorizedNetworks")


def perimeter(inventory: Inventory, ours: Perimeter, _settings: Settings) -> list[Check]:
    """One item per safeguard, and one per bucket that is not as the policies would have it."""
    checks = []
    for scope in projects(inventory):
        project = scope.account
        buckets = inventory.one(BUCKETS, project)
        public = enforced(inventory, project, PUBLIC)
        items = [
            members_bound(inventory, project, ours),
            public,
            enforced(inventory, project, UNIFORM),
            storage_bound(inventory, project, ours),
            *(enforced(inventory, project, c) for c in SQL),
            service_perimeter(inventory, project, ours),
        ]
        if buckets.error is not None:
            items.append(unseen(buckets, f"buckets of {project}"))
        items = [_unless_unknown(i, inventory, project) for i in items]
        items += _buckets(buckets, "is not uniform: objects in it have access lists of their own", _uniform)
        checks.append(judged(scope, items, "safeguards"))
    return checks


def _unless_unknown(item: Item, inventory: Inventory, project: str) -> Item:
    """Who is a stranger is not known where the organisation, and whose customer it is, could not be read."""
    home = home_of(inventory, project)
    own = inventory.one(HOME, home) if home else None
    unknown = own is not None and own.error is not None and STRANGE in item.why
    return unseen(own, item.resource) if own is not None and unknown and item.status is Status.FAIL else item


def _buckets(answer: Answer, wrong: str, test: Callable[[Mapping[str, Any]], bool]) -> list[Item]:
    # a constraint does not change buckets that were there before
    out = []
    for bucket in mappings(answer.items):
        name = str(bucket.get("name"))
        facts = (("bucket", name),)
        if test(bucket):
            out.append(passed(name, where=answer.where))
        else:
            out.append(failed(name, f"bucket {name} {wrong}", facts, answer.where))
    return out


def _uniform(bucket: Mapping[str, Any]) -> bool:
    return part(bucket, "iamConfiguration", "uniformBucketLevelAccess", "enabled") is True
