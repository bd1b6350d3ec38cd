"""The logs of a Google Cloud organisation: shapes, counts, names, and the truth about them."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from exclave.formats import gcp_audit
from exclave.model import Cloud
from exclave.simulate import BREACHES, simulate
from exclave.simulate.breach import PHASES
from exclave.simulate.gcp.traffic import calls

START = datetime(2026, 1, 10, tzinfo=UTC)
NAMES = tuple(name for name, breach in BREACHES.items() if breach.cloud is Cloud.GCP)
OBJECT = re.compile(
    r"cloudaudit\.googleapis\.com/(activity|data_access|system_event|policy)/2026/01/10/"
    r"(\d\d):00:00_(\d\d):59:59_S\d+\.json"
)


def run(out, **changed):
    wanted = {"seed": 1, "records": 4000, "days": 1, "start": START, "accounts": 5, "breaches": NAMES}
    return simulate(out, **({**wanted, "clouds": (Cloud.GCP,)} | changed))


def files(summary):
    return sorted(path for path in summary.logs.rglob("*.json"))


def entries(summary):
    return [json.loads(line) for path in files(summary) for line in path.read_text().splitlines()]


def truth(summary):
    lines = [json.loads(line) for line in summary.truth.read_text().splitlines()]
    return lines[0], {line["name"]: line for line in lines[1:]}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return run(tmp_path_factory.mktemp("full") / "out")


@pytest.fixture(scope="module")
def everything(full):
    return entries(full)


def test_the_same_arguments_give_the_same_bytes(tmp_path, full):
    again = run(tmp_path / "again")
    assert {p.relative_to(again.out): p.read_bytes() for p in files(again)} == {
        p.relative_to(full.out): p.read_bytes() for p in files(full)
    }
    assert again.truth.read_bytes() == full.truth.read_bytes()


def test_there_are_as_many_records_as_asked_for_in_files_as_a_sink_names_them(full, everything):
    assert full.records == len(everything) == 4000
    assert full.files == len(files(full))
    assert full.bytes_plain == full.bytes_written == sum(path.stat().st_size for path in files(full))
    for path in files(full):
        found = OBJECT.fullmatch(str(path.relative_to(full.logs)))
        assert found, path
        assert found[2] == found[3]
        hour = START + timedelta(hours=int(found[2]))
        times = [json.loads(line)["timestamp"] for line in path.read_text().splitlines()]
        assert [t[:19] for t in times] == sorted(t[:19] for t in times)
        assert all(t.startswith(f"{hour:%Y-%m-%dT%H:}") for t in times)


def test_entries_have_the_keys_of_real_ones_in_their_order(everything):
    for entry in everything:
        assert list(entry) == sorted(entry)
        assert {
            "insertId",
            "logName",
            "protoPayload",
            "receiveTimestamp",
            "resource",
            "severity",
            "timestamp",
        } <= set(entry)
        assert gcp_audit.is_record(entry)
        payload = entry["protoPayload"]
        assert payload["@type"] == "type.googleapis.com/google.cloud.audit.AuditLog"
        assert payload["methodName"]
        assert payload["serviceName"].endswith((".googleapis.com", "k8s.io"))
        assert entry["timestamp"] < entry["receiveTimestamp"]
        assert "@@" not in json.dumps(entry)


def test_insert_ids_are_unique(everything):
    counted = Counter(entry["insertId"] for entry in everything)
    assert not [name for name, count in counted.items() if count > 1]


def test_all_four_logs_and_the_shapes_of_bigquery_are_there(everything):
    logs = Counter(entry["logName"].rpartition("%2F")[2] for entry in everything)
    assert set(logs) == {"activity", "data_access", "system_event", "policy"}
    assert 0.5 < logs["data_access"] / len(everything) < 0.7
    shapes = [
        set(e["protoPayload"].get("metadata", {})) | set(e["protoPayload"].get("serviceData", {}))
        for e in everything
    ]
    for shape in ("tableDataRead", "jobInsertion", "jobChange", "jobCompletedEvent", "policyDelta"):
        assert any(shape in found for found in shapes), shape


def test_policies_are_set_in_every_spelling():
    assert {call.method for call in calls()} >= {
        "SetIamPolicy",
        "storage.setIamPermissions",
        "v1.compute.images.setIamPolicy",
        "beta.compute.images.setIamPolicy",
        "google.iam.admin.v1.SetIAMPolicy",
        "google.cloud.run.v1.Services.SetIamPolicy",
    }


def test_an_operation_begins_and_ends_once(everything):
    parts = {}
    for entry in everything:
        if "operation" in entry:
            parts.setdefault(entry["operation"]["id"], []).append(entry)
    whole = [pair for pair in parts.values() if len(pair) == 2]
    assert len(whole) > 0.9 * len(parts) > 20
    for pair in whole:
        first, last = sorted(pair, key=lambda e: "last" in e["operation"])
        assert first["operation"]["first"]
        assert last["operation"]["last"]
        assert (
            set(last["protoPayload"].get("request", {})) <= {"@type"} <= set(first["protoPayload"]["request"])
        )


def test_records_are_of_the_organisation_and_of_those_it_lets_in(full, everything):
    perimeter, _ = truth(full)
    projects = {account["id"] for account in perimeter["accounts"]}
    assert len(projects) == 5 == len(full.accounts)
    scopes = {entry["logName"].partition("/logs/")[0] for entry in everything}
    assert scopes <= {f"projects/{p}" for p in projects} | {f"organizations/{perimeter['organisation']}"}


def test_every_step_of_the_truth_stands_in_the_logs(full, everything):
    by_id = {entry["insertId"]: entry for entry in everything}
    for breach in truth(full)[1].values():
        assert {step["phase"] for step in breach["steps"]} <= PHASES
        assert breach["destinations"]
        assert breach["originals"]
        assert breach["actors"]
        for step in breach["steps"] + breach["context"]:
            entry = by_id[step["event_id"]]
            assert entry["protoPayload"]["methodName"] == step["event_name"]
            assert entry["timestamp"][:19] + "Z" == step["time"]
        lasted = datetime.fromisoformat(breach["ended"]) - datetime.fromisoformat(breach["started"])
        assert timedelta(minutes=10) < lasted < timedelta(hours=BREACHES[breach["name"]].hours)


def test_who_receives_stands_in_no_ordinary_record(full, everything):
    breaches = truth(full)[1].values()
    told = {step["event_id"] for breach in breaches for step in breach["steps"] + breach["context"]}
    for breach in breaches:
        who = breach["destinations"][0]["id"]
        outside = who if who.endswith("@gmail.com") else who.partition("@")[2].partition(".")[0]
        assert outside
        named = [e for e in everything if outside in json.dumps(e) and e["insertId"] not in told]
        # A job's end says again what its beginning said.
        assert all("jobChange" in e["protoPayload"].get("metadata", {}) for e in named)


def test_a_flat_layout_has_no_folders_and_names_that_every_disk_takes(tmp_path):
    summary = run(tmp_path / "out", layout="flat", records=300, breaches=())
    assert {path.parent for path in files(summary)} == {summary.logs}
    assert not [path for path in files(summary) if ":" in path.name]


def test_one_project_is_enough_for_every_breach(tmp_path):
    summary = run(tmp_path / "out", accounts=1, records=200)
    assert summary.records == 200
    assert set(truth(summary)[1]) == set(NAMES)


def test_packed_files_hold_the_same(tmp_path):
    plain, packed = (
        run(tmp_path / name, records=300, breaches=(), packed=name == "packed")
        for name in ("plain", "packed")
    )
    unpacked = {
        p.relative_to(packed.logs).as_posix().removesuffix(".gz"): gzip.decompress(p.read_bytes())
        for p in packed.logs.rglob("*.json.gz")
    }
    assert unpacked == {p.relative_to(plain.logs).as_posix(): p.read_bytes() for p in files(plain)}
    assert packed.bytes_written < packed.bytes_plain == plain.bytes_plain
