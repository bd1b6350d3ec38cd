"""Parsing: what is read, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exclave.policy.document import MAX_BYTES, MAX_STATEMENTS, Malformed, Policy, Principal, parse


def one(**fields: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", **fields}]}


def read(document: object) -> Policy:
    found = parse(document)
    assert isinstance(found, Policy)
    return found


def test_operators_lose_quantifier_and_if_exists() -> None:
    condition = {
        "ForAnyValue:StringLikeIfExists": {"AWS:TagKeys": "a"},
        "forallvalues:stringequals": {"b": ["c", "d"]},
    }
    first, second = read(one(Condition=condition)).statements[0].conditions
    assert (first.operator, first.quantifier, first.if_exists) == ("StringLike", "any", True)
    assert (first.key, first.name, first.values) == ("aws:tagkeys", "AWS:TagKeys", ("a",))
    assert (second.operator, second.quantifier, second.if_exists) == ("StringEquals", "all", False)
    assert second.values == ("c", "d")


def test_an_operator_that_aws_has_not_is_kept_without_a_name() -> None:
    [condition] = read(one(Condition={"StringSortOf": {"a": "b"}})).statements[0].conditions
    assert (condition.operator, condition.stated) == ("", "StringSortOf")


def test_values_that_are_not_strings_become_strings() -> None:
    condition = {"Bool": {"a": True}, "NumericEquals": {"b": [1, 2.5]}}
    assert [c.values for c in read(one(Condition=condition)).statements[0].conditions] == [
        ("true",),
        ("1", "2.5"),
    ]


def test_principals_of_every_type() -> None:
    stated = {"AWS": ["*", "1111"], "Service": "a.amazonaws.com", "Federated": "f", "CanonicalUser": "c"}
    assert read(one(Principal=stated)).statements[0].principals == (
        Principal(type="*", id="*"),
        Principal(type="AWS", id="1111"),
        Principal(type="Service", id="a.amazonaws.com"),
        Principal(type="Federated", id="f"),
        Principal(type="CanonicalUser", id="c"),
    )


def test_a_number_that_lost_its_leading_zero_is_an_account_again() -> None:
    assert read(one(Principal={"AWS": 12345678901})).statements[0].principals == (
        Principal(type="AWS", id="012345678901"),
    )


def test_without_a_version_variables_are_text() -> None:
    assert not read(one()).has_variables
    assert read({"Version": "2012-10-17", **one()}).has_variables


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"Effect": "Perhaps"}, "Effect"),
        ({"Action": None}, "neither Action nor NotAction"),
        ({"NotAction": "s3:*"}, "both action and notaction"),
        ({"NotPrincipal": "*"}, "both Principal and NotPrincipal"),
        ({"Principal": {"Alien": "x"}}, "principal of a type"),
        ({"Principal": {"AWS": {"deep": "x"}}}, "where a string belongs"),
        ({"Condition": "x"}, "Condition is not an object"),
        ({"Condition": {"StringEquals": "x"}}, "operator without keys"),
        ({"effect": "Deny"}, "effect stands twice"),
    ],
)
def test_a_bad_statement_is_named_with_its_number(fields: dict[str, Any], what: str) -> None:
    found = read(one(**fields))
    assert found.statements == ()
    assert found.problems[0].startswith("statement 1: ")
    assert what in found.problems[0]


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"Statement": 1' + "0" * 5_000 + "}", "not JSON"),
        ('{"Statement": [], "Statement": []}', "stands twice"),
        (json.dumps(one(Sid="x" * MAX_BYTES)), "longer than"),
        (one(Sid="x" * (MAX_BYTES + 1)), "longer than"),
        ({"Statement": one()["Statement"] * (MAX_STATEMENTS + 1)}, "statements"),
        (json.loads("[" * 20 + "]" * 20), "nested deeper"),
        ({"Statement": list(range(60_000))}, "values"),
        (3.5, "can't be a float"),
        ({"Statement": "Allow"}, "not JSON"),
        (json.dumps(json.dumps(json.dumps(json.dumps(one())))), "too many times"),
    ],
)
def test_a_document_that_can_not_be_read_says_why(document: object, what: str) -> None:
    found = parse(document)
    assert isinstance(found, Malformed)
    assert what in found.what
