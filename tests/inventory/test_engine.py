from __future__ import annotations

import threading

import pytest

from exclave.inventory import GLOBAL, Call, Each, Inventory, Scope
from exclave.inventory.engine import Reply, StoppedError, Tally, run
from exclave.inventory.model import Failure, to_do
from exclave.inventory.rate import Limiter
from exclave.inventory.record import Recorder
from exclave.model import Cloud

SCOPES = [Scope(cloud=Cloud.AWS, account="1", region=r) for r in (GLOBAL, "a", "b")]
TABLE = {
    "x.List": Call(name="x.List", items="Things"),
    "x.Get": Call(
        name="x.Get",
        each=Each(call="x.List", where={"Kind": ["big"]}),
        key="{Id}",
        args={"Id": "{Id}", "Where": "{region}"},
    ),
    "g.Get": Call(name="g.Get", scope="global"),
    "o.Get": Call(name="o.Get", scope="organization"),
}


def collect(tmp_path, ask, *, resume=False, stop=None, home=SCOPES[0]):
    recorder, tally = Recorder(tmp_path, resume=resume), Tally()
    run(
        TABLE,
        SCOPES,
        home,
        ask,
        recorder,
        identity="me",
        workers=4,
        stop=stop or threading.Event(),
        tally=tally,
        watch=lambda _t: None,
    )
    return tally


def answer(unit):
    if unit.call.name == "x.List":
        return Reply(
            answer={
                "Things": [{"Id": f"{unit.region}{n}", "Kind": "big" if n else "small"} for n in range(3)]
            }
        )
    return Reply(answer={"args": unit.args})


def test_each_call_is_made_once_in_each_of_its_scopes(tmp_path):
    asked, lock = [], threading.Lock()

    def ask(unit):
        with lock:
            asked.append((unit.call.name, unit.scope.region, unit.key))
        return answer(unit)

    collect(tmp_path, ask)
    assert sorted(asked) == sorted(
        [("x.List", r, "") for r in "ab"]
        + [("x.Get", r, f"{r}{n}") for r in "ab" for n in (1, 2)]
        + [("g.Get", GLOBAL, ""), ("o.Get", GLOBAL, "")]
    )
    inventory = Inventory.load(tmp_path, table=TABLE)
    assert {(a.scope.region, a.answer["args"]["Where"]) for a in inventory.answers("x.Get")} == {
        ("a", "a"),
        ("b", "b"),
    }


def test_a_refusal_is_recorded_and_the_rest_goes_on(tmp_path):
    tally = collect(
        tmp_path, lambda u: Reply(error=Failure(code="AccessDenied")) if u.call.name == "g.Get" else answer(u)
    )
    assert (tally.failed, tally.errors) == (1, {"AccessDenied": 1})
    assert len(Inventory.load(tmp_path, table=TABLE).answers("x.Get")) == 4


def test_credentials_that_end_leave_what_was_recorded_and_resume_asks_only_the_rest(tmp_path):
    def dying(unit):
        if unit.key == "b1":
            raise StoppedError("expired")
        return answer(unit)

    with pytest.raises(StoppedError):
        collect(tmp_path, dying)
    before = {a.key for a in Inventory.load(tmp_path, table=TABLE).answers("x.Get") if a.error is None}
    asked = []
    collect(tmp_path, lambda u: (asked.append(u.key), answer(u))[1], resume=True)
    assert "b1" in asked
    assert not before & set(asked)
    assert all(a.error is None for a in Inventory.load(tmp_path, table=TABLE).answers("x.Get"))


def test_interrupting_stops_soon_and_keeps_what_there_is(tmp_path):
    stop = threading.Event()

    def ask(unit):
        if unit.call.name == "x.Get":
            stop.set()
        return answer(unit)

    collect(tmp_path, ask, stop=stop)
    assert len([a for a in Inventory.load(tmp_path, table=TABLE).answers("x.List") if a.error is None]) == 2


def test_the_rate_is_kept_after_a_burst_and_for_each_name_by_itself():
    now = [0.0]
    limiter = Limiter(10, 5, threading.Event(), clock=lambda: now[0])
    waits = [limiter.reserve("one") for _ in range(15)]
    assert waits[:5] == [0.0] * 5
    assert waits[14] == pytest.approx(1.0)
    assert limiter.reserve("other") == 0.0
    now[0] = 10.0
    assert limiter.reserve("one") == 0.0
    assert Limiter(0, 1, threading.Event()).reserve("x") == 0.0


def test_an_error_without_words_is_named_and_says_what_to_do():
    assert Failure(code="500").words == "HTTP 500 Internal Server Error"
    assert (
        Failure(code="AccessDenied", message="no", permission="a:B").words == "AccessDenied: no (needs a:B)"
    )
    assert Failure(code="599999").words == "599999"
    advice = to_do(["500", "InternalError", "AccessDenied", "404", "Odd"])
    assert len(advice) == 3
    assert "exclave permissions" in advice[1]
