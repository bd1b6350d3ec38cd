from __future__ import annotations

import threading

import pytest

from exclave.sources import Item, Limits, open_items
from exclave.sources.ahead import in_order
from exclave.sources.blob import Blob
from tests.sources.helpers import item

obstore = pytest.importorskip("obstore")


def test_results_come_in_order_and_few_are_held():
    started = []
    found = in_order(lambda n: started.append(n) or n * n, range(100), threads=4)
    assert next(found) == (0, 0)
    assert len(started) <= 9
    assert list(found) == [(n, n * n) for n in range(1, 100)]


def test_an_error_is_raised_in_its_place():
    found = in_order(lambda n: 1 // (3 - n), range(10), threads=2)
    assert [result for _, result in (next(found), next(found), next(found))] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_work_is_done_side_by_side():
    both = threading.Barrier(2, timeout=5)
    assert [n for n, _ in in_order(lambda _: both.wait(), range(2), threads=2)] == [0, 1]


def test_objects_and_files_are_opened_in_order(tmp_path, monkeypatch):
    store = obstore.store.MemoryStore()
    monkeypatch.setattr("exclave.sources.objects._kept_store", lambda *_: store)
    (tmp_path / "f").write_bytes(b"file")
    items = [item(tmp_path / "f")]
    for n in range(40):
        obstore.put(store, f"k{n}", b"%d" % n)
        items.append(Item(where=f"k{n}", scheme="s3", path=f"b/k{n}", size=None if n % 3 == 0 else 2))
    items.append(Item(where="gone", scheme="s3", path="b/gone", size=1))
    opened = [(one, list(found)) for one, found in open_items(items, Limits())]
    assert [one for one, _ in opened] == items
    assert opened[0][1] == [Blob(name=items[0].where, data=b"file", packed=4)]
    assert [found[0].data for _, found in opened[1:-1]] == [b"%d" % n for n in range(40)]
    assert "can't be read" in opened[-1][1][0].what
