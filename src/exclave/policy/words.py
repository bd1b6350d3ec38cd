"""Conditions in words, for the limits of a grant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exclave.policy.document import Condition

MAX_VALUES = 10
MAX_LENGTH = 200

_SIGNS = {
    "NumericLessThan": "<",
    "NumericLessThanEquals": "<=",
    "NumericGreaterThan": ">",
    "NumericGreaterThanEquals": ">=",
    "DateLessThan": "before",
    "DateLessThanEquals": "until",
    "DateGreaterThan": "after",
    "DateGreaterThanEquals": "from",
}


def words(condition: Condition) -> str:
    """Such as `aws:SourceIp 203.0.113.0/24`, `not aws:PrincipalOrgID o-1`, `aws:TokenIssueTime absent`."""
    if condition.operator == "Null":
        absent = any(value.lower() == "true" for value in condition.values)
        return f"{condition.name[:MAX_LENGTH]} {'absent' if absent else 'present'}"
    shown = [value[:MAX_LENGTH] for value in condition.values[:MAX_VALUES]]
    more = len(condition.values) - len(shown)
    listed = ", ".join(shown) + (f" and {more} more" if more else "")
    sign = _SIGNS.get(condition.operator, "" if condition.operator else condition.stated[:MAX_LENGTH])
    text = " ".join(part for part in (condition.name[:MAX_LENGTH], sign, listed) if part)
    if condition.negated:
        text = f"not {text}"
    return f"{text} (if present)" if condition.if_exists or condition.quantifier == "all" else text
