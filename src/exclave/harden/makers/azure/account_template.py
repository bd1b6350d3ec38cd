"""A storage account as a template's resource: what it is now, with some properties changed.

A deployment sets what a template leaves out back to its default, so the template says everything that an account
is written with: https://learn.microsoft.com/azure/templates/microsoft.storage/storageaccounts
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import properties
from exclave.harden.makers.azure.arm import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE, API = "Microsoft.Storage/storageAccounts", "2023-05-01"
WRITTEN = (
    "accessTier", "allowBlobPublicAccess", "allowCrossTenantReplication", "allowedCopyScope", "allowSharedKeyAccess",
    "azureFilesIdentityBasedAuthentication", "customDomain", "defaultToOAuthAuthentication", "dnsEndpointType", "enableExtendedGroups", "encryption",
    "immutableStorageWithVersioning", "isHnsEnabled", "isLocalUserEnabled", "isNfsV3Enabled", "isSftpEnabled", "keyPolicy",
    "largeFileSharesState", "minimumTlsVersion", "networkAcls", "publicNetworkAccess", "routingPreference", "sasPolicy",
    "supportsHttpsTrafficOnly",
)  # fmt: skip
AZURES = frozenset({"lastEnabledTime", "currentVersionedKeyIdentifier", "lastKeyRotationTimestamp", "currentVersionedKeyExpirationTimestamp", "state"})  # fmt: skip
CHECK = "the template says what the account is written with as the inventory has it: run `az deployment group what-if` first"


def both(
    store: Mapping[str, Any], wish: Mapping[str, Any], old: Mapping[str, Any], number: int
) -> tuple[Resource, Resource]:  # fmt: skip
    """The account as wished for, and as it was.

    `wish` holds what all controls ask for that are hardened together, or the template of one would take back what another's did.
    """
    return _account(store, wish, f"account{number}"), _account(store, old, f"account{number}")


def _account(store: Mapping[str, Any], wish: Mapping[str, Any], symbol: str) -> Resource:
    """The account with the properties of `wish` in place of its own."""
    sku = store.get("sku")
    held = {k: _plain(v) for k, v in properties(store).items() if k in WRITTEN and v is not None}
    identity = store.get("identity")
    body: dict[str, Any] = {
        "location": str(store.get("location")),
        "sku": {"name": str(sku.get("name")) if isinstance(sku, dict) else "Standard_LRS"},
        "kind": str(store.get("kind") or "StorageV2"),
        **({"tags": dict(store["tags"])} if isinstance(store.get("tags"), dict) else {}),
        **({"identity": _identity(identity)} if isinstance(identity, dict) else {}),
        "properties": {**held, **wish},
    }
    return Resource(symbol=symbol, type=TYPE, api=API, name=str(store.get("name")), body=body)


def _identity(held: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": str(held.get("type"))}
    if isinstance(held.get("userAssignedIdentities"), dict):
        found["userAssignedIdentities"] = {k: {} for k in held["userAssignedIdentities"]}
    return found


def _plain(value: Any) -> Any:
    """Without what only Azure writes."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in AZURES and v is not None}
    return [_plain(v) for v in value] if isinstance(value, list) else value
