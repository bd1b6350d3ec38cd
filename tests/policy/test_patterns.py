"""Wildcards: what a pattern matches, covers, and can share with another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.policy.patterns import action_tokens, arn_covers, covers, literal, overlap, tokens

PATTERNS = st.text("ab*?", max_size=8)
TEXTS = st.text("ab", max_size=8)


def matches(pattern: str, text: str) -> bool:
    return covers(tokens(pattern), literal(text))


@settings(deadline=None)
@given(PATTERNS, TEXTS)
def test_matching_is_that_of_a_regular_expression(pattern: str, text: str) -> None:
    regex = "".join({"*": ".*", "?": "."}.get(c, c) for c in pattern)
    assert matches(pattern, text) is (re.fullmatch(regex, text) is not None)


@settings(deadline=None)
@given(PATTERNS, PATTERNS, TEXTS)
def test_what_a_covered_pattern_matches_the_wider_one_matches(wide: str, narrow: str, text: str) -> None:
    if covers(tokens(wide), tokens(narrow)) and matches(narrow, text):
        assert matches(wide, text)


@settings(deadline=None)
@given(PATTERNS, PATTERNS, TEXTS)
def test_patterns_with_a_common_text_overlap(one: str, other: str, text: str) -> None:
    if matches(one, text) and matches(other, text):
        assert overlap(tokens(one), tokens(other))


@settings(deadline=None)
@given(PATTERNS, PATTERNS)
def test_overlap_has_no_direction(one: str, other: str) -> None:
    assert overlap(tokens(one), tokens(other)) is overlap(tokens(other), tokens(one))


@settings(deadline=None)
@given(PATTERNS)
def test_a_pattern_covers_itself(pattern: str) -> None:
    assert covers(tokens(pattern), tokens(pattern))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("s3:Get*", "s3:*Object", True),
        ("s3:Get*", "s3:Put*", False),
        ("a?", "?b", True),
        ("a?", "b?", False),
        ("*", "", True),
        ("a*b*c", "*x*", True),
    ],
)
def test_overlap(one: str, other: str, expected: bool) -> None:
    assert overlap(tokens(one), tokens(other)) is expected


def test_a_star_of_a_text_is_only_a_star() -> None:
    assert covers(tokens("a*"), literal("a*"))
    assert not covers(tokens("a?b"), literal("a**b"))
    assert not covers(tokens("ab"), literal("a*"))


def test_actions_have_no_case() -> None:
    assert covers(action_tokens("S3:get*"), action_tokens("s3:GetObject"))


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:iam::*:role/x", "arn:aws:iam::222222222222:role/x", True),
        ("arn:aws:iam::1:*", "arn:aws:iam::1:role/a:b", True),
        ("arn:*:iam::1:role/x", "arn:aws:iam::2:role/:iam::1:role/x", False),
        ("*", "arn:aws:s3:::b", True),
    ],
)
def test_a_wildcard_of_an_arn_stays_in_its_part(pattern: str, arn: str, expected: bool) -> None:
    assert arn_covers(tokens(pattern), literal(arn)) is expected


def test_a_hostile_pattern_takes_no_long_time() -> None:
    assert not covers(tokens("*a" * 5_000 + "b"), literal("a" * 5_000))
