"""EventBridge event patterns, evaluated: does a rule fire on this event?

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 32


def fires(pattern: object, event: Mapping[str, Any]) -> bool:
    """Whether a pattern (a mapping, or JSON text) matches; what can't be read never does."""
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except (ValueError, RecursionError):
            return False
    return isinstance(pattern, Mapping) and bool(pattern) and _object(pattern, event, 0)


def _object(pattern: Mapping[str, Any], event: object, depth: int) -> bool:
    if depth > MAX_DEPTH or not isinstance(event, Mapping):
        return False
    for key, wanted in pattern.items():
        if key == "$or" and isinstance(wanted, list):
            if not any(isinstance(w, Mapping) and _object(w, event, depth + 1) for w in wanted):
                return False
        elif isinstance(wanted, Mapping):
            if not _object(wanted, event.get(key), depth + 1):
                return False
        elif not isinstance(wanted, list) or not _any(wanted, event, key):
            return False
    return True


def _any(wanted: list[Any], event: Mapping[str, Any], key: str) -> bool:
    values = event.get(key)
    found = values if isinstance(values, list) else [values]
    return any(_one(w, v, present=key in event) for w in wanted for v in found)


def _one(wanted: Any, value: Any, *, present: bool) -> bool:  # noqa: C901
    if not isinstance(wanted, Mapping):
        return present and type(wanted) is type(value) and bool(wanted == value)
    ((name, operand), *more) = wanted.items() if wanted else (("", None),)
    if more:
        return False
    if name == "exists":
        return present is bool(operand)
    if not present or not isinstance(value, str):
        return False
    if name == "anything-but":
        if isinstance(operand, Mapping):
            return not _one(operand, value, present=True)
        return value not in (operand if isinstance(operand, list) else [operand])
    text: str = value
    if isinstance(operand, Mapping) and "equals-ignore-case" in operand:
        text, operand = text.lower(), str(operand["equals-ignore-case"]).lower()
    if name == "prefix":
        return text.startswith(str(operand))
    if name == "suffix":
        return text.endswith(str(operand))
    if name == "equals-ignore-case":
        return text.lower() == str(operand).lower()
    if name == "wildcard":
        return any(
            fnmatch.fnmatchcase(text, str(o)) for o in (operand if isinstance(operand, list) else [operand])
        )
    return False
