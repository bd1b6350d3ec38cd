"""S3's own notion of public, on policies of our own.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from typing import Any

import pytest

from exclave.policy.public import is_public

ORG = "o-zz99yy88xx"


def write(principal: Any = "*", condition: Any = None) -> dict[str, Any]:
    found = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::photos/*",
    }
    return found if condition is None else {**found, "Condition": condition}


CASES: list[tuple[list[dict[str, Any]], bool]] = [
    ([write()], True),
    ([write({"AWS": "*"})], True),
    ([write({"Federated": "graph.facebook.com"})], True),
    ([write({"Federated": "arn:aws:iam::444444444444:saml-provider/corp"})], False),
    ([write({"Service": "logging.s3.amazonaws.com"}), write({"AWS": "444444444444"})], False),
    ([write({"Service": "logging.s3.amazonaws.com"}), write({"AWS": "444444444444"}), write()], True),
    ([write("*", {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}})], False),
    ([write("*", {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}})], True),
    ([write("*", {"IpAddress": {"aws:SourceIp": "2001::/16"}})], True),
    ([write("*", {"IpAddress": {"aws:SourceIp": "2001:db8::/32"}})], False),
    ([write("*", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], False),
    ([write("*", {"StringEquals": {"aws:PrincipalOrgID": ORG}})], False),
    ([write("*", {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}})], True),
    ([write("*", {"StringNotEquals": {"aws:PrincipalOrgID": ORG}})], True),
    ([write("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}})], True),
    ([write("*", {"StringEquals": {"s3:DataAccessPointAccount": "444444444444"}})], False),
    (
        [
            write(
                "*",
                {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:444444444444:accesspoint/*"}},
            )
        ],
        False,
    ),
    ([write("*", {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:*:accesspoint/a"}})], True),
    ([write("*", {"StringEquals": {"aws:SourceVpce": "vpce-77"}})], False),
    ([write("*", {"StringLike": {"aws:SourceVpc": "vpc-*"}})], True),
    ([write("*", {"StringLike": {"aws:userid": "AROAZZZZZZZZ:*"}})], True),
    ([write("*", {"StringEquals": {"aws:Referer": "https://example.com/"}})], True),
    ([{**write(), "Effect": "Deny"}], False),
    ([], False),
]


@pytest.mark.parametrize(("statements", "expected"), CASES)
def test_public_as_s3_says(statements: list[dict[str, Any]], expected: bool) -> None:
    assert is_public({"Version": "2012-10-17", "Statement": statements}) is expected


def test_what_can_not_be_read_is_neither() -> None:
    assert is_public("{") is None
    assert is_public({"Statement": [{"Effect": "Allow"}]}) is None
