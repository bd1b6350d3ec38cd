"""Control → `module:function` in this folder, imported when it is used."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MAKERS: Mapping[str, str] = MappingProxyType(
    {
        "gcp.credentials.key-rotation": "keys:make",
        "gcp.least-privilege": "privilege:make",
        "gcp.logging": "logging:make",
        "gcp.alert": "alerts:make",
        "gcp.perimeter": "perimeter:make",
    }
)

# `module:function` that fits steps together which change one IAM policy.
IN_TURN = "bindings:chained"

# What only makers look at: which policies are set where, so that they are changed there.
ALSO_READ = ("orgpolicy.ListHomePolicies", "orgpolicy.ListPolicies", "logging.GetHomeSettings")
