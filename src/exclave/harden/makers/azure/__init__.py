"""Control → `module:function` in this folder, imported when it is used."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "azure.network.storage-vnet": "storage:make",
        "azure.network.nsg": "nsg:make",
        "azure.credentials.password-policy": "password:make",
        "azure.credentials.key-rotation": "keys:make",
        "azure.least-privilege": "privilege:make",
        "azure.detect.identity-risk": "risk:make",
        "azure.alert.nsg-rule-delete": "alerts:nsg_rule_delete",
        "azure.alert.activity": "alerts:activity",
        "azure.alert.metric": "metric:make",
        "azure.logging.activity-all-regions": "logging:make",
    }
)
