import json

import pytest
from click.testing import CliRunner

from exclave.cli.main import run
from exclave.exports import FORMATS

SHARE = "aws.rds.snapshot-share"


def export(*arguments):
    return CliRunner().invoke(run, ["catalogue", "export", *arguments])


@pytest.mark.parametrize("format_", FORMATS)
def test_one_entry_goes_to_standard_output_in_every_format(format_):
    result = export("--format", format_, SHARE)
    assert result.exit_code == 0, result.output
    assert "ModifyDBSnapshotAttribute" in result.stdout


def test_patterns_go_out_as_json_lines():
    (line,) = export("-f", "eventbridge", SHARE).stdout.splitlines()
    row = json.loads(line)
    assert row["id"] == SHARE
    assert row["patterns"][0]["detail"]["eventName"] == ["ModifyDBSnapshotAttribute"]
    assert row["lost"]


def test_queries_say_above_what_they_lose():
    lines = export("-f", "athena", SHARE).stdout.splitlines()
    assert lines[0].startswith("-- RDS snapshot shared")
    assert lines[1].startswith("-- Matches receivers of your own too")


def test_cloud_and_kind_choose_entries():
    result = export("-f", "eventbridge", "--cloud", "aws", "--kind", "transfer")
    ids = {json.loads(line)["id"] for line in result.stdout.splitlines()}
    assert SHARE in ids
    assert "aws.ebs.snapshot-create" not in ids
    assert "left out: " in result.stderr
    assert result.exit_code == 0


def test_files_are_written_one_for_each_entry_and_what_they_lose_beside_them(tmp_path):
    result = export("-f", "kql", "-o", str(tmp_path / "new" / "kql"), "--cloud", "gcp")
    assert result.exit_code == 0
    names = {p.name for p in (tmp_path / "new" / "kql").iterdir()}
    assert "gcp.storage.bucket-iam.kql" in names or any(n.startswith("gcp.storage.") for n in names)
    lost = (tmp_path / "new" / "kql" / "lost.md").read_text()
    assert "# Entries that can't be told" in lost
    assert "gcp-scc" in lost


def test_an_entry_asked_for_that_can_not_be_told_is_status_1():
    result = export("-f", "insights", "aws.s3.access-log-read")
    assert result.exit_code == 1
    assert "CloudTrail" in result.stderr


def test_an_unknown_entry_is_a_usage_error_that_names_the_nearest():
    result = export("-f", "kql", "aws.rds.snapshot-shar")
    assert result.exit_code == 2
    assert SHARE in result.stderr


def test_a_folder_that_can_not_be_made_is_a_usage_error(tmp_path):
    (tmp_path / "file").write_text("")
    result = export("-f", "kql", "-o", str(tmp_path / "file" / "below"), SHARE)
    assert result.exit_code == 2
