from __future__ import annotations

import json

import pytest

from exclave.audit.exposures import exposures
from exclave.audit.ours import seen
from exclave.catalogue.loader import load
from exclave.inventory import Inventory
from exclave.perimeter import Perimeter

from .build import FOREIGN_SUB, FOREIGN_TENANT, RG, SUB, TENANT, refused, resource, sub, ten

STORE, DISK, SNAPSHOT = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Compute/disks",
    "Microsoft.Compute/snapshots",
)
THEIRS = f"/subscriptions/{FOREIGN_SUB}/resourceGroups/x/providers"
BASE = [ten("azure.Subscriptions", [{"subscriptionId": SUB, "tenantId": TENANT}])]


def each(call, identifier, items):
    return sub(call, items, key=identifier, args={"id": identifier})


def endpoint():
    state = {"status": "Approved"}
    held = {
        "privateEndpoint": {"id": f"{THEIRS}/Microsoft.Network/privateEndpoints/e"},
        "privateLinkServiceConnectionState": state,
    }
    return {"id": f"{RG}/providers/{STORE}/data/privateEndpointConnections/c", "properties": held}


def at(kind, name="x"):
    return f"{RG}/providers/{kind}/{name}"


STANDING = {
    "azure.compute.disk-sas": sub("arg.Disks", [resource(DISK, "db", {"diskState": "ActiveSAS", "diskSizeGB": 500})]),
    "azure.compute.snapshot-sas": sub("arg.Snapshots", [resource(SNAPSHOT, "db", {"diskState": "ActiveSAS"})]),
    "azure.compute.gallery-share": each("compute.GallerySharing", at("Microsoft.Compute/galleries"), {"properties": {"sharingProfile": {"permissions": "Groups", "groups": [{"type": "AADTenants", "ids": [FOREIGN_TENANT]}]}}}),
    "azure.storage.container-public": each("storage.Containers", at(STORE), [{"id": f"{at(STORE)}/blobServices/default/containers/c", "properties": {"publicAccess": "Blob"}}]),
    "azure.storage.object-replication": each("storage.ObjectReplicationPolicies", at(STORE), [{"id": "p", "properties": {"destinationAccount": f"{THEIRS}/{STORE}/strange"}}]),
    "azure.storage.network-rule": sub("arg.StorageAccounts", [resource(STORE, "data", {"networkAcls": {"virtualNetworkRules": [{"id": f"{THEIRS}/Microsoft.Network/virtualNetworks/v/subnets/s"}]}})]),
    "azure.authorization.foreign-group": sub("authorization.RoleAssignments", [{"id": "a", "properties": {"principalType": "ForeignGroup", "principalId": "g", "scope": RG}}]),
    "azure.subscription.lighthouse": sub("managedservices.RegistrationAssignments", [{"id": "a", "properties": {"registrationDefinition": {"properties": {"managedByTenantId": FOREIGN_TENANT}}}}], args={"subscription": SUB}),
    "azure.datashare.invitation": each("datashare.Invitations", at("Microsoft.DataShare/accounts", "a/shares/s"), [{"id": "i", "properties": {"targetActiveDirectoryId": FOREIGN_TENANT, "invitationStatus": "Accepted"}}]),
    "azure.keyvault.access-policy": sub("arg.Vaults", [resource("Microsoft.KeyVault/vaults", "v", {"accessPolicies": [{"tenantId": FOREIGN_TENANT, "objectId": "o"}]})]),
    "azure.registry.public-pull": sub("arg.Registries", [resource("Microsoft.ContainerRegistry/registries", "r", {"anonymousPullEnabled": True})]),
    "azure.sql.firewall-rule": each("sql.FirewallRules", at("Microsoft.Sql/servers"), [{"id": "r", "properties": {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}}]),
    "azure.sql.partner": each("sql.FailoverGroups", at("Microsoft.Sql/servers"), [{"id": "g", "properties": {"partnerServers": [{"id": f"{THEIRS}/Microsoft.Sql/servers/s"}]}}]),
    "azure.network.peering": sub("arg.VirtualNetworks", [resource("Microsoft.Network/virtualNetworks", "v", {"virtualNetworkPeerings": [{"properties": {"remoteVirtualNetwork": {"id": f"{THEIRS}/Microsoft.Network/virtualNetworks/v"}}}]})]),
    "azure.network.private-endpoint-approved": sub("arg.StorageAccounts", [resource(STORE, "data", {"privateEndpointConnections": [endpoint()]})]),
    "azure.network.private-endpoint-out": sub("arg.PrivateEndpoints", [resource("Microsoft.Network/privateEndpoints", "e", {"privateLinkServiceConnections": [{"properties": {"privateLinkServiceId": f"{THEIRS}/{STORE}/strange"}}]})]),
    "azure.network.private-link-service": sub("arg.PrivateLinkServices", [resource("Microsoft.Network/privateLinkServices", "s", {"visibility": {"subscriptions": ["*"]}})]),
    "azure.monitor.diagnostic-setting": sub("insights.DiagnosticSettings", [{"id": "d", "properties": {"workspaceId": f"{THEIRS}/Microsoft.OperationalInsights/workspaces/w"}}]),
    "azure.monitor.data-export": each("operationalinsights.DataExports", at("Microsoft.OperationalInsights/workspaces"), [{"id": "e", "properties": {"destination": {"resourceId": f"{THEIRS}/{STORE}/strange"}}}]),
    "azure.kusto.trusted-tenants": sub("arg.KustoClusters", [resource("Microsoft.Kusto/clusters", "k", {"trustedExternalTenants": [{"value": "*"}]})]),
    "azure.entra.guest-invited": ten("graph.Guests", [{"id": "g", "userPrincipalName": "eve_other.example#EXT#@ours.onmicrosoft.com"}]),
    "azure.entra.cross-tenant-access": ten("graph.CrossTenantPartners", [{"tenantId": FOREIGN_TENANT, "b2bDirectConnectInbound": {"usersAndGroups": {"accessType": "allowed"}}}], args={"tenant": TENANT}),
}  # fmt: skip
NOBODYS = (
    "disk-sas",
    "snapshot-sas",
    "public",
    "foreign-group",
    "firewall",
    "link-service",
    "kusto",
    "guest",
)


def found(*documents):
    inventory = Inventory.of([*BASE, *documents])
    assert inventory.problems == ()
    return exposures(inventory, Perimeter(seen=seen(inventory)), load())[0]


@pytest.mark.parametrize("method", STANDING)
def test_each_share_is_found_while_it_stands(method):
    one = next(e for e in found(STANDING[method]) if e.method == method)
    assert one.source.id
    assert one.destination.id


@pytest.mark.parametrize("method", [m for m in STANDING if not any(n in m for n in NOBODYS)])
def test_the_same_share_inside_our_tenant_is_none(method):
    text = json.dumps(STANDING[method]).replace(FOREIGN_SUB, SUB).replace(FOREIGN_TENANT, TENANT)
    assert method not in {e.method for e in found(json.loads(text))}


def test_every_method_with_an_inventory_part_has_its_case_here():
    assert {m.id for m in load().methods if m.inventory and m.cloud == "azure"} == set(STANDING)


@pytest.mark.parametrize(
    ("method", "before", "after"),
    [
        ("azure.compute.disk-sas", "ActiveSAS", "Attached"),
        ("azure.storage.container-public", '"Blob"', '"None"'),
        ("azure.datashare.invitation", "Accepted", "Rejected"),
        ("azure.network.private-endpoint-approved", "Approved", "Pending"),
        ("azure.authorization.foreign-group", "ForeignGroup", "Group"),
        ("azure.entra.cross-tenant-access", "allowed", "blocked"),
    ],
)
def test_what_is_closed_is_none(method, before, after):
    text = json.dumps(STANDING[method]).replace(before, after)
    assert method not in {e.method for e in found(json.loads(text))}


def test_an_exposure_says_what_takes_it_back():
    (disk,) = found(STANDING["azure.compute.disk-sas"])
    assert (
        disk.revoke.call
        == f"POST https://management.azure.com{at(DISK, 'db')}/endGetAccess?api-version=2024-03-02"
    )
    assert disk.destination.id == "disks/db"
    (policy,) = found(STANDING["azure.storage.object-replication"])
    assert policy.revoke.call.startswith("DELETE https://management.azure.comp?")


def test_a_community_gallery_is_public():
    shared = {
        "properties": {
            "sharingProfile": {
                "permissions": "Community",
                "communityGalleryInfo": {"communityGalleryEnabled": True},
            }
        }
    }
    (one,) = found(each("compute.GallerySharing", at("Microsoft.Compute/galleries"), shared))
    assert (one.destination.kind, one.severity) == ("public", "critical")


def test_a_public_container_of_an_account_that_allows_none_is_quiet():
    account = each(
        "storage.Account", at(STORE), {"id": at(STORE), "properties": {"allowBlobPublicAccess": False}}
    )
    (one,) = found(STANDING["azure.storage.container-public"], account)
    assert one.blocked
    assert one.severity == "low"


def test_what_could_not_be_listed_is_counted():
    inventory = Inventory.of([*BASE, sub("arg.Disks", error=refused("Microsoft.Compute/disks/read"))])
    looked = {k.method: k for k in exposures(inventory, Perimeter(), load())[1]}
    assert looked["azure.compute.disk-sas"].failed == 1
    assert "Microsoft.Compute/disks/read" in looked["azure.compute.disk-sas"].why[0]
