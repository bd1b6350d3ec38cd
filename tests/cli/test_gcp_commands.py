from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exclave.cli.main import run
from tests.audit.gcp.build import right
from tests.stubs.gcp import PROJECT, error

pytest.importorskip("httpx")


@pytest.fixture
def stub(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with right() as found:
        monkeypatch.setenv("EXCLAVE_GCP_ENDPOINT", found.url)
        monkeypatch.setenv("EXCLAVE_GCP_TOKEN", "t")
        yield found


def call(*arguments, status):
    result = CliRunner().invoke(run, arguments)
    assert result.exit_code == status, result.output
    return result


def test_collect_then_audit_offline_finds_nothing_where_all_is_right(stub, tmp_path):
    said = call("collect", "gcp", "-o", "inventory", "--rate", "0", "--workers", "2", status=0)
    assert "organizations/4242, 2 projects" in said.stderr
    assert "0 refused" in said.stderr
    output = call("audit", "inventory", "-f", "jsonl", status=0).output
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert {line["status"] for line in lines if line["type"] == "control"} == {"pass"}
    assert not [line for line in lines if line["type"] == "exposure"]


def test_an_exposure_and_a_refusal_have_their_exit_status(stub):
    stub.share(
        PROJECT,
        "pubsub.googleapis.com/Topic",
        f"//pubsub.googleapis.com/projects/{PROJECT}/topics/t",
        "roles/pubsub.subscriber",
        "user:x@gmail.com",
    )
    assert (
        "gcp.pubsub.share"
        in call("audit", "gcp", "--rate", "0", "-q", "--control", "gcp.perimeter", status=1).output
    )
    stub.shared[PROJECT].clear()
    stub.fail("alertPolicies", 403, error(403))
    assert (
        "monitoring.alertPolicies.list"
        in call(
            "audit", "gcp", "--rate", "0", "-q", "--no-exposures", "--control", "gcp.alert", status=3
        ).output
    )


def test_credentials_that_end_say_how_to_go_on(stub):
    stub.fail("storage/v1/b", 401, error(401))
    said = call("collect", "gcp", "-o", "i", "--rate", "0", "--workers", "1", status=3).stderr
    assert "renew it; --resume goes on with what is in i" in said


def test_usage(stub, monkeypatch):
    call("collect", "gcp", "-o", "i", "--project", "p", "--folder", "1", status=2)
    call("collect", "gcp", "-o", "i", "--control", "gcp.nothing", status=2)
    assert (
        "nothing was asked"
        in call("collect", "gcp", "-o", "i", "--rate", "0", "--expect-account", "9", status=3).stderr
    )
    monkeypatch.setenv("EXCLAVE_GCP_ENDPOINT", "http://evil.example")
    assert "must be https" in call("collect", "gcp", "-o", "j", status=3).stderr


def test_permissions_are_a_role_that_only_reads():
    role = json.loads(call("permissions", "--cloud", "gcp", status=0).output)
    assert "cloudasset.assets.listIamPolicy" in role["includedPermissions"]
    assert not [
        p
        for p in role["includedPermissions"]
        if p.rpartition(".")[2].startswith(("set", "create", "update", "delete"))
    ]
