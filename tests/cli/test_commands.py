"""The commands as a user runs them: as processes, with their streams and exit status."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.correlate.build import THIEF, record, share


def run(*arguments, cwd=None, stdin=None, env=None):
    return subprocess.run(
        [sys.executable, "-m", "exclave", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        input=stdin,
        env={**os.environ, **(env or {})},
        timeout=60,
        check=False,
    )


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    records = [share(0, "snap-1", THIEF), record(1, "DescribeInstances")]
    (folder / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))
    return folder


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_share_outside_is_found_and_makes_the_status_1(logs, tmp_path):
    done = run("hunt", logs, cwd=tmp_path)
    assert done.returncode == 1
    assert THIEF in done.stdout
    assert "aws ec2 modify-snapshot-attribute" in done.stdout
    assert done.stderr == ""
    assert "\x1b[" not in done.stdout


def test_json_lines_hold_the_finding_the_incident_and_the_coverage(logs, tmp_path):
    found = lines(run("hunt", logs, "--format", "jsonl", cwd=tmp_path))
    transfer = next(f for f in found if f["type"] == "transfer")
    assert transfer["destination"] == transfer["destination"] | {
        "kind": "account",
        "id": THIEF,
        "verdict": "external",
    }
    assert transfer["outcome"] == "offered"
    assert transfer["open"] is True
    assert transfer["evidence"]["record"] == 1
    assert {"incident", "coverage"} <= {f["type"] for f in found}


def test_nothing_found_is_0(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"Records": [record(0, "DescribeInstances")]}))
    assert run("hunt", "a.json", cwd=tmp_path).returncode == 0


def test_what_could_not_be_read_is_3_and_named(tmp_path):
    whole = gzip.compress(json.dumps({"Records": [record(0, "DescribeInstances")] * 50}).encode())
    (tmp_path / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    done = run("hunt", "cut.json.gz", "missing.json", cwd=tmp_path)
    assert done.returncode == 3
    assert "cut.json.gz" in done.stdout
    assert "missing.json" in done.stdout


def test_a_finding_wins_over_what_could_not_be_read(logs, tmp_path):
    (logs / "b.json").write_text("{")
    assert run("hunt", logs, cwd=tmp_path).returncode == 1


@pytest.mark.parametrize(("level", "status"), [("critical", 0), ("high", 1), ("never", 0)])
def test_the_severity_that_fails_can_be_chosen(logs, tmp_path, level, status):
    assert run("hunt", logs, "--fail-on", level, cwd=tmp_path).returncode == status


@pytest.mark.parametrize(
    "arguments",
    [
        ("hunt",),
        ("hunt", "x", "-o", "report.doc"),
        ("hunt", "x", "-o", "no/such/folder/report.html"),
        ("hunt", "x", "--format", "yaml"),
        ("hunt", "x", "--since", "yesterday"),
        ("hunt", "x", "--since", "2026-02-01", "--until", "2026-01-01"),
        ("hunt", "x", "-p", "missing.toml"),
        ("timeline", "x"),
        ("catalogue", "show", "aws.ebs.snapshot-shared"),
        ("simulate",),
        ("simulate", "out", "-b", "nonsense"),
        ("perimeter", "init"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(tmp_path, arguments):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_several_outputs_at_once(logs, tmp_path):
    names = ["r.html", "r.jsonl", "r.csv", "r.ocsf.json", "r.sarif", "r.stix.json", "r.timesketch.jsonl"]
    done = run("hunt", logs, *(a for n in names for a in ("-o", n)), cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    for name in names:
        assert (tmp_path / name).stat().st_size > 0


def test_standard_input_is_read(logs, tmp_path):
    text = gzip.decompress((logs / "a.json.gz").read_bytes()).decode()
    assert run("hunt", "-", cwd=tmp_path, stdin=text).returncode == 1


def test_a_perimeter_file_in_the_working_folder_counts(logs, tmp_path):
    (tmp_path / "perimeter.toml").write_text(
        f'[[account]]\nid = "{THIEF}"\nas = "trusted"\nwhy = "our auditor"'
    )
    done = run("hunt", logs, "--format", "jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert "our auditor" in next(f for f in lines(done) if f["type"] == "transfer")["destination"]["reason"]


def test_times_limit_what_is_found(logs, tmp_path):
    assert run("hunt", logs, "--until", "2026-03-02T01:00:00Z", cwd=tmp_path).returncode == 0
    assert run("hunt", logs, "--since", "2026-03-02T01:00:00Z", cwd=tmp_path).returncode == 1


def test_a_timeline_shows_everything_that_an_incidents_actor_did(logs, tmp_path):
    incident = next(
        f for f in lines(run("hunt", logs, "--format", "jsonl", cwd=tmp_path)) if f["type"] == "incident"
    )
    done = run("timeline", logs, "--incident", incident["id"], "--format", "jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert [e["action"].split(":")[1] for e in lines(done)] == [
        "ModifySnapshotAttribute",
        "DescribeInstances",
    ]
    by_name = run("timeline", logs, "--actor", "dana", cwd=tmp_path)
    assert "DescribeInstances" in by_name.stdout


def test_the_perimeter_is_proposed_and_explained(logs, tmp_path):
    done = run("perimeter", "init", "--from-logs", logs, "-o", "perimeter.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "123456789012" in (tmp_path / "perimeter.toml").read_text()
    assert run("perimeter", "init", "--from-logs", logs, "-o", "perimeter.toml", cwd=tmp_path).returncode == 2
    assert "123456789012: self" in run("perimeter", "explain", "123456789012", cwd=tmp_path).stdout
    assert f"{THIEF}: external" in run("perimeter", "explain", THIEF, cwd=tmp_path).stdout


def test_the_catalogue_explains_itself_offline(tmp_path):
    assert "aws.ebs.snapshot-share" in run("catalogue", "list", "--cloud", "aws").stdout
    shown = run("catalogue", "show", "aws.ebs.snapshot-share").stdout
    for part in ("ModifySnapshotAttribute", "Look-alikes", "Revoke", "Prevent", "References"):
        assert part in shown
    (tmp_path / "rows.csv").write_text("cloud,id\naws,aws-ebs-snapshot-share\naws,no-such-row\n")
    done = run("catalogue", "coverage", tmp_path / "rows.csv")
    assert done.returncode == 1
    assert "no-such-row: not served" in done.stdout
    assert "aws-ebs-snapshot-share" not in done.stdout


def test_simulated_logs_are_hunted(tmp_path):
    done = run(
        "simulate",
        "out",
        "-b",
        "share-removed-afterwards",
        "--records",
        "300",
        "--days",
        "1",
        "--accounts",
        "2",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    truth = [json.loads(line) for line in (tmp_path / "out" / "truth.jsonl").read_text().splitlines()]
    wanted = {d["id"] for t in truth if t["type"] == "breach" for d in t["destinations"]}
    found = lines(run("hunt", "out/logs", "--format", "jsonl", cwd=tmp_path))
    assert wanted <= {t["destination"]["id"] for t in found if t["type"] == "transfer"}
    assert run("simulate", "out", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("to_head", ["2>&1 | head -1", "| head -c 10"])
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("hunt logs", 1),
        ("hunt logs --format jsonl", 1),
        ("hunt logs --fail-on never", 0),
        ("catalogue list", 0),
        ("catalogue show aws.ebs.snapshot-share", 0),
        ("controls show aws.network.acl", 0),
    ],
)
def test_a_reader_that_stops_reading_changes_nothing(logs, tmp_path, arguments, status, to_head):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m exclave {arguments} {to_head}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert done.returncode == status


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "arguments",
    [
        ("hunt", "logs"),
        ("hunt", "logs", "-f", "csv"),
        ("catalogue", "list"),
        ("timeline", "logs", "--actor", THIEF, "-f", "csv"),
    ],
)
def test_output_that_cannot_be_written_is_2_and_says_so(logs, tmp_path, arguments):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "exclave", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        2,
        "Error: standard output can't be written: No space left on device\n",
    )


def test_a_report_that_cannot_be_written_is_not_a_finding(logs, tmp_path):
    done = run("hunt", logs, "-o", "/dev/full/r.html", "--fail-on", "never", cwd=tmp_path)
    assert done.returncode == 2
    (tmp_path / "here.html").mkdir()
    done = run("hunt", logs, "-o", "here.html", cwd=tmp_path)
    assert (done.returncode, "here.html can't be written" in done.stderr) == (2, True)


def test_a_catalogue_is_not_held_against_what_is_no_csv(tmp_path):
    (tmp_path / "rows.csv").write_bytes(b"\xff\xfe\x00id")
    done = run("catalogue", "coverage", "rows.csv", cwd=tmp_path)
    assert (done.returncode, "rows.csv: no CSV" in done.stderr) == (2, True)


def test_ctrl_c_leaves_a_report_of_what_was_read(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    text = gzip.compress(
        json.dumps(
            {"Records": [share(0, "snap-1", THIEF), *[record(1, "DescribeInstances")] * 3000]}
        ).encode(),
        1,
    )
    for number in range(400):
        (folder / f"{number:04}.json.gz").write_bytes(text)
    for wait in (1.5, 5, 15):  # a slow machine is still starting, and has nothing to tell
        process = subprocess.Popen(
            [sys.executable, "-m", "exclave", "hunt", str(folder), "-j", "1", "-o", "r.jsonl"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        if process.returncode != 130:
            break
    assert "Traceback" not in err
    coverage = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()][-1]
    assert coverage["type"] == "coverage"
    assert process.returncode in (1, 3)
    if coverage["files"] < 400:
        assert any("Ctrl-C" in p["what"] for p in coverage["problems"])


@pytest.mark.parametrize(("most", "wanted"), [(50_000, 30), (2, None)])
def test_what_there_is_to_read_is_listed_once_whether_it_is_counted_or_not(
    tmp_path, monkeypatch, most, wanted
):
    from exclave.cli import hunt
    from exclave.sources import plan

    for number in range(3):
        (tmp_path / f"{number}.json").write_text("x" * 10)
    monkeypatch.setattr(hunt, "MOST_HELD", most)
    listed = []

    def planned():
        for item in plan([str(tmp_path)]):
            listed.append(item)
            yield item

    total, items = hunt._counted([str(tmp_path)], planned())
    assert total == wanted
    assert list(items) == listed
    assert len(listed) == 3
    assert hunt._counted(["s3://b/p"], iter(listed))[0] is None


@pytest.mark.parametrize(
    "command",
    [["audit", "aws"], ["collect", "aws", "-o", "x"], ["revoke", "aws"], ["harden", "aws", "-o", "y"]],
)
def test_a_misspelt_profile_is_said_and_not_thrown(tmp_path, command):
    done = subprocess.run(
        [sys.executable, "-m", "exclave", *command, "--profile", "nope"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")},
    )  # fmt: skip
    assert done.returncode == 3
    assert "there is no AWS profile 'nope'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_that_there_is_not_is_told_the_nearest_and_logs_the_hunt(tmp_path):
    (tmp_path / "logs").mkdir()
    assert "Did you mean 'hunt'?" in run("hnt", "logs", cwd=tmp_path).stderr
    done = run("logs", cwd=tmp_path)
    assert done.returncode == 2
    assert "exclave hunt logs" in done.stderr


def test_explaining_a_verdict_says_which_perimeter_it_goes_by(tmp_path):
    done = run("perimeter", "explain", "111122223333", cwd=tmp_path)
    assert "external" in done.stdout
    assert "no perimeter.toml" in done.stderr
    (tmp_path / "perimeter.toml").write_text('[[account]]\nid = "111122223333"\n')
    assert "1 entries" not in run("perimeter", "explain", "111122223333", cwd=tmp_path).stderr
