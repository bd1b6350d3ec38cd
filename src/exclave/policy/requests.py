"""One concrete request, and whether a statement speaks of it: yes, no, or can't tell (None)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from exclave.policy.facts import ABSENT, Fact, every, negate, some
from exclave.policy.operators import holds
from exclave.policy.parties import arn_account, is_account, is_session_of, is_unique_id
from exclave.policy.patterns import ARN_PARTS, action_tokens, arn_covers, covers, literal
from exclave.policy.variables import Missing, expand

if TYPE_CHECKING:
    from exclave.policy.document import Policy, Principal, Statement


class Request(Struct, frozen=True, kw_only=True):
    """Who asks to do what to which resource.

    `principal`: the ARN of a user, role, session or root; a service's name; "" for an anonymous caller.
    `context`: condition keys (any case) and values. Without `complete`, a key that it lacks may be anything.
    """

    action: str
    resource: str
    principal: str
    resource_account: str
    context: Mapping[str, str | Sequence[str]] = {}
    complete: bool = True

    @property
    def account(self) -> str:
        """The caller's account, or "" for services and anonymous callers."""
        return self.principal if is_account(self.principal) else arn_account(self.principal)

    @property
    def by_service(self) -> bool:
        """Whether a service calls in its own name."""
        return bool(self.principal) and not self.account and not self.principal.startswith("arn:")

    def facts(self) -> dict[str, Fact]:
        """The context, and what follows from the principal and the resource where it doesn't say."""
        found = self._derived()
        for key, value in self.context.items():
            found[key.lower()] = Fact((value,)) if isinstance(value, str) else Fact(tuple(value))
        return found

    def _derived(self) -> dict[str, Fact]:
        found = {"aws:resourceaccount": Fact((self.resource_account,))} if self.resource_account else {}
        if self.by_service:
            found["aws:principalisawsservice"] = Fact(("true",))
            found["aws:principalservicename"] = Fact((self.principal,))
            return found
        if not self.account:
            return found if self.principal else found | {"aws:principaltype": Fact(("Anonymous",))}
        found |= _kind(self.principal)
        found["aws:principalisawsservice"] = Fact(("false",))
        found["aws:principalaccount"] = Fact((self.account,))
        found["aws:principalarn"] = _principal_arn(self.principal)
        return found


def _kind(arn: str) -> dict[str, Fact]:
    """aws:PrincipalType, and of a user aws:username.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltype
    """
    kind, _, name = arn.rpartition(":")[2].partition("/")
    types = {"user": "User", "role": "AssumedRole", "assumed-role": "AssumedRole", "root": "Account"}
    found = {"aws:principaltype": Fact((types[kind],))} if kind in types else {}
    return found | ({"aws:username": Fact((name.rpartition("/")[2],))} if kind == "user" else {})


def _principal_arn(arn: str) -> Fact:
    """aws:PrincipalArn: of a session it is the role's ARN, whose path the session doesn't tell."""
    parts = arn.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS or not parts[5].startswith("assumed-role/"):
        return Fact((arn,))
    role = parts[5].split("/")[1]
    head = f"arn:{parts[1]}:iam::{parts[4]}:role/"
    return Fact((f"{head}{role}", f"{head}*/{role}"), patterns=True)


class Named(Enum):
    """How a statement comes to speak of a principal."""

    DIRECTLY = "directly"  # by its ARN, its service, or as everybody
    ROLE = "role"  # by the ARN of the role behind its session
    ACCOUNT = "account"  # through its account, whose own policies must then allow it


def speaks_of(
    statement: Statement, request: Request, facts: Mapping[str, Fact], policy: Policy, how: frozenset[Named]
) -> bool | None:
    """Whether the statement is about the request, naming its principal in one of the ways of `how`."""
    return every(
        (
            _action(statement, request),
            _principal(statement, request, how),
            _resource(statement, request, facts, policy),
            *(
                holds(c, facts, complete=request.complete, variables=policy.has_variables)
                for c in statement.conditions
            ),
        )
    )


def _action(statement: Statement, request: Request) -> bool:
    asked = literal(request.action.lower())
    listed = any(covers(action_tokens(pattern), asked) for pattern in statement.actions)
    return listed != statement.not_action


def _resource(
    statement: Statement, request: Request, facts: Mapping[str, Fact], policy: Policy
) -> bool | None:
    answers: list[bool | None] = []
    for pattern in statement.resources:
        value = expand(pattern, facts, complete=request.complete, variables=policy.has_variables)
        if isinstance(value, Missing):
            answers.append(None if value is Missing.UNSURE else False)
        else:
            answers.append(arn_covers(value, literal(request.resource)))
    listed = some(answers)
    return negate(listed) if statement.not_resource else listed


def _principal(statement: Statement, request: Request, how: frozenset[Named]) -> bool | None:
    if statement.principals is None:
        return True
    if statement.not_principal:
        return _not_listed(statement, request)
    return some(_is(principal, request, how) for principal in statement.principals)


def _is(listed: Principal, request: Request, how: frozenset[Named]) -> bool | None:
    """Whether the request's principal is the listed one."""
    if listed.type == "*":
        return Named.DIRECTLY in how
    if listed.type == "Service" or request.by_service or not request.principal:
        return listed.type == "Service" and listed.id == request.principal and Named.DIRECTLY in how
    # a canonical id or a federated identity may stand behind any ARN
    return _is_aws(listed.id, request, how) if listed.type == "AWS" else None


def _is_aws(listed: str, request: Request, how: frozenset[Named]) -> bool | None:
    if listed == request.principal:
        return Named.DIRECTLY in how
    if listed in {request.account, _root(request)}:
        return Named.ACCOUNT in how
    if is_session_of(request.principal, listed):
        return Named.ROLE in how
    if not is_unique_id(listed):
        return False
    fact = request.facts().get("aws:userid", ABSENT)
    return (fact.values[0].partition(":")[0] == listed and Named.DIRECTLY in how) if fact.values else None


def _root(request: Request) -> str:
    parts = request.principal.split(":", ARN_PARTS - 1)
    return f"arn:{parts[1]}:iam::{parts[4]}:root" if len(parts) == ARN_PARTS else ""


def _not_listed(statement: Statement, request: Request) -> bool | None:
    """NotPrincipal: a Deny spares whom it lists with their account (and, for a session, the role).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    listed = statement.principals or ()
    ways = {way: some(_is(principal, request, frozenset({way})) for principal in listed) for way in Named}
    if ways[Named.DIRECTLY] is None:
        return None
    if not ways[Named.DIRECTLY]:
        # only the account or the role is listed: a Deny still hits; of an Allow AWS doesn't say
        named = ways[Named.ACCOUNT] or ways[Named.ROLE]
        return None if named and statement.allow else True
    whole = request.by_service or any(principal.type == "*" for principal in listed) or ways[Named.ACCOUNT]
    session = ":assumed-role/" in request.principal and not ways[Named.ROLE]
    return (
        False if statement.allow or (whole and not session) or request.principal == _root(request) else None
    )
