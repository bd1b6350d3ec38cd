"""Scanning on this machine: in this process while there is little, in several when there is more."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from exclave.engines.work import ignore_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from exclave.sources import Item

BATCH_BYTES = 8 << 20  # stored bytes a task takes on
BATCH_ITEMS = 128
WORTH_A_POOL = 24 << 20  # stored bytes from which starting processes pays
UNKNOWN_SIZE = 256 << 10  # taken for an item whose size the listing didn't say

_THREADED = frozenset({"obstore", "polars", "pyarrow", "boto3"})

T = TypeVar("T")


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in tasks of a fair size, in order."""
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += stored(item)
        if size >= BATCH_BYTES or len(batch) >= BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def stored(item: Item) -> int:
    """Stored bytes of an item, guessed where the listing didn't say."""
    return UNKNOWN_SIZE if item.size is None else item.size


def each(
    work: Callable[..., T],
    tasks: Iterable[list[Item]],
    *arguments: object,
    jobs: int = 0,
    prepare: Callable[[], None] = lambda: None,
) -> Iterator[tuple[list[Item], T | Exception]]:
    """What `work(items, *arguments)` gives for each task, in any order.

    Where a process dies, or the work raises, the task's items are tried one by one, and an exception stands
    in place of the result of those that failed.

    Args:
        work: a function that other processes can import.
        tasks: items, in batches; read only as far as there is room.
        arguments: what `work` gets besides, picklable.
        jobs: processes; 0 for as many as there are cores, 1 for this one alone.
        prepare: called before processes are started, which share what it makes where they are forked.
    """
    waiting = iter(tasks)
    head: list[list[Item]] = []
    size = 0
    count = jobs or os.cpu_count() or 1
    for task in waiting:
        head.append(task)
        size += sum(map(stored, task))
        if size >= WORTH_A_POOL:
            break
    if count == 1 or size < WORTH_A_POOL:
        for task in itertools.chain(head, waiting):
            yield from _here(work, task, arguments)
    else:
        prepare()
        yield from _spread(work, itertools.chain(head, waiting), arguments, count)


def _here(
    work: Callable[..., T], task: list[Item], arguments: tuple[object, ...]
) -> Iterator[tuple[list[Item], T | Exception]]:
    try:
        result: T | Exception = work(task, *arguments)
    except Exception as error:  # noqa: BLE001 - MemoryError, above all: what follows must be read
        result = error
    if isinstance(result, Exception) and len(task) > 1:
        for item in task:
            yield from _here(work, [item], arguments)
    else:
        yield task, result


def _spread(
    work: Callable[..., T], tasks: Iterator[list[Item]], arguments: tuple[object, ...], jobs: int
) -> Iterator[tuple[list[Item], T | Exception]]:
    """In a pool, and in a new one after each process that died."""
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
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _way() -> str:
    """How processes are started: forked, which takes no time, where nothing here runs threads; else spawned.

    A fork of a process with threads (object stores and Polars keep some) may hang.
    """
    alone = threading.active_count() == 1 and not _THREADED & sys.modules.keys()
    return "fork" if alone and sys.platform == "linux" else "spawn"
