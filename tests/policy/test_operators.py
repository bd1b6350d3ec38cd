"""Each condition operator on one value of the request, absent keys, and sets of values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from typing import Any

import pytest

from exclave.policy.document import Condition, Policy, parse
from exclave.policy.facts import ABSENT, Fact
from exclave.policy.operators import holds


def condition(operator: str, *values: str) -> Condition:
    policy = parse({"Effect": "Allow", "Action": "*", "Condition": {operator: {"k": list(values)}}})
    assert isinstance(policy, Policy)
    return policy.statements[0].conditions[0]


CASES: list[tuple[str, list[str], str, bool]] = [
    ("StringEquals", ["a"], "a", True),
    ("StringEquals", ["a"], "A", False),
    ("StringEquals", ["a*"], "ab", False),
    ("StringEquals", ["x", "a"], "a", True),
    ("StringNotEquals", ["x", "a"], "a", False),
    ("StringNotEquals", ["x", "a"], "b", True),
    ("StringEqualsIgnoreCase", ["Ab"], "aB", True),
    ("StringNotEqualsIgnoreCase", ["Ab"], "aB", False),
    ("StringLike", ["a*c?"], "abbcd", True),
    ("StringLike", ["a*"], "A", False),
    ("StringNotLike", ["a*"], "b", True),
    ("NumericEquals", ["10"], "10.0", True),
    ("NumericNotEquals", ["10"], "11", True),
    ("NumericLessThan", ["10"], "9", True),
    ("NumericLessThan", ["10"], "10", False),
    ("NumericLessThanEquals", ["10"], "11", False),
    ("NumericGreaterThan", ["10"], "11", True),
    ("NumericGreaterThanEquals", ["10"], "10", True),
    ("NumericEquals", ["ten"], "10", False),
    ("DateEquals", ["2024-05-01T00:00:00Z"], "2024-05-01T02:00:00+02:00", True),
    ("DateLessThan", ["2024-05-01"], "2024-04-30T23:59:59Z", True),
    ("DateGreaterThan", ["2024-05-01T00:00:00Z"], "1714521601", True),
    ("DateGreaterThanEquals", ["2024-05-01T00:00:00Z"], "2024-05-01T00:00:00Z", True),
    ("DateLessThanEquals", ["2024-05-01T00:00:00Z"], "2024-05-02T00:00:00Z", False),
    ("DateNotEquals", ["2024-05-01T00:00:00Z"], "2024-05-02T00:00:00Z", True),
    ("Bool", ["true"], "True", True),
    ("Bool", ["false"], "true", False),
    ("BinaryEquals", ["QmluYXJ5"], "QmluYXJ5", True),
    ("BinaryEquals", ["QmluYXJ5"], "!", False),
    ("IpAddress", ["203.0.113.0/24"], "203.0.113.9", True),
    ("IpAddress", ["203.0.113.0/24"], "203.0.114.1", False),
    ("IpAddress", ["203.0.113.0/24", "2001:DB8:1::/64"], "2001:db8:1::1", True),
    ("IpAddress", ["203.0.113.5"], "203.0.113.5", True),
    ("IpAddress", ["nonsense"], "203.0.113.5", False),
    ("NotIpAddress", ["203.0.113.0/24"], "203.0.114.1", True),
    ("ArnEquals", ["arn:aws:sns:*:1:t"], "arn:aws:sns:eu-west-1:1:t", True),
    ("ArnLike", ["arn:aws:sns:*:1:*"], "arn:aws:sns:eu-west-1:2:x:1:y", False),
    ("ArnNotLike", ["arn:aws:sns:*:1:*"], "arn:aws:sns:eu-west-1:2:t", True),
    ("ArnNotEquals", ["arn:aws:sns:*:1:t"], "arn:aws:sns:eu-west-1:1:t", False),
    ("Null", ["true"], "x", False),
    ("Null", ["false"], "x", True),
]


@pytest.mark.parametrize(("operator", "values", "seen", "expected"), CASES)
def test_an_operator_on_one_value(operator: str, values: list[str], seen: str, expected: bool) -> None:
    assert holds(condition(operator, *values), {"k": Fact((seen,))}, complete=True) is expected


ABSENT_CASES = [
    ("StringEquals", False),
    ("StringEqualsIfExists", True),
    ("StringNotEquals", True),
    ("NotIpAddress", True),
    ("NumericLessThan", False),
    ("BoolIfExists", True),
    ("ForAllValues:StringEquals", True),
    ("ForAllValues:StringNotEquals", True),
    ("ForAnyValue:StringEquals", False),
    ("ForAnyValue:StringNotEquals", False),
    ("ForAnyValue:StringEqualsIfExists", True),
]


@pytest.mark.parametrize(("operator", "expected"), ABSENT_CASES)
def test_an_operator_on_a_key_that_is_absent(operator: str, expected: bool) -> None:
    assert holds(condition(operator, "true"), {}, complete=True) is expected
    assert holds(condition(operator, "true"), {"k": ABSENT}, complete=False) is expected
    assert holds(condition(operator, "true"), {}, complete=False) is None


def test_null_asks_whether_the_key_is_there() -> None:
    assert holds(condition("Null", "true"), {}, complete=True) is True
    assert holds(condition("Null", "false"), {}, complete=True) is False
    assert holds(condition("Null", "false"), {}, complete=False) is None


@pytest.mark.parametrize(
    ("operator", "values", "seen", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b", "c"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "x"], False),
        ("ForAllValues:StringNotEquals", ["x"], ["a", "b"], True),
        ("ForAllValues:StringNotEquals", ["x"], ["a", "x"], False),
        ("ForAnyValue:StringEquals", ["a"], ["a", "x"], True),
        ("ForAnyValue:StringEquals", ["a"], ["x", "y"], False),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "x"], True),
        ("StringEquals", ["a"], ["a", "x"], None),
    ],
)
def test_an_operator_on_several_values(
    operator: str, values: list[str], seen: list[str], expected: Any
) -> None:
    assert holds(condition(operator, *values), {"k": Fact(tuple(seen))}, complete=True) is expected


def test_an_operator_that_aws_has_not_can_not_be_told() -> None:
    assert holds(condition("StringSortOf", "a"), {"k": Fact(("a",))}, complete=True) is None


@pytest.mark.parametrize(
    ("operator", "value", "known", "expected"),
    [
        ("ArnLike", "arn:aws:iam::1:*", "arn:*:*::1:*", None),
        ("ArnLike", "arn:aws:iam::2:*", "arn:*:*::1:*", False),
        ("ArnNotLike", "arn:aws:iam::2:*", "arn:*:*::1:*", True),
        ("StringLike", "*", "a*", True),
        ("IpAddress", "203.0.113.0/24", "203.0.113.0/25", True),
        ("IpAddress", "203.0.113.0/25", "203.0.113.0/24", None),
        ("IpAddress", "203.0.113.0/25", "198.51.100.0/24", False),
        ("NumericLessThan", "10", "1*", None),
    ],
)
def test_a_pattern_answers_for_all_that_it_matches(
    operator: str, value: str, known: str, expected: Any
) -> None:
    assert holds(condition(operator, value), {"k": Fact((known,), patterns=True)}, complete=False) is expected
