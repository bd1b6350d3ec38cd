"""Steps of Google Cloud, from verbs, URLs and bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.change.model import Expect, Request, Step, step_id
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Item, Result

Call = tuple[str, dict[str, Any]]
"""`PATCH https://...` and the body."""


def reading(
    account: str, call: str, *, args: dict[str, Any] | None = None, keep: Sequence[str] = ()
) -> Request:
    """A call that reads what a step changes."""
    return Request(cloud=Cloud.GCP, account=account, call=call, args=args or {}, keep=tuple(keep))


def step(
    title: str,
    resource: str,
    change: Sequence[Call],
    *,
    account: str,
    read: Request,
    before: Any = None,
    undo: Sequence[Call] = (),
    after: Sequence[Expect] = (),
    undone: Sequence[Expect] = (),
    breaks: Sequence[str] = (),
    results: Sequence[Result] = (),
) -> Step:
    """One step."""
    requests = [
        tuple(Request(cloud=Cloud.GCP, account=account, call=c, args=a) for c, a in calls)
        for calls in (change, undo)
    ]
    return Step(
        id=step_id(*requests[0]),
        title=title,
        resource=resource,
        account=account,
        read=read,
        before=before,
        change=requests[0],
        undo=requests[1],
        after=tuple(after),
        undone=tuple(undone),
        breaks=tuple(breaks),
        findings=tuple(dict.fromkeys(r.id for r in results)),
    )


def items_of(results: Sequence[Result]) -> Iterator[tuple[Result, Item]]:
    """Everything that is not as it should be; what could not be looked at is left alone."""
    for result in results:
        for item in result.check.items:
            if item.status.value in ("fail", "partial"):
                yield result, item


def fact(item: Item, name: str) -> str:
    """What a check saw, by name."""
    return next((value for key, value in item.facts if key == name), "")


def facts(item: Item, name: str) -> list[str]:
    """Every value of a fact."""
    return [value for key, value in item.facts if key == name]
