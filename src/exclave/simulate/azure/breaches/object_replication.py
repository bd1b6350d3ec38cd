"""A taken over session, and the containers of a storage account replicated to another tenant's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Cloud, Kind
from exclave.simulate.azure import ids
from exclave.simulate.breach import Breach

if TYPE_CHECKING:
    from exclave.simulate.azure.scene import Scene


def tell(scene: Scene) -> None:
    """Risky sign-in → keys → replication to other tenants allowed → policy → the store's logging removed."""
    person, victim = scene.tenant.people[3], scene.victim
    store = victim.stores[0]
    scene.sign_in(
        person,
        risk="high",
        state="atRisk",
        events=("unfamiliarFeatures", "anonymizedIPAddress"),
        phase="prepare",
    )
    scene.risk(kind="anonymizedIPAddress", level="high", person=person, after=3)
    scene.operate(
        scene.as_person(person),
        store.id,
        "Microsoft.Storage/storageAccounts/listKeys/action",
        phase="prepare",
        after=10,
    )
    scene.operate(
        scene.as_person(person),
        f"{store.id}/blobServices/default",
        "Microsoft.Storage/storageAccounts/blobServices/write",
        body={"properties": {"changeFeed": {"enabled": True}, "isVersioningEnabled": True}},
        after=7,
    )
    scene.operate(
        scene.as_person(person),
        store.id,
        "Microsoft.Storage/storageAccounts/write",
        body={"properties": {"allowCrossTenantReplication": True}},
        phase="prepare",
        after=4,
    )
    target = (
        f"/subscriptions/{scene.outsider}/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/"
        f"st{scene.rng.getrandbits(48):012x}"
    )
    rules = [
        {
            "ruleId": ids.uuid(scene.rng),
            "sourceContainer": container,
            "destinationContainer": container,
            "filters": {"minCreationTime": "2016-01-01T00:00:00Z"},  # what is there already, too
        }
        for container in store.containers[:2]
    ]
    scene.operate(
        scene.as_person(person),
        f"{store.id}/objectReplicationPolicies/{ids.uuid(scene.rng)}",
        "Microsoft.Storage/storageAccounts/objectReplicationPolicies/write",
        body={"properties": {"sourceAccount": store.id, "destinationAccount": target, "rules": rules}},
        phase="offer",
        after=12,
    )
    scene.thing("storage-account", store.id, name=store.name)
    scene.offered_to(Kind.SUBSCRIPTION, scene.outsider)
    scene.operate(
        scene.as_person(person),
        f"{store.id}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings/to-central",
        "Microsoft.Insights/diagnosticSettings/delete",
        phase="tamper",
        after=30,
    )


BREACH = Breach(
    name="azure-cross-tenant-replication",
    title="Containers replicated to a storage account of another tenant",
    cloud=Cloud.AZURE,
    description="Somebody's session is taken over from an anonymous address. Replication to other tenants is"
    " allowed on a storage account, a policy has the service copy two containers with all they hold to a foreign"
    " subscription's account, and the account's own logging is removed.",
    hours=3,
    tell=tell,
)
