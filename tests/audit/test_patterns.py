from __future__ import annotations

import pytest

from exclave.audit.checks.aws.event_pattern import fires
from exclave.audit.checks.aws.filter_pattern import BadPatternError, counts

EVENT = {
    "eventName": "PutRolePolicy",
    "eventSource": "iam.amazonaws.com",
    "n": 7,
    "ip": "203.0.113.9",
    "flag": True,
    "none": None,
    "list": [{"a": "x"}],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", True), ("{$.eventName=PutRolePolicy}", True), ('{ $.eventName = "Put*" }', True), ("{ $.eventName = Del* }", False),
        ("{ $.eventName != Del* }", True), ("{ $.gone != x }", False), ("{ $.gone NOT EXISTS }", True), ("{ $.none IS NULL }", True),
        ("{ $.flag IS TRUE }", True), ("{ $.n > 6 && $.n <= 7 }", True), ("{ $.n < 7 }", False), ("{ $.list[0].a = x }", True),
        ("{ $.eventName = %^Put% }", True),
        # && binds before ||
        ("{ $.n = 7 || $.n = 8 && $.gone = x }", True), ("{ ($.n = 7 || $.n = 8) && $.gone = x }", False),
    ],
)  # fmt: skip
def test_filter_patterns_are_read_by_their_grammar(pattern, expected):
    assert counts(pattern, EVENT) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "error",
        "{ $.a = }",
        "{ ($.a = b }",
        "{ a = b }",
        "{ $.a ~ b }",
        "{" + "(" * 500 + "}",
        "{ $.a = b } x",
    ],
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(BadPatternError):
        counts(pattern, EVENT)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"detail": {"eventName": ["PutRolePolicy"]}}, True), ({"detail": {"eventName": ["x"]}}, False), ("{}", False), ("not json", False),
        ({"detail": {"eventName": [{"prefix": "Put"}]}}, True), ({"detail": {"eventName": [{"suffix": "Policy"}]}}, True),
        ({"detail": {"eventName": [{"anything-but": ["PutRolePolicy"]}]}}, False), ({"detail": {"eventName": [{"anything-but": {"prefix": "Put"}}]}}, False),
        ({"detail": {"eventName": [{"wildcard": "Put*Policy"}]}}, True), ({"detail": {"gone": [{"exists": False}]}}, True),
        ({"detail": {"eventName": [{"exists": False}]}}, False), ({"$or": [{"source": ["x"]}, {"detail": {"n": [7]}}]}, True),
        ({"detail": {"n": [{"numeric": [">", 5, "<=", 7]}]}}, True), ({"detail": {"n": [{"numeric": [">", 7]}]}}, False), ({"detail": {"n": [{"numeric": []}]}}, False),
        ({"detail": {"eventName": [{"numeric": ["=", 7]}]}}, False), ({"detail": {"ip": [{"cidr": "203.0.113.0/24"}]}}, True), ({"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}, False),
        ({"detail": {"gone": {"deep": [{"exists": False}]}}}, True), ({"detail": {"gone": {"deep": ["x"]}}}, False),
        ({"detail": {"eventName": [{"wildcard": "PutRolePolic?"}]}}, False),
        ({"detail": {"errorCode": ["AccessDenied"], "eventName": ["PutRolePolicy"]}}, False), ({"detail": "x"}, False),
    ],
)  # fmt: skip
def test_event_patterns_fire_as_eventbridge_says(pattern, expected):
    assert fires(pattern, {"source": "aws.iam", "detail": EVENT}) is expected
