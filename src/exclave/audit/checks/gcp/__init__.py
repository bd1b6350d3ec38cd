"""Control → `module:function` in this folder, imported when it is used."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "gcp.credentials.key-rotation": "keys:key_rotation",
        "gcp.least-privilege": "privilege:least_privilege",
        "gcp.logging": "auditlogs:logging",
        "gcp.alert": "alerts:alert",
        "gcp.perimeter": "perimeter:perimeter",
    }
)
