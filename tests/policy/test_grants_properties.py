"""What must hold of grants whatever the document."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.model import Kind
from exclave.policy.document import OPERATORS
from exclave.policy.evaluate import Policies, evaluate
from exclave.policy.grants import Grant, grants
from exclave.policy.requests import Request
from tests.policy.build import ORG, OTHER, OWN, ROLE, THEM

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=10), children, max_size=4)
    ),
    max_leaves=12,
)
VALUES = st.sampled_from(
    [
        THEM,
        OTHER,
        OWN,
        ROLE,
        ORG,
        f"{ORG}/r-1/ou-1/*",
        "*",
        "o-*",
        "vpc-1",
        "203.0.113.0/24",
        "0.0.0.0/0",
        "true",
        "false",
        "${aws:ResourceAccount}",
        "${aws:username}",
        "arn:aws:s3:::b",
        f"arn:aws:sns:*:{OTHER}:*",
        "AROAEXAMPLEEXAMPLE123:*",
    ]
)
KEYS = st.sampled_from(
    [
        "aws:PrincipalOrgID",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceVpc",
        "aws:SourceIp",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalIsAWSService",
        "aws:userid",
        "aws:SecureTransport",
        "kms:ViaService",
    ]
)
PREFIXES = st.sampled_from(["", "", "", "ForAnyValue:", "ForAllValues:"])
NAMES = st.builds(
    lambda prefix, name, suffix: prefix + name + suffix,
    PREFIXES,
    st.sampled_from([*OPERATORS, "StringSortOf"]),
    st.sampled_from(["", "", "IfExists"]),
)
ODD_CONDITIONS = st.dictionaries(
    NAMES, st.dictionaries(KEYS, st.lists(VALUES, min_size=1, max_size=2), min_size=1, max_size=2), max_size=2
)
USUAL_CONDITIONS = st.sampled_from(
    [
        {},
        {"StringEquals": {"aws:PrincipalOrgID": ORG}},
        {"StringNotEquals": {"aws:PrincipalOrgID": ORG}},
        {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
        {"StringNotEquals": {"aws:PrincipalAccount": [OWN, THEM]}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{THEM}:role/*"}},
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{THEM}:*"}},
        {"StringEquals": {"aws:SourceAccount": THEM}},
        {"StringNotEqualsIfExists": {"aws:SourceAccount": OTHER}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {
            "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
            "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"},
        },
        {"Bool": {"aws:SecureTransport": "false"}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-1/ou-1/*"}},
        {"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE123:*"}},
    ]
)
CONDITIONS = ODD_CONDITIONS | USUAL_CONDITIONS
PRINCIPALS = st.one_of(
    st.just("*"),
    st.fixed_dictionaries(
        {"AWS": st.lists(st.sampled_from([THEM, OTHER, OWN, ROLE, "*"]), min_size=1, max_size=2)}
    ),
    st.fixed_dictionaries({"Service": st.sampled_from(["sns.amazonaws.com", "s3.amazonaws.com"])}),
)
ACTIONS = st.lists(
    st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "sns:Subscribe"]), min_size=1, max_size=2
)
RESOURCES = st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x/*"])


@st.composite
def statements(draw: st.DrawFn, effects: tuple[str, ...] = ("Allow", "Deny")) -> dict[str, Any]:
    return {
        "Effect": draw(st.sampled_from(effects)),
        draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"])): draw(PRINCIPALS),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(ACTIONS),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(RESOURCES),
        "Condition": draw(CONDITIONS),
    }


DOCUMENTS = st.lists(statements(), max_size=4)


def ask(found: list[dict[str, Any]]) -> list[Grant]:
    return grants({"Version": "2012-10-17", "Statement": found}, own_account=OWN)


@settings(deadline=None)
@given(ANY_JSON | st.builds(lambda value: {"Statement": value}, ANY_JSON) | st.binary())
def test_nothing_raises_whatever_the_document(document: Any) -> None:
    grants(document, own_account=OWN, actions=("s3:Get*",))
    evaluate(
        Request(action="s3:GetObject", resource="arn:aws:s3:::b/x", principal=ROLE, resource_account=OWN),
        Policies(resource=document),
    )


@settings(deadline=None)
@given(DOCUMENTS)
def test_no_account_is_invented(found: list[dict[str, Any]]) -> None:
    stated = set(re.findall(r"\d{12}", json.dumps(found))) | {OWN}
    for grant in ask(found):
        assert set(re.findall(r"\d{12}", f"{grant.id} {grant.account}")) <= stated


@settings(deadline=None)
@given(DOCUMENTS, st.randoms())
def test_the_order_of_statements_does_not_matter(found: list[dict[str, Any]], chance: Any) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert ask(found) == ask(shuffled)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS, statements(effects=("Deny",)))
def test_a_deny_never_lets_anybody_in(found: list[dict[str, Any]], deny: dict[str, Any]) -> None:
    before, after = ask(found), ask([*found, deny])
    known = {(grant.kind, grant.id) for grant in before}
    # whoever a Deny leaves of everybody, of a network or of an organisation was among them before
    broad = {
        Kind.PUBLIC,
        Kind.VPC,
        Kind.IP_RANGE,
        Kind.ORGANIZATION,
        Kind.ORG_UNIT,
        Kind.BUCKET,
        Kind.SERVICE,
        Kind.UNKNOWN,
    }
    if not any(grant.kind in broad for grant in before):
        assert {(grant.kind, grant.id) for grant in after} <= known
    if not any(grant.kind is Kind.PUBLIC for grant in before):
        assert not any(grant.kind is Kind.PUBLIC for grant in after)
    if not before:
        assert after == []


@settings(deadline=None)
@given(DOCUMENTS)
def test_denying_everybody_everything_leaves_nobody(found: list[dict[str, Any]]) -> None:
    assert ask([*found, {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]) == []


@settings(deadline=None)
@given(DOCUMENTS)
def test_asking_for_fewer_actions_never_adds_a_party(found: list[dict[str, Any]]) -> None:
    policy = {"Version": "2012-10-17", "Statement": found}
    some = grants(policy, own_account=OWN, actions=("s3:GetObject",))
    more = grants(policy, own_account=OWN, actions=("s3:GetObject", "s3:PutObject", "sns:*"))
    if some:
        assert more
