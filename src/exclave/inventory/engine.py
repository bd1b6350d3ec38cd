"""Makes the calls of a table in some scopes: level by level, on threads, each answer on disk before the next.

The same for every cloud: what differs is `ask`, which makes one call.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.inventory.model import GLOBAL, Call, Failure, Scope
from exclave.inventory.template import filled, filled_text, place, wanted_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from exclave.inventory.record import Recorder
    from exclave.inventory.table import Table

AHEAD = 4  # calls waiting per thread


class StoppedError(Exception):
    """Recording can't go on (credentials ended); the message says why. What was recorded stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One call to make."""

    call: Call
    scope: Scope
    args: dict[str, Any]
    region: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: an answer, that there is none, or why it could not be asked."""

    answer: Any = None
    absent: str = ""
    error: Failure | None = None


@dataclass(slots=True)
class Tally:
    """How far it is; `watch` is told after every call."""

    made: int = 0
    failed: int = 0
    kept: int = 0  # of an earlier run
    doing: str = ""
    errors: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Making:
    """Makes calls, in many threads: each is asked, recorded and counted. What ends all is kept in `ended`."""

    ask: Callable[[Unit], Reply]
    recorder: Recorder
    identity: str
    stop: threading.Event
    tally: Tally
    watch: Callable[[Tally], None]
    ended: list[BaseException] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, unit: Unit) -> None:
        if self.stop.is_set():
            return
        try:
            reply = self.ask(unit)
            if self.stop.is_set() and reply.error is not None:
                return
            self.recorder.write(
                unit.call, unit.scope, args=unit.args, key=unit.key, identity=self.identity, answer=reply.answer,
                absent=reply.absent, error=reply.error,
            )  # fmt: skip
        except (StoppedError, OSError) as error:
            self.ended.append(error)
            self.stop.set()
            return
        tally = self.tally
        with self._lock:
            tally.made += 1
            tally.doing = f"{unit.scope} {unit.call.name}"
            if reply.error is not None:
                tally.failed += 1
                tally.errors[reply.error.code] = tally.errors.get(reply.error.code, 0) + 1
            self.watch(tally)


def run(
    table: Table, scopes: Sequence[Scope], home: Scope | None, ask: Callable[[Unit], Reply], recorder: Recorder, *,
    identity: str, workers: int, stop: threading.Event, tally: Tally, watch: Callable[[Tally], None],
) -> None:  # fmt: skip
    """Make every call of the table that isn't recorded yet.

    Args:
        table: the calls, each after the one that it is made for.
        scopes: where regional and global calls are made.
        home: where the organisation's are made; None when that was done already.
        ask: makes one call; raises StoppedError when no further one can succeed.
        recorder: keeps the answers.
        identity: who asks, for the documents.
        workers: threads.
        stop: set from outside to end early.
        tally: counts.
        watch: is told of them.

    Raises:
        StoppedError: as `ask` does.
    """
    make = _Making(ask=ask, recorder=recorder, identity=identity, stop=stop, tally=tally, watch=watch)
    room = threading.Semaphore(workers * AHEAD)
    with ThreadPoolExecutor(workers, thread_name_prefix="collect") as pool:
        try:
            for level in _levels(table):
                waiting: list[Future[None]] = []
                for unit in _units(level, scopes, home, table, recorder, tally):
                    room.acquire()
                    if stop.is_set():
                        room.release()
                        break
                    future = pool.submit(make, unit)
                    future.add_done_callback(lambda _f: room.release())
                    waiting = [f for f in waiting if not f.done()]
                    waiting.append(future)
                for future in waiting:
                    future.result()
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    if make.ended:
        raise make.ended[0]


def _levels(table: Table) -> list[list[Call]]:
    """Calls that wait for nothing, then those that wait for these, and so on."""
    depth: dict[str, int] = {}
    for name, call in table.items():
        depth[name] = depth[call.each.call] + 1 if call.each else 0
    return [
        [c for n, c in table.items() if depth[n] == d] for d in range(max(depth.values(), default=-1) + 1)
    ]


def _units(
    level: Sequence[Call],
    scopes: Sequence[Scope],
    home: Scope | None,
    table: Table,
    recorder: Recorder,
    tally: Tally,
) -> Iterator[Unit]:
    # by service, then region: clients of one service share what they cost
    for call in sorted(level, key=lambda c: c.does):
        for scope in _where(call, scopes, home):
            done = set(recorder.done(call, scope))
            tally.kept += len(done)
            for item in _items(call, scope, table, recorder):
                key = filled_text(call.key, item)
                if key in done:
                    continue
                done.add(key)  # one item may be listed twice
                region = filled_text(call.region, item) or scope.region
                yield Unit(call=call, scope=scope, args=filled(call.args, item), region=region, key=key)


def _where(call: Call, scopes: Sequence[Scope], home: Scope | None) -> list[Scope]:
    if call.scope == "organization":
        return [home] if home else []
    return [
        s for s in scopes
        if (s.region == GLOBAL) == (call.scope == "global") and (not call.only or s.region in call.only)
    ]  # fmt: skip


def _items(call: Call, scope: Scope, table: Table, recorder: Recorder) -> Iterator[Any]:
    if call.each is None:
        yield place(scope)
        return
    for answer in recorder.answers(table[call.each.call], scope):
        yield from wanted_items(call, answer)
