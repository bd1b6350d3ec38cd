"""Operations that look like a transfer and are none: the quiet cases a hunter has to keep quiet.

Shares and copies inside the tenant, shares taken back, disks opened for upload, refused and failed calls. The
backup vendor's exports are in `backups`.
"""

from __future__ import annotations

from exclave.simulate.azure.call import REFUSED, WRITTEN, Call

_COMPUTE = "resourceGroups/@@group0@@/providers/Microsoft.Compute"
_STORE = "resourceGroups/@@group1@@/providers/Microsoft.Storage/storageAccounts/@@pick:store@@"
_GALLERY = f"{_COMPUTE}/galleries/@@gallery@@"
_OWN_STORE = "resourceGroups/@@peergroup@@/providers/Microsoft.Storage/storageAccounts/@@peerstore@@"
_NO_RIGHT = (
    "The client does not have authorization to perform action 'Microsoft.Compute/disks/beginGetAccess/action'"
    " over scope '/subscriptions/@@sub@@' or the scope is invalid."
)


def calls() -> tuple[Call, ...]:
    """All of them rare."""
    return (*_disks(), *_galleries(), *_copies())


def _disks() -> tuple[Call, ...]:
    disk = f"{_COMPUTE}/disks/@@pick:disk@@"
    upload = f"{_COMPUTE}/disks/upload-@@pick:disk@@"
    read = {"access": "Read", "durationInSeconds": 3600}
    write = {"access": "Write", "durationInSeconds": 86400}
    begin = "Microsoft.Compute/disks/beginGetAccess/action"
    return (
        Call(
            by="person",
            name=begin,
            on=disk,
            weight=0.02,
            request=read,
            steps=REFUSED,
            code="Forbidden",
            message=_NO_RIGHT,
        ),
        Call(
            by="person",
            name=begin,
            on=disk,
            weight=0.02,
            request=read,
            steps=("Start", "Accept", "Failure"),
            code="Conflict",
            message="Disk access is not allowed while the disk is attached to a running VM.",
        ),
        Call(by="person", name=begin, on=upload, weight=0.02, request=write, steps=WRITTEN),
        Call(
            by="person",
            name="Microsoft.Compute/disks/endGetAccess/action",
            on=upload,
            weight=0.02,
            steps=WRITTEN,
        ),
        Call(
            by="pipeline",
            name="Microsoft.Compute/snapshots/write",
            on=f"{_COMPUTE}/snapshots/from-peer-@@pick:snapshot@@",
            weight=0.04,
            steps=WRITTEN,
            request={
                "location": "@@region@@",
                "properties": {
                    "incremental": True,
                    "creationData": {
                        "createOption": "CopyStart",
                        "sourceResourceId": "/subscriptions/@@peer@@/resourceGroups/@@peergroup@@/providers/"
                        "Microsoft.Compute/snapshots/golden",
                    },
                },
            },
        ),
    )


def _galleries() -> tuple[Call, ...]:
    share = "Microsoft.Compute/galleries/share/action"
    groups = [{"type": "Subscriptions", "ids": ["@@peer@@"]}]
    return (
        Call(
            by="pipeline",
            name="Microsoft.Compute/galleries/images/versions/write",
            on=f"{_GALLERY}/images/base-linux/versions/1.@@int:0:40@@.@@int:0:90@@",
            weight=0.1,
            steps=WRITTEN,
            request={
                "location": "@@region@@",
                "properties": {
                    "publishingProfile": {
                        "targetRegions": [{"name": "@@region@@", "regionalReplicaCount": 1}]
                    },
                    "storageProfile": {
                        "source": {"id": f"/subscriptions/@@sub@@/{_COMPUTE}/images/base-linux"}
                    },
                },
            },
        ),
        Call(
            by="pipeline",
            name=share,
            on=_GALLERY,
            weight=0.04,
            steps=WRITTEN,
            request={"operationType": "Add", "groups": groups},
        ),
        Call(
            by="pipeline",
            name=share,
            on=_GALLERY,
            weight=0.03,
            steps=WRITTEN,
            request={"operationType": "Remove", "groups": groups},
        ),
        Call(
            by="person",
            name=share,
            on=_GALLERY,
            weight=0.01,
            steps=WRITTEN,
            request={"operationType": "Reset"},
        ),
        Call(
            by="person",
            name=share,
            on=_GALLERY,
            weight=0.01,
            request={"operationType": "EnableCommunity"},
            steps=REFUSED,
            code="Forbidden",
            message=_NO_RIGHT,
        ),
    )


def _copies() -> tuple[Call, ...]:
    policy = f"{_STORE}/objectReplicationPolicies/@@uuid:policy@@"
    target = f"/subscriptions/@@peer@@/{_OWN_STORE}"
    return (
        Call(
            by="pipeline",
            name="Microsoft.Storage/storageAccounts/objectReplicationPolicies/write",
            on=policy,
            weight=0.06,
            request={
                "properties": {
                    "sourceAccount": f"/subscriptions/@@sub@@/{_STORE}",
                    "destinationAccount": target,
                    "rules": [
                        {
                            "ruleId": "@@uuid:rule@@",
                            "sourceContainer": "exports",
                            "destinationContainer": "copy",
                        }
                    ],
                }
            },
        ),
        Call(
            by="pipeline",
            name="Microsoft.Storage/storageAccounts/objectReplicationPolicies/delete",
            on=policy,
            weight=0.03,
        ),
        Call(
            by="person",
            name="Microsoft.Sql/servers/databases/export/action",
            on="resourceGroups/@@group1@@/providers/Microsoft.Sql/servers/@@server@@/databases/@@pick:database@@",
            weight=0.03,
            steps=WRITTEN,
            request={
                "storageKeyType": "StorageAccessKey",
                "storageUri": "https://@@pick:store@@.blob.core.windows.net/exports/nightly.bacpac",
                "administratorLogin": "ops",
            },
        ),
        Call(
            by="pipeline",
            name="Microsoft.Authorization/roleDefinitions/write",
            on="providers/Microsoft.Authorization/roleDefinitions/@@uuid:role@@",
            weight=0.03,
            code="Created",
            request={
                "properties": {
                    "roleName": "operators",
                    "type": "CustomRole",
                    "permissions": [{"actions": ["Microsoft.Compute/*/read"], "notActions": []}],
                    "assignableScopes": ["/subscriptions/@@sub@@"],
                }
            },
        ),
        Call(
            by="pipeline",
            name="Microsoft.Insights/diagnosticSettings/delete",
            on=f"{_STORE}/blobServices/default/providers/Microsoft.Insights/diagnosticSettings/old",
            weight=0.02,
            steps=REFUSED,
            code="Forbidden",
            message="The scope is locked.",
        ),
    )
