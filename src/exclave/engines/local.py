"""Scanning on this machine: in this process while there is little, in several when there is more."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, TypeVar

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
        from exclave.engines.pool import spread  # which takes time to load

        prepare()
        yield from spread(work, itertools.chain(head, waiting), arguments, count)


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
