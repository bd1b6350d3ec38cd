"""Steps are looked at before and after, noted before they are made, limited, and undone only where nothing has changed since."""

from __future__ import annotations

import json
import stat

import pytest

from exclave.change.apply import Doing, TooManyError, apply, undo
from exclave.change.calls import CallError
from exclave.change.file import BadFileError, UndoLog, read_plan, read_undo, write_plan
from exclave.change.model import Plan, Request, Step, equals, gone, step_id
from exclave.model import Cloud

NOW = "2026-01-02T03:04:05Z"


class World:
    """A cloud of named values with versions; `trouble` is raised by the next changes."""

    def __init__(self, **values):
        self.values = {k: {"value": v, "etag": "1"} for k, v in values.items()}
        self.log = []
        self.trouble = {}
        self.stop = None

    def read(self, request):
        name = request.args["name"]
        self.log.append(f"read {name}")
        return json.loads(json.dumps(self.values.get(name)))

    def write(self, request):
        name = request.args["name"]
        self.log.append(f"{request.call} {name}")
        if name in self.trouble:
            error = self.trouble[name]
            if isinstance(error, BaseException):
                raise error
            error()
        if request.call == "x:Delete":
            del self.values[name]
            return {}
        before = self.values.get(name, {"etag": "0"})
        if "etag" in request.args and request.args["etag"] != before["etag"]:
            raise CallError("Conflict", "the etag is old")
        self.values[name] = {"value": request.args["value"], "etag": str(int(before["etag"]) + 1)}
        return {}


def request(call, name, **args):
    return Request(cloud=Cloud.AWS, call=call, account="1", args={"name": name, **args})


def step(world, name, value, **more):
    before = world.read(request("x:Get", name))
    change = (request("x:Put", name, value=value, etag={"$now": "etag"}),)
    return Step(
        id=step_id(*change), title=f"set {name}", resource=name, account="1", read=request("x:Get", name), before=before,
        change=change, undo=(request("x:Put", name, value=before and before["value"]),),
        after=(equals("value", value),), undone=(equals("value", before and before["value"]),), **more,
    )  # fmt: skip


def plan(*steps):
    return Plan(made_at=NOW, identity="me", steps=steps)


def doing(world, **more):
    return Doing(reader=world.read, writer=world.write, patience=0, **more)


def test_a_step_is_noted_before_it_is_made_and_undone_to_what_was(tmp_path):
    world = World(a="open", b="open")
    file = tmp_path / "undo.jsonl"
    noted = []
    world.trouble = {"a": lambda: noted.append(len(read_undo(file).changes))}
    results = apply(plan(step(world, "a", "shut"), step(world, "b", "shut")), doing(world), undo_file=file)
    assert [r.result for r in results] == ["applied", "applied"]
    assert noted == [1]  # on the disk when the change was made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {k: v["value"] for k, v in world.values.items()} == {"a": "shut", "b": "shut"}
    world.trouble = {}
    world.log.clear()
    assert [r.result for r in undo(file, doing(world))] == ["undone", "undone"]
    assert [e for e in world.log if e.startswith("x:")] == ["x:Put b", "x:Put a"]  # the latest first
    assert {k: v["value"] for k, v in world.values.items()} == {"a": "open", "b": "open"}
    assert undo(file, doing(world)) == []  # and not twice


def test_more_steps_than_the_limit_change_nothing_at_all(tmp_path):
    world = World(a="open", b="open")
    steps = [step(world, n, "shut") for n in "ab"]
    world.log.clear()
    with pytest.raises(TooManyError, match="2 resources"):
        apply(plan(*steps), doing(world), undo_file=tmp_path / "u", limit=1)
    assert world.log == []
    assert not (tmp_path / "u").exists()


def test_what_changed_since_the_plan_is_refused_and_what_is_so_already_is_left(tmp_path):
    world = World(a="open", b="open")
    steps = [step(world, n, "shut") for n in "ab"]
    world.values["a"] = {"value": "shut", "etag": "7"}
    world.values["b"] = {"value": "other", "etag": "8"}
    results = apply(plan(*steps), doing(world), undo_file=tmp_path / "u")
    assert [r.result for r in results] == ["already so", "refused"]
    assert world.values["b"]["value"] == "other"
    assert read_undo(tmp_path / "u").changes == ()


def test_it_stops_at_the_first_failure_unless_told_to_go_on(tmp_path):
    for keep_going, expected in ((False, ["failed", "not tried"]), (True, ["failed", "applied"])):
        world = World(a="open", b="open")
        world.trouble = {"a": CallError("AccessDenied", "no", "x:Put")}
        steps = [step(world, n, "shut") for n in "ab"]
        results = apply(
            plan(*steps), doing(world, keep_going=keep_going), undo_file=tmp_path / str(keep_going)
        )
        assert [r.result for r in results] == expected
        assert "needs x:Put" in results[0].why


def test_a_change_that_does_not_take_is_said(tmp_path):
    world = World(a="open")
    one = step(world, "a", "shut")
    world.write = lambda _request: {}  # the cloud says yes and does nothing
    (result,) = apply(plan(one), doing(world), undo_file=tmp_path / "u")
    assert result.result == "not verified"
    assert not result.good


def test_a_change_that_takes_its_time_is_waited_for(tmp_path, monkeypatch):
    world = World(a="open")
    one = step(world, "a", "shut")
    late = []
    world.write, put = late.append, world.write
    monkeypatch.setattr("exclave.change.apply.time.sleep", lambda _s: put(late.pop()) if late else None)
    (result,) = apply(plan(one), Doing(reader=world.read, writer=world.write), undo_file=tmp_path / "u")
    assert result.result == "applied"


def test_an_undo_leaves_alone_what_was_changed_since(tmp_path):
    world = World(a="open", b="open")
    apply(plan(*(step(world, n, "shut") for n in "ab")), doing(world), undo_file=tmp_path / "u")
    world.values["a"] = {"value": "hers", "etag": "9"}
    results = undo(tmp_path / "u", doing(world, keep_going=True))
    assert {r.step.resource: r.result for r in results} == {"a": "refused", "b": "undone"}
    assert world.values["a"]["value"] == "hers"


def test_a_run_that_was_interrupted_leaves_a_file_that_undoes_it(tmp_path):
    world = World(a="open", b="open", c="open")
    steps = [step(world, n, "shut") for n in "abc"]
    file = tmp_path / "u"

    def dies():
        world.values["b"] = {"value": "shut", "etag": "2"}  # it was made, and nobody could note it
        raise KeyboardInterrupt

    world.trouble = {"b": dies}
    with pytest.raises(KeyboardInterrupt):
        apply(plan(*steps), doing(world), undo_file=file)
    # a crash may tear the line that was being written
    with file.open("ab") as stream:
        stream.write(b'{"type":"will","step":{"id"')
    world.trouble = {}
    found = read_undo(file)
    assert [c.state for c in found.changes] == ["applied", "begun"]
    assert len(found.problems) == 1
    assert [r.result for r in undo(file, doing(world))] == ["undone", "undone"]
    assert {v["value"] for v in world.values.values()} == {"open"}
    assert read_undo(file).changes == ()


def test_a_stop_lets_the_step_in_hand_end(tmp_path):
    world = World(a="open", b="open")
    now = doing(world)
    world.trouble = {"a": now.stop.set}
    results = apply(plan(*(step(world, n, "shut") for n in "ab")), now, undo_file=tmp_path / "u")
    assert [r.result for r in results] == ["applied", "not tried"]
    assert results[1].why == "stopped"


def test_what_cannot_be_undone_says_so(tmp_path):
    world = World(a="open")
    change = (request("x:Delete", "a"),)
    one = Step(
        id=step_id(*change), title="delete a", resource="a", read=request("x:Get", "a"),
        before=world.read(request("x:Get", "a")), change=change, after=(gone(),), breaks=("it can't be undone",),
    )  # fmt: skip
    assert [r.result for r in apply(plan(one), doing(world), undo_file=tmp_path / "u")] == ["applied"]
    (result,) = undo(tmp_path / "u", doing(world))
    assert result.result == "can't be undone"


def test_what_cannot_be_undone_keeps_nothing_else_from_it(tmp_path):
    world = World(a="open", b="open")
    change = (request("x:Delete", "b"),)
    final = Step(
        id=step_id(*change), title="delete b", resource="b", read=request("x:Get", "b"),
        before=world.read(request("x:Get", "b")), change=change, after=(gone(),), breaks=("it can't be undone",),
    )  # fmt: skip
    apply(plan(step(world, "a", "shut"), final), doing(world), undo_file=tmp_path / "u")
    assert [r.result for r in undo(tmp_path / "u", doing(world))] == ["can't be undone", "undone"]


def test_an_undo_file_is_never_written_over(tmp_path):
    (tmp_path / "u").write_text("precious")
    world = World(a="open")
    with pytest.raises(FileExistsError):
        apply(plan(step(world, "a", "shut")), doing(world), undo_file=tmp_path / "u")
    assert world.values["a"]["value"] == "open"


def test_a_plan_survives_being_written_and_read(tmp_path):
    world = World(a="open")
    made = plan(step(world, "a", "shut", findings=("x-1",)))
    write_plan(tmp_path / "p.json", made)
    assert stat.S_IMODE((tmp_path / "p.json").stat().st_mode) == 0o600
    read = read_plan(tmp_path / "p.json")
    assert read.steps == made.steps
    assert [r.result for r in apply(read, doing(world), undo_file=tmp_path / "u")] == ["applied"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b'{"schema":"exclave-plan/9","made_at":"2026-01-01T00:00:00Z"}',
        b'{"type":"head"}',
        b"[]",
    ],
)
def test_bad_files_are_clear_errors(tmp_path, content):
    file = tmp_path / "f"
    file.write_bytes(content)
    for reader in (read_plan, read_undo):
        with pytest.raises(BadFileError, match=str(file)):
            reader(file)
    with pytest.raises(BadFileError, match="No such file"):
        read_plan(tmp_path / "none")


def test_lines_are_on_the_disk_when_a_method_returns(tmp_path):
    world = World(a="open")
    log = UndoLog(tmp_path / "u", "me")
    log.will(step(world, "a", "shut"), {"value": "open"})
    assert len(read_undo(tmp_path / "u").changes) == 1
    log.close()
