"""Control → `module:function` in this folder, imported when it is used."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "azure.network.storage-vnet": "storage:storage_vnet",
        "azure.network.nsg": "nsg:nsg",
        "azure.credentials.password-policy": "password:password_policy",
        "azure.credentials.key-rotation": "keys:key_rotation",
        "azure.least-privilege": "privilege:least_privilege",
        "azure.detect.identity-risk": "risk:identity_risk",
        "azure.alert.nsg-rule-delete": "activity:nsg_rule_delete",
        "azure.alert.activity": "activity:activity",
        "azure.alert.metric": "metric:metric",
        "azure.logging.activity-all-regions": "logging:activity_all_regions",
    }
)
