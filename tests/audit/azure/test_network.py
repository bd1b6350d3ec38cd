from __future__ import annotations

import pytest

from .build import (
    FOREIGN_SUB,
    FOREIGN_TENANT,
    OTHER_SUB,
    RG,
    SUB,
    TENANT,
    ours,
    refused,
    resource,
    status,
    sub,
    why,
)

STORAGE, NSG = "azure.network.storage-vnet", "azure.network.nsg"
SUBNET = f"{RG}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
CLOSED = {
    "publicNetworkAccess": "Enabled", "allowBlobPublicAccess": False, "allowCrossTenantReplication": False, "allowedCopyScope": "AAD",
    "allowSharedKeyAccess": False,
    "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "virtualNetworkRules": [{"id": SUBNET, "action": "Allow", "state": "Succeeded"}], "ipRules": []},
}  # fmt: skip


def store(acls=None, **more):
    held = CLOSED | more
    if acls is not None:
        held["networkAcls"] = CLOSED["networkAcls"] | acls
    return [sub("arg.StorageAccounts", [resource("Microsoft.Storage/storageAccounts", "data", held)])]


def endpoint(subscription, state="Approved"):
    identifier = (
        f"/subscriptions/{subscription}/resourceGroups/r/providers/Microsoft.Network/privateEndpoints/p"
    )
    return {
        "properties": {
            "privateEndpoint": {"id": identifier},
            "privateLinkServiceConnectionState": {"status": state},
        }
    }


@pytest.mark.parametrize(
    "right",
    [
        store(),
        store(publicNetworkAccess="Disabled", networkAcls=None),
        store(allowedCopyScope="PrivateLink"),
        store({"virtualNetworkRules": []}),
        # what isn't said is forbidden to accounts made since
        store(allowCrossTenantReplication=None, creationTime="2024-01-01T00:00:00.1234567Z"),
        store({"resourceAccessRules": [{"tenantId": TENANT, "resourceId": "/subscriptions/*/resourcegroups/*/providers/Microsoft.Synapse/workspaces/*"}]}),
        store({"virtualNetworkRules": [{"id": SUBNET.replace(SUB, OTHER_SUB)}]}),
        store({"ipRules": [{"value": "203.0.113.7", "action": "Allow"}]}),
        store({"ipRules": [{"value": "203.0.113.7-203.0.113.12"}]}),
        store({"resourceAccessRules": [{"tenantId": "22222222-2222-4222-8222-222222222222", "resourceId": "x"}]}),
        store(privateEndpointConnections=[endpoint(SUB), endpoint(FOREIGN_SUB, "Pending")], publicNetworkAccess="Disabled"),
    ],
)  # fmt: skip
def test_an_account_tied_to_our_networks_passes(right):
    assert status(STORAGE, right, who=ours("203.0.113.0/24")) == "pass"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (store(networkAcls=None), "lets every network in"),
        (store({"defaultAction": "Allow"}), "lets every network in"),
        (store(publicNetworkAccess=None, networkAcls={}), "lets every network in"),
        (store(allowBlobPublicAccess=True), "made public"),
        (store(allowBlobPublicAccess=None), "made public"),
        (store(allowCrossTenantReplication=True), "replicated to other tenants"),
        (store(allowCrossTenantReplication=None, creationTime="2023-12-14T23:59:59Z"), "replicated to other tenants"),
        (store(allowCrossTenantReplication=True, creationTime="2024-01-01T00:00:00Z"), "replicated to other tenants"),
        (store({"defaultAction": "Allow", "ipRules": [{"value": "203.0.113.7"}]}), "lets every network in"),
        (store({"resourceAccessRules": [{"resourceId": SUBNET.replace(SUB, FOREIGN_SUB)}]}), f"resources of subscription {FOREIGN_SUB}"),
        (store(allowedCopyScope=None), "copied"),
        (store(allowSharedKeyAccess=True), "shared keys"),
        (store(allowSharedKeyAccess=None), "shared keys"),
        (store({"virtualNetworkRules": [{"id": SUBNET.replace(SUB, FOREIGN_SUB)}]}), f"subscription {FOREIGN_SUB} is let in"),
        (store({"ipRules": [{"value": "0.0.0.0/0"}]}), "0.0.0.0/0"),
        (store({"ipRules": [{"value": "198.51.100.1"}]}), "198.51.100.1"),
        (store({"ipRules": [{"value": "198.51.100.1-198.51.100.9"}]}), "198.51.100.9"),
        (store({"resourceAccessRules": [{"tenantId": FOREIGN_TENANT, "resourceId": "x"}]}), f"tenant {FOREIGN_TENANT}"),
        (store(privateEndpointConnections=[endpoint(FOREIGN_SUB)], publicNetworkAccess="Disabled"), "private endpoint of subscription"),
    ],
)  # fmt: skip
def test_an_account_with_a_hole_fails_and_says_which(wrong, reason):
    assert status(STORAGE, wrong, who=ours()) == "fail"
    assert reason in why(STORAGE, wrong, who=ours())


@pytest.mark.parametrize(
    ("lesser", "reason"),
    [
        (
            store({"virtualNetworkRules": [], "ipRules": [{"value": "203.0.113.7"}]}),
            "tied to no virtual network",
        ),
        (store({"bypass": "Logging, Metrics, AzureServices"}), "logs or metrics"),
        (store({"virtualNetworkRules": [{"id": SUBNET, "state": "NetworkSourceDeleted"}]}), "no effect"),
        (store(publicNetworkAccess="SecuredByPerimeter"), "perimeter"),
    ],
)
def test_lesser_holes_are_partial(lesser, reason):
    assert status(STORAGE, lesser, who=ours("203.0.113.0/24")) == "partial"
    assert reason in why(STORAGE, lesser, who=ours("203.0.113.0/24"))


def test_accounts_that_could_not_be_listed():
    assert (
        status(STORAGE, [sub("arg.StorageAccounts", error=refused("Microsoft.Storage/storageAccounts/read"))])
        == "could-not-look"
    )


def rule(name, priority, direction, access, far="*", protocol="*", ports="*", near="*", **more):
    source, target = (far, near) if direction == "Inbound" else (near, far)
    held = {
        "priority": priority, "direction": direction, "access": access, "protocol": protocol, "sourcePortRange": "*",
        "destinationPortRange": ports, "sourceAddressPrefix": source, "destinationAddressPrefix": target,
    }  # fmt: skip
    return {"name": name, "properties": held | more}


NO_INTERNET = rule("no-internet", 4000, "Outbound", "Deny", "Internet")


def network(*rules, attached=True, name="s", groups=True, peered=""):
    identifier = f"{RG}/providers/Microsoft.Network/networkSecurityGroups/g"
    held = {"addressPrefix": "10.0.0.0/24"} | (
        {"networkSecurityGroup": {"id": identifier.upper()}} if attached else {}
    )
    subnet = {"id": SUBNET.removesuffix("/s") + f"/{name}", "name": name, "properties": held}
    far = {"id": f"/subscriptions/{peered}/resourceGroups/r/providers/Microsoft.Network/virtualNetworks/far"}
    peerings = [{"name": "p", "properties": {"remoteVirtualNetwork": far}}] if peered else []
    made = resource(
        "Microsoft.Network/virtualNetworks",
        "v",
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [subnet],
            "virtualNetworkPeerings": peerings,
        },
    )
    there = resource("Microsoft.Network/networkSecurityGroups", "g", {"securityRules": list(rules)})
    return [sub("arg.VirtualNetworks", [made]), sub("arg.NetworkSecurityGroups", [there] if groups else [])]


def test_a_subnet_needs_a_group_but_for_those_that_can_have_none():
    assert "no network security group" in why(NSG, network(attached=False))
    assert status(NSG, network(attached=False, name="GatewaySubnet")) == "pass"
    assert status(NSG, network(NO_INTERNET)) == "pass"


def test_the_default_rules_let_everything_out():
    assert "AllowInternetOutBound" in why(NSG, network())
    assert status(NSG, network()) == "fail"


@pytest.mark.parametrize(
    "right",
    [
        network(rule("none", 4096, "Outbound", "Deny")),
        network(rule("none", 4096, "Outbound", "Deny", "0.0.0.0/0"), rule("six", 4095, "Outbound", "Deny", "::/0")),
        network(NO_INTERNET, rule("office", 100, "Outbound", "Allow", "203.0.113.0/24", "Tcp", "443")),
        network(NO_INTERNET, rule("office", 100, "Inbound", "Allow", "203.0.113.0/24", "Tcp", "22")),
        network(NO_INTERNET, rule("inside", 100, "Inbound", "Allow", "VirtualNetwork")),
        network(NO_INTERNET, rule("probe", 100, "Inbound", "Allow", "AzureLoadBalancer")),
        network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny"), rule("wide", 200, "Inbound", "Allow", "*", "Tcp", "22")),
        network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", "*", "Tcp", "20-30"), rule("ssh", 200, "Inbound", "Allow", "Internet", "Tcp", "22")),
        network(NO_INTERNET, rule("low", 100, "Inbound", "Deny", ports="22"), rule("high", 110, "Inbound", "Deny", ports="443"), rule("both", 200, "Inbound", "Allow", protocol="Tcp", destinationPortRange=None, destinationPortRanges=["22", "443"])),
        network(NO_INTERNET, rule("low", 100, "Inbound", "Deny", ports="0-1023"), rule("high", 110, "Inbound", "Deny", ports="1024-65535"), rule("all", 200, "Inbound", "Allow")),
        network(NO_INTERNET, peered=OTHER_SUB),
        # this end is always in the network
        network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", near="10.0.0.0/16"), rule("wide", 200, "Inbound", "Allow")),
        network(rule("out", 100, "Outbound", "Deny"), rule("in", 100, "Inbound", "Deny"), peered=FOREIGN_SUB),
        network(NO_INTERNET, rule("late", 4050, "Outbound", "Allow", "Storage")),
        network(NO_INTERNET, rule("vm", 100, "Inbound", "Allow", sourceAddressPrefix=None, sourceAddressPrefixes=["10.9.0.0/16", "203.0.113.1"])),
    ],
)  # fmt: skip
def test_groups_no_wider_than_the_perimeter(right):
    assert status(NSG, right, who=ours("203.0.113.0/24")) == "pass"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (network(NO_INTERNET, rule("web", 100, "Inbound", "Allow", "*", "Tcp", "443")), "rule web (100) lets TCP 443 in from"),
        (network(NO_INTERNET, rule("web", 100, "Inbound", "Allow", "Internet")), "Internet"),
        (network(NO_INTERNET, rule("two", 100, "Inbound", "Allow", sourceAddressPrefix=None, sourceAddressPrefixes=["10.0.0.0/8", "198.51.100.0/24"])), "198.51.100.0/24"),
        # the deny has a higher number, so the allow decides
        (network(rule("all-out", 100, "Outbound", "Allow"), NO_INTERNET), "rule all-out (100)"),
        # a deny before it that has only a part of the traffic
        (network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", "*", "Udp"), rule("wide", 200, "Inbound", "Allow", "*", "Tcp", "22")), "wide"),
        (network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", "*", "Tcp", "80"), rule("wide", 200, "Inbound", "Allow", "*", "Tcp", "22")), "wide"),
        (network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", "*", "*", "*", "10.0.0.5"), rule("wide", 200, "Inbound", "Allow", "*", "Tcp", "22")), "wide"),
        (network(NO_INTERNET, rule("low", 100, "Inbound", "Deny", ports="22"), rule("both", 200, "Inbound", "Allow", protocol="Tcp", destinationPortRange=None, destinationPortRanges=["22", "443"])), "both"),
        (network(NO_INTERNET, rule("low", 100, "Inbound", "Deny", ports="0-1023"), rule("high", 110, "Inbound", "Deny", ports="1025-65535"), rule("all", 200, "Inbound", "Allow")), "all"),
        # the tag VirtualNetwork has a peered network, too
        (network(NO_INTERNET, peered=FOREIGN_SUB), f"in from network far of subscription {FOREIGN_SUB}, which is peered and not ours"),
        (network(rule("in", 100, "Inbound", "Deny"), NO_INTERNET, peered=FOREIGN_SUB), "AllowVnetOutBound"),
        # every customer's machines
        (network(NO_INTERNET, rule("azure", 100, "Inbound", "Allow", "AzureCloud", "Tcp", "443")), "azurecloud, which has the machines"),
        (network(NO_INTERNET, rule("azure", 100, "Outbound", "Allow", "AzureCloud.WestEurope")), "azurecloud.westeurope"),
        # two halves are the whole
        (network(NO_INTERNET, rule("halves", 100, "Inbound", "Allow", sourceAddressPrefix=None, sourceAddressPrefixes=["0.0.0.0/1", "128.0.0.0/1"])), "halves"),
        # a deny for machines of one application group only
        (network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", destinationAddressPrefix=None, destinationApplicationSecurityGroups=[{"id": "a"}]), rule("wide", 200, "Inbound", "Allow")), "wide"),
        # a deny of some source ports
        (network(NO_INTERNET, rule("shut", 100, "Inbound", "Deny", sourcePortRange="1024-2048"), rule("wide", 200, "Inbound", "Allow")), "wide"),
        (network(rule("half", 4000, "Outbound", "Deny", "0.0.0.0/1")), "AllowInternetOutBound"),
        (network(rule("tcp", 4000, "Outbound", "Deny", "Internet", "Tcp")), "AllowInternetOutBound"),
        (network(rule("in", 4000, "Inbound", "Deny", "Internet")), "AllowInternetOutBound"),
    ],
)  # fmt: skip
def test_wide_and_shadowed_rules_fail(wrong, reason):
    assert status(NSG, wrong, who=ours()) == "fail"
    assert reason in why(NSG, wrong, who=ours())


@pytest.mark.parametrize(
    "tag", ["Storage.WestEurope", "AzureEventGrid", "StorageSyncService", "AzureConnectors.WestEurope"]
)
def test_a_tag_behind_which_others_data_stands_is_partial(tag):
    made = network(rule("store", 100, "Outbound", "Allow", tag, "Tcp", "443"), NO_INTERNET)
    assert status(NSG, made) == "partial"
    assert tag.lower() in why(NSG, made)


@pytest.mark.parametrize(
    "tag", ["AzureActiveDirectory", "AzureResourceManager", "MicrosoftContainerRegistry"]
)
def test_a_tag_behind_which_nobody_keeps_data_passes(tag):
    made = network(rule("out", 100, "Outbound", "Allow", tag, "Tcp", "443"), NO_INTERNET)
    assert status(NSG, made) == "pass"


def test_a_group_that_is_not_recorded_is_not_judged():
    assert status(NSG, network(NO_INTERNET, groups=False)) == "could-not-look"
    blind = [
        network()[0],
        sub("arg.NetworkSecurityGroups", error=refused("Microsoft.Network/networkSecurityGroups/read")),
    ]
    assert status(NSG, blind) == "could-not-look"


def interface(name, group="h"):
    identifier = f"{RG}/providers/Microsoft.Network/networkSecurityGroups/{group}"
    held = {"networkSecurityGroup": {"id": identifier}} if group else {}
    return resource("Microsoft.Network/networkInterfaces", name, held)


def with_interfaces(made, *interfaces, rules=(NO_INTERNET,), inside=None, **subnet):
    """The subnet of `made` with machines in it, whose interfaces have groups of their own."""
    networks, groups = made
    held = networks["answer"]["data"][0]["properties"]["subnets"][0]["properties"]
    names = inside or [i["name"] for i in interfaces]
    held["ipConfigurations"] = [
        {"id": f"{RG}/providers/Microsoft.Network/networkInterfaces/{n}/ipConfigurations/1"} for n in names
    ]
    held |= subnet
    own = resource("Microsoft.Network/networkSecurityGroups", "h", {"securityRules": list(rules)})
    groups["answer"]["data"].append(own)
    return [networks, groups, sub("arg.NetworkInterfaces", list(interfaces))]


WIDE_IN = rule("web", 100, "Inbound", "Allow", "*", "Tcp", "443")


@pytest.mark.parametrize(
    ("made", "expected", "reason"),
    [
        # traffic has to pass both groups: what is wide at a machine alone lets nothing more through
        (with_interfaces(network(NO_INTERNET), interface("a"), rules=(WIDE_IN,)), "pass", ""),
        (with_interfaces(network(NO_INTERNET, WIDE_IN), interface("a"), interface("b")), "partial", "the groups of its 2 interfaces let no more through"),
        (with_interfaces(network(attached=False), interface("a")), "partial", "has no network security group; the groups of its 1 interfaces"),
        (with_interfaces(network(NO_INTERNET, WIDE_IN), interface("a"), rules=(WIDE_IN,)), "fail", "rule web (100)"),
        (with_interfaces(network(attached=False), interface("a"), rules=()), "fail", "has no network security group"),
        (with_interfaces(network(attached=False), interface("a"), interface("b", "")), "fail", "has no network security group"),
        (with_interfaces(network(attached=False), interface("a"), interface("b", "unknown")), "fail", "has no network security group"),
        # an interface of a scale set, which Resource Graph doesn't list; a service's own machines
        (with_interfaces(network(attached=False), interface("a"), inside=["a", "vmss"]), "fail", "has no network security group"),
        (with_interfaces(network(attached=False), interface("a"), delegations=[{"name": "web"}]), "fail", "has no network security group"),
        (network(attached=False), "fail", "has no network security group"),
    ],
)  # fmt: skip
def test_groups_of_interfaces_bind_machines_not_the_subnet(made, expected, reason):
    assert status(NSG, made, who=ours()) == expected
    assert reason in why(NSG, made, who=ours())


MANAGER = f"{RG}/providers/Microsoft.Network/networkManagers/central"
COLLECTION = f"{MANAGER}/securityAdminConfigurations/c/ruleCollections/r"


def managed(access="AlwaysAllow", direction="Inbound", far="Internet", scopes=None, **more):
    """A group that is right, and an admin rule of a network manager before it."""
    sides = {"sources": [{"addressPrefix": "*"}], "destinations": [{"addressPrefix": "*"}]}
    sides["sources" if direction == "Inbound" else "destinations"] = [{"addressPrefix": far, "addressPrefixType": "ServiceTag"}]  # fmt: skip
    held = {"access": access, "direction": direction, "protocol": "Tcp", "destinationPortRanges": ["22"], "priority": 1, **sides}  # fmt: skip
    found = {"networkManagerScopes": scopes or {"subscriptions": [f"/subscriptions/{SUB}"]}, "networkManagerScopeAccesses": ["SecurityAdmin"]}  # fmt: skip
    return [
        *network(NO_INTERNET),
        sub("network.NetworkManagers", [{"id": MANAGER, "properties": found}]),
        sub("network.SecurityAdminConfigurations", [{"id": f"{MANAGER}/securityAdminConfigurations/c"}], key=MANAGER),
        sub("network.AdminRuleCollections", [{"id": COLLECTION}], key=f"{MANAGER}/securityAdminConfigurations/c"),
        sub("network.AdminRules", [{"id": f"{COLLECTION}/rules/ssh", "kind": "Custom", "properties": held | more}], key=COLLECTION),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "expected", "reason"),
    [
        (managed(), "partial", "network manager central: where its admin rule ssh (AlwaysAllow) is deployed, it lets TCP 22 in from Internet"),
        (managed(direction="Outbound", far="0.0.0.0/0"), "partial", "out to"),
        (managed(direction="Outbound", far="AzureCloud"), "partial", "azurecloud, which has the machines"),
        (managed(scopes={"managementGroups": ["/providers/Microsoft.Management/managementGroups/root"]}), "partial", "in from Internet"),
        (managed(far="203.0.113.0/24"), "pass", ""),
        (managed(far="10.0.0.0/16"), "pass", ""),
        # the group still decides, or nothing comes
        (managed("Allow"), "pass", ""), (managed("Deny"), "pass", ""),
        (managed(scopes={"subscriptions": [f"/subscriptions/{OTHER_SUB}"]}), "pass", ""),
        ([*network(NO_INTERNET), sub("network.NetworkManagers", absent="404")], "pass", ""),
        ([*network(NO_INTERNET), sub("network.NetworkManagers", error=refused("Microsoft.Network/networkManagers/read"))], "could-not-look", "AuthorizationFailed"),
    ],
)  # fmt: skip
def test_an_admin_rule_that_allows_always_goes_before_the_groups(made, expected, reason):
    assert status(NSG, made, who=ours("203.0.113.0/24")) == expected
    assert reason in why(NSG, made, who=ours("203.0.113.0/24"))
