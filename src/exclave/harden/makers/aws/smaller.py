"""Smaller policies: what is granted and unused taken out of a document, by the least change that does it."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.privilege import rights
from exclave.harden.makers.aws.documents import deny

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SID = "UnusedSharing"


def smaller(document: Any, unused: Iterable[str]) -> dict[str, Any] | None:
    """The document without the actions; None where it grants none of them, or can't be read.

    An action that is named is taken out; where a wildcard grants it, a Deny is put in, so that nothing else changes.
    """
    policy = _read(document)
    if policy is None:
        return None
    taken = sorted(set(unused) & rights(policy, sorted(unused)).allowed)
    if not taken:
        return None
    names = {a.lower() for a in taken}
    statements = [s for s in (_without(s, names) for s in policy["Statement"]) if s is not None]
    rest = {**policy, "Statement": statements}
    left = sorted(rights(rest, taken).allowed - rights(rest, taken).denied) if statements else []
    if left:
        others = [s for s in statements if s.get("Sid") != SID]
        held = [a for s in statements if s.get("Sid") == SID for a in _listed(s.get("Action"))]
        rest["Statement"] = [*others, deny(SID, sorted({*left, *held}))]
    return rest if rest["Statement"] else {**policy, "Statement": [deny(SID, taken)]}


def difference(name: str, before: Any, after: Mapping[str, Any]) -> str:
    """Both documents as a unified diff."""
    old, new = (_lines(_read(before) or {}), _lines(after))
    return "".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"))


def _read(document: Any) -> dict[str, Any] | None:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return None
    if not isinstance(document, dict):
        return None
    statements = document.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": listed} if all(isinstance(s, dict) for s in listed) else None


def _without(statement: Mapping[str, Any], names: set[str]) -> dict[str, Any] | None:
    """An Allow without the actions that it names; None when nothing is left of it."""
    if statement.get("Effect") != "Allow" or "Action" not in statement:
        return dict(statement)
    listed = _listed(statement["Action"])
    kept = [a for a in listed if str(a).lower() not in names]
    if len(kept) == len(listed):
        return dict(statement)
    return {**statement, "Action": kept} if kept else None


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _lines(document: Mapping[str, Any]) -> list[str]:
    # JSON's own escapes make control characters of a name visible
    return [line + "\n" for line in json.dumps(document, indent=2, ensure_ascii=True).split("\n")]
