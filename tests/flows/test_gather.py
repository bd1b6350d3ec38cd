from __future__ import annotations

import base64
import gzip
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.flows import Collector, Gatherer
from exclave.flows.sniff import sniff
from exclave.model import Cloud, Kind
from tests.flows.build import WIDE, blob, gathered, google, line, nsg, sums, text, totals, vnet, wide

A, B, C = "10.0.1.5", "10.0.2.6", "172.29.1.4"


@pytest.mark.parametrize("fast", [True, False])
def test_default_format_is_summed_by_ends_with_and_without_its_header(fast):
    lines = [line(A, B, 100), line(A, B, 50), line(B, A, 7), line(A, B, 999, action="REJECT")]
    names = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    for content in (text(lines), text(lines, names.split())):
        assert sums(totals(blob(content), fast=fast)) == {(A, B): 150, (B, A): 7}


@pytest.mark.parametrize("fast", [True, False])
def test_a_custom_format_is_read_by_its_header_whatever_the_order(fast):
    content = text(
        [f"5 77 {A} vpc-1 {B} 1772409600 eni-0a1b2c3d"],
        ["version", "bytes", "srcaddr", "vpc-id", "dstaddr", "start", "interface-id"],
    )
    assert sums(totals(blob(content), fast=fast)) == {(A, B): 77}


@pytest.mark.parametrize("fast", [True, False])
def test_the_packets_own_addresses_count_not_those_of_a_gateway_between(fast):
    content = text([f"{line(A, '10.0.0.9', 5)} vpc-1 {A} {C} - egress"], WIDE)
    assert sums(totals(blob(content), fast=fast)) == {(A, C): 5}


@pytest.mark.parametrize("fast", [True, False])
def test_a_flow_that_both_ends_logged_counts_once(fast):
    lines = [wide(A, B, 100, eni="eni-0a1b2c3d"), wide(A, B, 100, eni="eni-0b2c3d4e", out=False)]
    found = totals(blob(text(lines, WIDE)), fast=fast)
    assert sums(found) == {(A, B): 100}
    assert {o.interface for o in found.owners.values()} == {"eni-0a1b2c3d", "eni-0b2c3d4e"}
    assert found.owners[Cloud.AWS, B].vpc == "vpc-1"


@pytest.mark.parametrize("fast", [True, False])
def test_a_gateways_own_address_is_that_of_its_interface_not_of_packets_that_it_passes_on(fast):
    came = wide(A, B, 5, eni="eni-0e0e0e0e", out=False).replace(f"{A} {B}", f"{A} 10.0.1.200", 1)
    found = totals(blob(text([came], WIDE)), fast=fast)
    assert [owner.address for owner in found.owners.values()] == ["10.0.1.200"]


def test_an_interface_that_the_first_lines_do_not_name_is_looked_for(monkeypatch):
    monkeypatch.setattr("exclave.flows.pieces._HEAD", 400)
    lines = [
        wide(A, B, 5),
        *(wide(A, B, 1) for _ in range(50)),
        wide(C, B, 5, eni="eni-0b2c3d4e", vpc="vpc-2"),
    ]
    owner = totals(blob(text(lines, WIDE))).owners[Cloud.AWS, C]
    assert (owner.interface, owner.vpc) == ("eni-0b2c3d4e", "vpc-2")


def test_without_direction_an_interface_has_the_address_of_all_its_records():
    lines = [line(A, B, 1), line(C, A, 1), line(A, "10.0.9.9", 1)]
    for fast in (True, False):
        assert set(totals(blob(text(lines)), fast=fast).owners) == {(Cloud.AWS, A)}


@pytest.mark.parametrize("fast", [True, False])
def test_records_without_data_are_no_fault_but_skipped_ones_are_told(fast):
    nothing = "2 123456789012 eni-0a1b2c3d - - - - - - - 1772409600 1772409660 - NODATA"
    skipped = nothing.replace("NODATA", "SKIPDATA")
    assert gathered(blob(text([line(A, B, 1), nothing])), fast=fast).problems == ()
    (problem,) = gathered(blob(text([line(A, B, 1), skipped])), fast=fast).problems
    assert "SKIPDATA" in problem.what


@pytest.mark.parametrize("fast", [True, False])
def test_lines_that_cannot_be_read_are_counted_and_the_rest_is_summed(fast):
    found = gathered(blob(text([line(A, B, 1), "2 x", "\x00\xff garbage", line(A, B, 2)])), fast=fast)
    assert [p.what for p in found.problems] == ["2 lines are no flow log records that can be read"]
    assert found.records == 2


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("broken", ["x", "2 x", "\x00", " ".join("x" * 40)])
def test_a_broken_first_line_costs_no_other(fast, broken):
    names = " ".join(WIDE)
    found = gathered(blob(f"{names}\n{broken}\n{wide(A, B, 1)}\n{wide(A, C, 2)}\n"), fast=fast)
    with Collector() as collector:
        collector.add(found.parts)
        assert sums(collector.totals(1)) == {(A, B): 1, (A, C): 2}
    assert found.problems[0].what.startswith("1 lines")


@pytest.mark.parametrize("fast", [True, False])
def test_files_joined_to_one_keep_their_own_fields(fast):
    other = text(
        [f"{B} 9 {A} 1772409600 eni-0b2c3d4e"], ["srcaddr", "bytes", "dstaddr", "start", "interface-id"]
    )
    content = text([wide(A, B, 4)], WIDE) + other + text([line(A, C, 2)], None)
    found = gathered(blob(text([wide(A, B, 4)], WIDE) + other), fast=fast)
    with Collector() as collector:
        collector.add(found.parts)
        assert sums(collector.totals(1)) == {(A, B): 4, (B, A): 9}
    assert found.problems == ()
    assert gathered(blob(content), fast=fast).problems  # the last line fits no header above it


def test_a_format_that_no_line_names_is_a_problem_and_not_silence():
    found = gathered(
        blob("\n".join([f"{A} eni-0a1b2c3d {B} 17 1772409600"] * 3) + "\n", "x_vpcflowlogs_y.log")
    )
    assert "no line that names the fields" in found.problems[0].what
    assert found.problems[0].hint


def test_transit_gateway_logs_name_the_account_of_the_other_end():
    names = "version account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id srcaddr dstaddr bytes start end log-status"
    row = f"6 123456789012 tgw-1 tgw-attach-0a1 123456789012 111122223333 vpc-1 vpc-9 {A} {B} 5 1772409600 1772409660 OK"
    (pair,) = totals(blob(text([row], names.split()))).pairs
    assert (pair.peer, pair.peer_vpc, pair.interface) == ("111122223333", "vpc-9", "tgw-attach-0a1")


def test_parquet_gives_what_text_gives():
    polars = pytest.importorskip("polars")
    lines = [wide(A, B, 100, service="S3"), wide(A, B, 1, hour=1), wide(A, C, 3, action="REJECT")]
    table = polars.DataFrame(
        [row.split(" ") for row in lines], schema=[n.replace("-", "_") for n in WIDE], orient="row"
    )
    out = io.BytesIO()
    table.with_columns(polars.col("bytes", "start", "end").cast(polars.Int64)).write_parquet(out)
    found = totals(blob(out.getvalue(), "AWSLogs/123456789012/vpcflowlogs/x.log.parquet"))
    expected = totals(blob(text(lines, WIDE)))
    assert (found.pairs, found.owners) == (expected.pairs, expected.owners)


def _subscription(messages):
    events = [{"id": str(n), "timestamp": 1, "message": m} for n, m in enumerate(messages)]
    return {
        "messageType": "DATA_MESSAGE",
        "owner": "123456789012",
        "logGroup": "g",
        "logStream": "eni-0a1b2c3d-all",
        "logEvents": events,
    }


CLOUDWATCH = {
    "subscription": lambda ms: json.dumps(_subscription(ms)),
    "firehose": lambda ms: "\n".join(json.dumps(_subscription([m])) for m in ms),
    "get-log-events": lambda ms: json.dumps(
        {"events": [{"timestamp": 1, "message": m, "ingestionTime": 2} for m in ms]}
    ),
    "insights": lambda ms: json.dumps(
        {"results": [[{"field": "@timestamp", "value": "t"}, {"field": "@message", "value": m}] for m in ms]}
    ),
    "csv": lambda ms: "@timestamp,@message\n" + "".join(f"2026-03-02,{m}\n" for m in ms),
    "export": lambda ms: "".join(f"2026-03-02T00:00:00.000Z {m}\n" for m in ms),
}


@pytest.mark.parametrize("shape", CLOUDWATCH)
def test_cloudwatch_logs_are_unwrapped(shape):
    content = CLOUDWATCH[shape]([line(A, B, 100), line(A, B, 5), line(B, A, 1)])
    found = gathered(blob(content))
    assert found.problems == ()
    assert sums(totals(blob(content))) == {(A, B): 105, (B, A): 1}


def test_kinesis_records_hold_gzip_in_base64():
    data = base64.b64encode(gzip.compress(json.dumps(_subscription([line(A, B, 8)])).encode())).decode()
    assert sums(totals(blob(json.dumps({"Records": [{"kinesis": {"data": data}}]})))) == {(A, B): 8}


@pytest.mark.parametrize("fast", [True, False])
def test_azure_tuples_give_both_directions(fast):
    tuples = [
        "1772409603599,10.0.0.6,10.1.0.9,23956,443,6,O,B,NX,0,0,0,0",
        "1772409603606,10.0.0.6,10.1.0.9,23956,443,6,O,E,NX,3,767,2,1580",
    ]
    denied = "1772409603606,10.0.0.6,10.1.0.9,23956,443,6,O,D,NX,3,99999,2,9999"
    found = totals(blob(vnet([*tuples, denied])), fast=fast)
    assert sums(found) == {("10.0.0.6", "10.1.0.9"): 767, ("10.1.0.9", "10.0.0.6"): 1580}
    assert found.owners[Cloud.AZURE, "10.0.0.6"].account == "s1"


def test_azure_group_logs_of_both_versions_are_read():
    two = "1772409600,10.0.0.4,10.1.0.9,44931,443,T,O,A,E,25,5000,2,70"
    assert sums(totals(blob(nsg([two])))) == {("10.0.0.4", "10.1.0.9"): 5000, ("10.1.0.9", "10.0.0.4"): 70}
    one = gathered(blob(nsg(["1772409600,10.0.0.4,10.1.0.9,44931,443,T,O,A"], 1)))
    assert (one.records, one.problems) == (2, ())


def test_a_tuple_that_is_none_is_told():
    assert gathered(blob(vnet(["x", "1772409603606,10.0.0.6,10.1.0.9,1,2,6,O,E,NX,3,767,2,1"]))).problems


def test_google_entries_as_lines_and_as_a_list():
    entries = [google(A, B, 100), google(A, B, 100, reporter="DEST"), google(A, C, 7, peer="elsewhere-1")]
    for content in (json.dumps(entries), "\n".join(map(json.dumps, entries))):
        found = totals(blob(content))
        assert sums(found) == {(A, B): 100, (A, C): 7}
        assert {p.peer for p in found.pairs} == {"", "elsewhere-1"}


def test_records_of_another_log_among_flows_are_told():
    content = "\n".join(map(json.dumps, [google(A, B, 1), {"protoPayload": {"methodName": "x"}}]))
    assert "are none" in gathered(blob(content)).problems[0].what


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trail.json", '{"Records":[{"eventVersion":"1.08","eventName":"X"}]}'),
        ("entry.json", '{"protoPayload":{"methodName":"v1.compute.networks.insert"}}'),
        (
            "activity.json",
            '{"records":[{"operationName":"MICROSOFT.NETWORK/NETWORKWATCHERS/FLOWLOGS/WRITE"}]}',
        ),
        ("access.log", "a" * 64 + " bucket [04/Mar/2026:05:06:07 +0000] 1.2.3.4 - ID REST.GET.OBJECT k"),
        ("x", ""),
        ("notes.txt", "the eni was fine\n"),
    ],
)
def test_other_logs_are_no_flow_logs(name, content):
    assert sniff(name, content.encode()) == ""


def test_whose_logs_these_are_is_seen_and_the_objects_key_decides_before_the_records():
    named = gathered(
        blob(text([line(A, B, 1, account="999999999999")]), "AWSLogs/123456789012/vpcflowlogs/r/2026/x.log")
    )
    assert set(named.seen[Kind.ACCOUNT]) == {"123456789012"}
    plain = gathered(blob(text([wide(A, B, 1)], WIDE)))
    assert set(plain.seen[Kind.ACCOUNT]) == {"123456789012"}


@pytest.mark.parametrize("fast", [True, False])
def test_only_the_wanted_time_is_summed(fast):
    content = text([wide(A, B, 1, hour=0), wide(A, B, 10, hour=5), wide(A, B, 100, hour=9)], WIDE)
    found = gathered(blob(content), fast=fast, since=1772409600 + 4 * 3600, until=1772409600 + 9 * 3600)
    with Collector() as collector:
        collector.add(found.parts)
        assert sums(collector.totals(1)) == {(A, B): 10}


INTERNET = "52.218.1.2"  # never an interface's own
ADDRESSES = st.sampled_from([A, B, C, "10.0.3.3", INTERNET, "fd00::5"])
RECORDS = st.tuples(
    ADDRESSES,
    ADDRESSES,
    st.integers(0, 1 << 40),
    st.integers(0, 30),
    st.sampled_from(["eni-0a1b2c3d", "eni-0b2c3d4e"]),
    st.booleans(),
    st.sampled_from(["-", "S3"]),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(RECORDS, min_size=1, max_size=40), st.booleans())
def test_polars_and_plain_python_give_the_same(records, with_direction):
    lines = [
        wide(s, A if s == d else d, n, hour=h, eni=e, out=s != INTERNET and (o or d == INTERNET), service=v)
        for s, d, n, h, e, o, v in records
    ]
    content = text(lines, WIDE) if with_direction else text([" ".join(row.split(" ")[:14]) for row in lines])
    results = []
    for fast in (True, False):
        with Collector() as collector:
            collector.add(gathered(blob(content), fast=fast).parts)
            found = collector.totals(1)
            results.append(
                (
                    found.pairs,
                    found.prefixes,
                    found.interfaces,
                    found.first,
                    found.last,
                    collector.detail(found.pairs),
                )
            )
    assert results[0] == results[1]


_AZURE = [
    "1772409603606,10.0.0.6,10.1.0.9,1,2,6,O,E,NX,3,767,2,100",
    "1772409603,10.0.0.6,10.1.0.9,1,2,6,O,B,NX,,,,",
    "1772409603606,10.0.0.6,10.1.0.9,1,2,6,I,D,NX,0,0,0,0",
    "1772409603606,10.0.0.6,10.1.0.9,1,2,6,O,E,NX,3,x,2,1",
    "x,10.0.0.6,10.1.0.9,1,2,6,O,E,NX,3,767,2,1",
    "1772409603606,10.0.0.6,10.1.0.9,1,2,6,O,E",
    "1772409603606,10.0.0.6",
    '"17,10.0.0.6',
    "",
    7,
]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(_AZURE), max_size=8), st.sampled_from(["000D3AF87856", "0,0 0"]))
def test_polars_and_plain_python_give_the_same_of_azure(tuples, mac):
    results = []
    for fast in (True, False):
        found = gathered(blob(vnet(tuples, mac=mac)), fast=fast)
        with Collector() as collector:
            collector.add(found.parts)
            made = collector.totals(0)
            results.append(
                (found.records, [p.what for p in found.problems], sums(made), {o[1] for o in made.owners})
            )
    assert results[0] == results[1]


@pytest.mark.parametrize("fast", [True, False])
def test_addresses_of_the_internet_are_summed_together_but_those_of_services_and_of_our_interfaces(fast):
    ours = "11.0.0.5"  # a network may have public addresses
    lines = [
        *(wide(A, f"198.51.100.{n}", 1, hour=n) for n in range(3)),
        *(wide(f"198.51.100.{n}", A, 1, out=False) for n in range(3)),
        wide(A, "52.218.1.2", 10, service="S3"),
        wide(A, ours, 100, eni="eni-0b2c3d4e", out=False),
        wide(ours, A, 1000, eni="eni-0b2c3d4e"),
    ]
    found = gathered(blob(text(lines, WIDE)), fast=fast)
    assert [p.height for p in found.parts] == [5]
    with Collector() as collector:
        collector.add(found.parts)
        assert sums(collector.totals(1)) == {(A, "52.218.1.2"): 10, (A, ours): 100, (ours, A): 1000}
        sent = collector.detail(collector.totals(1).pairs).sent[Cloud.AWS, A]
        assert sum(sent.values()) == 102  # of each hour, what one interface saw


@settings(deadline=None, max_examples=100)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [
            "",
            text([line(A, B, 1)]),
            vnet(["1,2"]),
            json.dumps(google(A, B, 1)),
            "version srcaddr dstaddr bytes start\n",
            "PAR1",
        ]
    ),
)
def test_no_content_breaks_the_reading(junk, head):
    gatherer = Gatherer()
    gatherer.take(blob(head.encode() + junk, "vpcflowlogs"))
    assert "defect" not in " ".join(p.hint for p in gatherer.done().problems)


def test_plain_python_says_when_it_is_too_much(monkeypatch):
    monkeypatch.setattr("exclave.flows.collect.PYTHON_ROWS", 1)
    with Collector() as collector:
        collector.add(gathered(blob(text([line(A, B, 1), line(B, A, 1)])), fast=False).parts)
        (problem,) = collector.problems()
    assert "exclave[flows]" in problem.hint


def test_sums_do_not_depend_on_how_many_passes_they_take(monkeypatch):
    lines = [wide(f"10.0.1.{n}", f"10.0.2.{n % 7}", n, hour=n % 5) for n in range(1, 200)]
    blobs = [blob(text(lines[n : n + 20], WIDE), f"{n}.log") for n in range(0, 200, 20)]
    once = totals(*blobs)
    monkeypatch.setattr("exclave.flows.collect.PASS_ROWS", 20)
    monkeypatch.setattr("exclave.flows.collect.HELD", 10)
    monkeypatch.setattr("exclave.flows.collect.BATCH", 7)
    many = totals(*blobs)
    assert many == once


@pytest.mark.parametrize("fast", [True, False])
def test_a_line_without_an_end_is_never_held_and_the_others_are_summed(fast, monkeypatch):
    monkeypatch.setattr("exclave.flows.pieces.PIECE", 1000)
    monkeypatch.setattr("exclave.flows.pieces.MAX_LINE", 3000)
    ordinary = line("10.0.0.1", "10.0.0.2", 5)
    content = text([ordinary, "x" * 40_000, ordinary, "x" * 1_800, ordinary])
    found = gathered(blob(content), fast=fast)
    assert sums(totals(blob(content), fast=fast)) == {("10.0.0.1", "10.0.0.2"): 15}
    assert sum("1 " in p.what for p in found.problems) == 2  # one was dropped, one could not be read


def test_one_line_without_an_end_is_a_record():
    content = line("10.0.0.1", "10.0.0.2", 5)
    assert sums(totals(blob(content))) == {("10.0.0.1", "10.0.0.2"): 5}
    assert gathered(blob(content)).problems == ()
