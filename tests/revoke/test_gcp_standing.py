"""What an audit of Google Cloud sees standing is taken back from the inventory itself, and a later audit sees it gone."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from exclave.cli.main import run
from tests.stubs.gcp import PROJECT, GoogleStub

EVIL, OURS = "user:attacker@gmail.com", "user:ana@ours.example"
SHARED = {
    "//storage.googleapis.com/payroll": ("storage.googleapis.com/Bucket", "roles/storage.objectViewer"),
    f"//pubsub.googleapis.com/projects/{PROJECT}/topics/orders": ("pubsub.googleapis.com/Topic", "roles/pubsub.subscriber"),
    f"//secretmanager.googleapis.com/projects/{PROJECT}/secrets/db": ("secretmanager.googleapis.com/Secret", "roles/secretmanager.secretAccessor"),
    f"//cloudkms.googleapis.com/projects/{PROJECT}/locations/eu/keyRings/r/cryptoKeys/k": ("cloudkms.googleapis.com/CryptoKey", "roles/cloudkms.cryptoKeyDecrypter"),
    f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/etl@{PROJECT}.iam.gserviceaccount.com": ("iam.googleapis.com/ServiceAccount", "roles/iam.serviceAccountTokenCreator"),
}  # fmt: skip


@pytest.fixture
def stub(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXCLAVE_GCP_TOKEN", "token")
    with GoogleStub() as found:
        monkeypatch.setenv("EXCLAVE_GCP_ENDPOINT", found.url)
        yield found


def exclave(*arguments, code=None):
    done = CliRunner().invoke(run, [str(a) for a in arguments], catch_exceptions=False)
    assert code is None or done.exit_code == code, done.output
    return done.output


def exposed(folder):
    exclave(
        "collect",
        "gcp",
        "-o",
        folder,
        "--project",
        PROJECT,
        "--control",
        "gcp.perimeter",
        "--rate",
        "0",
        "-q",
    )
    exclave("audit", folder, "--control", "gcp.perimeter", "-o", f"{folder}.jsonl")
    with open(f"{folder}.jsonl") as lines:  # noqa: PTH123 - a name in the test's own folder
        return [x for x in map(json.loads, lines) if x["type"] == "exposure"]


def test_standing_shares_are_found_taken_back_and_gone(stub, tmp_path):
    (tmp_path / "perimeter.toml").write_text('[[domain]]\nid = "ours.example"\nwhy = "ours"\nowner = "us"\n')
    for name, (type_, role) in SHARED.items():
        stub.share(PROJECT, type_, name, role, EVIL, OURS)
        stub.share(PROJECT, type_, name, "roles/other", OURS)
    before = {n: json.loads(json.dumps(p["bindings"])) for n, p in stub.policies.items()}
    found = exposed("one")
    assert {e["destination"]["id"] for e in found} == {"attacker@gmail.com"}
    assert len(found) == len(SHARED)

    said = exclave("revoke", "one", "--apply", "--undo-file", "u.jsonl", code=0)
    assert f"{len(SHARED)} applied" in said
    after = {n: p["bindings"] for n, p in stub.policies.items()}
    assert EVIL not in json.dumps(after)
    for name, bindings in before.items():
        expected = [{**b, "members": [m for m in b["members"] if m != EVIL]} for b in bindings]
        assert after[name] == expected  # everything else is as it was, in its order
    assert exposed("two") == []

    assert f"{len(SHARED)} undone" in exclave("revoke", "--undo", "u.jsonl", code=0)
    assert {n: p["bindings"] for n, p in stub.policies.items()} == before
