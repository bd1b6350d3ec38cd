"""Policies that are changed a statement at a time (Lambda): which statements go, and how each is put back.

https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.policy.grants import grants
from exclave.revoke.jsontext import BadJsonError, parse
from exclave.revoke.policytext import CannotEditError, Party

if TYPE_CHECKING:
    from collections.abc import Sequence

# the condition keys of which AddPermission and AddLayerVersionPermission have a parameter
_PARAMETERS = {
    "aws:sourcearn": "source_arn",
    "aws:sourceaccount": "source_account",
    "aws:principalorgid": "organization",
    "lambda:eventsourcetoken": "token",
    "lambda:functionurlauthtype": "auth_type",
}


def theirs(text: str, parties: Sequence[Party], own_account: str) -> list[dict[str, Any]]:
    """The statements that let some parties in, as what AddPermission takes: sid, action, principal and conditions.

    `whole` is False where a condition has no parameter: the statement can't be put back as it was.

    Raises:
        CannotEditError: the policy can't be read, or a statement that lets them in lets others in too.
    """
    try:
        policy = parse(text).plain()
    except BadJsonError as error:
        raise CannotEditError(f"the policy is no JSON: {error}") from error
    listed = policy.get("Statement") if isinstance(policy, Mapping) else None
    out = []
    for statement in listed if isinstance(listed, list) else [listed]:
        if not isinstance(statement, Mapping) or str(statement.get("Effect", "")).lower() != "allow":
            continue
        found = grants({"Statement": [dict(statement)]}, own_account=own_account)
        hit = [g for g in found if any(p.holds(g) for p in parties)]
        if not hit:
            continue
        if len(hit) < len(found):
            raise CannotEditError(f"statement {statement.get('Sid', '')} also lets others in")
        out.append(_parameters(statement))
    return out


def _parameters(statement: Mapping[str, Any]) -> dict[str, Any]:
    principal = statement.get("Principal")
    single = (
        next(iter(principal.values()))
        if isinstance(principal, Mapping) and len(principal) == 1
        else principal
    )
    made: dict[str, Any] = {
        "sid": str(statement.get("Sid", "")),
        "action": statement.get("Action"),
        "principal": single,
        "whole": isinstance(single, str) and isinstance(statement.get("Action"), str),
    }
    condition = statement.get("Condition")
    for keys in (condition or {}).values() if isinstance(condition, Mapping) else ():
        for key, value in keys.items() if isinstance(keys, Mapping) else ():
            name = _PARAMETERS.get(str(key).lower())
            if name is None or not isinstance(value, str):
                made["whole"] = False
            else:
                made[name] = value
    return made
