"""Control → `module:function` in this folder, imported when it is used."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "aws.network.acl": "network_acl:make",
        "aws.network.source-restriction": "source:make",
        "aws.perimeter.identity": "identity:make",
        "aws.perimeter.resource": "resource:make",
        "aws.credentials.password-policy": "password:make",
        "aws.credentials.key-rotation": "keys:key_rotation",
        "aws.credentials.temporary": "keys:temporary",
        "aws.least-privilege": "privilege:make",
        "aws.logging.trail-all-regions": "trail_maker:make",
        "aws.alarm.iam-policy-changes": "alarms:iam_policy_changes",
        "aws.alarm.cloudtrail-changes": "alarms:cloudtrail_changes",
        "aws.alarm.data-sharing": "alarms:data_sharing",
        "aws.logging.services": "services:make",
    }
)

# What only makers look at: whether a VPC is in use, and which log groups there are.
ALSO_READ = ("ec2.DescribeSubnets", "logs.DescribeLogGroups", "organizations.ListRoots")
