"""From items to a check: the one place that says what is pass, fail, partial and could-not-look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.audit.model import Check, Item, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exclave.inventory.model import Answer, Scope

MAX_ITEMS = 1000  # items that a check carries; what is beyond is counted
MAX_WHY = 5


def judged(
    scope: Scope,
    items: Sequence[Item],
    what: str,
    *,
    none: Status = Status.PASS,
    none_why: str = "",
    any_passes: bool = False,
) -> Check:
    """A check of everything in a scope.

    Args:
        scope: where.
        items: all that was looked at, those that pass too.
        what: the things counted, in the plural.
        none: the status when there is nothing to look at.
        none_why: the reason for that.
        any_passes: one item that passes is enough (a trail, an alarm); else every item must.
    """
    if not items:
        return Check(
            scope=scope, status=none, count=0, of=0, what=what, why=(none_why or f"there are no {what}",)
        )
    good = [i for i in items if i.status is Status.PASS]
    bad = [i for i in items if i.status is not Status.PASS]
    status = max((i.status for i in items), key=lambda s: s.rank)
    if any_passes:
        unseen = any(i.status is Status.COULD_NOT_LOOK for i in items)
        best = min(
            (i.status for i in items if i.status is not Status.COULD_NOT_LOOK),
            key=lambda s: s.rank,
            default=Status.COULD_NOT_LOOK,
        )
        # what could not be looked at might be the one that passes
        status = Status.COULD_NOT_LOOK if unseen and best is not Status.PASS else best
    reasons = list(dict.fromkeys(i.why for i in sorted(bad, key=lambda i: -i.status.rank) if i.why))
    more = len(reasons) - MAX_WHY
    why = (*reasons[:MAX_WHY], *((f"and {more} more reasons",) if more > 0 else ()))
    if status is Status.PASS:
        why = ()
    missing = {
        p for i in bad if i.status is Status.COULD_NOT_LOOK for n, p in i.facts if n == "missing" and p
    }
    shown = sorted(bad, key=lambda i: (-i.status.rank, i.resource))[:MAX_ITEMS] or good[:MAX_ITEMS]
    return Check(
        scope=scope,
        status=status,
        count=len(good),
        of=len(items),
        what=what,
        why=why,
        items=tuple(shown),
        missing=tuple(sorted(missing)),
    )


def unseen(answer: Answer, resource: str = "") -> Item:
    """The item for an answer with an error: could not look, and what was missing."""
    error = answer.error
    assert error is not None
    name = resource or answer.key or answer.call
    return Item(
        resource=name,
        status=Status.COULD_NOT_LOOK,
        why=f"{answer.call}: {error.words}",
        where=answer.where,
        facts=(("error", error.code), *((("missing", error.permission),) if error.permission else ())),
    )


def failures(answers: Iterable[Answer]) -> list[Item]:
    """An item for each answer with an error."""
    return [unseen(a) for a in answers if a.error is not None]


def passed(resource: str, why: str = "", facts: tuple[tuple[str, str], ...] = (), where: str = "") -> Item:
    """An item that is as it should be."""
    return Item(resource=resource, status=Status.PASS, why=why, facts=facts, where=where)


def failed(resource: str, why: str, facts: tuple[tuple[str, str], ...] = (), where: str = "") -> Item:
    """An item that is not."""
    return Item(resource=resource, status=Status.FAIL, why=why, facts=facts, where=where)
