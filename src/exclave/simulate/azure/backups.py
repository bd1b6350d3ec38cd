"""A backup vendor's exports: a snapshot, a download URL for it, its end, and the snapshot's removal, every few hours.

They look like a theft of disks; what tells them apart is that they go on and on, and that every URL is ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.simulate.azure import records
from exclave.simulate.azure.call import WRITTEN
from exclave.simulate.azure.operation import Who, operation

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.azure.delivery import Lines
    from exclave.simulate.azure.organisation import Subscription, Tenant

EVERY_HOURS = 4
DISKS = 2  # of each subscription, each time
MAX_SHARE = 0.15  # of the records; where they would be more, there is no vendor
_RECORDS = 4 * len(WRITTEN)  # of one disk
_URL_SECONDS = 7200
_GIB = 256


def records_needed(subscriptions: int, days: int) -> int:
    """How many records the vendor leaves in all."""
    return subscriptions * days * 24 // EVERY_HOURS * DISKS * _RECORDS


def exports(rng: Random, tenant: Tenant, subscription: Subscription, hour: int) -> Lines:
    """The records of one hour (its first second) in one subscription; none in most hours."""
    number = hour // 3600
    if number % EVERY_HOURS != 1:
        return []
    vendor = tenant.backup
    claims = records.of_application(tenant, vendor, f"{number:x}backup{subscription.id[:8]}", str(hour - 300))
    role = records.evidence(tenant, vendor.oid, "Disk Snapshot Contributor", "ServicePrincipal")
    who = Who(claims, role, vendor.ip, vendor.oid)
    out: Lines = []
    for index in range(DISKS):
        disk = subscription.disks[(number // EVERY_HOURS * DISKS + index) % len(subscription.disks)]
        out += _export(rng, tenant, subscription, who, disk, hour + 300 + index * 90)
    return out


def _export(rng: Random, tenant: Tenant, subscription: Subscription, who: Who, disk: str, at: float) -> Lines:
    compute = f"{subscription.group()}/providers/Microsoft.Compute"
    source, snapshot = f"{compute}/disks/{disk}", f"{compute}/snapshots/bkp-{disk}-{int(at)}"
    made = {
        "location": subscription.region,
        "sku": {"name": "Standard_ZRS"},
        "properties": {
            "incremental": True,
            "diskSizeGB": _GIB,
            "creationData": {"createOption": "Copy", "sourceResourceId": source},
        },
    }
    url = {"access": "Read", "durationInSeconds": _URL_SECONDS}
    kind = "Microsoft.Compute/snapshots"
    out: Lines = []
    for after, action, body in (
        (0, "write", made),
        (40, "beginGetAccess/action", url),
        (rng.randrange(900, 1800), "endGetAccess/action", None),
        (rng.randrange(1900, 2400), "delete", None),
    ):
        out += operation(
            rng,
            tenant,
            who,
            at=at + after,
            resource=snapshot,
            name=f"{kind}/{action}",
            steps=WRITTEN,
            body=body,
        )[1]
    return out
