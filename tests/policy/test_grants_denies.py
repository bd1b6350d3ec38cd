"""What Deny statements leave of an Allow, a minimal policy each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.build import (
    DYNAMODB,
    NOT_OUR_ORG,
    ORG,
    OTHER,
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

CASES: list[tuple[str, list[dict[str, Any]], set[str]]] = [
    ("all is denied", [allow(), deny()], set()),
    ("something else is denied", [allow(), deny(action="s3:PutObject")], {"public:*"}),
    ("the same principal is denied", [allow(aws(THEM, OTHER)), deny(aws(THEM))], {f"account:{OTHER}"}),
    ("the account of a role is denied", [allow(aws(ROLE)), deny(aws(THEM))], set()),
    ("a role of an account is denied", [allow(aws(THEM)), deny(aws(ROLE))], {f"account:{THEM}"}),
    ("all but the organisation", [allow(), deny("*", NOT_OUR_ORG)], {f"organization:{ORG}"}),
    (
        "all but the organisation and services",
        [
            allow(),
            deny(
                "*",
                {
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ],
        {f"organization:{ORG}"},
    ),
    (
        "anonymous callers slip through a plain Bool",
        [allow(), deny("*", {**NOT_OUR_ORG, "Bool": {"aws:PrincipalIsAWSService": "false"}})],
        {"public:*"},
    ),
    ("a service is no member either", [allow(DYNAMODB), deny("*", NOT_OUR_ORG)], set()),
    (
        "services are spared",
        [allow(DYNAMODB), deny("*", {**NOT_OUR_ORG, "Bool": {"aws:PrincipalIsAWSService": "false"}})],
        {"service:replication.dynamodb.amazonaws.com"},
    ),
    (
        "all but one account",
        [allow(), deny("*", {"StringNotEquals": {"aws:PrincipalAccount": THEM}})],
        {f"account:{THEM}"},
    ),
    (
        "all but another account",
        [allow(aws(THEM)), deny("*", {"StringNotEquals": {"aws:PrincipalAccount": OWN}})],
        set(),
    ),
    (
        "one of two accounts",
        [
            allow("*", equals("aws:PrincipalAccount", THEM, OTHER)),
            deny("*", equals("aws:PrincipalAccount", THEM)),
        ],
        {f"account:{OTHER}"},
    ),
    (
        "all but the listed",
        [allow(), {**deny(), "Principal": None, "NotPrincipal": aws(THEM)}],
        {f"account:{THEM}"},
    ),
    (
        "the listed are spared",
        [allow(aws(THEM)), {**deny(), "Principal": None, "NotPrincipal": aws(THEM)}],
        {f"account:{THEM}"},
    ),
    (
        "the unlisted are not",
        [allow(aws(OTHER)), {**deny(), "Principal": None, "NotPrincipal": aws(THEM)}],
        set(),
    ),
    (
        "network perimeter",
        [
            allow(),
            deny(
                "*",
                {
                    "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"},
                    "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
                },
            ),
        ],
        {"vpc:vpc-1", "ip-range:203.0.113.0/24"},
    ),
    (
        "transport must be secure",
        [allow(), deny("*", {"Bool": {"aws:SecureTransport": "false"}})],
        {"public:*"},
    ),
    (
        "the key is denied when absent only",
        [allow(), deny("*", {"Null": {"aws:PrincipalOrgID": "true"}})],
        {"public:*"},
    ),
    ("everything but one action is denied", [allow(), deny(action=None, NotAction="s3:PutObject")], set()),
    ("the action is spared", [allow(), deny(action=None, NotAction="s3:Get*")], {"public:*"}),
    (
        "other objects are denied",
        [allow(Resource="arn:aws:s3:::b/*"), deny(Resource="arn:aws:s3:::b/secret/*")],
        {"public:*"},
    ),
    (
        "all its objects are denied",
        [allow(Resource="arn:aws:s3:::b/x/*"), deny(Resource=["arn:aws:s3:::b", "arn:aws:s3:::b/*"])],
        set(),
    ),
    (
        "other resources than one are denied",
        [allow(Resource="arn:aws:s3:::b/x/*"), deny(Resource=None, NotResource="arn:aws:s3:::b/pub/*")],
        set(),
    ),
]


@pytest.mark.parametrize(("statements", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_policy_comes_down_to_its_parties(statements: list[dict[str, Any]], expected: set[str]) -> None:
    cleaned = [{key: value for key, value in each.items() if value is not None} for each in statements]
    assert keys(ask(*cleaned)) == expected


def test_a_document_made_to_take_long_is_read_without_all_its_denies() -> None:
    found = ask(
        allow(action=[f"s3:Get{n}*x" for n in range(3_000)]),
        deny(action=[f"s3:G*t{n}*y" for n in range(3_000)]),
    )
    assert keys(found) == {"public:*"}


def test_many_accounts_are_narrowed_one_by_one() -> None:
    many = [f"2222{n:08d}" for n in range(200)]
    found = ask(
        allow("*", equals("aws:PrincipalAccount", *many)),
        deny("*", {"StringNotEquals": {"aws:PrincipalAccount": many[:3]}}),
    )
    assert keys(found) == {f"account:{account}" for account in many[:3]}
