"""Policy variables: `${key}`, `${key, 'default'}`, and `${*}` `${?}` `${$}` for the characters themselves.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from exclave.policy.patterns import Tokens, join, literal, tokens

if TYPE_CHECKING:
    from exclave.policy.facts import Facts

ESCAPES = ("*", "?", "$")


class Missing(Enum):
    """Why a text with variables has no value."""

    ABSENT = "absent"  # the request lacks the key and the variable has no default: nothing matches
    UNSURE = "unsure"  # the key may have any value


def expand(text: str, facts: Facts, *, complete: bool, variables: bool = True) -> Tokens | Missing:
    """A pattern with its variables filled in; what they hold stays literal.

    Without `variables` (documents of the version of 2008) `${...}` is plain text. Without `complete`, a key
    that `facts` lacks has some value that isn't known.
    """
    if not variables or "${" not in text:
        return tokens(text)
    parts: list[Tokens] = []
    unsure = False
    rest = text
    while True:
        before, opened, after = rest.partition("${")
        parts.append(tokens(before))
        if not opened:
            break
        inner, closed, rest = after.partition("}")
        if not closed:
            parts.append(literal("${" + inner))
            break
        value = _value(inner, facts, complete=complete)
        if value is Missing.ABSENT:
            return value
        if isinstance(value, Missing):
            unsure = True
        else:
            parts.append(literal(value))
    return Missing.UNSURE if unsure else join(parts)


def _value(inner: str, facts: Facts, *, complete: bool) -> str | Missing:
    if inner in ESCAPES:
        return inner
    name, comma, default = inner.partition(",")
    fact = facts.get(name.strip().lower())
    if fact is None and not complete:
        return Missing.UNSURE
    if fact is not None and fact.values:
        # AWS lets only keys of one value be variables; of several, or of a pattern, no value can be named
        return fact.values[0] if len(fact.values) == 1 and not fact.patterns else Missing.UNSURE
    if comma:
        return default.strip().removeprefix("'").removesuffix("'")
    return Missing.ABSENT
