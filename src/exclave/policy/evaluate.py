"""Whether policies allow one request: allows, denies, or can't tell.

Evaluation logic: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Cross-account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from exclave.policy.document import Malformed, Policy, parse
from exclave.policy.facts import every, negate, some
from exclave.policy.requests import Named, Request, speaks_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANY = frozenset(Named)
_DIRECTLY = frozenset({Named.DIRECTLY})
_NAMED = frozenset({Named.DIRECTLY, Named.ROLE})


class Answer(StrEnum):
    """What policies say of a request."""

    ALLOWS = "allows"
    DENIES = "denies"
    CANT_TELL = "can't tell"


class Policies(Struct, frozen=True, kw_only=True):
    """All that bears on a request; each document a mapping, a JSON string or a parsed Policy.

    `identity`: the caller's own policies; None when they aren't known (then they may allow). `resource`: the
    resource's policy. `scps`, `rcps`: one sequence of documents per level from the root down to the account.
    """

    identity: Sequence[object] | None = ()
    resource: object = None
    boundary: object = None
    scps: Sequence[Sequence[object]] = ()
    rcps: Sequence[Sequence[object]] = ()


def evaluate(request: Request, policies: Policies) -> Answer:
    """The answer. An explicit Deny anywhere wins; then every layer that applies must allow."""
    known = policies.identity if policies.identity is not None else ()
    layers = [
        *known,
        policies.resource,
        policies.boundary,
        *(document for level in (*policies.scps, *policies.rcps) for document in level),
    ]
    denied = some(_says(document, request, allow=False, how=_ANY) for document in layers)
    if denied:
        return Answer.DENIES
    allowed = every((negate(denied), _scps(request, policies), _granted(request, policies)))
    if allowed is None:
        return Answer.CANT_TELL
    return Answer.ALLOWS if allowed else Answer.DENIES


def _scps(request: Request, policies: Policies) -> bool | None:
    """Every level must allow. They don't hold for services that call in their own name, nor for strangers."""
    if not request.account:
        return True
    return every(_allows(level, request) for level in policies.scps)


def _granted(request: Request, policies: Policies) -> bool | None:
    """Whether the identity's and the resource's side together allow."""
    directly = _says(policies.resource, request, allow=True, how=_NAMED)
    if not request.account:
        return directly
    identity = None if policies.identity is None else _allows(policies.identity, request)
    bounded = True if policies.boundary is None else _allows((policies.boundary,), request)
    own = every((identity, bounded))
    by_account = _says(policies.resource, request, allow=True, how=_ANY)
    if request.account != request.resource_account:
        return every((own, by_account))
    # in one account, being named is enough; being of a named account only lets one's own policies decide
    named = every((directly, _unbounded(request, policies, bounded)))
    if _needs_resource_policy(request.action):
        return some((named, every((own, by_account))))
    return some((own, named))


def _unbounded(request: Request, policies: Policies, bounded: bool | None) -> bool | None:
    """Whether a boundary that doesn't allow leaves a resource policy's grant alone.

    It does for a user or a session named by its ARN, it doesn't for a role; AWS doesn't say for `*`.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    direct = _says(policies.resource, request, allow=True, how=_DIRECTLY)
    if bounded or direct is False or ":role/" in request.principal:
        return bounded
    policy = parse(policies.resource) if not isinstance(policies.resource, Policy) else policies.resource
    if isinstance(policy, Malformed):
        return None
    named = any(
        principal.id == request.principal
        for statement in policy.statements
        if statement.allow and not statement.not_principal
        for principal in statement.principals or ()
    )
    return True if named else None


def _needs_resource_policy(action: str) -> bool:
    """KMS keys and role trust: identity policies count only where the resource's policy lets them.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    return action.lower().startswith(("kms:", "sts:assumerole"))


def _allows(documents: Iterable[object], request: Request) -> bool | None:
    return some(_says(document, request, allow=True, how=_ANY) for document in documents)


def _says(document: object, request: Request, *, allow: bool, how: frozenset[Named]) -> bool | None:
    """Whether a document has an Allow (or a Deny) that speaks of the request."""
    policy = document if isinstance(document, Policy) else parse(document)
    if isinstance(policy, Malformed):
        return None
    facts = request.facts()
    answers = [
        speaks_of(statement, request, facts, policy, how)
        for statement in policy.statements
        if statement.allow is allow
    ]
    if policy.problems:
        answers.append(None)
    return some(answers)
