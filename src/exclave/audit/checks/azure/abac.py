"""Conditions of role assignments and role definitions: which roles they let somebody give.

Language: https://learn.microsoft.com/azure/role-based-access-control/conditions-format; how it is used for delegating:
https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from exclave.audit.checks.truth import both, either, opposite

if TYPE_CHECKING:
    from exclave.audit.checks.truth import Truth

GIVE = "microsoft.authorization/roleassignments/write"
MOST = 20_000  # characters: Azure takes 8 KB
_TOKEN = re.compile(r"\s+|(?P<mark>[()!])|(?P<word>AND\b|OR\b|NOT\b|&&|\|\|)|(?P<atom>(?:\{[^}]*\}|'[^']*'|(?!\bAND\b|\bOR\b|&&|\|\|)[^()'{}])+)", re.IGNORECASE)  # fmt: skip
_ACTION = re.compile(r"(?:ActionMatches|SubOperationMatches)\s*\{\s*'([^']*)'\s*\}", re.IGNORECASE)
_ROLES = re.compile(
    r"@Request\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]\s*"
    r"(?P<how>ForAnyOfAnyValues:GuidEquals|ForAnyOfAllValues:GuidNotEquals|GuidEquals|GuidNotEquals)\s*\{?(?P<ids>[^}]*)\}?",
    re.IGNORECASE,
)
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def may_give(condition: str, role: str) -> bool:
    """Whether a role (its id) may be given under a condition. Without one, and where it can't be read, it may."""
    if not condition.strip() or len(condition) > MOST:
        return True
    try:
        tokens = _tokens(condition)
        held, rest = _either(tokens, role.lower())
    except (ValueError, RecursionError):
        return True
    return rest != [] or held is not False


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(text[at : at + 20])
        at = match.end()
        if said := match[0].strip():
            found.append(said)
    return found


def _either(tokens: list[str], role: str) -> tuple[Truth, list[str]]:
    held, rest = _both(tokens, role)
    while rest and rest[0].upper() in ("OR", "||"):
        more, rest = _both(rest[1:], role)
        held = either(held, more)
    return held, rest


def _both(tokens: list[str], role: str) -> tuple[Truth, list[str]]:
    held, rest = _one(tokens, role)
    while rest and rest[0].upper() in ("AND", "&&"):
        more, rest = _one(rest[1:], role)
        held = both(held, more)
    return held, rest


def _one(tokens: list[str], role: str) -> tuple[Truth, list[str]]:
    if not tokens:
        raise ValueError("it ends too early")
    if tokens[0].upper() in ("!", "NOT"):
        held, rest = _one(tokens[1:], role)
        return opposite(held), rest
    if tokens[0] == "(":
        held, rest = _either(tokens[1:], role)
        if rest[:1] != [")"]:
            raise ValueError("a parenthesis is not closed")
        return held, rest[1:]
    return _atom(tokens[0], role), tokens[1:]


def _atom(text: str, role: str) -> Truth:
    if action := _ACTION.fullmatch(text):
        return fnmatchcase(GIVE, action[1].lower())
    if roles := _ROLES.fullmatch(text):
        named = role in {g.lower() for g in _GUID.findall(roles["ids"])}
        return not named if "not" in roles["how"].lower() else named
    return None
