"""EventBridge event patterns, evaluated: does a rule fire on this event?

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any

MAX_DEPTH = 32
_SIGNS = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def fires(pattern: object, event: Mapping[str, Any]) -> bool:
    """Whether a pattern (a mapping, or JSON text) matches; what can't be read never does."""
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except (ValueError, RecursionError):
            return False
    return isinstance(pattern, Mapping) and bool(pattern) and _object(pattern, event, 0)


def named(pattern: object) -> list[tuple[str, str]]:
    """Path in the event and value of each exception (`anything-but`); "" where a field must not be there."""
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern)
        except (ValueError, RecursionError):
            return []
    return list(_exceptions(pattern, "", 0))


def _exceptions(pattern: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_DEPTH or not isinstance(pattern, Mapping):
        return
    for key, wanted in pattern.items():
        if isinstance(wanted, Mapping):
            yield from _exceptions(wanted, f"{path}.{key}".lstrip("."), depth + 1)
        for one in wanted if isinstance(wanted, list) else ():
            if key == "$or":
                yield from _exceptions(one, path, depth + 1)
            elif isinstance(one, Mapping):
                at = f"{path}.{key}".lstrip(".")
                if one.get("exists") is False:
                    yield at, ""
                but = one.get("anything-but", ())
                while isinstance(but, Mapping):
                    but = [v for each in but.values() for v in (each if isinstance(each, list) else [each])]
                yield from ((at, str(v)) for v in (but if isinstance(but, list | tuple) else [but]))


def _object(pattern: Mapping[str, Any], event: object, depth: int) -> bool:
    if depth > MAX_DEPTH or not isinstance(event, Mapping):
        return False
    for key, wanted in pattern.items():
        if key == "$or" and isinstance(wanted, list):
            if not any(isinstance(w, Mapping) and _object(w, event, depth + 1) for w in wanted):
                return False
        elif isinstance(wanted, Mapping):
            # of what lies in something that is not there, nothing is there
            if not _object(wanted, {} if event.get(key) is None else event[key], depth + 1):
                return False
        elif not isinstance(wanted, list) or not _any(wanted, event, key):
            return False
    return True


def _any(wanted: list[Any], event: Mapping[str, Any], key: str) -> bool:
    values = event.get(key)
    found = values if isinstance(values, list) else [values]
    return any(_one(w, v, present=key in event) for w in wanted for v in found)


def _one(wanted: Any, value: Any, *, present: bool) -> bool:
    if not isinstance(wanted, Mapping):
        return present and type(wanted) is type(value) and bool(wanted == value)
    ((name, operand), *more) = wanted.items() if wanted else (("", None),)
    if more:
        return False
    if name == "exists":
        return present is bool(operand)
    if name == "numeric":
        return present and _number(operand, value)
    if not present or not isinstance(value, str):
        return False
    if name == "anything-but":
        if isinstance(operand, Mapping):
            return not _one(operand, value, present=True)
        return value not in (operand if isinstance(operand, list) else [operand])
    # within anything-but an operator takes several values
    return any(_fits(name, o, value) for o in (operand if isinstance(operand, list) else [operand]))


def _fits(name: str, operand: Any, text: str) -> bool:
    if isinstance(operand, Mapping) and "equals-ignore-case" in operand:
        text, operand = text.lower(), str(operand["equals-ignore-case"]).lower()
    if name == "prefix":
        return text.startswith(str(operand))
    if name == "suffix":
        return text.endswith(str(operand))
    if name == "equals-ignore-case":
        return text.lower() == str(operand).lower()
    if name == "cidr":
        return _within(str(operand), text)
    return name == "wildcard" and fnmatch.fnmatchcase(text, re.sub(r"([\[\]?])", r"[\1]", str(operand)))


def _number(operand: Any, value: Any) -> bool:
    """`[">", 0, "<=", 5]`: every comparison holds of a number."""
    parts = operand if isinstance(operand, list) else []
    signs, limits = parts[::2], parts[1::2]
    if (
        not parts
        or len(signs) != len(limits)
        or isinstance(value, bool)
        or not isinstance(value, int | float)
    ):
        return False
    return all(
        sign in _SIGNS and isinstance(limit, int | float) and _SIGNS[sign](value, limit)
        for sign, limit in zip(signs, limits, strict=True)
    )


def _within(range_: str, text: str) -> bool:
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(range_, strict=False)
    except ValueError:
        return False
