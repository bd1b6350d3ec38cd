"""Scanning on this machine: in this process while there is little, in a pool of processes when there is more."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from exclave.engines.work import ignore_interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from exclave.sources import Item

BATCH_BYTES = 8 << 20  # stored bytes a task takes on
BATCH_ITEMS = 128
WORTH_A_POOL = 24 << 20  # stored bytes from which starting processes pays
UNKNOWN_SIZE = 256 << 10  # taken for an item whose size the listing didn't say

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
    work: Callable[..., T], tasks: Iterable[list[Item]], *arguments: object, jobs: int = 0
) -> Iterator[tuple[list[Item], T | Exception]]:
    """What `work(items, *arguments)` gives for each task, in any order; an exception in place of a result that a crash took.

    Args:
        work: a function that other processes can import.
        tasks: items, in batches; read only as far as there is room.
        arguments: what `work` gets besides, picklable.
        jobs: processes; 0 for as many as there are cores, 1 for this one alone.
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
            yield task, work(task, *arguments)
        return
    with _pool(count) as pool:
        yield from _spread(pool, work, itertools.chain(head, waiting), arguments, count)


def _spread(
    pool: ProcessPoolExecutor,
    work: Callable[..., T],
    tasks: Iterator[list[Item]],
    arguments: tuple[object, ...],
    jobs: int,
) -> Iterator[tuple[list[Item], T | Exception]]:
    running: dict[Future[T], list[Item]] = {}
    for task in itertools.islice(tasks, jobs * 2):
        running[pool.submit(work, task, *arguments)] = task
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            try:
                result: T | Exception = future.result()
            except BrokenProcessPool as error:
                result = error
            yield task, result
            for following in itertools.islice(tasks, 1):
                try:
                    running[pool.submit(work, following, *arguments)] = following
                except BrokenProcessPool as error:
                    yield following, error


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    # spawn: object stores keep threads, and a fork of a process that used one hangs
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=ignore_interrupts)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
