"""IAM policy documents: statements that spare who must not be locked out, packed into the size that AWS takes.

Sizes: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html (5,120 characters of an SCP
or RCP, white space counted) and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (6,144 of a managed policy).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exclave.harden.model import Options

MAX_ORGANIZATION, MAX_MANAGED = 5120, 6144
SERVICE_LINKED = "arn:*:iam::*:role/aws-service-role/*"
VERSION = "2012-10-17"

Statement = dict[str, Any]


class TooLongError(Exception):
    """One statement alone is longer than a policy may be."""


def deny(
    sid: str,
    actions: Iterable[str],
    *,
    resource: str | Sequence[str] = "*",
    condition: Mapping[str, Mapping[str, Any]] | None = None,
    principal: Any = None,
    spared: Sequence[str] = (),
) -> Statement:
    """A Deny. `spared` are ARN patterns of principals whom it does not hit."""
    found: Statement = {"Sid": sid, "Effect": "Deny"}
    if principal is not None:
        found["Principal"] = principal
    found["Action"] = _one(list(dict.fromkeys(actions)))
    found["Resource"] = resource if isinstance(resource, str) else _one(list(resource))
    conditions = {operator: dict(keys) for operator, keys in (condition or {}).items()}
    if spared:
        conditions.setdefault("ArnNotLikeIfExists", {})["aws:PrincipalArn"] = _one(sorted(spared))
    if conditions:
        found["Condition"] = conditions
    return found


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy of some statements."""
    return {"Version": VERSION, "Statement": list(statements)}


def text(policy: Mapping[str, Any]) -> str:
    """A policy as AWS is given it: no white space, which would count."""
    return orjson.dumps(policy).decode()


def indented(policy: Mapping[str, Any]) -> str:
    """A policy to be read."""
    return json.dumps(policy, indent=2, ensure_ascii=True) + "\n"


def packed(statements: Sequence[Statement], limit: int = MAX_ORGANIZATION) -> list[dict[str, Any]]:
    """As few policies as hold all statements; one with too many actions is cut in two.

    Raises:
        TooLongError: a statement of one action is longer than a policy may be.
    """
    out: list[list[Statement]] = []
    waiting = list(statements)
    while waiting:
        statement = waiting.pop(0)
        if len(text(document([statement]))) > limit:
            waiting[:0] = _halves(statement, limit)
            continue
        home = next((held for held in out if len(text(document([*held, statement]))) <= limit), None)
        if home is None:
            out.append([statement])
        else:
            home.append(statement)
    return [document(held) for held in out]


def _halves(statement: Statement, limit: int) -> list[Statement]:
    actions = statement["Action"]
    if not isinstance(actions, list) or len(actions) < 2:  # noqa: PLR2004 - nothing to cut
        raise TooLongError(
            f"statement {statement.get('Sid')} is longer than the {limit} characters of a policy"
        )
    middle = len(actions) // 2
    return [
        {**statement, "Sid": f"{statement['Sid']}{letter}", "Action": _one(part)}
        for letter, part in (("A", actions[:middle]), ("B", actions[middle:]))
    ]


def spared_by_policies(options: Options) -> tuple[str, ...]:
    """Principals that no policy of ours may lock out; organisation policies never hit service-linked roles."""
    return tuple(sorted(set(options.break_glass)))


def _one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
