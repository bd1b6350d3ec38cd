"""Steps of Google Cloud, from verbs, URLs and bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.change.model import Expect, Request, Step, step_id
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result

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
    first: Request | None = None,
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
        first=first,
        read=read,
        before=before,
        change=requests[0],
        undo=requests[1],
        after=tuple(after),
        undone=tuple(undone),
        breaks=tuple(breaks),
        findings=tuple(dict.fromkeys(r.id for r in results)),
    )
