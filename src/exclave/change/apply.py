"""Making the steps of a plan, one by one: looked at, noted, changed, looked at again. And undoing them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.change.calls import CallError
from exclave.change.checking import alike, begun, filled, named, pruned, same, unmet
from exclave.change.file import UndoLog, mark_undone, read_undo
from exclave.change.model import MADE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from exclave.change.calls import Reader, Writer
    from exclave.change.file import Undoable
    from exclave.change.model import Plan, Request, Step

LIMIT = 10
PATIENCE = 60.0  # seconds that a cloud may take to show a change
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 5.0

APPLIED, ALREADY, REFUSED, FAILED, UNVERIFIED, NOT_TRIED, UNDONE, CANNOT = (
    "applied",
    "already so",
    "refused",
    "failed",
    "not verified",
    "not tried",
    "undone",
    "can't be undone",
)
GOOD = frozenset({APPLIED, ALREADY, UNDONE})


class TooManyError(Exception):
    """The plan changes more than was allowed; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one step, and why where it wasn't made."""

    step: Step
    result: str
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether things are as they were to be."""
        return self.result in GOOD


@dataclass(slots=True, kw_only=True)
class Doing:
    """How steps are made. `say` is told of each (what clouds and attackers wrote isn't neutralised yet).

    `stop`: set from outside; the step in hand is finished. `keep_going`: not to stop at the first failure.
    """

    reader: Reader
    writer: Writer
    say: Callable[[Done], None] = field(default=lambda _done: None)
    stop: threading.Event = field(default_factory=threading.Event)
    keep_going: bool = False
    patience: float = PATIENCE


def apply(plan: Plan, doing: Doing, *, undo_file: Path, limit: int = LIMIT) -> list[Done]:
    """Make the steps of a plan in order.

    Each is read again and left alone when it is no longer as planned; what stood there is on the disk before it
    is changed; and it is read once more to see that the change took.

    Args:
        plan: the steps.
        doing: clients and how to go on.
        undo_file: where to note what undoes them; it must not exist. It isn't made when there is nothing to do.
        limit: the most steps.

    Raises:
        TooManyError: the plan has more steps than `limit`; nothing was read or changed.
        OSError: the undo file can't be written; the step at hand was not begun.
    """
    if len(plan.steps) > limit:
        raise TooManyError(
            f"{len(plan.steps)} resources would be changed, and the limit is {limit}: nothing was changed"
        )
    if not plan.steps:
        return []
    log = UndoLog(undo_file, plan.identity)
    try:
        return _each(list(plan.steps), doing, lambda step: _make(step, doing, log))
    finally:
        log.close()


def undo(undo_file: Path, doing: Doing) -> list[Done]:
    """Undo what an undo file notes, the latest first; what is no longer as it was left is refused.

    Raises:
        BadFileError: it is no undo file.
        OSError: it can't be written; what was undone is not noted then.
    """
    changes = {c.step.id: c for c in read_undo(undo_file).changes}
    steps = [c.step for c in reversed(changes.values())]
    return _each(steps, doing, lambda step: _take_back(changes[step.id], doing, undo_file))


def _each(steps: list[Step], doing: Doing, make: Callable[[Step], Done]) -> list[Done]:
    out: list[Done] = []
    stopped = ""
    for step in steps:
        if doing.stop.is_set():
            stopped = stopped or "stopped"
        done = Done(step=step, result=NOT_TRIED, why=stopped) if stopped else make(step)
        # what was known to be final beforehand keeps nothing else from being undone
        if not done.good and done.result != CANNOT and not stopped and not doing.keep_going:
            stopped = "an earlier step did not succeed"
        out.append(done)
        doing.say(done)
    return out


def _make(planned: Step, doing: Doing, log: UndoLog) -> Done:
    step, before = planned, planned.before
    try:
        step = _begun(planned, doing)
        if step.read is not None:
            before = read(doing.reader, step.read)
            if not same(before, step.before):
                if step.after and not unmet(step.after, before):
                    return Done(step=step, result=ALREADY, why="somebody has done it since the plan")
                return Done(step=step, result=REFUSED, why="it has changed since the plan: plan anew")
    except CallError as error:
        return Done(step=step, result=FAILED, why=f"could not be read: {error}")
    log.will(planned, before)
    answers: list[Any] = []
    try:
        for request in step.change:
            whole = filled(with_now(request, before).args, answers[::-1], MADE)
            answers.append(doing.writer(msgspec.structs.replace(request, args=whole)))
    except CallError as error:
        log.did(step, _read_quietly(step, doing), failed=True)
        return Done(step=step, result=FAILED, why=str(error))
    if step.read is None:
        log.did(step, None)
        return Done(step=step, result=APPLIED, why="there is no way to read it back")
    now, why = _verified(step.read, doing, lambda answer: unmet(step.after, answer))
    log.did(step, now)
    return Done(step=step, result=UNVERIFIED if why else APPLIED, why=why)


def _take_back(change: Undoable, doing: Doing, undo_file: Path) -> Done:
    step = change.step
    if not step.undo:
        return Done(step=step, result=CANNOT, why="; ".join(step.breaks) or "there is no call for it")
    try:
        step = _begun(step, doing)
        now = read(doing.reader, step.read) if step.read is not None else None
    except CallError as error:
        return Done(step=step, result=FAILED, why=f"could not be read: {error}")
    if step.read is not None:
        if alike(now, change.before):
            mark_undone(undo_file, step)
            return Done(step=step, result=ALREADY, why="it is as it was")
        left = change.now if change.state != "begun" else None
        # a change that nobody could note to its end is known by what it was to do
        ours = same(now, left) if left is not None or change.state != "begun" else not unmet(step.after, now)
        if not ours:
            return Done(step=step, result=REFUSED, why="it has changed since: restore it by hand")
    try:
        for request in step.undo:
            doing.writer(with_now(request, now))
    except CallError as error:
        return Done(step=step, result=FAILED, why=str(error))
    if step.read is not None:
        _, why = _verified(step.read, doing, lambda answer: _restored(step, change.before, answer))
        if why:
            return Done(step=step, result=UNVERIFIED, why=why)
    mark_undone(undo_file, step)
    return Done(step=step, result=UNDONE)


def _begun(step: Step, doing: Doing) -> Step:
    return step if step.first is None else begun(step, read(doing.reader, step.first))


def read(reader: Reader, request: Request) -> Any:
    """What stands there now, as far as it matters."""
    return pruned(reader(request), request.keep, request.where)


def with_now(request: Request, now: Any) -> Request:
    """A request with what it takes from the state read just before."""
    return msgspec.structs.replace(request, call=named(request.call, now), args=filled(request.args, now))


def _restored(step: Step, before: Any, now: Any) -> str:
    if step.undone:
        return unmet(step.undone, now)
    return "" if alike(now, before) else "it isn't as it was before"


def _verified(request: Request, doing: Doing, look: Callable[[Any], str]) -> tuple[Any, str]:
    """What stands there, read until it is as it ought to be or patience ends; and what is wrong."""
    ends, wait = time.monotonic() + doing.patience, _FIRST_WAIT
    while True:
        try:
            now = read(doing.reader, request)
        except CallError as error:
            return None, f"changed, but could not be read again: {error}"
        why = look(now)
        left = ends - time.monotonic()
        if not why or left <= 0:
            return now, f"the change was taken, yet {why}" if why else ""
        time.sleep(min(wait, left))  # whatever `stop` says: what was begun is looked at to its end
        wait = min(wait * 2, _LONGEST_WAIT)


def _read_quietly(step: Step, doing: Doing) -> Any:
    try:
        return read(doing.reader, step.read) if step.read is not None else None
    except CallError:
        return None
