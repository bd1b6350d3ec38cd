from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exclave.cli.main import run
from tests.audit.build import REGION, THEIRS, denied, doc


def call(*arguments, status=None):
    done = CliRunner().invoke(run, list(arguments))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    if status is not None:
        assert done.exit_code == status, done.output
    return done


@pytest.fixture
def folder(tmp_path):
    def write(*documents):
        target = tmp_path / "inventory"
        target.mkdir(exist_ok=True)
        for number, document in enumerate(documents):
            (target / f"{number}.json").write_text(json.dumps(document))
        return str(target)

    return write


STRONG = {
    "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True, "HardExpiry": True,
    "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 24,
}  # fmt: skip
ONLY = ("--control", "aws.credentials.password-policy")
PASSING = doc("iam.GetAccountPasswordPolicy", {"PasswordPolicy": STRONG})
MISSING = doc("iam.GetAccountPasswordPolicy", absent="NoSuchEntity")
SHARED = doc(
    "ec2.DescribeSnapshotAttribute",
    {"CreateVolumePermissions": [{"UserId": THEIRS}]},
    key="snap-1",
    args={"SnapshotId": "snap-1"},
    region=REGION,
)


def test_the_exit_status_is_one_for_what_fails_three_for_what_could_not_be_looked_at(folder):
    assert call("audit", folder(PASSING), *ONLY, "--no-exposures").exit_code == 0
    assert call("audit", folder(MISSING), *ONLY, "--no-exposures").exit_code == 1
    assert call("audit", folder(MISSING), *ONLY, "--no-exposures", "--fail-on", "critical").exit_code == 0
    assert (
        call("audit", folder(denied("iam.GetAccountPasswordPolicy")), *ONLY, "--no-exposures").exit_code == 3
    )


def test_a_baseline_quiets_what_it_has_and_nothing_else(folder, tmp_path):
    baseline = str(tmp_path / "old.jsonl")
    call("audit", folder(MISSING), *ONLY, "-o", baseline, status=1)
    assert call("audit", folder(MISSING), *ONLY, "--no-exposures", "--baseline", baseline).exit_code == 0
    assert call("audit", folder(MISSING, SHARED), *ONLY, "--baseline", baseline).exit_code == 1


def test_diff_says_what_is_new_gone_and_changed(folder, tmp_path):
    old, new = str(tmp_path / "old.jsonl"), str(tmp_path / "new.jsonl")
    call("audit", folder(MISSING), *ONLY, "-o", old)
    call("audit", folder(PASSING, SHARED), *ONLY, "-o", new)
    lines = call("diff", old, new, status=1).output
    assert "new      exposure" in lines
    assert "changed  control" in lines
    assert "status: fail -> pass" in lines
    assert "gone     exposure" in call("diff", new, old, status=1).output
    call("diff", new, new, status=0)


def test_a_diff_of_what_is_no_audit_is_a_usage_error(tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"a": 1}\n')
    call("diff", str(bad), str(bad), status=2)


def test_an_empty_folder_and_an_unknown_control_are_usage_errors(tmp_path, folder):
    call("audit", str(tmp_path), status=2)
    call("audit", folder(PASSING), "--control", "aws.nothing", status=2)
    call("audit", folder(PASSING), "-f", "pdf", status=2)
    call("collect", "aws", "-o", str(tmp_path / "x"), "--control", "aws.nothing", status=2)


def test_controls_are_listed_and_explained_offline():
    lines = [
        json.loads(x) for x in call("controls", "list", "--format", "jsonl", status=0).output.splitlines()
    ]
    assert any(x["id"] == "aws.network.acl" for x in lines)
    assert "ec2:DescribeNetworkAcls" in call("controls", "show", "aws.network.acl", status=0).output
    assert (
        json.loads(call("controls", "show", "aws.network.acl", "--format", "jsonl", status=0).output)["id"]
        == "aws.network.acl"
    )
    assert "aws.network.acl" in call("controls", "show", "aws.network.acls", status=2).output


def test_permissions_print_a_policy_that_only_reads():
    document = json.loads(call("permissions", status=0).stdout)
    actions = document["Statement"][0]["Action"]
    assert "ec2:DescribeSnapshotAttribute" in actions
    assert not [
        a
        for a in actions
        if not a.partition(":")[2].startswith(
            ("Describe", "Get", "List", "BatchGet", "GenerateServiceLastAccessedDetails")
        )
    ]
    assert "sts:AssumeRole" in call("permissions", "--role-name", "audit", status=0).output
    assert len(call("permissions", *ONLY, "--no-exposures", "--format", "text").output.splitlines()) < len(
        actions
    )
