"""A pool of processes that work through tasks, and go on where one dies."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from exclave.engines.work import ignore_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from exclave.sources import Item

_THREADED = frozenset({"obstore", "polars", "pyarrow", "boto3"})

T = TypeVar("T")


def spread(
    work: Callable[..., T], tasks: Iterator[list[Item]], arguments: tuple[object, ...], jobs: int
) -> Iterator[tuple[list[Item], T | Exception]]:
    """What `work(items, *arguments)` gives for each task, or an exception, in any order.

    In a pool, and in a new one after each process that died.
    """
    lost: list[list[Item]] = [[]]
    while lost:
        with _pool(jobs) as pool:
            lost = yield from _until_broken(pool, work, tasks, arguments, jobs)
        for task in lost:
            yield from _alone(work, task, arguments)


def _until_broken(
    pool: ProcessPoolExecutor,
    work: Callable[..., T],
    tasks: Iterator[list[Item]],
    arguments: tuple[object, ...],
    jobs: int,
) -> Generator[tuple[list[Item], T | Exception], None, list[list[Item]]]:
    """The tasks' results, up to the end or the death of a process; returns the tasks that it took along."""
    running: dict[Future[T], list[Item]] = {}
    lost: list[list[Item]] = []
    while True:
        while not lost and len(running) < jobs * 2 and (task := next(tasks, None)) is not None:
            try:
                running[pool.submit(work, task, *arguments)] = task
            except BrokenProcessPool:
                lost.append(task)
        if not running:
            return lost
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                lost.append(task)
            except Exception:  # noqa: BLE001 - its other items must still be read
                yield from _alone(work, task, arguments)
            else:
                yield task, result


def _alone(
    work: Callable[..., T], task: list[Item], arguments: tuple[object, ...]
) -> Iterator[tuple[list[Item], T | Exception]]:
    """A task that may have killed its process, in one of its own; in halves if it did, to find the item."""
    with _pool(1) as pool:
        try:
            result: T | Exception = pool.submit(work, task, *arguments).result()
        except Exception as error:  # noqa: BLE001 - BrokenProcessPool, or what the work raised
            result = error
    if isinstance(result, Exception) and len(task) > 1:
        half = len(task) // 2
        yield from _alone(work, task[:half], arguments)
        yield from _alone(work, task[half:], arguments)
    else:
        yield task, result


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context(_way()), initializer=ignore_interrupts)
    done = False
    try:
        yield pool
        done = True
    finally:
        # Whoever breaks off doesn't wait for the tasks in hand. Otherwise all is done, and a pool that is still going
        # down when Python ends may be found half closed; the next one also starts at once, by a fork.
        pool.shutdown(wait=done, cancel_futures=True)


def _way() -> str:
    """How processes are started: forked, which takes no time, where nothing here runs threads; else spawned.

    A fork of a process with threads (object stores and Polars keep some) may hang.
    """
    alone = threading.active_count() == 1 and not _THREADED & sys.modules.keys()
    return "fork" if alone and sys.platform == "linux" else "spawn"
