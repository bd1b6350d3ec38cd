"""Objects are planned and read through a store; the stores in memory and on disk stand for the cloud's."""

from __future__ import annotations

import gzip
import os
import sys
from datetime import UTC, datetime

import pytest

from exclave.model import Problem
from exclave.sources import Item, Limits, plan
from exclave.sources.objects import hint_for, open_object, plan_objects
from exclave.sources.prefixes import choice_of
from exclave.sources.sieve import Sieve
from tests.sources.helpers import SMALL, gathered

obstore = pytest.importorskip("obstore")

LOG = b'{"Records": []}\n' * 100
ACCOUNTS = ("111122223333", "444455556666")
KEY = "trail/AWSLogs/o-abcdefghij/{}/CloudTrail/{}/2026/01/{:02}/x.json.gz"
NOBODY: frozenset[str] = frozenset()


def sieve(since=None, until=None, accounts=NOBODY, regions=NOBODY):
    return Sieve(choice_of(since, until, accounts, regions), {})


class Counting:
    """A store of obstore's, and which prefixes were listed."""

    def __init__(self, monkeypatch):
        self.store = obstore.store.MemoryStore()
        self.listed = []
        for name in ("list", "list_with_delimiter"):
            self.watch(monkeypatch, name, getattr(obstore, name))

    def watch(self, monkeypatch, name, real):
        def call(store, prefix=None, **more):
            self.listed.append(prefix)
            return real(store, prefix, **more)

        monkeypatch.setattr(obstore, name, call)


@pytest.fixture
def bucket(monkeypatch):
    counting = Counting(monkeypatch)
    for account in ACCOUNTS:
        for region in ("eu-west-1", "us-east-1"):
            for day in (1, 2, 10, 11, 20):
                obstore.put(counting.store, KEY.format(account, region, day), gzip.compress(LOG))
    obstore.put(counting.store, "other/export.json", LOG)
    return counting


def keys(found):
    found = list(found)
    assert not [one for one in found if isinstance(one, Problem)]
    return [one.path.removeprefix("logs/") for one in found]


def test_all_objects_are_items_when_nothing_is_chosen(bucket):
    found = list(plan_objects("s3://logs", sieve(), {"profile": "p"}, bucket.store))
    assert len(found) == 21
    key = KEY.format(ACCOUNTS[0], "eu-west-1", 1)
    assert (
        Item(
            where=f"s3://logs/{key}",
            scheme="s3",
            path=f"logs/{key}",
            size=len(gzip.compress(LOG)),
            options={"profile": "p"},
        )
        in found
    )
    assert bucket.listed == [None]


def test_what_was_not_chosen_is_not_even_listed(bucket):
    chosen = sieve(
        since=datetime(2026, 1, 10, tzinfo=UTC),
        until=datetime(2026, 1, 10, tzinfo=UTC),
        accounts=frozenset(ACCOUNTS[:1]),
        regions=frozenset({"us-east-1"}),
    )
    found = keys(plan_objects("s3://logs/trail", chosen, {}, bucket.store))
    assert found == [KEY.format(ACCOUNTS[0], "us-east-1", day) for day in (10, 11)]
    assert not [prefix for prefix in bucket.listed if ACCOUNTS[1] in prefix or "eu-west-1" in prefix]
    assert [prefix[-11:] for prefix in bucket.listed[-3:]] == ["2026/01/09/", "2026/01/10/", "2026/01/11/"]
    assert chosen.left_out == {"folders: other accounts": 1, "folders: other regions": 1}


def test_pruned_and_full_listings_agree(bucket):
    chosen = sieve(since=datetime(2026, 1, 3, tzinfo=UTC), until=datetime(2026, 1, 12, tzinfo=UTC))
    everything = keys(plan_objects("s3://logs", sieve(), {}, bucket.store))
    pruned = keys(plan_objects("s3://logs", chosen, {}, bucket.store))
    assert sorted(pruned) == sorted(
        key for key in everything if "/01/01/" not in key and "/01/20/" not in key
    )


def test_a_target_may_be_one_object_or_a_glob(bucket):
    assert keys(plan_objects("s3://logs/other/export.json", sieve(), {}, bucket.store)) == [
        "other/export.json"
    ]
    globbed = keys(plan_objects("s3://logs/trail/**/us-east-1/2026/01/1?/*", sieve(), {}, bucket.store))
    assert len(globbed) == 4


def test_nothing_under_a_prefix_is_a_problem(bucket):
    [problem] = plan_objects("s3://logs/nix", sieve(), {}, bucket.store)
    assert (problem.where, problem.what) == ("s3://logs/nix", "holds no object")
    chosen = sieve(accounts=frozenset({"999999999999"}))
    [problem] = plan_objects("s3://logs/trail", chosen, {}, bucket.store)
    assert problem.what == "holds no object of the chosen accounts, regions and days"
    chosen = sieve(since=datetime(2027, 1, 3, tzinfo=UTC))  # whose days are asked for, and no others
    [problem] = plan_objects("s3://logs/trail", chosen, {}, bucket.store)
    assert problem.what == "holds no object of the chosen accounts, regions and days"
    assert "--since" in problem.hint
    [problem] = plan(["s3:///x"])
    assert problem.what == "names no bucket or container"


def test_a_listing_that_fails_half_way_says_what_was_not_read(bucket, monkeypatch):
    def broken(_store, _prefix=None, **_more):
        yield [{"path": "a", "size": 1}, {"path": "b", "size": 1}]
        raise OSError("connection reset\n\nDebug source: secret")

    monkeypatch.setattr(obstore, "list", broken)
    *items, problem = plan_objects("s3://logs/x", sieve(), {}, bucket.store)
    assert [one.path for one in items] == ["logs/a", "logs/b"]
    assert problem.what == "listing stopped after 2 objects, and what follows was not read: connection reset"
    assert problem.hint


def item(key, scheme="s3"):
    return Item(where=f"{scheme}://logs/{key}", scheme=scheme, path=f"logs/{key}", size=None)


@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["whole", "in parts"])
@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_objects_are_read_and_unpacked(tmp_path, limits, kind):
    store = obstore.store.MemoryStore() if kind == "memory" else obstore.store.LocalStore(str(tmp_path))
    random = os.urandom(5000)
    for key, stored in (
        ("a.gz", gzip.compress(LOG)),
        ("b", LOG),
        ("c.gz", gzip.compress(random)),
        ("d", b""),
    ):
        obstore.put(store, key, stored)
    for key, plain in (("a.gz", LOG), ("b", LOG), ("c.gz", random), ("d", b"")):
        assert gathered(open_object(item(key), limits, store)) == ({f"s3://logs/{key}": plain}, [])


def test_an_object_that_is_gone_is_a_problem(bucket):
    [problem] = open_object(item("gone"), Limits(), bucket.store)
    assert problem.where == "s3://logs/gone"
    assert "can't be read" in problem.what
    assert "\n" not in problem.what


def test_an_object_that_breaks_off_is_used_as_far_as_it_came(bucket, monkeypatch):
    class Answer:
        def __init__(self):
            self.meta = {"size": 5000}

        def stream(self, **_):
            yield LOG
            raise OSError("connection reset")

    monkeypatch.setattr(obstore, "get", lambda _store, _key: Answer())
    got, [problem] = gathered(open_object(item("big"), SMALL, bucket.store))
    assert got == {"s3://logs/big": LOG}
    assert problem.what == f"reading stopped after {len(LOG)} of 5000 bytes: connection reset"


def test_a_bucket_that_is_not_there_is_not_asked_for_again():
    error = RuntimeError(
        "Error performing GET http://x/b - Server returned non-2xx status code: 404 Not Found: <?xml"
    )
    assert hint_for(error) == "there is no bucket or container of that name here: check the name"


@pytest.mark.parametrize(("scheme", "extra"), [("s3", "aws"), ("az", "azure"), ("gs", "gcp")])
def test_a_missing_extra_is_named(monkeypatch, scheme, extra):
    for module in ("obstore", "obstore.store", "boto3", "botocore.exceptions"):
        monkeypatch.setitem(sys.modules, module, None)
    [problem] = plan([f"{scheme}://bucket/x"])
    assert problem.hint == f'pip install "exclave[{extra}]"'
    [problem] = open_object(item("x", scheme), Limits())
    assert problem.hint == f'pip install "exclave[{extra}]"'
