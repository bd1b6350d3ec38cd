"""What `exclave revoke` takes, and what it says of input that is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from exclave.change.file import read_undo
from exclave.cli.revoke import command
from tests.audit.build import doc
from tests.change.stub import serving
from tests.revoke.test_rest import EVIL, OURS, finding, policy


@pytest.fixture
def stub(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with serving(monkeypatch) as found:
        yield found


def revoke(*arguments, code):
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "content", "says"),
    [
        ([], b"", "say what to take back"),
        (["none.jsonl"], b"", "no such file, folder or cloud"),
        (["f.jsonl"], b"{no json}\n", "f.jsonl:1: not JSON lines"),
        (["f.jsonl"], b"[1]\n", "not a line that exclave wrote"),
        (["f.jsonl"], b'{"schema":"other/1"}\n', "not a line that exclave wrote"),
        (["f.jsonl"], b'{"schema":"exclave/1","type":"transfer","id":7}\n', "f.jsonl:1: "),
        (["f.jsonl", "--exposure", "x-1"], b"", "no finding has the id x-1"),
        (["f.jsonl", "--incident", "i-1"], b"", "no finding has the id i-1"),
        (["f.jsonl"], b'{"schema":"exclave-plan/9","steps":[]}', "f.jsonl is no plan"),
        (["--undo", "f.jsonl"], b'{"schema":"exclave/1"}\n', "is no undo file"),
        (["--undo", "f.jsonl", "--apply"], b"", "--undo takes nothing but its file"),
        (["f.jsonl", "--plan", "none/p.json"], b"", "the folder"),
        (["f.jsonl", "--limit", "0"], b"", "--limit"),
    ],
)
def test_wrong_input_is_a_clear_error(stub, tmp_path, arguments, content, says):
    (tmp_path / "f.jsonl").write_bytes(content)
    assert says in revoke(*arguments, code=2)
    assert stub.asked == []


def test_a_folder_that_is_no_inventory_is_said(stub, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no inventory in empty" in revoke("empty", code=2)


def test_what_of_an_inventory_cannot_be_read_is_told_and_is_the_exit_status(stub, tmp_path):
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "a.json").write_text(json.dumps(doc("ec2.DescribeSnapshots", {"Snapshots": []})))
    (tmp_path / "held" / "b.json").write_text("{")
    said = revoke("held", code=3)
    assert "could not look: held/b.json" in said
    assert "nothing to take back" in said


def test_without_a_choice_only_what_stands_open_to_somebody_else_is_taken(stub, tmp_path):
    def share(number, verdict="external", **more):
        found = finding("gcp.pubsub.share", f"projects/our-project/topics/t{number}", "principal", EVIL)
        found["destination"]["verdict"] = verdict
        stub.things[f"/v1/projects/our-project/topics/t{number}"] = policy(f"user:{EVIL}", f"user:{OURS}")
        return {**found, "id": f"x-{number}", **more}

    lines = [
        share(1),
        share(2, verdict="trusted"),
        share(3, type="transfer", outcome="offered", open=False),
        share(4, type="transfer", outcome="attempted", open=None),
        share(5, type="transfer", outcome="offered", open=True, incident="i-9"),
        share(6, type="signal"),
    ]
    (tmp_path / "f.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))

    def planned(*arguments, code=0):
        revoke("f.jsonl", "--plan", "p.json", *arguments, code=code)
        return {f for s in json.loads((tmp_path / "p.json").read_text())["steps"] for f in s["findings"]}

    assert planned() == {"x-1", "x-5"}
    assert planned("--incident", "i-9") == {"x-5"}
    assert planned("--method", "gcp.storage.*") == set()
    assert planned("--destination", "*@evil.example") == {"x-1", "x-5"}
    assert planned("--transfer", "x-6", "--exposure", "x-2") == {"x-2", "x-6"}  # by id, whatever it is
    assert planned("--transfer", "x-4") == set()
    assert all(verb == "GET" for verb, *_ in stub.asked)


def test_another_project_than_expected_is_refused_before_anything_is_asked(stub, tmp_path):
    found = finding("gcp.pubsub.share", "projects/our-project/topics/t", "principal", EVIL)
    (tmp_path / "f.jsonl").write_text(json.dumps(found) + "\n")
    said = revoke("f.jsonl", "--apply", "--expect-account", "other-project", code=3)
    assert "our-project is not other-project: nothing was changed" in said
    assert stub.asked == []


def test_an_undo_file_that_is_there_is_never_written_over(stub, tmp_path):
    stub.things["/v1/projects/our-project/topics/t"] = policy(f"user:{EVIL}")
    found = finding("gcp.pubsub.share", "projects/our-project/topics/t", "principal", EVIL)
    (tmp_path / "f.jsonl").write_text(json.dumps(found) + "\n")
    (tmp_path / "u").write_text("precious")
    assert "is there already" in revoke("f.jsonl", "--apply", "--undo-file", "u", code=2)
    assert (tmp_path / "u").read_text() == "precious"
    assert all(verb == "GET" for verb, *_ in stub.asked)


def test_an_interrupt_ends_after_the_step_in_hand_and_what_was_done_can_be_undone(stub, tmp_path):
    lines = []
    for number in range(3):
        stub.things[f"/v1/projects/our-project/topics/t{number}"] = policy(f"user:{EVIL}")
        found = finding("gcp.pubsub.share", f"projects/our-project/topics/t{number}", "principal", EVIL)
        lines.append(json.dumps({**found, "id": f"x-{number}"}) + "\n")
    (tmp_path / "f.jsonl").write_text("".join(lines))
    running = []

    def slow(stub_, body):
        running[0].send_signal(signal.SIGINT)
        time.sleep(0.3)
        place = "/v1/projects/our-project/topics/t0"
        stub_.things[place] = {**body["policy"], "etag": "b"}
        return stub_.things[place]

    stub.actions["POST", "/v1/projects/our-project/topics/t0:setIamPolicy"] = slow
    running.append(
        subprocess.Popen(
            [sys.executable, "-m", "exclave", "revoke", "f.jsonl", "--apply", "--undo-file", "u"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ, cwd=tmp_path,
        )
    )  # fmt: skip
    said, _ = running[0].communicate(timeout=60)
    assert running[0].returncode == 130, said
    assert "1 applied, 2 not tried" in said
    assert [c.state for c in read_undo(tmp_path / "u").changes] == ["applied"]
    assert stub.things["/v1/projects/our-project/topics/t0"]["bindings"] == []
    assert stub.things["/v1/projects/our-project/topics/t1"]["bindings"] != []
    del stub.actions["POST", "/v1/projects/our-project/topics/t0:setIamPolicy"]
    assert "1 undone" in revoke("--undo", "u", code=0)
    assert stub.things["/v1/projects/our-project/topics/t0"]["bindings"][0]["members"] == [f"user:{EVIL}"]
