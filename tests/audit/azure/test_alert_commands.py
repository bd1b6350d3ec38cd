from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exclave.cli.main import run
from tests.stubs import azure as stub
from tests.stubs.azure import SUB, Azure

pytest.importorskip("httpx")
OPERATION = "Microsoft.Compute/disks/beginGetAccess/action"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg/providers/Microsoft.Insights/actionGroups/ops"


@pytest.fixture
def azure(monkeypatch, tmp_path):
    made = Azure()
    made.put(GROUP, {"enabled": True, "emailReceivers": [{"name": "o", "status": "Enabled"}]})
    monkeypatch.chdir(tmp_path)
    with stub.serve(made):
        stub.environment(made, monkeypatch)
        yield made


def alerts(*arguments, status=0):
    done = CliRunner().invoke(run, ["harden", "alerts", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == status, done.output
    return done.output


def listed():
    return [json.loads(line) for line in alerts("list", "--format", "jsonl").splitlines()]


def there(azure):
    return {
        r["name"]: r["properties"]
        for r in azure.resources.values()
        if r["type"].endswith("activitylogalerts")
    }


def test_an_alert_is_made_listed_changed_switched_and_deleted_and_each_is_shown_first(azure):
    plan = alerts("create", "disks", "--operation", OPERATION)
    assert "PUT" in plan or "disks" in plan
    assert there(azure) == {}
    alerts("create", "disks", "--operation", OPERATION, "--apply", "--undo-file", "1")
    (one,) = listed()
    assert (one["operations"], one["groups"], one["wrong"], one["enabled"]) == (
        [OPERATION],
        [GROUP],
        [],
        True,
    )
    alerts("create", "disks", "--operation", OPERATION, status=2)
    alerts("disable", "disks", "--apply", "--undo-file", "2")
    assert listed()[0]["wrong"] == ["it is disabled"]
    alerts("disable", "disks")
    alerts("enable", "DISKS", "--apply", "--undo-file", "3")
    assert there(azure)["disks"]["enabled"] is True
    alerts(
        "edit",
        "disks",
        "--operation",
        "a.b/c/write",
        "--operation",
        OPERATION,
        "--status",
        "Succeeded",
        "--apply",
        "--undo-file",
        "4",
    )
    assert "it fires only where status is 'succeeded'" in listed()[0]["wrong"][0]
    assert "fires on" in alerts("list")
    alerts("edit", "disks", status=2)
    alerts("delete", "disks", "--apply", "--undo-file", "5")
    assert there(azure) == {}
    done = CliRunner().invoke(run, ["harden", "--undo", "5"])
    assert done.exit_code == 0, done.output
    assert there(azure)["disks"]["enabled"] is True


def test_names_that_are_not_there_or_not_clear_are_usage_errors(azure):
    assert "there are: none" in alerts("delete", "gone", status=2)
    for group in ("a", "b"):
        azure.put(
            f"/subscriptions/{SUB}/resourceGroups/{group}/providers/Microsoft.Insights/activityLogAlerts/same",
            {},
        )
    assert "by its id" in alerts("enable", "same", status=2)
    alerts("create", "x", status=2)
    azure.subscriptions["other"] = {"subscriptionId": "other", "state": "Enabled"}
    assert "--subscription" in alerts("create", "x", "--operation", OPERATION, status=2)


def test_what_could_not_be_listed_is_said(azure):
    azure.fail("activityLogAlerts", 403, stub.error("AuthorizationFailed", "no"))
    assert "Microsoft.Insights/activityLogAlerts/read" in alerts("list", status=3)


def test_a_new_action_group_is_made_for_whom_it_names(azure):
    alerts(
        "create", "x", "--operation", OPERATION, "--notify", "ops@ours.example", "--apply", "--undo-file", "1"
    )
    (made,) = (r for r in azure.resources.values() if r["name"] == "exclave")
    assert made["properties"]["emailReceivers"][0]["emailAddress"] == "ops@ours.example"
    assert listed()[0]["wrong"] == []


def test_a_hostile_name_is_neutralised(azure):
    azure.put(
        f"/subscriptions/{SUB}/resourceGroups/a/providers/Microsoft.Insights/activityLogAlerts/x",
        {"scopes": ["\x1b[31m\nforged"]},
    )
    shown = alerts("list")
    assert "\x1b" not in shown
    assert "\nforged" not in shown
