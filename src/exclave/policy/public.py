"""Whether S3 calls a bucket policy public, which isn't the same as who gets in (grants.py answers that).

Source, "The meaning of public":
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from exclave.policy.binding import is_wide
from exclave.policy.document import Condition, Malformed, Policy, Principal, Statement, parse
from exclave.policy.operators import network
from exclave.policy.parties import arn_account, has_wildcard

_FIXED_KEYS = frozenset(
    {
        "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn",
        "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
        "aws:userid", "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)  # fmt: skip
_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})


def is_public(document: object) -> bool | None:
    """True or False as S3 says, None when the document can't be read."""
    policy = document if isinstance(document, Policy) else parse(document)
    if isinstance(policy, Malformed):
        return None
    if any(_public(statement) for statement in policy.statements):
        return True
    return None if policy.unread_allow else False


def _public(statement: Statement) -> bool:
    if not statement.allow or statement.principals is None:
        return False
    if any(_fixes(condition) for condition in statement.conditions):
        return False
    return statement.not_principal or any(not _fixed(principal) for principal in statement.principals)


def _fixed(principal: Principal) -> bool:
    if principal.type == "Federated":
        return bool(arn_account(principal.id))  # a web identity provider is everybody who signs in there
    return principal.type != "*" and not has_wildcard(principal.id)


def _fixes(condition: Condition) -> bool:
    """Whether the condition holds the caller to a fixed value."""
    if condition.if_exists or not condition.values:
        return False
    if condition.quantifier and condition.key != "aws:principalorgpaths":
        return False
    if condition.key == "aws:sourceip" and condition.operator == "IpAddress":
        return all((found := network(value)) is not None and not is_wide(found) for value in condition.values)
    if condition.key not in _FIXED_KEYS or condition.operator not in _OPERATORS:
        return False
    return all(_fixed_value(condition.key, value) for value in condition.values)


def _fixed_value(key: str, value: str) -> bool:
    if key == "s3:dataaccesspointarn":
        return bool(arn_account(value))  # the name of the access point may be a pattern
    if key == "aws:principalorgpaths":
        return not has_wildcard(value.removesuffix("*"))
    return not has_wildcard(value)
