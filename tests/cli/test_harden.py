"""`exclave harden` offline: what it writes, says and answers; nothing here talks to a cloud."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import exclave.harden
from exclave.cli.main import run
from exclave.harden.model import VALUES
from tests.audit.build import OURS
from tests.harden.cloud import Account

PASSWORD = "aws.credentials.password-policy"


@pytest.fixture
def inventory(tmp_path):
    folder = tmp_path / "inventory"
    folder.mkdir()
    save(folder, Account())
    return folder


def save(folder, account):
    (folder / "all.jsonl").write_text("".join(json.dumps(d) + "\n" for d in account.documents()))


def harden(*arguments):
    done = CliRunner().invoke(run, ["harden", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_files_an_index_and_a_plan_are_written_and_the_status_says_that_something_is_missing(
    inventory, tmp_path
):
    done = harden(inventory, "--control", PASSWORD, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "set the password policy" in done.output
    written = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert written == {"plan.md", "plan.json", f"{PASSWORD}.{OURS}/main.tf.json"}
    assert PASSWORD in (tmp_path / "out" / "plan.md").read_text()
    assert (tmp_path / "out" / "plan.json").stat().st_mode & 0o77 == 0
    shown = harden(tmp_path / "out" / "plan.json")
    assert shown.exit_code == 1
    assert "set the password policy" in shown.output


def test_what_is_in_place_needs_nothing(inventory, tmp_path):
    account = Account()
    account.password = {
        "MinimumPasswordLength": 14, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "MaxPasswordAge": 90, "PasswordReusePrevention": 24, "HardExpiry": True,
    }  # fmt: skip
    save(inventory, account)
    done = harden(inventory, "--control", PASSWORD)
    assert (done.exit_code, "controls: 0 missing, 1 in place" in done.output) == (0, True)
    assert harden(inventory, "--control", PASSWORD, "--apply").exit_code == 0


def test_what_could_not_be_looked_at_is_said_and_nothing_is_made_of_it(tmp_path):
    document = next(d for d in Account().documents() if d["call"] == "iam.GetAccountPasswordPolicy")
    document |= {
        "error": {"code": "AccessDenied", "message": "no", "permission": "iam:GetAccountPasswordPolicy"},
        "absent": "",
        "answer": None,
    }
    (tmp_path / "a.json").write_text(json.dumps(document))
    done = harden(tmp_path, "--control", PASSWORD, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert "AccessDenied" in done.output
    assert "iam:GetAccountPasswordPolicy" in (tmp_path / "out" / "plan.md").read_text().replace("\\", "")
    assert not (tmp_path / "out" / "plan.json").exists()


def test_more_changes_than_the_limit_change_nothing(inventory):
    done = harden(inventory, "--apply", "--limit", "2")
    assert done.exit_code == 2
    assert "nothing was changed" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the folder"),
        (("--control", "aws.alarm.data-sharin"), "near: aws.alarm.data-sharing"),
        (("--set", "region"), "NAME=VALUE"),
        (("--format", "yaml"), "one of arm, bicep"),
        (("--prefix", "A B"), "small letters"),
        (("--notify", "nobody"), "no mail address"),
        (("--break-glass", "arn:aws:iam::*:role/*"), "not of everybody"),
        (("--expect-account", "999999999999"), "not of 999999999999"),
    ],
)
def test_wrong_use_is_a_clear_error(inventory, arguments, said):
    done = harden(
        *(() if not arguments else (inventory, *arguments)), *(("--profile", "x") if not arguments else ())
    )
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


@pytest.mark.parametrize(
    "content", ["", "{", '{"schema":"exclave-plan/2","made_at":"2026-01-01T00:00:00Z"}', "[]"]
)
def test_a_file_that_is_no_plan_or_undo_file_is_a_clear_error(tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_text(content)
    assert harden(file, "--apply").exit_code == 2
    assert harden("--undo", file).exit_code == 2


def test_an_undo_file_is_never_written_over(inventory, tmp_path):
    file = tmp_path / "undo.jsonl"
    file.write_text("precious")
    done = harden(inventory, "--control", PASSWORD, "--apply", "--undo-file", file)
    assert (done.exit_code, file.read_text()) == (2, "precious")


def test_an_empty_folder_is_no_inventory(tmp_path):
    assert "no inventory" in harden(tmp_path).output


def test_a_setting_that_no_control_asks_for_is_a_usage_error(inventory, tmp_path):
    done = harden(inventory, "--set", "polcy-target=ou-1", "-o", tmp_path / "out")
    assert (done.exit_code, "policy-target" in done.output) == (2, True)
    assert not (tmp_path / "out").exists()


def test_the_settings_that_are_taken_are_those_that_makers_read():
    code = "".join(f.read_text() for f in Path(exclave.harden.__file__).parent.rglob("*.py"))
    assert set(re.findall(r'options\.value\(\s*"([a-z-]+)"', code)) == VALUES
