"""Custom roles: of how many services they can share data.

Source: https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from exclave.audit.checks.gcp.denies import Deny, kept
from exclave.audit.checks.gcp.scopes import mappings, texts
from exclave.catalogue.loader import load
from exclave.inventory.model import NOT_RECORDED
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.inventory import Answer, Inventory

ROLES, HOME_ROLES = "iam.ListCustomRoles", "iam.ListHomeCustomRoles"
MANY = 5  # services whose data one role can share: as wide as a basic one


@dataclass(frozen=True, slots=True)
class CustomRoles:
    """The custom roles of a project and its organisation: name → the permissions by which each can share data."""

    shares: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blind: tuple[Answer, ...] = ()
    denied: tuple[Deny, ...] = ()

    def wide(self, role: str, member: str) -> tuple[str, ...]:
        """The services of a role that is as wide as a basic one, less what is denied to a member; none of any other."""
        left = kept(self.shares.get(role, ()), self.denied, member)
        found = tuple(sorted({p.partition(".")[0] for p in left}))
        return found if len(found) >= MANY else ()

    def unseen(self, role: str) -> Answer | None:
        """The answer that could not be had, where a role is one of those that it would have told."""
        if role in self.shares or role.startswith("roles/"):
            return None
        call = HOME_ROLES if role.startswith("organizations/") else ROLES
        return next((a for a in self.blind if a.call == call), None)


@cache
def sharing() -> frozenset[str]:
    """Every permission of the catalogue that shares data."""
    return frozenset(
        a
        for m in load().methods
        if m.cloud is Cloud.GCP and m.outcome == "offered"
        for a in m.prevent.actions
    )


def custom_roles(inventory: Inventory, project: str, home: str, denied: Sequence[Deny] = ()) -> CustomRoles:
    """Those of a project ("" for none) and of the organisation."""
    answers = [inventory.one(ROLES, project)] if project else []
    answers += [inventory.one(HOME_ROLES, home)] if home else []
    shares = {
        str(role.get("name")): tuple(p for p in texts(role.get("includedPermissions")) if p in sharing())
        for answer in answers
        for role in mappings(answer.items)
        if role.get("deleted") is not True
    }
    refused = (a for a in answers if a.error is not None and a.error.code != NOT_RECORDED)
    return CustomRoles(shares, tuple(refused), tuple(denied))
