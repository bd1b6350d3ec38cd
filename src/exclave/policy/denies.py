"""What Deny statements take away from an Allow, or narrow it to.

A Deny counts for the actions and resources that it covers wholly. Where its conditions hold for everybody
in a branch, that part of the branch is gone; where they may hold, the branch lives on for those for whom
one of them doesn't: `Deny * unless aws:PrincipalOrgID is o-1` leaves the members of o-1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.model import Kind
from exclave.policy.branches import Branch, split
from exclave.policy.document import Condition, Policy, Principal, Statement
from exclave.policy.facts import every, negate, some
from exclave.policy.operators import holds
from exclave.policy.parties import Party, is_session_of, of_principal
from exclave.policy.patterns import action_tokens, arn_covers, arn_overlap, covers, overlap, tokens
from exclave.policy.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_STEPS = 100_000  # comparisons made for one document (a second of work); beyond it, denies no longer count
MAX_BRANCHES = 64  # into which the denies may split one party of one Allow
MAX_LIMIT = 300  # characters of a limit in words

_OPPOSITES = {
    "StringEquals": "StringNotEquals", "StringNotEquals": "StringEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringLike": "StringNotLike", "StringNotLike": "StringLike",
    "ArnEquals": "ArnNotEquals", "ArnNotEquals": "ArnEquals",
    "ArnLike": "ArnNotLike", "ArnNotLike": "ArnLike",
    "IpAddress": "NotIpAddress", "NotIpAddress": "IpAddress",
    "NumericEquals": "NumericNotEquals", "NumericNotEquals": "NumericEquals",
    "DateEquals": "DateNotEquals", "DateNotEquals": "DateEquals",
    "NumericLessThan": "NumericGreaterThanEquals", "NumericGreaterThanEquals": "NumericLessThan",
    "NumericGreaterThan": "NumericLessThanEquals", "NumericLessThanEquals": "NumericGreaterThan",
    "DateLessThan": "DateGreaterThanEquals", "DateGreaterThanEquals": "DateLessThan",
    "DateGreaterThan": "DateLessThanEquals", "DateLessThanEquals": "DateGreaterThan",
}  # fmt: skip
_FLIPPED = {"true": "false", "false": "true"}
_NAMES_CALLER = frozenset(
    {
        "aws:principalarn",
        "aws:principalaccount",
        "aws:userid",
        "kms:calleraccount",
        "aws:principalservicename",
    }
)


class Denies:
    """The Deny statements of one policy, and how much work they may still cause."""

    def __init__(self, policy: Policy) -> None:
        self._denies = sorted((s for s in policy.statements if not s.allow), key=repr)
        self._steps = MAX_STEPS

    def apply(self, start: Branch) -> list[Branch]:
        """What is left of a branch."""
        return [left for branch in _settled(start) for left in self._left(branch)]

    def _left(self, start: Branch) -> list[Branch]:
        branches = [start]
        for deny in self._denies:
            cost = sum(_cost(deny, branch) for branch in branches)
            if cost > self._steps or len(branches) > MAX_BRANCHES:
                continue
            self._steps -= cost
            branches = [left for branch in branches for left in _apply(deny, branch)]
        return branches


def _cost(deny: Statement, branch: Branch) -> int:
    """About how many comparisons it takes to hold a Deny against a branch."""
    actions = len(branch.actions) * len(deny.actions)
    resources = len(branch.resources) * len(deny.resources)
    return 1 + actions + resources + len(deny.principals or ()) + sum(len(c.values) for c in deny.conditions)


def _settled(branch: Branch) -> list[Branch]:
    return [each for each in split(branch) if each.possible()]


def _apply(deny: Statement, branch: Branch) -> Iterator[Branch]:
    actions = tuple(a for a in branch.actions if _covers_action(deny, a))
    resources = tuple(r for r in branch.resources if _covers_resource(deny, r, inverted=branch.not_resource))
    if not actions or not resources:
        yield branch
        return
    other_actions = tuple(a for a in branch.actions if a not in actions)
    other_resources = tuple(r for r in branch.resources if r not in resources)
    if other_actions:
        yield replace(branch, actions=other_actions)
    if other_resources:
        yield replace(branch, actions=actions, resources=other_resources)
    for left in _survivors(deny, replace(branch, actions=actions, resources=resources)):
        yield from _settled(left)


def _covers_action(deny: Statement, action: str) -> bool:
    asked = action_tokens(action)
    if deny.not_action:
        return not any(overlap(asked, action_tokens(refused)) for refused in deny.actions)
    return any(covers(action_tokens(pattern), asked) for pattern in deny.actions)


def _covers_resource(deny: Statement, resource: str, *, inverted: bool) -> bool:
    """Whether the Deny reaches all of a resource. `inverted`: the Allow is for everything but `resource`."""
    if inverted:
        return not deny.not_resource and "*" in deny.resources
    asked = tokens(resource)
    if deny.not_resource:
        return not any(arn_overlap(asked, tokens(spared)) for spared in deny.resources)
    return any(arn_covers(tokens(pattern), asked) for pattern in deny.resources)


def _survivors(deny: Statement, branch: Branch) -> Iterator[Branch]:
    """What a Deny leaves of a branch whose actions and resources it covers."""
    reach = _reach(deny, branch)
    facts = branch.facts()
    answers = [(c, holds(c, facts, complete=False, variables=branch.variables)) for c in deny.conditions]
    applies = every(answer for _, answer in answers)
    if reach is False or applies is False:
        yield branch
    elif reach and applies:
        return
    elif reach:
        yield from _unless(branch, [c for c, answer in answers if answer is None])
    elif applies:
        yield from _spared(deny, branch)
    else:
        yield branch


def _reach(deny: Statement, branch: Branch) -> bool | None:
    """Whether the Deny's principals include all of the branch (true), none (false) or some of it (None)."""
    if deny.principals is None:
        return True
    who = _principal(branch)
    inside = some(_within(who, listed) for listed in deny.principals)
    return negate(inside) if deny.not_principal else inside


def _principal(branch: Branch) -> Principal:
    """The branch's principal, or the one that its conditions come down to."""
    who, bound = branch.party()
    if bound is None or branch.principal.type != "*" or bound.key not in _NAMES_CALLER:
        return branch.principal
    return Principal(type="Service" if who.kind is Kind.SERVICE else "AWS", id=who.id)


def _within(who: Principal, listed: Principal) -> bool | None:
    """Whether all of `who` is within `listed`: None when only some is, or when it can't be told."""
    if listed.type == "*" or who == listed:
        return True
    if who.type == "*":
        return None
    if {who.type, listed.type} == {"AWS", "CanonicalUser"}:
        return None
    if who.type != listed.type or who.type != "AWS":
        return False
    return _within_aws(of_principal(who), of_principal(listed))


def _within_aws(who: Party, listed: Party) -> bool | None:
    if not who.account or not listed.account:
        return None
    if who.account != listed.account:
        return False
    if listed.kind is Kind.ACCOUNT:
        return True
    if who.kind is Kind.ACCOUNT:
        return None
    if arn_covers(tokens(listed.id), tokens(who.id)) or is_session_of(who.id, listed.id):
        return True
    return None if arn_overlap(tokens(listed.id), tokens(who.id)) else False


def _spared(deny: Statement, branch: Branch) -> Iterator[Branch]:
    """A Deny without conditions that reaches some of a branch: those whom it doesn't name live on."""
    listed = deny.principals or ()
    if deny.not_principal and branch.principal.type == "*":
        for principal in listed:
            yield replace(branch, principal=principal)
        return
    names = ", ".join(sorted(principal.id for principal in listed))
    limit = f"only {names}" if deny.not_principal else f"not {names}"
    yield _limited(branch, limit)


def _unless(branch: Branch, open_: list[Condition]) -> Iterator[Branch]:
    """A Deny whose conditions may hold: the branch lives on where one of them doesn't."""
    flips = [(c, opposite(c)) for c in open_]
    if len(flips) == 1:
        condition, flip = flips[0]
        if flip is None:
            yield _limited(branch, f"unless {words(condition)}")
        else:
            yield _with(branch, flip)
        return
    ways = [flip for _, flip in flips if flip is not None]
    named = [flip for flip in ways if not _is_service(flip)]
    narrowed = [candidate for flip in named if (candidate := _with(branch, flip)).party()[1] is flip]
    if len(ways) == len(flips) and named and len(narrowed) == len(named):
        note = "or an AWS service" if len(named) < len(ways) else ""
        for candidate in narrowed:
            yield _noted(candidate, note)
        return
    yield _limited(
        branch, " or ".join(sorted(words(flip) if flip else f"unless {words(c)}" for c, flip in flips))
    )


def _is_service(condition: Condition) -> bool:
    return (
        condition.key == "aws:principalisawsservice"
        and condition.values == ("true",)
        and not condition.if_exists
    )


def _with(branch: Branch, condition: Condition) -> Branch:
    if condition in branch.conditions:
        return branch
    return replace(branch, conditions=(*branch.conditions, condition))


def _limited(branch: Branch, limit: str) -> Branch:
    return replace(branch, limits=tuple(dict.fromkeys((*branch.limits, limit[:MAX_LIMIT]))))


def _noted(branch: Branch, note: str) -> Branch:
    if not note or note in branch.note:
        return branch
    return replace(branch, note="; ".join(part for part in (branch.note, note) if part))


def opposite(condition: Condition) -> Condition | None:
    """The condition that holds exactly where this one doesn't, as far as one condition can say it."""
    flipped = _OPPOSITES.get(condition.operator)
    if condition.operator in {"Bool", "Null"}:
        value = _FLIPPED.get(condition.values[0].lower()) if len(condition.values) == 1 else None
        if value is None or condition.quantifier:
            return None
        lenient = condition.operator == "Bool" and not condition.if_exists
        return replace(condition, values=(value,), if_exists=lenient)
    if flipped is None:
        return None
    if condition.quantifier:
        other = "any" if condition.quantifier == "all" else "all"
        return replace(condition, operator=flipped, quantifier=other, if_exists=False)
    # a negated operator is true of an absent key, so its opposite needs the key; an order is false of it
    ordered = "Less" in flipped or "Greater" in flipped
    return replace(condition, operator=flipped, if_exists=ordered and not condition.if_exists)
