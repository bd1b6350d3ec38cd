"""Who may do something under a resource policy, by its meaning.

Every Allow gives one branch per principal. Conditions say who a branch is (binding.py), a Deny takes away
from it or narrows it (denies.py), and what is left is a grant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from exclave.model import Cloud, Destination, Kind
from exclave.policy.branches import Branch, with_owner
from exclave.policy.denies import Denies
from exclave.policy.document import Malformed, Policy, Principal, Statement, parse
from exclave.policy.parties import OWN_ACCOUNT
from exclave.policy.patterns import action_tokens, covers, overlap
from exclave.policy.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_NOTE = 500
MAX_LIMITS = 50


class Grant(Struct, frozen=True, kw_only=True):
    """Somebody who may do something.

    `account` is theirs where it is known; `via` the service that acts for them; `limits` conditions in words;
    `actions` those of the question that are allowed (as the statement writes them where it is narrower).
    """

    kind: Kind
    id: str
    account: str = ""
    via: str = ""
    sid: str = ""
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    note: str = ""

    def destination(self) -> Destination:
        """The grant as the rest of the program speaks of it."""
        notes = [self.note, f"through the service {self.via}" if self.via else ""]
        return Destination(
            kind=self.kind,
            id=self.id,
            cloud=Cloud.AWS,
            limits=self.limits,
            note="; ".join(note for note in notes if note),
        )


def grants(document: object, *, own_account: str, actions: tuple[str, ...] = ()) -> list[Grant]:
    """Who is let in, in a fixed order; people of the own account among them.

    `document` is a mapping, a JSON string (URL-encoded or not), or a parsed Policy. `own_account` owns the
    resource. With `actions` (patterns such as `s3:Get*`), only what can allow one of them counts. Never
    raises: what can't be read, and may allow, is a grant of kind unknown whose note says why.
    """
    policy = document if isinstance(document, Policy) else parse(document)
    if isinstance(policy, Malformed):
        return [_unread(policy.what)]
    policy = with_owner(policy, own_account)
    denies = Denies(policy)
    found = [
        _grant(branch, sid, own_account)
        for sid, start in _starts(policy, actions)
        for branch in denies.apply(start)
    ]
    if policy.unread_allow:
        found.append(_unread("; ".join(policy.problems)[:MAX_NOTE]))
    return _merged(found)


def _starts(policy: Policy, actions: tuple[str, ...]) -> Iterator[tuple[str, Branch]]:
    # in one order, so that a document too large to follow every Deny of reads the same in any order
    for statement in sorted(policy.statements, key=repr):
        if not statement.allow or statement.principals is None:
            continue
        asked = _asked(statement, actions)
        if not asked:
            continue
        who, note = statement.principals, ""
        if statement.not_principal:
            who = (Principal(type="*", id="*"),)
            names = ", ".join(sorted(principal.id for principal in statement.principals))
            note = f"everybody but {names}"[:MAX_NOTE]
        for principal in who:
            yield (
                statement.sid,
                Branch(
                    principal=principal,
                    conditions=statement.conditions,
                    actions=asked,
                    resources=statement.resources,
                    not_resource=statement.not_resource,
                    limits=_exceptions(statement),
                    note=note,
                    variables=policy.has_variables,
                ),
            )


def _asked(statement: Statement, questions: tuple[str, ...]) -> tuple[str, ...]:
    """What of the question the statement can allow: the narrower of each pair of patterns that overlap."""
    if statement.not_action:
        refused = [action_tokens(action) for action in statement.actions]
        return tuple(
            question
            for question in questions or ("*",)
            if not any(covers(pattern, action_tokens(question)) for pattern in refused)
        )
    if not questions:
        return statement.actions
    found: dict[str, None] = {}
    for question in questions:
        wanted = action_tokens(question)
        for action in statement.actions:
            pattern = action_tokens(action)
            if overlap(wanted, pattern):
                found[question if covers(pattern, wanted) else action] = None
    return tuple(found)


def _exceptions(statement: Statement) -> tuple[str, ...]:
    """What a NotAction leaves out, in words."""
    return (f"not {', '.join(sorted(statement.actions))}"[:MAX_NOTE],) if statement.not_action else ()


def _grant(branch: Branch, sid: str, own_account: str) -> Grant:
    who, bound = branch.party()
    limits = {words(condition) for condition in branch.conditions if condition is not bound} | set(
        branch.limits
    )
    return Grant(
        kind=who.kind,
        id=own_account if who.id == OWN_ACCOUNT and own_account else who.id,
        account=own_account if who.id == OWN_ACCOUNT else who.account,
        via=who.via,
        sid=sid,
        actions=tuple(sorted(branch.actions)),
        resources=tuple(sorted(branch.resources)),
        limits=tuple(sorted(limits)[:MAX_LIMITS]),
        note="; ".join(note for note in (who.note, branch.note) if note),
    )


def _merged(found: list[Grant]) -> list[Grant]:
    """Grants that differ only in actions or resources as one."""
    groups: dict[tuple[object, ...], Grant] = {}
    for grant in found:
        key = (grant.kind, grant.id, grant.account, grant.via, grant.sid, grant.limits, grant.note)
        known = groups.get(key)
        groups[key] = (
            grant
            if known is None
            else replace(
                known,
                actions=tuple(sorted({*known.actions, *grant.actions})),
                resources=tuple(sorted({*known.resources, *grant.resources})),
            )
        )
    return [groups[key] for key in sorted(groups, key=repr)]


def _unread(what: str) -> Grant:
    return Grant(kind=Kind.UNKNOWN, id="policy", note=f"the policy can't be read: {what}")
