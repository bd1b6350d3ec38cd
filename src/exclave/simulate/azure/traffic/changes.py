"""What people and pipelines do to resources of their own subscription."""

from __future__ import annotations

from exclave.simulate.azure.call import DONE, WRITTEN, Call

_COMPUTE = "resourceGroups/@@group0@@/providers/Microsoft.Compute"
_STORE = "resourceGroups/@@group1@@/providers/Microsoft.Storage/storageAccounts/@@pick:store@@"
_NETWORK = "resourceGroups/@@group0@@/providers/Microsoft.Network"
_APP = "resourceGroups/@@group2@@/providers/Microsoft.Web/sites/@@pick:app@@"
_TAGS = {"costCentre": "4711", "owner": "platform", "environment": "live"}


def calls() -> tuple[Call, ...]:
    """By people and pipelines."""
    return (*_machines(), *_storage(), *_networks(), *_apps(), *_deployments())


def _machines() -> tuple[Call, ...]:
    machine = f"{_COMPUTE}/virtualMachines/@@pick:machine@@"
    return (
        *(
            Call(
                by=by,
                name=f"Microsoft.Compute/virtualMachines/{verb}/action",
                on=machine,
                weight=weight,
                steps=WRITTEN,
            )
            for by, verb, weight in (
                ("person", "start", 3),
                ("person", "deallocate", 3),
                ("person", "restart", 1),
                ("workload", "start", 2),
                ("workload", "deallocate", 2),
            )
        ),
        Call(
            by="pipeline",
            name="Microsoft.Compute/virtualMachines/write",
            on=machine,
            weight=2,
            steps=WRITTEN,
            request={
                "location": "@@region@@",
                "tags": _TAGS,
                "properties": {
                    "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
                    "storageProfile": {
                        "osDisk": {
                            "osType": "Linux",
                            "createOption": "FromImage",
                            "managedDisk": {"storageAccountType": "Premium_LRS"},
                        },
                        "dataDisks": [],
                    },
                    "osProfile": {"computerName": "@@pick:machine@@", "adminUsername": "ops"},
                },
            },
            answer={"properties": {"provisioningState": "Creating", "vmId": "@@uuid:vm@@"}},
        ),
        Call(
            by="workload",
            name="Microsoft.Compute/virtualMachines/extensions/write",
            on=f"{machine}/extensions/AzureMonitorLinuxAgent",
            weight=2,
            steps=WRITTEN,
            request={
                "location": "@@region@@",
                "properties": {"publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent"},
            },
        ),
        Call(
            by="pipeline",
            name="Microsoft.Compute/disks/write",
            on=f"{_COMPUTE}/disks/@@pick:disk@@",
            weight=1,
            steps=WRITTEN,
            request={
                "location": "@@region@@",
                "sku": {"name": "Premium_LRS"},
                "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 128},
            },
        ),
        Call(
            by="person",
            name="Microsoft.Compute/snapshots/write",
            on=f"{_COMPUTE}/snapshots/@@pick:snapshot@@",
            weight=0.4,
            steps=WRITTEN,
            request={
                "location": "@@region@@",
                "properties": {
                    "incremental": True,
                    "creationData": {
                        "createOption": "Copy",
                        "sourceResourceId": f"/subscriptions/@@sub@@/{_COMPUTE}/disks/@@pick:disk@@",
                    },
                },
            },
        ),
        Call(
            by="person",
            name="Microsoft.Compute/snapshots/delete",
            on=f"{_COMPUTE}/snapshots/@@pick:snapshot@@",
            weight=0.3,
            steps=WRITTEN,
        ),
    )


def _storage() -> tuple[Call, ...]:
    keys = "Microsoft.Storage/storageAccounts/listKeys/action"
    return (
        Call(by="person", name=keys, on=_STORE, weight=6),
        Call(by="pipeline", name=keys, on=_STORE, weight=8),
        Call(by="workload", name=keys, on=_STORE, weight=8),
        Call(
            by="pipeline",
            name="Microsoft.Storage/storageAccounts/write",
            on=_STORE,
            weight=1.5,
            request={
                "location": "@@region@@",
                "kind": "StorageV2",
                "sku": {"name": "Standard_ZRS"},
                "tags": _TAGS,
                "properties": {
                    "minimumTlsVersion": "TLS1_2",
                    "supportsHttpsTrafficOnly": True,
                    "allowBlobPublicAccess": False,
                    "allowCrossTenantReplication": False,
                    "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
                },
            },
        ),
        Call(
            by="pipeline",
            name="Microsoft.Storage/storageAccounts/blobServices/containers/write",
            on=f"{_STORE}/blobServices/default/containers/exports",
            weight=1,
            request={"properties": {"publicAccess": "None"}},
        ),
    )


def _networks() -> tuple[Call, ...]:
    group = f"{_NETWORK}/networkSecurityGroups/nsg-@@pick:machine@@"
    return (
        Call(
            by="workload",
            name="Microsoft.Network/networkInterfaces/write",
            on=f"{_NETWORK}/networkInterfaces/nic-@@pick:machine@@",
            weight=4,
            request={"location": "@@region@@", "properties": {"enableAcceleratedNetworking": True}},
        ),
        Call(
            by="workload",
            name="Microsoft.Network/loadBalancers/write",
            on=f"{_NETWORK}/loadBalancers/kubernetes-internal",
            weight=4,
            request={"location": "@@region@@", "sku": {"name": "Standard"}},
        ),
        Call(
            by="pipeline",
            name="Microsoft.Network/networkSecurityGroups/securityRules/write",
            on=f"{group}/securityRules/allow-web",
            weight=0.6,
            request={
                "properties": {
                    "protocol": "Tcp",
                    "sourceAddressPrefix": "10.20.0.0/16",
                    "destinationPortRange": "443",
                    "access": "Allow",
                    "direction": "Inbound",
                    "priority": 210,
                }
            },
        ),
        Call(
            by="workload",
            name="Microsoft.Network/virtualNetworks/subnets/join/action",
            on=f"{_NETWORK}/virtualNetworks/@@network@@/subnets/apps",
            weight=2,
        ),
        Call(
            by="pipeline",
            name="Microsoft.Network/privateEndpoints/write",
            on=f"{_NETWORK}/privateEndpoints/pe-@@pick:store@@",
            weight=0.4,
            request={
                "location": "@@region@@",
                "properties": {
                    "subnet": {
                        "id": f"/subscriptions/@@sub@@/{_NETWORK}/virtualNetworks/@@network@@/subnets/endpoints"
                    },
                    "privateLinkServiceConnections": [
                        {
                            "name": "blob",
                            "properties": {
                                "privateLinkServiceId": f"/subscriptions/@@sub@@/{_STORE}",
                                "groupIds": ["blob"],
                            },
                        }
                    ],
                },
            },
        ),
    )


def _apps() -> tuple[Call, ...]:
    return (
        Call(
            by="person",
            name="Microsoft.Web/sites/config/list/action",
            on=f"{_APP}/config/appsettings",
            weight=5,
        ),
        Call(by="pipeline", name="Microsoft.Web/sites/publishxml/action", on=_APP, weight=2),
        Call(by="pipeline", name="Microsoft.Web/sites/config/write", on=f"{_APP}/config/web", weight=2),
        Call(by="person", name="Microsoft.Web/sites/restart/Action", on=_APP, weight=1),
        Call(
            by="pipeline",
            name="Microsoft.Sql/servers/databases/write",
            on="resourceGroups/@@group1@@/providers/Microsoft.Sql/servers/@@server@@/databases/@@pick:database@@",
            weight=0.6,
            steps=WRITTEN,
            request={"location": "@@region@@", "sku": {"name": "GP_S_Gen5", "capacity": 4}},
        ),
    )


def _deployments() -> tuple[Call, ...]:
    deployment = (
        "resourceGroups/@@group2@@/providers/Microsoft.Resources/deployments/release-@@int:1000:9999@@"
    )
    return (
        Call(
            by="pipeline",
            name="Microsoft.Resources/deployments/write",
            on=deployment,
            weight=6,
            steps=WRITTEN,
            request={
                "properties": {
                    "mode": "Incremental",
                    "templateLink": {"id": "/subscriptions/@@sub@@/templates/app"},
                    "parameters": {"appName": {"value": "@@pick:app@@"}},
                }
            },
        ),
        Call(
            by="pipeline",
            name="Microsoft.Resources/deployments/validate/action",
            on=deployment,
            weight=4,
            steps=DONE,
        ),
        Call(
            by="person",
            name="Microsoft.Resources/tags/write",
            on="resourceGroups/@@group2@@/providers/Microsoft.Resources/tags/default",
            weight=1,
            request={"operation": "Merge", "properties": {"tags": _TAGS}},
        ),
        Call(
            by="pipeline",
            name="Microsoft.Authorization/roleAssignments/write",
            on="resourceGroups/@@group2@@/providers/Microsoft.Authorization/roleAssignments/@@uuid:assign@@",
            weight=0.4,
            request={
                "Id": "@@uuid:assign@@",
                "Properties": {
                    "PrincipalId": "@@pick:oid@@",
                    "PrincipalType": "User",
                    "RoleDefinitionId": "/subscriptions/@@sub@@/providers/Microsoft.Authorization/"
                    "roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
                    "Scope": "/subscriptions/@@sub@@/resourceGroups/@@group2@@",
                },
            },
        ),
    )
