"""A Sigma rule against one record: pySigma parses it, this evaluates what came of it.

Fields are dotted paths through a record, lists looked through. Text compares without case, a field that isn't there
equals nothing.
"""

from __future__ import annotations

import re
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
)
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import ValueListPlaceholderTransformation
from sigma.rule import SigmaRule
from sigma.types import (
    SigmaBool,
    SigmaExists,
    SigmaFieldReference,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)


def matches(text: str, record: dict[str, Any], trusted: tuple[str, ...]) -> bool:
    rule = SigmaRule.from_yaml(text)
    pipeline = ProcessingPipeline(
        items=[ProcessingItem(transformation=ValueListPlaceholderTransformation())],
        vars={"trusted_accounts": list(trusted)},
    )
    pipeline.apply(rule)
    return _holds(rule.detection.parsed_condition[0].parsed, record)


def _holds(node: Any, record: dict[str, Any]) -> bool:
    if isinstance(node, ConditionAND):
        return all(_holds(a, record) for a in node.args)
    if isinstance(node, ConditionOR):
        return any(_holds(a, record) for a in node.args)
    if isinstance(node, ConditionNOT):
        return not _holds(node.args[0], record)
    assert isinstance(node, ConditionFieldEqualsValueExpression), node
    values = [v for v in _values(record, node.field.split(".")) if v is not None]
    wanted = node.value
    if isinstance(wanted, SigmaExists):
        return bool(values) == wanted.exists
    if isinstance(wanted, SigmaFieldReference):
        return any(v in list(_values(record, wanted.field.split("."))) for v in values)
    if isinstance(wanted, SigmaBool):
        return any(_plain(v) == str(wanted.boolean).lower() for v in values)
    if isinstance(wanted, SigmaNumber):
        return any(_plain(v) == str(wanted.number) for v in values)
    if isinstance(wanted, SigmaRegularExpression):
        return any(re.search(str(wanted.regexp), _plain(v)) for v in values)
    assert isinstance(wanted, SigmaString), wanted
    return any(_like(list(wanted.s), _plain(v)) for v in values)


def _like(parts: list[Any], text: str) -> bool:
    if not parts:
        return not text
    head, rest = parts[0], parts[1:]
    if head is SpecialChars.WILDCARD_MULTI:
        return any(_like(rest, text[i:]) for i in range(len(text) + 1))
    assert isinstance(head, str), head
    return text.startswith(head.lower()) and _like(rest, text[len(head) :])


def _plain(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value).lower()


def _values(value: Any, keys: list[str]):
    if isinstance(value, list):
        for item in value:
            yield from _values(item, keys)
    elif keys:
        if isinstance(value, dict) and keys[0] in value:
            yield from _values(value[keys[0]], keys[1:])
    else:
        yield value
