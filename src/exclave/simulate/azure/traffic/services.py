"""What Azure's own services and managed identities do by themselves: policy, scaling, keys, health."""

from __future__ import annotations

from exclave.simulate.azure.call import DONE, ONE, WRITTEN, Call

_STORE = "resourceGroups/@@group1@@/providers/Microsoft.Storage/storageAccounts/@@pick:store@@"
_SETTING = "providers/Microsoft.Insights/diagnosticSettings/to-central"


def calls() -> tuple[Call, ...]:
    """Most of an activity log."""
    return (
        Call(
            by="policy",
            name="Microsoft.Authorization/policies/audit/action",
            on=_STORE,
            weight=22,
            steps=ONE,
            category="Policy",
        ),
        Call(
            by="policy",
            name="Microsoft.Authorization/policies/auditIfNotExists/action",
            on="resourceGroups/@@group0@@/providers/Microsoft.Compute/virtualMachines/@@pick:machine@@",
            weight=14,
            steps=ONE,
            category="Policy",
        ),
        Call(
            by="policy",
            name="Microsoft.Authorization/policies/deployIfNotExists/action",
            on=_STORE,
            weight=2,
            category="Policy",
        ),
        Call(
            by="policy",
            name="Microsoft.Insights/diagnosticSettings/write",
            on=f"{_STORE}/blobServices/default/{_SETTING}",
            weight=2,
            request={
                "properties": {
                    "workspaceId": "@@workspace@@",
                    "logs": [
                        {"category": "StorageRead", "enabled": True},
                        {"category": "StorageWrite", "enabled": True},
                        {"category": "StorageDelete", "enabled": True},
                    ],
                    "metrics": [],
                }
            },
        ),
        Call(
            by="workload",
            name="Microsoft.OperationalInsights/workspaces/sharedKeys/action",
            on="resourceGroups/@@group0@@/providers/Microsoft.OperationalInsights/workspaces/log-local",
            weight=4,
        ),
        Call(
            by="workload",
            name="Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            on="resourceGroups/@@group2@@/providers/Microsoft.ContainerService/managedClusters/aks-apps",
            weight=6,
        ),
        Call(
            by="workload",
            name="Microsoft.Compute/virtualMachineScaleSets/write",
            on="resourceGroups/@@group2@@/providers/Microsoft.Compute/virtualMachineScaleSets/aks-pool1",
            weight=4,
            steps=WRITTEN,
            request={"location": "@@region@@", "sku": {"name": "Standard_D8s_v5", "capacity": 6}},
        ),
        Call(
            by="workload",
            name="Microsoft.Insights/AutoscaleSettings/Scaleup/Action",
            on="resourceGroups/@@group2@@/providers/Microsoft.Insights/autoscaleSettings/plan-scale",
            weight=3,
            steps=DONE,
            category="Autoscale",
        ),
        Call(
            by="workload",
            name="Microsoft.EventHub/namespaces/authorizationRules/listKeys/action",
            on="resourceGroups/@@group1@@/providers/Microsoft.EventHub/namespaces/evh-stream/authorizationRules/send",
            weight=3,
        ),
        Call(
            by="workload",
            name="Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/backup/action",
            on="resourceGroups/@@group0@@/providers/Microsoft.RecoveryServices/vaults/rsv-core/backupFabrics/Azure"
            "/protectionContainers/iaas-@@pick:machine@@/protectedItems/vm-@@pick:machine@@",
            weight=2,
            steps=WRITTEN,
        ),
        Call(
            by="policy",
            name="Microsoft.Resourcehealth/healthevent/Updated/action",
            on="resourceGroups/@@group0@@/providers/Microsoft.Compute/virtualMachines/@@pick:machine@@",
            weight=3,
            steps=ONE,
            category="ResourceHealth",
        ),
        Call(
            by="policy",
            name="Microsoft.Advisor/recommendations/available/action",
            on="providers/Microsoft.Advisor/recommendations/@@uuid:rec@@",
            weight=1,
            steps=ONE,
            category="Recommendation",
        ),
    )
