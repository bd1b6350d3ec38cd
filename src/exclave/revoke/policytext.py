"""Taking one grant out of a policy document, and nothing else: the rest stays as it was, to the byte.

What a statement grants is decided by the same reading that finds exposures (policy/grants.py). A principal is
cut out of the list that names it; a statement whose only principal goes, goes; where a condition names who is
meant, its value is cut out. A Deny is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.model import Kind
from exclave.policy.document import Malformed
from exclave.policy.document import parse as read_policy
from exclave.policy.grants import Grant, grants
from exclave.revoke.jsontext import BadJsonError, Node, cut, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_CUTS = 1_000


class CannotEditError(Exception):
    """The grant can't be taken out alone; the message says why."""


class NotLetInError(CannotEditError):
    """The policy doesn't let them in."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose grants go. Of an account, those of its users and roles too."""

    kind: str
    id: str

    def holds(self, grant: Grant) -> bool:
        """Whether a grant is this party's."""
        if self.kind == Kind.ACCOUNT and grant.account == self.id:
            return True
        return grant.kind == self.kind and grant.id == self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A document without the grants. `text` is "" when no statement is left; `cuts` say what went, in words.

    `named`: whom nobody saw before, since everybody was let in, and who is let in still.
    """

    text: str
    cuts: tuple[str, ...]
    named: tuple[str, ...] = ()


def without(text: str, parties: Sequence[Party], own_account: str) -> Edited:
    """A policy without what it grants some parties.

    Args:
        text: the document, JSON.
        parties: who is to get nothing.
        own_account: the account of the resource.

    Raises:
        CannotEditError: it is no policy, it doesn't let them in, or it lets them in in a way that can't be cut out.
    """
    before = _granted(text, own_account) if text else []
    if not any(_theirs(parties, g) for g in before):
        raise NotLetInError("the policy doesn't let them in")
    look = _look(text, parties, own_account)
    cuts: list[str] = []
    now = text
    for _ in range(MAX_CUTS):
        found = _one_cut(now, look)
        if found is None:
            break
        now, what = found
        cuts.append(what)
        if not now:
            break
    after = _granted(now, own_account) if now else []
    if any(_theirs(parties, g) for g in after):
        raise CannotEditError(
            "several statements let them in together, or one that also lets others in: edit the policy by hand"
        )
    others, left = {_sign(g) for g in before if not _theirs(parties, g)}, {_sign(g) for g in after}
    if not others <= left or not left - others <= _named_beside(text, look):
        raise CannotEditError("cutting it out would change what others may do: edit the policy by hand")
    return Edited(
        text=now, cuts=tuple(cuts), named=tuple(sorted(f"{kind} {id_}" for kind, id_, *_ in left - others))
    )


def names_of_gone(old: str, new: str) -> list[str]:
    """Names of the statements that an edited document lacks; none where something else differs, or one has no name of its own."""
    before, after = ([s.plain() for _, s in _statements(text)] for text in (old, new))
    gone = [s for s in before if s not in after]
    names = [str(s.get("Sid") or "") for s in gone]
    single = all(n and [str(s.get("Sid")) for s in before].count(n) == 1 for n in names)
    return names if single and [s for s in before if s in after] == after else []


@dataclass(frozen=True, slots=True)
class _Look:
    """What one statement alone lets in: those who are to go, and the others."""

    parties: Sequence[Party]
    own_account: str
    version: Any

    def at(self, statement: Any) -> tuple[int, set[Any]]:
        document = {"Statement": [statement], **({"Version": self.version} if self.version else {})}
        found = grants(document, own_account=self.own_account)
        return (
            sum(_theirs(self.parties, g) for g in found),
            {_sign(g) for g in found if not _theirs(self.parties, g)},
        )

    def only(self, statement: Any) -> bool:
        """Whether it lets in some, and all of them are to go."""
        theirs, others = self.at(statement)
        return theirs > 0 and not others


def lets_in(text: str, party: Party, own_account: str) -> bool:
    """Whether a policy lets a party in. Raises CannotEditError as `without` does."""
    return any(party.holds(g) for g in _granted(text, own_account))


def _look(text: str, parties: Sequence[Party], own_account: str) -> _Look:
    version = _parsed(text).member("Version")
    return _Look(parties, own_account, version.value if version else None)


def _statements(text: str) -> Iterator[tuple[Node, Node]]:
    """Each statement that allows, after what holds it."""
    holder = _parsed(text).member("Statement")
    if holder is None:
        return
    for statement in holder.items if holder.is_array else [holder]:
        if statement.members is not None and _allows(statement):
            yield holder, statement


def _one_cut(text: str, look: _Look) -> tuple[str, str] | None:
    """The text without the first thing that can go, and what that is; None when nothing is left to cut."""
    for holder, statement in _statements(text):
        what = _name(statement, holder)
        if look.only(statement.plain()) and not _beside(statement, look):
            single = not holder.is_array or len(holder.items) == 1
            return ("" if single else cut(text, holder, statement)), what
        found = _part(statement, look)
        if found is not None:
            return cut(text, *found), f"{_words(found[1])} in {what}"
    return None


def _named_beside(text: str, look: _Look) -> set[Any]:
    """Whom statements that let them in name beside them in a condition."""
    out: set[Any] = set()
    for _, statement in _statements(text):
        if look.at(statement.plain())[0]:
            out |= _beside(statement, look)
    return out


def _beside(statement: Node, look: _Look) -> set[Any]:
    """Whom single values of a condition let in where other values of it let everybody in: 0.0.0.0/0 beside the office's range.

    What everybody may do is all that the whole statement says of them.
    """
    out: set[Any] = set()
    for values, one in _values_of_conditions(statement, widening=True):
        out |= look.at(_with_one(statement, values, one))[1]
    return out


def _part(statement: Node, look: _Look) -> tuple[Node, Node] | None:
    """A principal or a condition's value that can go, after what holds it."""
    for parent, child in _principals(statement):
        if look.only(_only(statement, child)):
            return parent, child
    for values, one in _values_of_conditions(statement, widening=True):
        if look.only(_with_one(statement, values, one)):
            return values, one
    theirs, others = look.at(statement.plain())
    for parent, child in _values_of_conditions(statement):
        left, still = look.at(_without(statement, child))
        if left < theirs and still == others:
            return parent, child
    return None


def _principals(statement: Node) -> Iterator[tuple[Node, Node]]:
    """Principals that have others beside them: item and list, or the whole member of a type whose only one it is."""
    principal = statement.member("Principal")
    if principal is None:
        return
    if len(principal.items) > 1:
        yield from ((principal, item) for item in principal.items)
    for node in (principal.members or {}).values():
        if node.is_array and len(node.items) > 1:
            yield from ((node, item) for item in node.items)
        elif len(principal.members or {}) > 1:
            yield principal, node


def _only(statement: Node, child: Node) -> Any:
    """The statement with one principal, or the principals of one type, alone."""
    plain = statement.plain()
    name, principal = next((k, n) for k, n in (statement.members or {}).items() if k.lower() == "principal")
    if principal.is_array:
        return {**plain, name: child.plain()}
    for kind, node in (principal.members or {}).items():
        if node is child:
            return {**plain, name: {kind: child.plain()}}
        if node.is_array and any(item is child for item in node.items):
            return {**plain, name: {kind: [child.plain()]}}
    return plain


def _values_of_conditions(statement: Node, *, widening: bool = False) -> Iterator[tuple[Node, Node]]:
    """Values that stand beside others in a condition, each with its list.

    `widening`: only where each further value lets more in, not less.
    """
    condition = statement.member("Condition")
    for name, operator in ((condition.members if condition else None) or {}).items():
        if widening and "not" in name.lower():
            continue
        for values in (operator.members or {}).values():
            if values.is_array and len(values.items) > 1:
                yield from ((values, item) for item in values.items)


def _without(node: Node, gone: Node) -> Any:
    if node.members is not None:
        return {k: _without(n, gone) for k, n in node.members.items()}
    if node.is_array:
        return [_without(n, gone) for n in node.items if n is not gone]
    return node.value


def _with_one(node: Node, values: Node, one: Node) -> Any:
    """A value as Python has it, with one item alone of a list in it."""
    if node is values:
        return [one.plain()]
    if node.members is not None:
        return {k: _with_one(n, values, one) for k, n in node.members.items()}
    return [_with_one(n, values, one) for n in node.items] if node.is_array else node.value


def _granted(text: str, own_account: str) -> list[Grant]:
    root = _parsed(text)
    policy = read_policy(root.plain())
    if isinstance(policy, Malformed):
        raise CannotEditError(f"the policy can't be read: {policy.what}")
    return grants(policy, own_account=own_account)


def _parsed(text: str) -> Node:
    try:
        root = parse(text)
    except BadJsonError as error:
        raise CannotEditError(f"the policy is no JSON: {error}") from error
    if root.members is None:
        raise CannotEditError("the policy is no JSON object")
    return root


def _allows(statement: Node) -> bool:
    effect = statement.member("Effect")
    return effect is not None and str(effect.value).strip().lower() == "allow"


def _theirs(parties: Sequence[Party], grant: Grant) -> bool:
    return any(p.holds(grant) for p in parties)


def _sign(grant: Grant) -> tuple[Any, ...]:
    """What must be the same for everybody else. Not the statement's name: two may say the same."""
    return (grant.kind, grant.id, grant.account, grant.via, grant.actions, grant.resources, grant.limits)


def _name(statement: Node, holder: Node) -> str:
    sid = statement.member("Sid")
    if sid is not None and isinstance(sid.value, str) and sid.value:
        return f"statement {sid.value}"
    place = next((i for i, n in enumerate(holder.items, 1) if n is statement), 1)
    return f"statement {place}"


def _words(node: Node) -> str:
    plain = node.plain()
    return plain if isinstance(plain, str) else ", ".join(map(str, plain)) if node.is_array else str(plain)
