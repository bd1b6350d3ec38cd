"""Flow logs whose records name their fields, in the spellings of those who store them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.flows import named
from exclave.flows.locate import locate
from exclave.flows.sniff import sniff
from exclave.formats import chunking
from exclave.model import Kind
from tests.flows.build import ACCOUNT, START, blob, gathered, line, sums, totals

A, B = "10.0.0.4", "10.9.0.7"
FIELDS = ("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
          "bytes", "start", "end", "action", "log-status", "vpc-id", "flow-direction")  # fmt: skip
PANTHER = {"account-id": "account", "interface-id": "interfaceId", "srcaddr": "srcAddr", "dstaddr": "dstAddr",
           "log-status": "status", "vpc-id": "vpcId", "flow-direction": "flowDirection"}  # fmt: skip
OLDER = {"account-id": "account", "interface-id": "interfaceid", "srcaddr": "sourceaddress", "dstaddr": "destinationaddress",
         "packets": "numpackets", "bytes": "numbytes", "start": "starttime", "end": "endtime"}  # fmt: skip


def record(src, dst, size, action="ACCEPT"):
    said = (
        2,
        ACCOUNT,
        "eni-0a1b2c3d",
        src,
        dst,
        443,
        50000,
        6,
        9,
        size,
        START,
        START + 59,
        action,
        "OK",
        "vpc-1",
        "egress",
    )
    return dict(zip(FIELDS, said, strict=True))


def table(records, mark=",", spelt=lambda name: name):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark, quoting=csv.QUOTE_ALL if mark == "," else csv.QUOTE_MINIMAL)
    writer.writerow(spelt(name) for name in records[0])
    writer.writerows(r.values() for r in records)
    return out.getvalue()


def as_lines(records):
    return "".join(json.dumps(r) + "\n" for r in records)


def panther(r):
    at = {
        n: datetime.fromtimestamp(r[n], UTC).strftime("%Y-%m-%d %H:%M:%S.000000000") for n in ("start", "end")
    }
    return {PANTHER.get(k, k): v for k, v in (r | at).items()} | {"p_log_type": "AWS.VPCFlow"}


def ocsf(r):
    return {
        "class_uid": 4001, "time": r["start"] * 1000, "start_time": r["start"] * 1000, "end_time": r["end"] * 1000,
        "src_endpoint": {"ip": r["srcaddr"], "interface_uid": r["interface-id"], "vpc_uid": "vpc-1"},
        "dst_endpoint": {"ip": r["dstaddr"]}, "traffic": {"bytes": r["bytes"], "packets": 9},
        "connection_info": {"direction": "Outbound"}, "cloud": {"account": {"uid": ACCOUNT}},
        "action": "Allowed" if r["action"] == "ACCEPT" else "Denied",
        "metadata": {"product": {"name": "Amazon VPC", "vendor_name": "AWS"}},
    }  # fmt: skip


def snake(name):
    return name.replace("-", "_")


def pascal(name):
    return "".join(part.capitalize() for part in name.split("-"))


SHAPES = {
    "csv": table,
    "Athena": lambda rs: table(rs, spelt=snake),
    "Athena's older table": lambda rs: table(rs, spelt=lambda n: OLDER.get(n, n)),
    "tab separated": lambda rs: table(rs, "\t"),
    "json lines": as_lines,
    "snake case": lambda rs: as_lines([{snake(k): v for k, v in r.items()} for r in rs]),
    "text values": lambda rs: as_lines([{snake(k): str(v) for k, v in r.items()} for r in rs]),
    "list": json.dumps,
    "Panther": lambda rs: as_lines([panther(r) for r in rs]),
    "Sentinel": lambda rs: as_lines(
        [{pascal(k): v for k, v in r.items()} | {"Type": "AWSVPCFlow"} for r in rs]
    ),
    "Splunk's fields": lambda rs: as_lines([{"result": {snake(k): v for k, v in r.items()}} for r in rs]),
    "Security Lake": lambda rs: as_lines([ocsf(r) for r in rs]),
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_named_fields_give_what_lines_give(shape, fast):
    content = SHAPES[shape]([record(A, B, 100), record(A, B, 5), record(B, A, 1), record(A, B, 7, "REJECT")])
    found = gathered(blob(content, "f"), fast=fast)
    assert found.problems == ()
    assert found.seen[Kind.ACCOUNT] == {ACCOUNT: "its flow logs are among these logs"}
    assert (found.first, found.last) == (START, START)
    assert sums(totals(blob(content, "f"), fast=fast)) == {(A, B): 105, (B, A): 1}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_record_is_found_by_its_number(shape):
    content = SHAPES[shape]([record(A, B, 1), record(B, A, 9), record(A, B, 100)])
    assert locate(blob(content, "f"), {(A, B)}) == {(A, B): (3, 100)}


@pytest.mark.parametrize("key", ["_raw", "log", "message"])
def test_a_collectors_field_holds_the_line(key):
    content = as_lines([{"result": {key: line(A, B, 100)}}, {"result": {key: line(A, B, 5)}}])
    found = gathered(blob(content))
    assert found.problems == ()
    assert sums(totals(blob(content))) == {(A, B): 105}


def test_the_packets_own_addresses_count_wherever_they_stand():
    row = record("10.0.0.1", "10.0.0.2", 5)
    for content in ({**row, "pkt-srcaddr": A, "pkt-dstaddr": B}, {"pkt_srcaddr": A, "pkt_dstaddr": B, **row}):
        assert sums(totals(blob(as_lines([content])))) == {(A, B): 5}


def test_records_of_another_log_among_them_are_told():
    content = as_lines([record(A, B, 5), {"eventSource": "x"}])
    found = gathered(blob(content))
    assert [p.what for p in found.problems] == ["1 records among flow logs that are none, or can't be read"]
    assert found.records == 1


WORDS = {"srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2", "bytes": 1}


@pytest.mark.parametrize(
    "hostile",
    [
        {"protoPayload": {"request": {"labels": WORDS}}, "logName": "projects/p/logs/x"},
        {"resource": {"labels": WORDS}, "protoPayload": {"methodName": "m"}},
        {"records": [{"operationName": "MICROSOFT.X/Y/WRITE", "properties": {"tags": WORDS}}]},
        {"class_uid": 6003, "api": {"request": {"data": WORDS}}, "src_endpoint": {"ip": "x"}},
        {"event_name": "CreateTags", "request_parameters": WORDS},
    ],
)
def test_nobody_makes_another_log_a_flow_log_by_what_he_writes_into_it(hostile):
    assert sniff("a.json", json.dumps(hostile).encode()) == ""
    assert sniff("a.json", json.dumps([hostile]).encode()) == ""


@pytest.mark.parametrize("shape", ["Athena", "json lines"])
def test_large_files_are_read_in_parts(shape, monkeypatch):
    content = SHAPES[shape]([record(A, B, 1) for _ in range(500)])
    monkeypatch.setattr(chunking, "PIECE", 4096)
    monkeypatch.setattr("exclave.flows.pieces.PIECE", 4096)
    found = gathered(blob(content, "f"))
    assert (found.records, found.problems) == (500, ())
    assert sums(totals(blob(content, "f"))) == {(A, B): 500}


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*FIELDS, "x y"]), st.text(max_size=12) | st.integers()), max_size=5
    )
)
def test_whatever_stands_in_a_record_the_lines_keep_their_cells(records):
    lines = named.lines(records).decode().splitlines() if records else []
    assert len({len(one.split(" ")) for one in lines}) <= 1


def test_a_row_with_a_cell_of_any_size_is_counted_and_the_others_are_summed():
    records = [record(A, B, 100), record(A, B, 7) | {"vpc-id": "x" * 200_000}, record(A, B, 20)]
    content = table(records)
    found = gathered(blob(content))
    assert [p.what for p in found.problems] == ["1 records among flow logs that are none, or can't be read"]
    assert sums(totals(blob(content))) == {(A, B): 120}
