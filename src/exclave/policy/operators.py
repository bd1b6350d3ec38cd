"""Condition operators with AWS's meaning, over what is known of a request: true, false, or can't tell (None).

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from exclave.policy.facts import ABSENT, Fact, Facts, every, negate, some
from exclave.policy.patterns import (
    ANY,
    STAR,
    Tokens,
    arn_covers,
    arn_overlap,
    covers,
    is_wild,
    literal,
    overlap,
    tokens,
)
from exclave.policy.variables import Missing, expand

if TYPE_CHECKING:
    from collections.abc import Callable

    from exclave.policy.document import Condition

MAX_NUMBER = 64  # characters of a number that are worth reading

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def holds(condition: Condition, facts: Facts, *, complete: bool, variables: bool = True) -> bool | None:
    """Whether it holds. Without `complete`, a key that `facts` lacks may have any value, or none."""
    fact = facts.get(condition.key)
    if fact is None and complete:
        fact = ABSENT
    if fact is None or not condition.operator:
        return None
    if condition.operator == "Null":
        return some((not fact.values) == (value.lower() == "true") for value in condition.values)
    if not fact.values:
        return _when_absent(condition)
    wanted = [expand(value, facts, complete=complete, variables=variables) for value in condition.values]
    if fact.patterns:
        answers = {_against(condition, tokens(value), wanted) for value in fact.values}
        return answers.pop() if len(answers) == 1 else None
    return _each(condition, fact, wanted)


def _each(condition: Condition, fact: Fact, wanted: list[Tokens | Missing]) -> bool | None:
    each = [_against(condition, literal(value), wanted) for value in fact.values]
    if condition.quantifier == "all":
        return every(each)
    if condition.quantifier == "any":
        return some(each)
    # AWS doesn't say what an operator for one value does with several
    return each[0] if len(each) == 1 else None


def _when_absent(condition: Condition) -> bool:
    if condition.if_exists or condition.quantifier == "all":
        return True
    return condition.negated and condition.quantifier != "any"


def _against(condition: Condition, seen: Tokens, wanted: list[Tokens | Missing]) -> bool | None:
    """One value of the request against all listed: any for a positive operator, none for a negated one."""
    answer = some(
        None if value is Missing.UNSURE else _compare(condition.operator, seen, value)
        for value in wanted
        if value is not Missing.ABSENT
    )
    return negate(answer) if condition.negated else answer


def _compare(name: str, seen: Tokens, value: Tokens) -> bool | None:
    """The positive sense of an operator on one value."""
    match name.replace("Not", ""):
        case "StringEquals":
            answer = _text(seen, value)
        case "StringEqualsIgnoreCase" | "Bool":
            answer = _text(_lower(seen), _lower(value))
        case "StringLike":
            answer = covers(value, seen) or _maybe(seen, overlap(value, seen))
        case "ArnEquals" | "ArnLike":
            answer = arn_covers(value, seen) or _maybe(seen, arn_overlap(value, seen))
        case "IpAddress":
            answer = None if is_wild(seen) else _ip("".join(seen), _plain(value))
        case "BinaryEquals":
            answer = None if is_wild(seen) else _binary("".join(seen), _plain(value))
        case _:
            answer = None if is_wild(seen) else _ordered(name, "".join(seen), _plain(value))
    return answer


def _ordered(name: str, seen: str, value: str) -> bool:
    read = _moment if name.startswith("Date") else _number
    left, right = read(seen), read(value)
    return left is not None and right is not None and _order(name)(left, right)


def _maybe(seen: Tokens, possible: bool) -> bool | None:
    return None if possible and is_wild(seen) else False


def _text(seen: Tokens, value: Tokens) -> bool | None:
    plain = literal(_plain(value))
    if not is_wild(seen):
        return seen == plain
    return None if covers(seen, plain) else False


def _plain(value: Tokens) -> str:
    return "".join({STAR: "*", ANY: "?"}.get(token, token) for token in value)


def _lower(value: Tokens) -> Tokens:
    return tuple(token.lower() for token in value)


def _binary(seen: str, value: str) -> bool:
    try:
        return base64.b64decode(seen, validate=True) == base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False


def _ip(seen: str, value: str) -> bool | None:
    theirs, ours = network(seen), network(value)
    if theirs is None or ours is None or theirs.version != ours.version or not theirs.overlaps(ours):
        return False
    return True if theirs.prefixlen >= ours.prefixlen else None


def network(text: str) -> Network | None:
    """An address or a CIDR, host bits allowed; None when it is neither."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _order(name: str) -> Callable[[Decimal, Decimal], bool]:
    if name.endswith("LessThan"):
        return operator.lt
    if name.endswith("LessThanEquals"):
        return operator.le
    if name.endswith("GreaterThan"):
        return operator.gt
    if name.endswith("GreaterThanEquals"):
        return operator.ge
    return operator.eq


def _number(text: str) -> Decimal | None:
    if len(text) > MAX_NUMBER:
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> Decimal | None:
    """Seconds since 1970 of an ISO 8601 date or a number of seconds. No zone means UTC."""
    try:
        when = datetime.fromisoformat(text.strip())
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return Decimal(str(when.timestamp()))
    except (ValueError, OverflowError):
        return _number(text)
