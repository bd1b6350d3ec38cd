"""Deny assignments: what they take away from whoever holds a role.

Only what certainly holds counts: a deny under a condition, or of whose exceptions not all is known, is left out.
https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exclave.audit.checks.azure.ids import listed, norm, properties
from exclave.audit.checks.azure.roles import Role, role_of

EVERYBODY = "00000000-0000-0000-0000-000000000000"
_ABOVE = "/providers/microsoft.management/managementgroups/"
Members = Mapping[str, tuple[str, ...]]  # of groups, as far as they were recorded


@dataclass(frozen=True, slots=True)
class Deny:
    """One that is enforced without a condition: what it takes (as a role would give it), where, from whom."""

    taken: Role
    scope: str
    principals: frozenset[str]
    spared: Mapping[str, str] = field(default_factory=dict)  # id → type

    def holds(self, action: str, principal: str, scope: str, account: str, members: Members) -> bool:
        """Whether it takes an action from whom a role at a scope is assigned to, as far as the subscription goes."""
        return self._reaches(scope, account) and self.taken.allows(action) and self._binds(principal, members)

    def _reaches(self, scope: str, account: str) -> bool:
        whole = norm(f"/subscriptions/{account}")
        above = self.scope in ("", whole) or self.scope.startswith(_ABOVE)
        return above or f"{norm(scope)}/".startswith(f"{self.scope}/")

    def _binds(self, principal: str, members: Members) -> bool:
        groups = {g for g, inside in members.items() if principal in inside}
        if not self.principals & {EVERYBODY, principal, *groups}:
            return False
        if principal in self.spared or groups & set(self.spared):
            return False
        if any(kind == "group" and i not in members for i, kind in self.spared.items()):
            return False  # whether he is in it is not known
        # of a group that holds the role, a member may be spared
        return not set(self.spared) & set(members.get(principal, ()))


def denies(items: Sequence[Any]) -> list[Deny]:
    """The deny assignments that count."""
    found = []
    for item in items:
        held = properties(item)
        audits = str(held.get("denyAssignmentEffect") or "enforced").lower() != "enforced"
        if audits or held.get("condition") or held.get("doNotApplyToChildScopes") is True:
            continue
        permissions = {"properties": {"permissions": listed(held, "permissions")}}
        bound = {str(p.get("id")).lower() for p in listed(held, "principals")}
        spared = {
            str(p.get("id")).lower(): str(p.get("type", "")).lower()
            for p in listed(held, "excludePrincipals")
        }
        scope = norm(held.get("scope")) or norm(str(item.get("id")).lower().partition("/providers/microsoft.authorization/")[0])  # fmt: skip
        found.append(Deny(role_of(permissions), scope, frozenset(bound), spared))
    return found


def kept(
    actions: Sequence[str], denied: Sequence[Deny], principal: str, scope: str, account: str, members: Members
) -> tuple[str, ...]:
    """The actions that no deny assignment takes away."""
    return tuple(
        a for a in actions if not any(d.holds(a, principal, scope, account, members) for d in denied)
    )
