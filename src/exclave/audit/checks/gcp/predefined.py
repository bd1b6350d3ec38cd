"""The least predefined roles for what a principal was seen doing, and what IAM Recommender recommends."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.audit.checks.gcp.scopes import mappings, part, texts

if TYPE_CHECKING:
    from exclave.inventory import Answer

MEMBER, MEMBERS, ROLE = (
    "/iamPolicy/bindings/*/members/*",
    "/iamPolicy/bindings/*/members/-",
    "/iamPolicy/bindings/*/role",
)


class _Role(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    service: str
    methods: tuple[str, ...]
    role: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: tuple[_Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation: whose role, on which resource, and the roles that serve in its place (none: take it away)."""

    member: str
    role: str
    resource: str
    instead: tuple[str, ...]
    text: str


def table() -> tuple[_Role, ...]:
    """The rows of predefined.toml."""
    text = resources.files(__package__).joinpath("predefined.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File).role


def roles_for(actions: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The least predefined roles for some actions (`storage.googleapis.com:storage.buckets.list`, in lower case), and the actions for which none is known."""
    rows = table()
    found: dict[str, None] = {}
    rest: list[str] = []
    for action in sorted(actions):
        service, _, method = action.partition(":")
        role = next(
            (
                row.role
                for row in rows
                if row.service == service and any(m == "*" or m in method for m in row.methods)
            ),
            "",
        )
        if role:
            found[role] = None
        else:
            rest.append(action)
    return tuple(found), tuple(rest)


def advice(answer: Answer) -> list[Advice]:
    """What stands recommended. Shape: https://cloud.google.com/policy-intelligence/docs/review-apply-role-recommendations."""
    found: list[Advice] = []
    for item in mappings(answer.items):
        if part(item, "stateInfo", "state") != "ACTIVE":
            continue
        operations = [
            o
            for group in mappings(part(item, "content", "operationGroups"))
            for o in mappings(group.get("operations"))
        ]
        removed = next((o for o in operations if str(o.get("action")).lower() == "remove"), None)
        filters: Any = removed.get("pathFilters") if removed else None
        if removed is None or not isinstance(filters, Mapping):
            continue
        instead = [
            role
            for o in operations
            if str(o.get("action")).lower() == "add"
            for role in texts(part(o, "pathFilters", ROLE))
        ]
        found.append(
            Advice(
                member=str(filters.get(MEMBER) or filters.get(MEMBERS) or ""),
                role=str(filters.get(ROLE) or ""),
                resource=str(removed.get("resource") or ""),
                instead=tuple(dict.fromkeys(instead)),
                text=str(item.get("description") or ""),
            )
        )
    return found
