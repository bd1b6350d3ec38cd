"""Control → `module:function` in this folder, imported when it is used."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "aws.network.acl": "network_acl:network_acl",
        "aws.network.source-restriction": "source:source_restriction",
        "aws.perimeter.identity": "perimeter:identity",
        "aws.perimeter.resource": "perimeter:resource",
        "aws.credentials.password-policy": "password:password_policy",
        "aws.credentials.key-rotation": "keys:key_rotation",
        "aws.credentials.temporary": "keys:temporary",
        "aws.least-privilege": "privilege:least_privilege",
        "aws.alarm.iam-policy-changes": "alarms:iam_policy_changes",
        "aws.alarm.cloudtrail-changes": "alarms:cloudtrail_changes",
        "aws.alarm.data-sharing": "alarms:data_sharing",
        "aws.logging.trail-all-regions": "trails:trail_all_regions",
        "aws.logging.services": "services:services",
    }
)
