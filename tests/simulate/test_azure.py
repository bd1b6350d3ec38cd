"""The simulated logs of an Azure tenant: whole, in the shapes that diagnostic settings write, and the same each time."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from exclave.formats import azure_activity, azure_storage, entra
from exclave.model import Cloud
from exclave.simulate import STAGES, simulate
from exclave.simulate.breach import PHASES

START = datetime(2026, 1, 10, tzinfo=UTC)
BREACHES = STAGES[Cloud.AZURE].breaches
RECORDS = 5000


def run(out, **changed):
    wanted = {
        "seed": 1,
        "records": RECORDS,
        "days": 1,
        "start": START,
        "accounts": 4,
        "breaches": tuple(BREACHES),
        "clouds": [Cloud.AZURE],
    }
    return simulate(out, **(wanted | changed))


def files(summary):
    return sorted(p for p in summary.logs.rglob("*") if p.is_file())


def records_of(path):
    data = path.read_bytes()
    body = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in body.splitlines()]


def truth(summary):
    lines = [json.loads(line) for line in summary.truth.read_text().splitlines()]
    return lines[0], {line["name"]: line for line in lines[1:]}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return run(tmp_path_factory.mktemp("azure") / "out")


@pytest.fixture(scope="module")
def by_file(full):
    return {path: records_of(path) for path in files(full)}


@pytest.fixture(scope="module")
def everything(by_file):
    return [record for records in by_file.values() for record in records]


def test_the_same_arguments_give_the_same_bytes_whatever_clouds_are_beside(tmp_path, full):
    again = run(tmp_path / "again", records=2 * RECORDS, clouds=[Cloud.AZURE, Cloud.AWS])
    azure = [p for p in files(again) if "AWSLogs" not in p.parts]
    assert [p.relative_to(again.out) for p in azure] == [p.relative_to(full.out) for p in files(full)]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(azure, files(full), strict=True))
    assert again.clouds == (Cloud.AWS, Cloud.AZURE)


def test_there_are_exactly_as_many_records_as_asked_for(full, everything):
    assert full.records == len(everything) == RECORDS
    assert full.files == len(files(full))
    assert full.bytes_plain == full.bytes_written == sum(p.stat().st_size for p in files(full))


def test_packed_files_hold_the_same(tmp_path, full, by_file):
    packed = run(tmp_path / "packed", packed=True)
    assert packed.bytes_plain == full.bytes_plain > 5 * packed.bytes_written
    assert [records_of(p) for p in files(packed)] == list(by_file.values())
    assert {p.suffix for p in files(packed)} == {".gz"}


def test_breaches_are_told_whole_when_fewer_records_are_asked_for(tmp_path):
    summary = run(tmp_path / "out", records=0, breaches=("azure-cross-tenant-replication",))
    (breach,) = truth(summary)[1].values()
    assert summary.records > len(breach["steps"]) + len(breach["context"]) > 6


def test_no_slot_of_a_template_is_left_open(full):
    assert not [p for p in files(full) if b"@@" in p.read_bytes()]


def test_every_record_is_read_as_what_its_container_says(full, by_file):
    readers = {
        "insights-activity-logs": azure_activity,
        "insights-logs-storageread": azure_storage,
        "insights-logs-storagewrite": azure_storage,
        "insights-logs-storagedelete": azure_storage,
    }
    for path, records in by_file.items():
        reader = readers.get(path.relative_to(full.logs).parts[0], entra)
        assert all(reader.is_record(record) for record in records)


def test_a_file_holds_one_hour_of_one_source_in_order(full, by_file):
    for path, records in by_file.items():
        *source, year, month, day, hour, minute, name = path.relative_to(full.logs).parts
        assert (minute, name) == ("m=00", "PT1H.json")
        begin = datetime(int(year[2:]), int(month[2:]), int(day[2:]), int(hour[2:]), tzinfo=UTC)
        times = [datetime.fromisoformat(record["time"]) for record in records]
        assert times == sorted(times)
        assert begin <= times[0]
        assert times[-1] < begin + timedelta(hours=1)
        if source[0] == "insights-activity-logs":
            assert {"/".join(r["resourceId"].split("/")[:3]) for r in records} == {"/" + "/".join(source[2:])}


def test_the_records_of_an_operation_share_its_id_and_its_request_stands_in_the_first(everything):
    operations = defaultdict(list)
    for record in everything:
        if "RoleLocation" in record:
            operations[record["correlationId"]].append(record)
    shapes = {tuple(r["resultType"] for r in sorted(o, key=lambda r: r["time"])) for o in operations.values()}
    whole = {("Success",), ("Start", "Success"), ("Start", "Accept", "Success")}
    assert whole < shapes <= whole | {("Start", "Failure"), ("Start", "Accept", "Failure")}
    for records in operations.values():
        assert len({(r["resourceId"], r["operationName"], r["callerIpAddress"]) for r in records}) == 1
        assert all(r["operationName"].isupper() and r["resourceId"].isupper() for r in records)
        assert not [r for r in records if "requestbody" in r["properties"] and r["resultType"] != "Start"]


def test_every_step_of_the_truth_stands_in_the_logs(full, everything):
    known = defaultdict(set)
    for record in everything:
        last = record["resourceId"].rsplit("/", 1)[-1]
        operation = f"{record['correlationId']}/{record['operationName']}/{last}".lower()
        identifier = operation if "RoleLocation" in record else record.get("properties", {}).get("id", "")
        known[identifier].add(record["time"][:19] + "Z")
    for breach in truth(full)[1].values():
        for step in breach["steps"] + breach["context"]:
            assert step["time"] in known[step["event_id"]]
        assert {step["phase"] for step in breach["steps"]} <= PHASES


def test_every_breach_says_who_was_to_receive_what(full):
    perimeter, breaches = truth(full)
    own = {account["id"] for account in perimeter["accounts"]} | {perimeter["organisation"]}
    assert perimeter["cloud"] == "azure"
    assert set(breaches) == set(BREACHES)
    for name, breach in breaches.items():
        assert breach["account"] in own
        assert breach["destinations"]
        assert not {d["id"] for d in breach["destinations"]} & own
        known = {resource["id"] for resource in breach["resources"]}
        assert breach["originals"]
        assert {resource["parent"] for resource in breach["resources"]} - {""} <= known
        assert breach["actors"]
        assert breach["credentials"]
        lasted = datetime.fromisoformat(breach["ended"]) - datetime.fromisoformat(breach["started"])
        assert timedelta(minutes=30) < lasted < timedelta(hours=BREACHES[name].hours)


def test_an_url_that_expires_before_the_logs_end_is_not_open(tmp_path):
    lasts = {days: run(tmp_path / str(days), days=days, records=0) for days in (1, 30)}
    found = {days: truth(summary)[1]["azure-snapshot-export"]["open"] for days, summary in lasts.items()}
    assert found[1] is True
    steps = truth(lasts[30])[1]["azure-snapshot-export"]["steps"]
    offered = next(s["time"] for s in steps if s["phase"] == "offer")
    expired = datetime.fromisoformat(offered) + timedelta(days=1) < lasts[30].end
    assert found[30] is not expired


def test_flow_logs_are_of_aws(tmp_path):
    with pytest.raises(ValueError, match="AWS only"):
        run(tmp_path / "out", flow_records=10)
