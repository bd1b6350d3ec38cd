"""Who principals and conditions come down to, a minimal policy each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.build import (
    DYNAMODB,
    ORG,
    OTHER,
    OWN,
    ROLE,
    THEM,
    allow,
    ask,
    aws,
    equals,
    keys,
    like,
)

CASES: list[tuple[str, list[dict[str, Any]], set[str]]] = [
    # principals
    ("everybody", [allow()], {"public:*"}),
    ("everybody as AWS", [allow({"AWS": "*"})], {"public:*"}),
    ("everybody in a list", [allow(aws("*", THEM))], {"public:*", f"account:{THEM}"}),
    ("an account by number", [allow(aws(THEM))], {f"account:{THEM}"}),
    ("an account by its root", [allow(aws(f"arn:aws:iam::{THEM}:root"))], {f"account:{THEM}"}),
    ("an account of another partition", [allow(aws(f"arn:aws-cn:iam::{THEM}:root"))], {f"account:{THEM}"}),
    ("a role", [allow(aws(ROLE))], {f"principal:{ROLE}"}),
    ("the own account is named as well", [allow(aws(OWN, THEM))], {f"account:{OWN}", f"account:{THEM}"}),
    ("a deleted user", [allow(aws("AIDAEXAMPLEEXAMPLE123"))], {"principal:AIDAEXAMPLEEXAMPLE123"}),
    ("a deleted role", [allow(aws("AROAEXAMPLEEXAMPLE123"))], {"principal:AROAEXAMPLEEXAMPLE123"}),
    ("a canonical user", [allow({"CanonicalUser": "79a59df900b9"})], {"canonical-id:79a59df900b9"}),
    ("a federated identity", [allow({"Federated": "graph.facebook.com"})], {"principal:graph.facebook.com"}),
    (
        "a service alone",
        [allow({"Service": "cloudtrail.amazonaws.com"})],
        {"service:cloudtrail.amazonaws.com"},
    ),
    ("NotPrincipal", [{**allow(), "Principal": None, "NotPrincipal": aws(OWN)}], {"public:*"}),
    ("an account pattern in the ARN", [allow(aws("arn:aws:iam::*:root"))], {"public:*"}),
    ("nobody", [allow(aws())], set()),
    (
        "a distribution's old identity",
        [allow(aws("arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"))],
        {"principal:arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"},
    ),
    # conditions that bind everybody
    ("an organisation", [allow("*", equals("aws:PrincipalOrgID", ORG))], {f"organization:{ORG}"}),
    (
        "an organisation, key in another case",
        [allow("*", equals("AWS:principalorgid", ORG))],
        {f"organization:{ORG}"},
    ),
    (
        "an organisation, StringLike without wildcard",
        [allow("*", like("aws:PrincipalOrgID", ORG))],
        {f"organization:{ORG}"},
    ),
    ("any organisation", [allow("*", like("aws:PrincipalOrgID", "o-*"))], {"public:*"}),
    (
        "two accounts",
        [allow("*", equals("aws:PrincipalAccount", THEM, OTHER))],
        {f"account:{THEM}", f"account:{OTHER}"},
    ),
    ("an account pattern", [allow("*", like("aws:PrincipalAccount", "2222*"))], {"public:*"}),
    ("one fixed value, one pattern", [allow("*", like("aws:PrincipalAccount", THEM, "*"))], {"public:*"}),
    ("a caller's ARN", [allow("*", {"ArnEquals": {"aws:PrincipalArn": ROLE}})], {f"principal:{ROLE}"}),
    (
        "a pattern of roles of one account",
        [allow("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{THEM}:role/b-*"}})],
        {f"principal:arn:aws:iam::{THEM}:role/b-*"},
    ),
    (
        "all of one account by ARN",
        [allow("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{THEM}:*"}})],
        {f"account:{THEM}"},
    ),
    (
        "a role name in any account",
        [allow("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/backup"}})],
        {"public:*"},
    ),
    (
        "a partition pattern, by part",
        [allow("*", {"ArnLike": {"aws:PrincipalArn": f"arn:*:iam::{THEM}:root"}})],
        {f"account:{THEM}"},
    ),
    (
        "a partition pattern that a role path can meet",
        [allow("*", like("aws:PrincipalArn", f"arn:*:iam::{THEM}:role/x"))],
        {"public:*"},
    ),
    (
        "an organisational unit",
        [allow("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ab12/ou-ab12-1/*"}})],
        {f"org-unit:{ORG}/r-ab12/ou-ab12-1"},
    ),
    (
        "all units of an organisation",
        [allow("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}})],
        {f"organization:{ORG}"},
    ),
    (
        "a unit of whatever organisation",
        [allow("*", {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/ou-ab12-1/*"}})],
        {"public:*"},
    ),
    (
        "paths that need not be there",
        [allow("*", {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}})],
        {"public:*"},
    ),
    (
        "paths that must be there",
        [
            allow(
                "*",
                {
                    "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"},
                    "Null": {"aws:PrincipalOrgPaths": "false"},
                },
            )
        ],
        {f"organization:{ORG}"},
    ),
    ("IfExists", [allow("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}})], {"public:*"}),
    (
        "IfExists of a key that must be there",
        [
            allow(
                "*",
                {
                    "StringEqualsIfExists": {"aws:PrincipalOrgID": ORG},
                    "Null": {"aws:PrincipalOrgID": "false"},
                },
            )
        ],
        {f"organization:{ORG}"},
    ),
    ("only that the key be there", [allow("*", {"Null": {"aws:PrincipalOrgID": "false"}})], {"public:*"}),
    ("a negated condition", [allow("*", {"StringNotEquals": {"aws:PrincipalOrgID": ORG}})], {"public:*"}),
    ("a topic's owner", [allow({"AWS": "*"}, equals("AWS:SourceOwner", OWN))], {f"account:{OWN}"}),
    (
        "the owner by variable",
        [allow("*", equals("aws:PrincipalAccount", "${aws:ResourceAccount}"))],
        {f"account:{OWN}"},
    ),
    (
        "the owner's organisation by variable",
        [allow("*", equals("aws:PrincipalOrgID", "${aws:ResourceOrgID}"))],
        {"organization:${aws:ResourceOrgID}"},
    ),
    ("another variable", [allow("*", equals("aws:PrincipalAccount", "${aws:PrincipalTag/a}"))], {"public:*"}),
    (
        "a bucket's notifications",
        [allow("*", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:their-bucket"}})],
        {"bucket:their-bucket"},
    ),
    (
        "access points of an account",
        [allow("*", equals("s3:DataAccessPointAccount", THEM))],
        {f"account:{THEM}"},
    ),
    (
        "KMS by the caller's account",
        [allow("*", equals("kms:CallerAccount", THEM), "kms:*")],
        {f"account:{THEM}"},
    ),
    (
        "KMS through a service only",
        [allow("*", equals("kms:ViaService", "ec2.eu-west-1.amazonaws.com"), "kms:*")],
        {"public:*"},
    ),
    ("an endpoint", [allow("*", equals("aws:SourceVpce", "vpce-1a2b3c4d"))], {"vpc:vpce-1a2b3c4d"}),
    ("a network", [allow("*", equals("aws:SourceVpc", "vpc-1"))], {"vpc:vpc-1"}),
    ("any endpoint", [allow("*", like("aws:SourceVpce", "vpce-*"))], {"public:*"}),
    (
        "private addresses of whatever network",
        [allow("*", {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}})],
        {"public:*"},
    ),
    ("a range", [allow("*", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})], {"ip-range:203.0.113.0/24"}),
    ("a wide range", [allow("*", {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})], {"public:*"}),
    (
        "narrow ranges that add up",
        [allow("*", {"IpAddress": {"aws:SourceIp": [f"{n}.0.0.0/8" for n in range(256)]}})],
        {"public:*"},
    ),
    (
        "the identity outweighs the network",
        [allow("*", {**equals("aws:PrincipalOrgID", ORG), "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
        {f"organization:{ORG}"},
    ),
    (
        "a unique id",
        [allow("*", like("aws:userid", "AROAEXAMPLEEXAMPLE123:*"))],
        {"principal:AROAEXAMPLEEXAMPLE123"},
    ),
    (
        "a condition that anybody can meet",
        [allow("*", {"StringLike": {"aws:Referer": "https://example.com/*"}})],
        {"public:*"},
    ),
    (
        "mount targets",
        [
            allow(
                {"AWS": "*"},
                {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
                "elasticfilesystem:ClientMount",
            )
        ],
        {f"account:{OWN}"},
    ),
    # services
    (
        "an account only in the condition",
        [allow(DYNAMODB, equals("aws:SourceAccount", THEM))],
        {f"account:{THEM}"},
    ),
    (
        "a distribution of another account",
        [
            allow(
                {"Service": "cloudfront.amazonaws.com"},
                equals("AWS:SourceArn", f"arn:aws:cloudfront::{THEM}:distribution/E1"),
            )
        ],
        {f"account:{THEM}"},
    ),
    (
        "a service for any account",
        [allow(DYNAMODB, like("aws:SourceAccount", "*"))],
        {"service:replication.dynamodb.amazonaws.com"},
    ),
    (
        "a service, account not required",
        [allow(DYNAMODB, {"StringEqualsIfExists": {"aws:SourceAccount": THEM}})],
        {"service:replication.dynamodb.amazonaws.com"},
    ),
    (
        "a service for an organisation",
        [allow(DYNAMODB, equals("aws:SourceOrgID", ORG))],
        {f"organization:{ORG}"},
    ),
    ("a service has no organisation of its own", [allow(DYNAMODB, equals("aws:PrincipalOrgID", ORG))], set()),
    (
        "a service for a bucket of nobody knows whom",
        [allow({"Service": "s3.amazonaws.com"}, equals("aws:SourceArn", "arn:aws:s3:::their-bucket"))],
        {"service:s3.amazonaws.com"},
    ),
    # ids of accounts as logs have them that were made anonymous
    (
        "an account of another form",
        [allow("*", equals("aws:SourceOwner", "000000000"))],
        {"unknown:000000000"},
    ),
    (
        "a source's account of another form",
        [allow("*", equals("aws:SourceArn", "arn:aws:sns:eu-west-1:000000000:t"))],
        {"unknown:000000000"},
    ),
    (
        "a role's account of another form",
        [allow("*", like("aws:PrincipalArn", "arn:aws:iam::000000000:role/r"))],
        {"principal:arn:aws:iam::000000000:role/r"},
    ),
    ("a pattern of accounts", [allow("*", like("aws:PrincipalAccount", "00000*"))], {"public:*"}),
    # conditions that can't be met
    (
        "another account than the principal's",
        [allow(aws(THEM), equals("aws:PrincipalAccount", OTHER))],
        set(),
    ),
    (
        "the principal's own account",
        [allow(aws(THEM), equals("aws:PrincipalAccount", THEM, OTHER))],
        {f"account:{THEM}"},
    ),
]


@pytest.mark.parametrize(("statements", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_policy_comes_down_to_its_parties(statements: list[dict[str, Any]], expected: set[str]) -> None:
    cleaned = [{key: value for key, value in each.items() if value is not None} for each in statements]
    assert keys(ask(*cleaned)) == expected
