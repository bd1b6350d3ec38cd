from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.engines import local
from exclave.engines.local import batches, each
from tests.engines.workers import item, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from exclave.sources import Item

BIG = 30 << 20


def told(tasks: list[list[Item]], jobs: int) -> tuple[list[str], dict[str, str]]:
    """What was read, and which items were lost to what."""
    read: list[str] = []
    lost: dict[str, str] = {}
    for task, result in each(names, tasks, jobs=jobs):
        if isinstance(result, Exception):
            lost |= {one.path: type(result).__name__ for one in task}
        else:
            assert result == [one.path for one in task]
            read += result
    return sorted(read), lost


def test_batches_keep_order_and_stay_small() -> None:
    items = [item(str(n), size) for n, size in enumerate([1, BIG, 2, None, *[5] * 300])]
    parts = list(batches(items))
    assert [one for part in parts for one in part] == items
    assert all(len(part) <= local.BATCH_ITEMS for part in parts)
    assert all(sum(map(local.stored, part[:-1])) < local.BATCH_BYTES for part in parts)


def test_batches_of_nothing_are_none() -> None:
    assert list(batches([])) == []
    assert told([], 2) == ([], {})


def test_little_is_done_in_this_process() -> None:
    assert told([[item("a")], [item("b"), item("c")]], 2) == (["a", "b", "c"], {})


def test_in_this_process_an_item_that_needs_too_much_memory_is_lost_alone() -> None:
    tasks = [[item("a"), item("memory 1"), item("b")], [item("c"), item("wrong")], [item("d")]]
    assert told(tasks, 1) == (["a", "b", "c", "d"], {"memory 1": "MemoryError", "wrong": "ValueError"})


def test_a_process_that_dies_takes_nothing_along_but_its_item() -> None:
    tasks = [[item(f"{n} {m}", BIG) for m in range(2)] for n in range(5)]
    tasks[0][1] = item("die 1", BIG)
    tasks[4][0] = item("kill 2", BIG)
    tasks[2][0] = item("memory 3", BIG)
    everything = {one.path for task in tasks for one in task}
    bad = {"die 1": "BrokenProcessPool", "kill 2": "BrokenProcessPool", "memory 3": "MemoryError"}
    assert told(tasks, 2) == (sorted(everything - set(bad)), bad)


def test_tasks_are_taken_only_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def endless() -> Iterator[list[Item]]:
        n = 0
        while True:
            taken.append(n)
            yield [item(str(n), BIG)]
            n += 1

    results = each(names, endless(), jobs=2)
    for _ in range(3):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert len(taken) < 16
