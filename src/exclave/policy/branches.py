"""A branch: one principal of one Allow, with the conditions that it must meet, and what is known of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from exclave.model import Kind
from exclave.policy import binding
from exclave.policy.document import Condition, Principal
from exclave.policy.facts import ABSENT, Fact
from exclave.policy.operators import holds
from exclave.policy.parties import Party, has_wildcard

if TYPE_CHECKING:
    from exclave.policy.document import Policy, Statement

_PATTERNED = frozenset({"StringLike", "ArnLike", "ArnEquals"})
_PLAIN = frozenset({"StringEquals", "Bool", "IpAddress"})
_OF_PRINCIPALS = ("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn")


class Branch(Struct, frozen=True, kw_only=True):
    """One way in. `conditions` must all hold; `limits` are further words; `variables` as in the document."""

    principal: Principal
    conditions: tuple[Condition, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resource: bool = False
    limits: tuple[str, ...] = ()
    note: str = ""
    variables: bool = True

    def party(self) -> tuple[Party, Condition | None]:
        """Who this is, and the condition that says so."""
        return binding.party(self.principal, self.conditions, variables=self.variables)

    def facts(self) -> dict[str, Fact]:
        """What every request of this branch has in common. A key that isn't here may have any value."""
        found = {**_stated(self.conditions), **_of(self.principal)}
        if any(found.get(key, ABSENT).values for key in _OF_PRINCIPALS):
            found.setdefault("aws:principalisawsservice", Fact(("false",)))
        return found

    def possible(self) -> bool:
        """Whether the conditions can hold for this principal at all."""
        facts = _of(self.principal)
        return all(
            holds(c, facts, complete=False, variables=self.variables) is not False for c in self.conditions
        )


def split(branch: Branch) -> list[Branch]:
    """One branch per party that its binding condition names."""
    bound = binding.winner(branch.principal, branch.conditions, variables=branch.variables)
    if bound is None or len(bound[0].values) == 1:
        return [branch]
    chosen = bound[0]
    at = branch.conditions.index(chosen)
    return [
        replace(
            branch,
            conditions=(
                *branch.conditions[:at], replace(chosen, values=(value,)), *branch.conditions[at + 1 :],
            ),
        )
        for value in chosen.values
    ]  # fmt: skip


def with_owner(policy: Policy, account: str) -> Policy:
    """The policy with `${aws:ResourceAccount}` filled in, where the owner is known."""
    if not account or not policy.has_variables:
        return policy

    def fill(value: str) -> str:
        return re.sub(r"\$\{aws:ResourceAccount\}", account, value, flags=re.IGNORECASE)

    def one(statement: Statement) -> Statement:
        return replace(
            statement,
            conditions=tuple(
                replace(c, values=tuple(fill(value) for value in c.values)) for c in statement.conditions
            ),
        )

    return replace(policy, statements=tuple(one(statement) for statement in policy.statements))


def _stated(conditions: tuple[Condition, ...]) -> dict[str, Fact]:
    """What conditions that can only hold with their key present say of its value."""
    found: dict[str, Fact] = {}
    for c in conditions:
        if c.if_exists or c.quantifier or not c.values or any("${" in value for value in c.values):
            continue
        if c.operator in _PATTERNED:
            found.setdefault(c.key, Fact(c.values, patterns=True))
        elif c.operator in _PLAIN and not any(has_wildcard(value) for value in c.values):
            # a single value is known for what it is; of several, and of a range, the request has one
            found.setdefault(c.key, Fact(c.values, patterns=len(c.values) > 1))
    return found


def _of(principal: Principal) -> dict[str, Fact]:
    if principal.type == "*":
        return {}
    if principal.type == "Service":
        # a service's own requests lack these keys: "Properties of the principal" (page in parties.py)
        lacking = (*_OF_PRINCIPALS, "kms:calleraccount", "aws:sourcevpc", "aws:sourcevpce")
        return {
            **dict.fromkeys(lacking, ABSENT),
            "aws:principalisawsservice": Fact(("true",)),
            "aws:principalservicename": Fact((principal.id,)),
        }
    found = {"aws:principalisawsservice": Fact(("false",)), "aws:principalservicename": ABSENT}
    party = binding.party(principal, ())[0]
    if not party.account or principal.type != "AWS":
        return found
    found |= {key: Fact((party.account,)) for key in ("aws:principalaccount", "kms:calleraccount")}
    if party.kind is Kind.ACCOUNT:
        found["aws:principalarn"] = Fact((f"arn:*:*::{party.account}:*",), patterns=True)
    elif ":iam:" in party.id:
        found["aws:principalarn"] = Fact((party.id,), patterns=True)
    return found
