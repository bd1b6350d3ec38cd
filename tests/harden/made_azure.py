"""Every artefact of Azure: of an ordinary subscription, and of one in which names want to break out."""

from __future__ import annotations

from datetime import UTC, datetime

from exclave.audit.loader import load as load_controls
from exclave.audit.model import Settings
from exclave.catalogue.loader import load
from exclave.harden.model import Options
from exclave.harden.run import harden
from exclave.inventory import Inventory
from exclave.model import Cloud
from tests.audit.azure.build import RG, SUB, ours, resource, sub, ten

from .made_aws import HOSTILE

OWNER = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/owner"


def everything():
    return [*made("ours"), *made(f"[{HOSTILE}]"), *made(HOSTILE)]


def made(name):
    """The artefacts of a subscription in which whatever somebody may name has this name."""
    values = {"log-workspace": f"{RG}/providers/Microsoft.OperationalInsights/workspaces/{name}"}
    return hardened(name, **values).artefacts


def hardened(name, **values):
    """All that harden has for such a subscription."""
    rule = {
        "name": name,
        "properties": {
            "priority": 100,
            "direction": "Inbound",
            "protocol": "*",
            "access": "Allow",
            "sourceAddressPrefix": "*",
            "description": name,
        },
    }
    kept = {
        "name": name + "2",
        "properties": {
            "priority": 101,
            "direction": "Inbound",
            "protocol": "*",
            "access": "Deny",
            "sourceAddressPrefix": "*",
            "description": name,
        },
    }
    group = resource("Microsoft.Network/networkSecurityGroups", name, {"securityRules": [rule, kept]})
    subnets = [
        {"id": f"{RG}/providers/Microsoft.Network/virtualNetworks/v/subnets/{n}", "name": n, "properties": {"addressPrefix": "10.0.1.0/24", **more}}
        for n, more in ((name, {}), ("wide", {"networkSecurityGroup": {"id": group["id"]}}))
    ]  # fmt: skip
    network = resource("Microsoft.Network/virtualNetworks", "v", {"subnets": subnets})
    acls = {"defaultAction": "Allow", "virtualNetworkRules": [{"id": f"{RG}/{name}"}]}
    held = {"networkAcls": acls, "allowSharedKeyAccess": False, "minimumTlsVersion": "TLS1_2", "sku": name}
    keyed = {
        "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
        "minimumTlsVersion": "TLS1_2",
        "enableExtendedGroups": True,
        "customDomain": {"name": name},
    }
    kind = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "tags": {name: name}}
    stores = [
        resource("Microsoft.Storage/storageAccounts", n, p, **kind)
        for n, p in (("open", held), ("keyed", keyed))
    ]
    risky = {
        "id": name,
        "userId": name,
        "userPrincipalName": name,
        "riskState": "atRisk",
        "riskEventType": name,
        "riskLevel": "high",
    }
    role = {
        "id": OWNER,
        "properties": {
            "roleName": name,
            "type": "CustomRole",
            "permissions": [{"actions": ["*", name], "notActions": [name]}],
        },
    }
    given = {"id": f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments/{name}", "properties": {"roleDefinitionId": OWNER, "principalId": name, "scope": f"/subscriptions/{SUB}"}}  # fmt: skip
    activated = {"id": f"{RG}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/e", "properties": {"roleDefinitionId": OWNER, "principalId": "g", "principalType": "User", "scope": RG}}  # fmt: skip
    inventory = Inventory.of(
        [
            ten("azure.Subscriptions", [{"subscriptionId": SUB}]), ten("graph.Organization", [{"id": "t", "displayName": name, "verifiedDomains": []}]),
            sub("arg.StorageAccounts", stores), sub("arg.VirtualNetworks", [network]), sub("arg.NetworkSecurityGroups", [group]),
            sub("arg.DomainServices", [resource("Microsoft.AAD/domainServices", name)]), sub("arg.Workspaces"),
            ten("graph.GroupSettings"), ten("graph.Applications", [{"id": name, "displayName": name, "passwordCredentials": [{"keyId": name, "startDateTime": "2020-01-01T00:00:00Z"}]}]),
            ten("graph.ServicePrincipals"), ten("graph.Guests", [{"id": "g", "mail": "g@else.example"}]), sub("authorization.RoleEligibilities", [activated]), sub("authorization.RoleAssignments", [given]), sub("authorization.RoleDefinitions", [role]),
            sub("managedservices.RegistrationAssignments"), ten("graph.RiskyUsers", [risky]), ten("graph.RiskDetections", [risky]),
            ten("graph.RiskNotifications", {"notificationRecipients": []}), ten("aadiam.DiagnosticSettings"), sub("insights.ActivityLogAlerts"),
            sub("insights.ActionGroups"), sub("insights.MetricAlerts"), sub("alertsmanagement.ActionRules"), sub("insights.DiagnosticSettings"),
            sub("insights.LogProfiles"), sub("azure.Locations"),
        ]
    )  # fmt: skip
    options = Options(settings=Settings(now=datetime(2026, 3, 2, tzinfo=UTC)), values=values)
    controls = [c for c in load_controls() if c.cloud is Cloud.AZURE]
    found = harden(inventory, ours(), options, controls, load())
    assert {a.control for a in found.artefacts} == {c.id for c in controls}
    return found
