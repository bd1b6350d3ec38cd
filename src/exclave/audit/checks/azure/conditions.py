"""What an activity log alert's condition lets through: whether it fires on an operation, whoever does it.

Fields and how they compare: https://learn.microsoft.com/rest/api/monitor/activity-log-alerts/create-or-update
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEVELS = frozenset({"critical", "error", "warning", "informational", "verbose"})
ENDS = frozenset({"started", "succeeded", "failed"})  # some of these is told of each call
SUCCEEDED = frozenset({"succeeded", "accepted", "success", "accept"})


@dataclass(frozen=True, slots=True)
class Fires:
    """`covers`: the condition is about the operation. `narrowed`: what keeps it from firing each time.

    `successes`: all that keeps it is that it waits for success.
    """

    covers: bool
    narrowed: tuple[str, ...] = ()
    successes: bool = False


def fires(condition: object, operation: str) -> Fires:
    """Judge a condition (`allOf` of leaves and of `anyOf`) for one operation of the Administrative category."""
    parts = listed(condition, "allOf")
    if not parts:
        return Fires(covers=False)
    narrowed: list[str] = []
    successes = False
    for part in parts:
        leaves = listed(part, "anyOf") or [part]
        judged = [_leaf(leaf, operation) for leaf in _joined(leaves)]
        if any(j == "" for j in judged):
            continue
        said = [j for j in judged if j]
        if not said:
            return Fires(covers=False)
        narrowed.append(" or ".join(said))
        successes |= all(_waits(leaf) for leaf in leaves)
    return Fires(
        covers=True, narrowed=tuple(narrowed), successes=bool(narrowed) and successes and len(narrowed) == 1
    )


def type_of(operation: str) -> str:
    """The resource type that an operation is done to."""
    parts = operation.split("/")
    return "/".join(parts[: -2 if parts[-1].lower() == "action" else -1])


def _joined(leaves: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leaves of which one must hold, those on one field as one: `anyOf` with each level is any level."""
    found: dict[str, list[str]] = {}
    for leaf in leaves:
        found.setdefault(str(leaf.get("field", "")), []).extend(texts(leaf, "equals", "containsAny"))
    return [{"field": name, "containsAny": wanted} for name, wanted in found.items()]


def _leaf(leaf: Mapping[str, Any], operation: str) -> str | None:
    """Nothing ("") when the leaf always holds for the operation, None when it never does, else what it asks beside."""
    field = str(leaf.get("field", "")).lower()
    wanted = [v.lower() for v in texts(leaf, "equals", "containsAny")]
    target = type_of(operation).lower()
    if field == "operationname":
        return "" if operation.lower() in wanted else None
    if field == "category":
        return "" if "administrative" in wanted else None
    if field == "resourcetype":
        return "" if target in wanted else None
    if field == "resourceprovider":
        return "" if any(target == w or target.startswith(f"{w}/") for w in wanted) else None
    if (field == "level" and set(wanted) >= LEVELS) or (field == "status" and set(wanted) >= ENDS):
        return ""
    return f"it fires only where {leaf.get('field')} is {_told(wanted)}"


def _waits(leaf: Mapping[str, Any]) -> bool:
    wanted = {v.lower() for v in texts(leaf, "equals", "containsAny")}
    return (
        str(leaf.get("field", "")).lower() == "status"
        and bool(wanted & SUCCEEDED)
        and wanted <= SUCCEEDED | {"started"}
    )


def _told(wanted: Iterable[str]) -> str:
    return " or ".join(repr(w[:80]) for w in wanted) or "nothing"
