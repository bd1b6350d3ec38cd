"""Minimal policies for tests: an owner, two strangers, and statements in a few words."""

from __future__ import annotations

from typing import Any

from exclave.policy.grants import Grant, grants

OWN = "111111111111"
THEM = "222222222222"
OTHER = "333333333333"
ORG = "o-abc1234567"
ROLE = f"arn:aws:iam::{THEM}:role/taker"


def allow(
    principal: Any = "*", condition: Any = None, action: Any = "s3:GetObject", **more: Any
) -> dict[str, Any]:
    found = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return found if condition is None else {**found, "Condition": condition}


def deny(principal: Any = "*", condition: Any = None, action: Any = "s3:*", **more: Any) -> dict[str, Any]:
    return {**allow(principal, condition, action, **more), "Effect": "Deny"}


def aws(*ids: str) -> dict[str, Any]:
    return {"AWS": list(ids)}


def equals(key: str, *values: str) -> dict[str, Any]:
    return {"StringEquals": {key: list(values)}}


def like(key: str, *values: str) -> dict[str, Any]:
    return {"StringLike": {key: list(values)}}


def ask(
    *statements: dict[str, Any], actions: tuple[str, ...] = (), version: str = "2012-10-17"
) -> list[Grant]:
    return grants({"Version": version, "Statement": list(statements)}, own_account=OWN, actions=actions)


def keys(found: list[Grant]) -> set[str]:
    return {grant.destination().key for grant in found}


NOT_OUR_ORG = {"StringNotEquals": {"aws:PrincipalOrgID": ORG}}
DYNAMODB = {"Service": "replication.dynamodb.amazonaws.com"}
