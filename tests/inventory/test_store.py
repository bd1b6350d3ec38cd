from __future__ import annotations

import json
import os

import pytest

from exclave.inventory import Call, Each, Inventory, Scope
from exclave.inventory.model import Failure
from exclave.inventory.record import NotEmptyError, Recorder
from exclave.model import Cloud
from tests.audit.build import OURS, REGION, denied, doc

HERE = Scope(cloud=Cloud.AWS, account=OURS, region=REGION)
LIST = Call(name="x.List", items="Things")
GET = Call(name="x.Get", each=Each(call="x.List"), key="{Id}", args={"Id": "{Id}"})
TABLE = {"x.List": LIST, "x.Get": GET}


def things(*names):
    return {"Things": [{"Id": n} for n in names]}


def test_what_was_written_is_read_back(tmp_path):
    recorder = Recorder(tmp_path, resume=False)
    recorder.write(LIST, HERE, args={}, answer=things("a", "b") | {"Unknown": 1}, identity="me")
    for name in "ab":
        recorder.write(GET, HERE, args={"Id": name}, key=name, answer={"Name": name})
    inventory = Inventory.load(tmp_path, table=TABLE)
    assert inventory.problems == ()
    assert [a.answer["Name"] for a in inventory.answers("x.Get")] == ["a", "b"]
    assert inventory.one("x.List", OURS, REGION).answer["Unknown"] == 1
    assert (tmp_path / "aws" / OURS / REGION / "x.Get.jsonl").is_file()


def test_an_item_that_was_never_asked_for_is_an_answer_with_an_error():
    inventory = Inventory.of(
        [doc("x.List", things("a", "b"), region=REGION), doc("x.Get", {}, key="a", region=REGION)], TABLE
    )
    fine, missing = inventory.answers("x.Get")
    assert (fine.key, fine.error) == ("a", None)
    assert (missing.key, missing.error.code) == ("b", "NotRecorded")


def test_a_list_that_was_denied_stands_for_all_its_items():
    inventory = Inventory.of([denied("x.List", "x:List", region=REGION)], TABLE)
    (only,) = inventory.answers("x.Get")
    assert only.error.permission == "x:List"


def test_a_region_of_the_plan_that_was_not_reached_is_missing_and_said():
    plan = doc("exclave.Plan", {"accounts": {OURS: [REGION, "us-east-1"]}, "finished": False})
    inventory = Inventory.of([plan, doc("x.List", things(), region=REGION)], TABLE)
    assert [(a.scope.region, bool(a.error)) for a in inventory.answers("x.List")] == [
        (REGION, False),
        ("us-east-1", True),
    ]
    assert "not finished" in inventory.problems[0].what


def test_an_account_whose_role_was_refused_says_so():
    plan = doc("exclave.Plan", {"accounts": {OURS: [REGION]}})
    inventory = Inventory.of([plan, denied("sts.AssumeRole", "sts:AssumeRole")], TABLE)
    assert "AccessDenied" in inventory.answers("x.List")[0].error.message


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": "exclave-inventory/1"}',
        "\x00",
        "[" * 100_000,
        '{"schema": 7, "cloud": "aws", "call": "c", "scope": {}}',
    ],
)
def test_a_half_written_or_odd_document_is_a_problem_never_a_crash(tmp_path, content):
    (tmp_path / "bad.json").write_text(content)
    inventory = Inventory.load(tmp_path, table=TABLE)
    assert len(inventory.problems) == 1


def test_another_schema_is_a_problem(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(doc("x.List", things()) | {"schema": "other/9"}))
    assert "other/9" in Inventory.load(tmp_path, table=TABLE).problems[0].what


def test_a_missing_folder_is_a_problem(tmp_path):
    assert Inventory.load(tmp_path / "no", table=TABLE).problems


def test_a_broken_last_line_is_a_problem_and_resume_mends_it(tmp_path):
    recorder = Recorder(tmp_path, resume=False)
    recorder.write(LIST, HERE, args={}, answer=things("a", "b"))
    recorder.write(GET, HERE, args={}, key="a", answer={})
    path = recorder.path("x.Get", HERE, lines=True)
    path.write_bytes(path.read_bytes() + b'{"schema": "exclave-inv')
    assert len(Inventory.load(tmp_path, table=TABLE).problems) == 1
    again = Recorder(tmp_path, resume=True)
    assert again.done(GET, HERE) == {"a"}
    again.write(GET, HERE, args={}, key="b", answer={})
    inventory = Inventory.load(tmp_path, table=TABLE)
    assert inventory.problems == ()
    assert [a.key for a in inventory.answers("x.Get")] == ["a", "b"]


def test_what_failed_is_asked_again_and_what_stands_is_never_lost_to_a_later_failure(tmp_path):
    recorder = Recorder(tmp_path, resume=False)
    recorder.write(LIST, HERE, args={}, answer=things("a"))
    recorder.write(GET, HERE, args={}, key="a", error=Failure(code="Throttling"))
    assert recorder.done(GET, HERE) == frozenset()
    recorder.write(GET, HERE, args={}, key="a", answer={"ok": 1})
    recorder.write(GET, HERE, args={}, key="a", error=Failure(code="Throttling"))
    (only,) = Inventory.load(tmp_path, table=TABLE).answers("x.Get")
    assert only.answer == {"ok": 1}


def test_a_folder_with_an_inventory_is_not_written_over(tmp_path):
    Recorder(tmp_path, resume=False).write(LIST, HERE, args={}, answer={})
    with pytest.raises(NotEmptyError):
        Recorder(tmp_path, resume=False)


def test_a_name_from_the_cloud_never_leaves_the_folder(tmp_path):
    recorder = Recorder(tmp_path, resume=False)
    path = recorder.path("x.List", Scope(cloud=Cloud.AWS, account="../..", region="/etc"), lines=False)
    assert path.resolve().is_relative_to(tmp_path.resolve())


def test_a_folder_that_is_shut_is_a_problem(tmp_path, monkeypatch):
    Recorder(tmp_path, resume=False).write(LIST, HERE, args={}, answer={})
    shut = str(tmp_path / "aws" / OURS / REGION)
    listed = os.scandir

    def scandir(path):
        if str(path) == shut:
            raise PermissionError(13, "Permission denied", shut)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (problem,) = Inventory.load(tmp_path, table=TABLE).problems
    assert (problem.where, problem.what) == (shut, "can't be read: permission denied")
