"""Who a principal, or the value of a condition, stands for.

Principals: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
Keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from exclave.model import Kind
from exclave.policy.patterns import ARN_PARTS

if TYPE_CHECKING:
    from exclave.policy.document import Principal

OWN_ORGANIZATION = (
    "${aws:ResourceOrgID}"  # the organisation of whoever owns the resource, when that is all we know
)
OWN_ACCOUNT = "${aws:ResourceAccount}"

UNIQUE_ID = "a principal by its unique id, which AWS shows once it is deleted; its account isn't known"


class Party(Struct, frozen=True, kw_only=True):
    """Somebody a statement lets in. `account` is theirs where it is known, `via` a service in between."""

    kind: Kind
    id: str
    account: str = ""
    via: str = ""
    note: str = ""


class Value(Struct, frozen=True, kw_only=True):
    """A value of a condition. `wild`: the operator reads `*`; `by_part`: it compares ARNs part by part."""

    text: str
    wild: bool = False
    by_part: bool = False


EVERYBODY = Party(kind=Kind.PUBLIC, id="*")


def of_principal(principal: Principal) -> Party:
    """The party that a Principal element names."""
    text = principal.id
    match principal.type:
        case "*":
            return EVERYBODY
        case "Service":
            return Party(kind=Kind.SERVICE, id=text)
        case "CanonicalUser":
            return Party(kind=Kind.CANONICAL_ID, id=text)
        case "Federated":
            return Party(kind=Kind.PRINCIPAL, id=text, account=arn_account(text), note="a federated identity")
        case _:
            return _aws(text)


def _aws(text: str) -> Party:
    if is_account(text):
        return Party(kind=Kind.ACCOUNT, id=text, account=text)
    if is_unique_id(text):
        return Party(kind=Kind.PRINCIPAL, id=text, note=UNIQUE_ID)
    parts = text.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS or parts[0] != "arn":
        return Party(kind=Kind.UNKNOWN, id=text, note="a principal of a form that AWS doesn't document")
    account = parts[4]
    if has_wildcard(account):
        return Party(kind=Kind.PUBLIC, id="*", note=f"a principal of any account: {text[:200]}")
    if is_account(account) and parts[5] in {"root", "*"}:
        return Party(kind=Kind.ACCOUNT, id=account, account=account)
    return Party(kind=Kind.PRINCIPAL, id=text, account=account if is_account(account) else "")


def is_account(text: str) -> bool:
    """Whether it is an account id: twelve digits."""
    return len(text) == 12 and text.isascii() and text.isdigit()  # noqa: PLR2004 - the digits of an account id


def is_unique_id(text: str) -> bool:
    """Whether it is a unique id of IAM, such as AIDA... (user) or AROA... (role)."""
    return re.fullmatch(r"A[A-Z]{3}[A-Z0-9]{4,124}", text) is not None


def has_wildcard(text: str) -> bool:
    """Whether it holds `*`, `?` or a policy variable: something that isn't fixed."""
    return "*" in text or "?" in text or "${" in text


def arn_account(text: str) -> str:
    """The account of an ARN, or ""."""
    parts = text.split(":", ARN_PARTS - 1)
    return parts[4] if len(parts) == ARN_PARTS and parts[0] == "arn" and is_account(parts[4]) else ""


def is_session_of(session: str, role: str) -> bool:
    """Whether an assumed-role session's ARN is of the role: it holds the role's name, not its path."""
    one, other = session.split(":", ARN_PARTS - 1), role.split(":", ARN_PARTS - 1)
    if len(one) < ARN_PARTS or len(other) < ARN_PARTS or one[1] != other[1] or one[4] != other[4]:
        return False
    kind, _, rest = one[5].partition("/")
    name = rest.partition("/")[0]
    return (
        bool(name)
        and kind == "assumed-role"
        and other[5].startswith("role/")
        and other[5].endswith(f"/{name}")
    )


def _account(text: str) -> Party | None:
    """An account by its id. One of another form lets nobody in, or stands for an account in a log made anonymous."""
    if is_account(text):
        return Party(kind=Kind.ACCOUNT, id=text, account=text)
    if not text or has_wildcard(text):
        return None
    return Party(kind=Kind.UNKNOWN, id=text, note="not the id of an account")


def account(value: Value) -> Party | None:
    """An account id."""
    text = value.text.strip()
    if text == OWN_ACCOUNT:
        return Party(kind=Kind.ACCOUNT, id=text, note="the account that owns the resource")
    return _account(text)


def organization(value: Value) -> Party | None:
    """An organisation's id."""
    if value.text == OWN_ORGANIZATION:
        return Party(kind=Kind.ORGANIZATION, id=value.text, note="the organisation that owns the resource")
    return Party(kind=Kind.ORGANIZATION, id=value.text) if _is_org(value.text) else None


def _is_org(text: str) -> bool:
    return re.fullmatch(r"o-[a-z0-9]{1,32}", text) is not None


def org_path(value: Value) -> Party | None:
    """`o-org/r-root/ou-unit/*`. Only the organisation's id is unique, so a path must start with one.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
    """
    head, _, rest = value.text.partition("/")
    if head == OWN_ORGANIZATION or not _is_org(head):
        return organization(Value(text=head)) if head == OWN_ORGANIZATION else None
    units = [part for part in rest.split("/") if part]
    if units and units[-1] == "*":
        units.pop()
    if len(units) <= 1 or has_wildcard("".join(units)):
        return Party(kind=Kind.ORGANIZATION, id=head)
    return Party(kind=Kind.ORG_UNIT, id="/".join((head, *units)))


def principal_arn(value: Value) -> Party | None:
    """An ARN of a user or role whose account is fixed."""
    parts = _fixed_account(value, wild_region=False)
    if parts is None:
        return None
    if parts[5] in {"root", "*"}:
        return _account(parts[4])
    return Party(kind=Kind.PRINCIPAL, id=value.text, account=arn_account(value.text))


def resource_arn(value: Value) -> Party | None:
    """An ARN of the resource that a service acts for: its account, or its bucket (no account there)."""
    parts = _fixed_account(value, wild_region=True)
    if parts is not None:
        return _account(parts[4])
    parts = value.text.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS or parts[0] != "arn":
        return None
    name = parts[5].partition("/")[0]
    if parts[2] == "s3" and parts[4] in {"", "*"} and ":" not in name and name and not has_wildcard(name):
        return Party(kind=Kind.BUCKET, id=name)
    if parts[4] == "" and not has_wildcard(value.text):
        return Party(kind=Kind.UNKNOWN, id=value.text, note="a resource whose ARN holds no account")
    return None


def _fixed_account(value: Value, *, wild_region: bool) -> list[str] | None:
    """The parts of an ARN whose account is fixed.

    Under StringLike a wildcard before the account may match colons, and a role's path may hold colons, so
    that `arn:*:iam::1...:role/x` also matches `arn:aws:iam::2...:role/:iam::1...:role/x` of another account.
    """
    parts = value.text.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS or parts[0] != "arn" or not parts[4] or has_wildcard(parts[4]):
        return None
    loose = parts[1:3] if wild_region else parts[1:4]
    if value.wild and not value.by_part and has_wildcard("".join(loose)):
        return None
    return parts


def unique_id(value: Value) -> Party | None:
    """A value of aws:userid: `AIDA...`, `AROA...:session`, an account id (its root user)."""
    head = value.text.partition(":")[0]
    if is_account(head):
        return Party(kind=Kind.ACCOUNT, id=head, account=head)
    return Party(kind=Kind.PRINCIPAL, id=head, note=UNIQUE_ID) if is_unique_id(head) else None


def service(value: Value) -> Party | None:
    """A service's name."""
    return None if has_wildcard(value.text) else Party(kind=Kind.SERVICE, id=value.text)


def any_service(value: Value) -> Party | None:
    """`true` of aws:PrincipalIsAWSService."""
    return Party(kind=Kind.SERVICE, id="*") if value.text.lower() == "true" else None


def vpc(value: Value) -> Party | None:
    """A VPC or an endpoint of one."""
    return Party(kind=Kind.VPC, id=value.text) if value.text and not has_wildcard(value.text) else None


def mount_target(value: Value) -> Party | None:
    """`true` of elasticfilesystem:AccessedViaMountTarget: whoever reaches the owner's own network."""
    if value.text.lower() != "true":
        return None
    return Party(kind=Kind.ACCOUNT, id=OWN_ACCOUNT, note="whoever reaches the file system's mount targets")
