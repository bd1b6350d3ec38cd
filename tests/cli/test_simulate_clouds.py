"""`exclave simulate` of several clouds, from the command line."""

import json

from click.testing import CliRunner

from exclave.cli.simulate import command


def run(*args):
    return CliRunner().invoke(command, [str(arg) for arg in args])


def test_the_list_can_be_of_one_cloud():
    every, azure = run("--list").output.splitlines(), run("--list", "--cloud", "azure").output.splitlines()
    assert {line.split()[0] for line in every} == {"aws", "azure", "gcp"}
    assert azure == [line for line in every if line.startswith("azure")]
    assert len(azure) >= 3


def test_all_breaches_of_a_cloud_and_the_cloud_that_a_breach_implies(tmp_path):
    args = ("--records", 0, "--days", 1, "--breach")
    assert run(tmp_path / "one", "--cloud", "azure", *args, "all").exit_code == 0
    assert run(tmp_path / "two", *args, "azure-gallery-share", "--breach", "ram-share").exit_code == 0
    clouds = {}
    for name in ("one", "two"):
        lines = [json.loads(line) for line in (tmp_path / name / "truth.jsonl").read_text().splitlines()]
        clouds[name] = [line["cloud"] for line in lines if line["type"] == "perimeter"]
    assert clouds == {"one": ["azure"], "two": ["aws", "azure"]}
    assert not (tmp_path / "one/logs/AWSLogs").exists()


def test_flow_logs_without_aws_are_refused(tmp_path):
    done = run(tmp_path / "out", "--cloud", "azure", "--flow-records", 10)
    assert (done.exit_code, "AWS only" in done.output) == (2, True)
