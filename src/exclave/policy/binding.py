"""Which condition says who may come in, where the principal is everybody or a service.

A condition binds when it names parties by a value that callers can't choose, and can't be met without the
key: not negated, no wildcard in what identifies, no IfExists or ForAllValues unless Null asks for the key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.model import Kind
from exclave.policy import parties
from exclave.policy.operators import network
from exclave.policy.parties import Party, Value

if TYPE_CHECKING:
    from exclave.policy.document import Condition, Principal

Reader = Callable[[Value], Party | None]

WIDEST_V4 = 8  # S3 calls broader ranges public
WIDEST_V6 = 32

_WILD = frozenset({"StringLike", "ArnLike", "ArnEquals"})
_BINDING = _WILD | {"StringEquals", "StringEqualsIgnoreCase"}


def address(value: Value) -> Party | None:
    """A range of addresses that isn't very wide, or is a private one."""
    found = network(value.text)
    if found is None or is_wide(found):
        return None
    return Party(kind=Kind.IP_RANGE, id=value.text.strip())


def is_wide(found: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether S3's documentation calls the range very broad.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    if isinstance(found, ipaddress.IPv6Network):
        return found.prefixlen < WIDEST_V6
    private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    return found.prefixlen < WIDEST_V4 and not any(
        found.subnet_of(ipaddress.IPv4Network(each)) for each in private
    )


# The most telling first. The second field: the bare operator that the key takes, "" for strings and ARNs.
_KEYS: tuple[tuple[str, str, Reader], ...] = (
    ("aws:principalarn", "", parties.principal_arn),
    ("aws:userid", "", parties.unique_id),
    ("aws:principalaccount", "", parties.account),
    ("kms:calleraccount", "", parties.account),
    ("aws:sourceaccount", "", parties.account),
    ("aws:sourceowner", "", parties.account),
    ("aws:sourcearn", "", parties.resource_arn),
    ("s3:dataaccesspointaccount", "", parties.account),
    ("s3:dataaccesspointarn", "", parties.resource_arn),
    ("elasticfilesystem:accesspointarn", "", parties.resource_arn),
    ("lambda:sourcefunctionarn", "", parties.resource_arn),
    ("aws:vpceaccount", "", parties.account),
    ("aws:principalorgpaths", "", parties.org_path),
    ("aws:sourceorgpaths", "", parties.org_path),
    ("aws:vpceorgpaths", "", parties.org_path),
    ("aws:principalorgid", "", parties.organization),
    ("aws:sourceorgid", "", parties.organization),
    ("aws:vpceorgid", "", parties.organization),
    ("aws:principalservicename", "", parties.service),
    ("aws:principalservicenameslist", "", parties.service),
    ("aws:principalisawsservice", "Bool", parties.any_service),
    ("aws:sourcevpce", "", parties.vpc),
    ("aws:sourcevpc", "", parties.vpc),
    ("aws:sourceip", "IpAddress", address),
    ("elasticfilesystem:accessedviamounttarget", "Bool", parties.mount_target),
)
_FOR_SERVICES = frozenset(
    {"aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgpaths", "aws:sourceorgid"}
)


def winner(
    principal: Principal, conditions: tuple[Condition, ...], *, variables: bool = True
) -> tuple[Condition, Reader] | None:
    """The condition that says who comes in, and how to read its values; None when none does.

    Without `variables`, as in documents of 2008, `${...}` is plain text and names nobody.
    """
    if principal.type not in {"*", "Service"}:
        return None
    required = {
        c.key for c in conditions if c.operator == "Null" and c.values and "true" not in _low(c.values)
    }
    stated = [c for c in conditions if variables or not any("${" in value for value in c.values)]
    for key, operator, reader in _KEYS:
        if principal.type == "Service":
            if key not in _FOR_SERVICES:
                continue
            reader = _owned(reader)  # noqa: PLW2901
        for condition in stated:
            if condition.key == key and _binds(condition, operator, reader, required=key in required):
                return condition, reader
    return None


def _owned(reader: Reader) -> Reader:
    """Only parties that own something: a bucket's name doesn't say whom a service acts for."""

    def read_owner(value: Value) -> Party | None:
        found = reader(value)
        return found if found and found.kind in {Kind.ACCOUNT, Kind.ORGANIZATION, Kind.ORG_UNIT} else None

    return read_owner


def _low(values: tuple[str, ...]) -> set[str]:
    return {value.lower() for value in values}


def _binds(condition: Condition, operator: str, reader: Reader, *, required: bool) -> bool:
    if condition.operator != operator and (operator or condition.operator not in _BINDING):
        return False
    if not required and (condition.if_exists or condition.quantifier == "all"):
        return False
    if not condition.values or any(read(condition, reader, value) is None for value in condition.values):
        return False
    return operator != "IpAddress" or not _wide_together(condition.values)


def _wide_together(values: tuple[str, ...]) -> bool:
    """Whether narrow ranges add up to a wide one, as 0.0.0.0/8 to 255.0.0.0/8 do."""
    found = [network(value) for value in values]
    four = ipaddress.collapse_addresses(n for n in found if isinstance(n, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(n for n in found if isinstance(n, ipaddress.IPv6Network))
    return any(is_wide(n) for n in four) or any(is_wide(n) for n in six)


def read(condition: Condition, reader: Reader, value: str) -> Party | None:
    """The party that one value of a binding condition names."""
    wild = condition.operator in _WILD
    return reader(Value(text=value, wild=wild, by_part=wild and condition.operator != "StringLike"))


def party(
    principal: Principal, conditions: tuple[Condition, ...], *, variables: bool = True
) -> tuple[Party, Condition | None]:
    """Who comes in, and the condition that says so. A binding condition is expected to have one value."""
    base = parties.of_principal(principal)
    bound = winner(principal, conditions, variables=variables)
    if bound is None:
        return base, None
    condition, reader = bound
    found = read(condition, reader, condition.values[0])
    if found is None:
        return base, None
    if principal.type == "Service":
        found = replace(found, via=principal.id)
    return found, condition
