"""Records in which the names of transfers mean nothing: in roles' names, templates, tags.

They are for hunters that look for names in text.
"""

from __future__ import annotations

from exclave.simulate.azure.call import WRITTEN, Call

_DENIED = ["Microsoft.Compute/disks/beginGetAccess/action", "Microsoft.Compute/galleries/share/action"]


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (
        Call(
            by="pipeline",
            name="Microsoft.Resources/deployments/write",
            on="resourceGroups/@@group2@@/providers/Microsoft.Resources/deployments/no-beginGetAccess-@@int:1:900@@",
            weight=0.1,
            steps=WRITTEN,
            request={
                "properties": {
                    "mode": "Incremental",
                    "template": {
                        "resources": [
                            {
                                "type": "Microsoft.Authorization/policyDefinitions",
                                "name": "deny-export",
                                "properties": {
                                    "policyRule": {
                                        "if": {"field": "type", "equals": "Microsoft.Compute/snapshots"},
                                        "then": {"effect": "denyAction", "details": {"actionNames": _DENIED}},
                                    }
                                },
                            }
                        ]
                    },
                }
            },
        ),
        Call(
            by="person",
            name="Microsoft.Resources/tags/write",
            on="resourceGroups/@@group1@@/providers/Microsoft.Resources/tags/default",
            weight=0.1,
            request={
                "operation": "Merge",
                "properties": {
                    "tags": {
                        "note": 'asked for "operationName":"MICROSOFT.COMPUTE/SNAPSHOTS/BEGINGETACCESS/ACTION"',
                        "see": "Microsoft.Storage/storageAccounts/objectReplicationPolicies/write",
                    }
                },
            },
        ),
    )
