"""Role definitions: which of the catalogue's sharing actions a role gives, and the smallest role for what was done.

https://learn.microsoft.com/azure/role-based-access-control/role-definitions
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.abac import may_give
from exclave.audit.checks.azure.ids import listed, name_of, properties, texts
from exclave.catalogue.loader import load
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BUILT_IN = "builtinrole"
MANY_PATTERNS = 4096
# not shares in themselves, but who has a key, or signs by it, exports all that the account holds
KEYS = tuple(
    f"Microsoft.Storage/storageAccounts/{a}/action" for a in ("listKeys", "listAccountSas", "listServiceSas")
)
# Data actions that read out what is stored, as a whole or piece by piece:
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage and .../compute, .../security
READS = (
    "Microsoft.Compute/disks/download/action",
    "Microsoft.Compute/snapshots/download/action",
    "Microsoft.KeyVault/vaults/secrets/getSecret/action",
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
    "Microsoft.Storage/storageAccounts/fileServices/fileshares/files/read",
    "Microsoft.Storage/storageAccounts/tableServices/tables/entities/read",
)
ASSIGN = "Microsoft.Authorization/roleAssignments/write"


@dataclass(frozen=True, slots=True)
class Role:
    """What a role is called and gives. `wide`: how many of the catalogue's actions and wildcards, to compare by."""

    id: str
    name: str
    built_in: bool
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    conditions: tuple[str, ...] = ("",)  # of the permissions by which it gives roles: one of them must hold
    data: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()  # the same as pairs, of data actions

    def allows(self, action: str) -> bool:
        """Whether some permission of the role gives the action and doesn't take it away itself."""
        pairs = self.data if action in READS else self.pairs
        return any(_any(yes, action) and not _any(no, action) for yes, no in pairs)

    @property
    def wide(self) -> tuple[int, int, int]:
        """For comparing: sharing actions, then wildcards, then entries."""
        given = [a for yes, _ in (*self.pairs, *self.data) for a in yes]
        return len(sharing(self)), sum(a.count("*") for a in given), len(given)


@cache
def sharing_actions() -> tuple[str, ...]:
    """Every action of the catalogue that shares data, and those that hand out storage keys."""
    return tuple(
        sorted(
            {
                *KEYS,
                *(
                    a
                    for m in load().methods
                    if m.cloud is Cloud.AZURE and m.outcome == "offered"
                    for a in m.prevent.actions
                ),
            }
        )
    )


@lru_cache(MANY_PATTERNS)
def sharing(role: Role) -> tuple[str, ...]:
    """The sharing actions that a role gives, and the data that it reads out."""
    return tuple(a for a in (*sharing_actions(), *READS) if role.allows(a))


def gives_roles(role: Role) -> bool:
    """Whether a role is there for giving roles: who holds it has every other by it. One with everything is another matter."""
    return role.allows(ASSIGN) and any(
        a.lower().startswith("microsoft.authorization/") for yes, _ in role.pairs for a in yes
    )


def given_by(role: Role, condition: str, roles: Iterable[Role]) -> list[Role]:
    """The roles that share data, or give one that does, and that a role lets somebody give under an assignment's condition."""
    every = list(roles)
    share = [r for r in every if sharing(r)]
    return [
        one
        for one in every
        if may_give(condition, one.id)
        and _lets_give(role, one)
        and (sharing(one) or (gives_roles(one) and any(_lets_give(one, r) for r in share)))
    ]


def _lets_give(role: Role, other: Role) -> bool:
    return any(may_give(c, other.id) for c in role.conditions)


def role_of(definition: Mapping[str, Any]) -> Role:
    """A role by its definition."""
    held = properties(definition)
    permissions = listed(held, "permissions")
    pairs = tuple((tuple(texts(p, "actions")), tuple(texts(p, "notActions"))) for p in permissions)
    return Role(
        id=name_of(definition.get("id")).lower(),
        name=str(held.get("roleName") or definition.get("name")),
        built_in=str(held.get("type", "")).lower() == BUILT_IN,
        pairs=pairs,
        conditions=tuple(
            str(p.get("condition") or "")
            for p, (yes, no) in zip(permissions, pairs, strict=True)
            if _any(yes, ASSIGN) and not _any(no, ASSIGN)
        ),
        data=tuple((tuple(texts(p, "dataActions")), tuple(texts(p, "notDataActions"))) for p in permissions),
    )


def smallest(roles: Iterable[Role], actions: Iterable[str]) -> Role | None:
    """The built-in role that gives all the actions and the least beside; None when none gives them."""
    wanted = list(actions)
    fit = [r for r in roles if r.built_in and all(r.allows(a) for a in wanted)]
    return min(fit, key=lambda r: (*r.wide, r.name), default=None)


def _any(patterns: Iterable[str], action: str) -> bool:
    return any(_pattern(p).fullmatch(action) for p in patterns)


@lru_cache(MANY_PATTERNS)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.IGNORECASE | re.DOTALL)
