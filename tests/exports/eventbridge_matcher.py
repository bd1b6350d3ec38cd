"""Event patterns as EventBridge evaluates them, for the operators that exports use.

Written from the documentation of event patterns and the README of AWS's Event Ruler: a field is a path of leaves,
lists are looked through, a field matches if any of its values matches any matcher, operators see leaves only.
"""

from __future__ import annotations

from typing import Any


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    return _object(pattern, event, ())


def _object(pattern: dict[str, Any], event: dict[str, Any], prefix: tuple[str, ...]) -> bool:
    for key, rule in pattern.items():
        if key == "$or":
            assert len(rule) > 1
            if not any(_object(option, event, prefix) for option in rule):
                return False
        elif isinstance(rule, dict):
            if not _object(rule, event, (*prefix, key)):
                return False
        else:
            values = list(leaves(event, (*prefix, key)))
            if not any(_field(matcher, values) for matcher in rule):
                return False
    return True


def leaves(value: Any, keys: tuple[str, ...]):
    if isinstance(value, list):
        for item in value:
            yield from leaves(item, keys)
    elif keys:
        if isinstance(value, dict) and keys[0] in value:
            yield from leaves(value[keys[0]], keys[1:])
    elif not isinstance(value, dict):
        yield value


def _field(matcher: Any, values: list[Any]) -> bool:
    if not isinstance(matcher, dict):
        return any(type(v) is type(matcher) and v == matcher for v in values)
    ((operator, operand),) = matcher.items()
    if operator == "exists":
        return bool(values) is operand
    if operator == "prefix":
        return any(isinstance(v, str) and v.startswith(operand) for v in values)
    if operator == "equals-ignore-case":
        return any(isinstance(v, str) and v.lower() == operand.lower() for v in values)
    if operator == "anything-but":
        assert all(isinstance(o, str) for o in operand) or all(isinstance(o, int) for o in operand)
        return any(v not in operand for v in values)
    raise AssertionError(f"unknown operator {operator}")
