"""Grants: what is asked, limits in words, spellings of documents, and what can't be read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from exclave.model import Destination, Kind
from exclave.policy.grants import grants
from tests.policy.build import (
    DYNAMODB,
    NOT_OUR_ORG,
    ORG,
    OWN,
    ROLE,
    THEM,
    allow,
    ask,
    aws,
    deny,
    equals,
    keys,
)

ACTIONS = [
    (allow(), ("s3:Get*",), ("s3:GetObject",)),
    (allow(action="s3:*"), ("s3:GetObject",), ("s3:GetObject",)),
    (allow(action="S3:getobject"), ("s3:GetObject",), ("s3:GetObject",)),
    (allow(action="*"), ("s3:GetObject", "s3:ListBucket"), ("s3:GetObject", "s3:ListBucket")),
    (allow(action="s3:*Tagging"), ("s3:Get*",), ("s3:*Tagging",)),
    (allow(action="s3:GetObjec?"), ("s3:GetObject",), ("s3:GetObject",)),
    (allow(action="s3:PutObject"), ("s3:Get*",), None),
    (allow(action="sns:*"), ("s3:Get*",), None),
    (allow(action=None, NotAction="s3:Delete*"), ("s3:GetObject",), ("s3:GetObject",)),
    (allow(action=None, NotAction="s3:Get*"), ("s3:GetObject",), None),
    (allow(action=None, NotAction="s3:GetObjectAcl"), ("s3:Get*",), ("s3:Get*",)),
]


@pytest.mark.parametrize(("statement", "asked", "allowed"), ACTIONS)
def test_only_statements_that_can_allow_what_is_asked_count(
    statement: dict[str, Any], asked: tuple[str, ...], allowed: tuple[str, ...] | None
) -> None:
    cleaned = {key: value for key, value in statement.items() if value is not None}
    found = ask(cleaned, actions=asked)
    assert [grant.actions for grant in found] == ([] if allowed is None else [allowed])


def test_a_deny_of_what_is_asked_is_enough_where_more_is_allowed() -> None:
    assert ask(allow(action="s3:*"), deny(action="s3:Get*"), actions=("s3:GetObject",)) == []


def test_what_a_deny_leaves_of_the_actions_stays() -> None:
    [left] = ask(allow(action=["s3:GetObject", "s3:PutObject"]), deny(action="s3:Get*"))
    assert left.actions == ("s3:PutObject",)


def test_a_deny_narrows_only_what_it_covers() -> None:
    found = ask(allow(action=["s3:GetObject", "sns:Subscribe"]), deny("*", NOT_OUR_ORG))
    assert {(grant.destination().key, grant.actions) for grant in found} == {
        (f"organization:{ORG}", ("s3:GetObject",)),
        ("public:*", ("sns:Subscribe",)),
    }


def test_conditions_that_do_not_say_who_are_limits_in_words() -> None:
    condition = {
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        "StringNotLike": {"s3:prefix": "x/*"},
        "Bool": {"aws:SecureTransport": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
        "Null": {"aws:TokenIssueTime": "true"},
        "StringEqualsIfExists": {"aws:SourceVpce": ["vpce-1", "vpce-2"]},
    }
    [grant] = ask(allow(aws(THEM), condition))
    assert set(grant.limits) == {
        "aws:SourceIp 203.0.113.0/24",
        "not s3:prefix x/*",
        "aws:SecureTransport true",
        "aws:MultiFactorAuthAge < 3600",
        "aws:TokenIssueTime absent",
        "aws:SourceVpce vpce-1, vpce-2 (if present)",
    }


def test_an_account_that_must_be_of_an_organisation_keeps_that_as_a_limit() -> None:
    [grant] = ask(allow(aws(THEM)), deny("*", NOT_OUR_ORG))
    assert grant.destination() == Destination(
        kind=Kind.ACCOUNT, id=THEM, limits=(f"aws:PrincipalOrgID {ORG}",)
    )


def test_an_account_behind_a_service_names_the_service() -> None:
    [grant] = ask(allow(DYNAMODB, equals("aws:SourceAccount", THEM)))
    assert grant.via == "replication.dynamodb.amazonaws.com"
    assert grant.via in grant.destination().note


def test_a_role_keeps_its_arn_and_tells_its_account() -> None:
    [grant] = ask(allow(aws(ROLE)))
    assert (grant.kind, grant.id, grant.account) == (Kind.PRINCIPAL, ROLE, THEM)


def test_everybody_but_some_says_so() -> None:
    [grant] = ask({"Effect": "Allow", "NotPrincipal": aws(OWN), "Action": "s3:*", "Resource": "*"})
    assert grant.note == f"everybody but {OWN}"


def test_variables_are_plain_text_in_documents_of_2008() -> None:
    found = ask(allow("*", equals("aws:PrincipalAccount", "${aws:ResourceAccount}")), version="2008-10-17")
    assert f"account:{OWN}" not in keys(found)


DOCUMENT = {"Version": "2012-10-17", "Statement": [allow(aws(THEM))]}


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT,
        json.dumps(DOCUMENT),
        json.dumps(DOCUMENT).encode(),
        quote(json.dumps(DOCUMENT)),
        json.dumps(json.dumps(DOCUMENT)),
        {"Statement": allow({"AWS": THEM})},
        {
            "statement": [
                {"effect": "Allow", "principal": {"aws": THEM}, "action": "s3:GetObject", "resource": "*"}
            ]
        },
        {"Statement": [allow({"AWS": int(THEM)})]},
        {"statement": json.dumps(allow(aws(THEM)))},
        [allow(aws(THEM))],
        allow(aws(THEM)),
    ],
)
def test_every_spelling_of_a_document_is_read(document: object) -> None:
    assert keys(grants(document, own_account=OWN)) == {f"account:{THEM}"}


@pytest.mark.parametrize("document", [None, "", {}, [], {"Statement": []}, {"Statement": None}])
def test_no_policy_lets_nobody_in(document: object) -> None:
    assert grants(document, own_account=OWN) == []


@pytest.mark.parametrize(
    "document",
    [
        "HIDDEN_DUE_TO_SECURITY_REASONS",
        "{",
        7,
        {"Version": "2012-10-17"},
        {"Statement": [allow({"Alien": "x"})]},
    ],
)
def test_what_can_not_be_read_is_an_unknown_party_that_says_why(document: object) -> None:
    [grant] = grants(document, own_account=OWN)
    assert grant.kind is Kind.UNKNOWN
    assert grant.note.startswith("the policy can't be read: ")


def test_a_readable_statement_counts_beside_one_that_is_not() -> None:
    assert keys(ask(allow(aws(THEM)), {"Effect": "Allow"})) == {f"account:{THEM}", "unknown:policy"}
    assert keys(ask(allow(aws(THEM)), {"Effect": "Deny"})) == {f"account:{THEM}"}
