"""Deny policies: what they take away from whoever holds a role on a project.

Only what certainly holds counts: a rule under a condition, or that spares somebody who may be meant, is left out.
https://cloud.google.com/iam/docs/deny-overview, https://cloud.google.com/iam/docs/reference/rest/v2/policies
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import mappings, part, texts
from exclave.inventory.model import NOT_RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.inventory import Answer, Inventory

LISTS, POLICY = "iam.ListDenyPolicies", "iam.GetDenyPolicy"
EVERYBODY = "principalSet://goog/public:all"
# https://cloud.google.com/iam/docs/principal-identifiers: of a member, as deny policies name it
_FORMS = {
    "user": "principal://goog/subject/",
    "serviceAccount": "principal://iam.googleapis.com/projects/-/serviceAccounts/",
    "group": "principalSet://goog/group/",
}
# https://cloud.google.com/iam/docs/deny-permissions-support: services whose name is not that of their permissions
_SERVICES = {"resourcemanager": "cloudresourcemanager"}


@dataclass(frozen=True, slots=True)
class Deny:
    """A rule without a condition."""

    permissions: tuple[str, ...]
    but: tuple[str, ...]
    principals: frozenset[str]
    spared: frozenset[str]

    def takes(self, permission: str, member: str) -> bool:
        """Whether it takes a permission (`storage.buckets.setIamPolicy`) from a member, whoever is behind it."""
        service, _, rest = permission.partition(".")
        named = f"{_SERVICES.get(service, service)}.googleapis.com/{rest}"
        return _any(self.permissions, named) and not _any(self.but, named) and self._binds(member)

    def _binds(self, member: str) -> bool:
        kind, _, identifier = member.partition(":")
        name = f"{_FORMS[kind]}{identifier}".lower() if kind in _FORMS else member.lower()
        if not self.principals & {EVERYBODY, name}:
            return False
        one = name.startswith("principal://")
        # of many one may be spared, and one may be in a set that is
        return not any(not one or s == name or s.startswith("principalset:") for s in self.spared)


def denies(inventory: Inventory, project: str) -> tuple[list[Deny], Answer | None]:
    """The rules that hold in a project, and an answer that could not be had."""
    found, blind = [], None
    for call in (LISTS, POLICY):
        for answer in inventory.each(call, account=project):
            if answer.error is not None and answer.error.code != NOT_RECORDED:
                blind = blind or answer
            if call == POLICY and answer.error is None:
                found += [_rule(r) for r in _rules(answer.answer)]
    return found, blind


def kept(permissions: Iterable[str], denied: Iterable[Deny], member: str) -> tuple[str, ...]:
    """The permissions that no rule takes from a member."""
    rules = list(denied)
    return tuple(p for p in permissions if not any(d.takes(p, member) for d in rules))


def _rules(policy: Any) -> list[Any]:
    rules = (part(r, "denyRule") for r in mappings(part(policy, "rules")))
    return [r for r in rules if r and not part(r, "denialCondition", "expression")]


def _rule(rule: Any) -> Deny:
    return Deny(
        permissions=tuple(texts(rule.get("deniedPermissions"))),
        but=tuple(texts(rule.get("exceptionPermissions"))),
        principals=frozenset(p if p == EVERYBODY else p.lower() for p in texts(rule.get("deniedPrincipals"))),
        spared=frozenset(p.lower() for p in texts(rule.get("exceptionPrincipals"))),
    )


def _any(patterns: Iterable[str], permission: str) -> bool:
    return any(fnmatchcase(permission, p) for p in patterns)
