"""Flow logs of Azure and Google as workspaces, warehouses and SIEMs store them, and AWS's of other kinds than an interface's."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.flows import Gatherer
from exclave.flows.aws import TRANSIT
from exclave.flows.locate import locate
from exclave.flows.sniff import sniff
from exclave.model import Cloud, Kind
from tests.flows.build import ACCOUNT, START, blob, gathered, google, line, sums, text, totals, vnet

A, B, FAR = "10.0.0.4", "10.9.0.7", "198.51.100.7"
OURS, THEIRS = "0f0e0d0c-0000-4111-8111-0a0b0c0d0e0f", "99990d0c-0000-4111-8111-0a0b0c0d0e0f"


def at(hour=0, form="%Y-%m-%dT%H:%M:%SZ"):
    return datetime.fromtimestamp(START + hour * 3600, UTC).strftime(form)


def analytics(src, dst, sent, answered=0, *, status="Allowed", way="Outbound", **more):
    """A row of NTANetAnalytics."""
    return {
        "TimeGenerated": at(1), "SubType": "FlowLog", "FaSchemaVersion": "3", "FlowStartTime": at(), "FlowEndTime": at(),
        "FlowType": "InterVNet", "SrcIp": src, "DestIp": dst, "DestPort": 445, "FlowDirection": way, "FlowStatus": status,
        "MacAddress": "00-22-48-71-C2-05", "SrcSubscription": OURS, "DestSubscription": THEIRS,
        "SrcSubnet": "rg/vnet-a/s1", "DestSubnet": "rg2/vnet-b/s2", "BytesSrcToDest": sent, "BytesDestToSrc": answered,
        "SrcPublicIps": "", "DestPublicIps": "", "Type": "NTANetAnalytics", **more,
    }  # fmt: skip


OLDER = {
    "SubType": "SubType_s", "FlowStartTime": "FlowStartTime_t", "FlowEndTime": "FlowEndTime_t", "SrcIp": "SrcIP_s",
    "DestIp": "DestIP_s", "FlowDirection": "FlowDirection_s", "FlowStatus": "FlowStatus_s", "MacAddress": "MACAddress_s",
    "SrcSubscription": "Subscription1_g", "DestSubscription": "Subscription2_g", "SrcSubnet": "Subnet1_s",
    "DestSubnet": "Subnet2_s", "BytesSrcToDest": "OutboundBytes_d", "BytesDestToSrc": "InboundBytes_d",
    "SrcPublicIps": "SrcPublicIPs_s", "DestPublicIps": "DestPublicIPs_s",
}  # fmt: skip
LETTER = {
    "FlowDirection_s": {"Outbound": "O", "Inbound": "I"},
    "FlowStatus_s": {"Allowed": "A", "Denied": "D"},
}


def older(row):
    """The same in AzureNetworkAnalytics_CL."""
    named = {OLDER.get(k, k): v for k, v in row.items()}
    return {k: LETTER.get(k, {}).get(v, v) if isinstance(v, str) else v for k, v in named.items()}


def as_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_table(rows, mark=",", spelt=lambda name: name):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=mark)
    writer.writerow(spelt(name) for name in rows[0])
    writer.writerows(row.values() for row in rows)
    return out.getvalue()


def answer(rows):
    names = list(rows[0])
    table = {"name": "PrimaryResult", "columns": [{"name": n, "type": "string"} for n in names]}
    return json.dumps({"tables": [table | {"rows": [[r[n] for n in names] for r in rows]}]})


def portal(rows):
    """A table as the portal exports it, with times as an American writes them."""
    times = {"FlowStartTime", "FlowEndTime", "TimeGenerated"}
    rows = [{k: at(0, "%m/%d/%Y, %I:%M:%S.000 %p") if k in times else v for k, v in r.items()} for r in rows]
    return as_table(rows, spelt=lambda n: f"{n} [UTC]" if n in times else n)


AZURE = {
    "lines": as_lines,
    "list": json.dumps,
    "an answer of the query API": answer,
    "csv": as_table,
    "the portal's csv": portal,
    "a custom table": lambda rows: as_lines([older(r) for r in rows]),
    "a custom table's csv": lambda rows: as_table([older(r) for r in rows]),
    "a workspace's export to Event Hubs": lambda rows: json.dumps({"records": rows}),
    "Splunk": lambda rows: as_lines([{"result": r} for r in rows]),
    "Elastic": lambda rows: json.dumps({"hits": {"hits": [{"_source": r} for r in rows]}}),
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("shape", AZURE)
def test_traffic_analytics_is_summed_and_names_both_subscriptions(shape, fast):
    content = AZURE[shape]([analytics(A, B, 100, 7), analytics(A, B, 5), analytics(A, B, 9, status="Denied")])
    found = gathered(blob(content, "f"), fast=fast)
    assert (found.problems, dict(found.formats)) == ((), {"azure-flow": 1})
    assert found.seen[Kind.SUBSCRIPTION] == {OURS: "its flow logs are among these logs"}
    made = totals(blob(content, "f"), fast=fast, floor=1)
    assert sums(made) == {(A, B): 105, (B, A): 7}
    (there,) = (p for p in made.pairs if p.src == A)
    of = "/subscriptions/{}/resourcegroups/{}/providers/microsoft.network/virtualnetworks/{}"
    assert (there.peer, there.peer_vpc) == (THEIRS, of.format(THEIRS, "rg2", "vnet-b"))
    owner = made.owners[Cloud.AZURE, A]
    assert (owner.account, owner.vpc) == (OURS, of.format(OURS, "rg", "vnet-a"))
    assert (Cloud.AZURE, B) not in made.owners


def test_an_inbound_row_of_traffic_analytics_is_of_the_receivers_interface():
    row = analytics(A, B, 100, way="Inbound", SrcSubscription=THEIRS, DestSubscription=OURS)
    made = totals(blob(as_lines([row])))
    assert made.owners[Cloud.AZURE, B].account == OURS
    assert (Cloud.AZURE, A) not in made.owners


@pytest.mark.parametrize("spelt", [lambda row: row, older])
def test_public_addresses_of_traffic_analytics_stand_in_a_column_of_their_own(spelt):
    entries = f"{FAR}|1|1|3|2|900|80 198.51.100.8|1|1|3|2|100|20"
    row = analytics(
        A, "", 0, FlowType="AzurePublic", DestSubscription="", DestSubnet="", DestPublicIps=entries
    )
    found = gathered(blob(as_lines([spelt(row)])))
    assert found.problems == ()
    assert found.records == 4
    pairs = {(p["src"], p["dst"]): p["bytes"] for p in _pairs(found)}
    assert pairs == {(A, ""): 1000, ("", A): 100}  # addresses of the internet are summed together


def _pairs(found):
    from exclave.flows import frames

    (part,) = found.parts
    return frames.unpacked(part.pairs, ["src", "dst", "bytes"]).rows(named=True)


def test_what_traffic_analytics_knows_of_the_network_is_no_flow_and_no_fault():
    topology = {"SubType": "Topology", "Name": "vnet-a", "FaSchemaVersion": "3"}
    found = gathered(blob(as_lines([topology, analytics(A, B, 5)])))
    assert (found.problems, found.records) == ((), 2)


def test_rows_of_traffic_analytics_that_cannot_be_read_are_counted():
    rows = [analytics(A, B, 5), analytics("", "", 5), {**analytics(A, B, 5), "FlowStartTime": "soon"}]
    (problem,) = gathered(blob(as_lines(rows))).problems
    assert problem.what.startswith("2 records")


def columns(entry, separator):
    """An entry's payload as columns of a table."""
    out = {"logName": entry["logName"], "timestamp": entry["timestamp"]}
    for key, value in entry["jsonPayload"].items():
        inner = value if isinstance(value, dict) else {"": value}
        out |= {separator.join(filter(None, ("jsonPayload", key, name))): v for name, v in inner.items()}
    return out


def bigquery(entry):
    """The entry as a table exported from BigQuery has it: numbers with fractions, times with a zone in letters."""
    payload = {
        **entry["jsonPayload"],
        "packets_sent": 3.0,
        "start_time": at(0, "%Y-%m-%d %H:%M:%S.123456 UTC"),
    }
    return {**entry, "timestamp": at(0, "%Y-%m-%d %H:%M:%S UTC"), "jsonPayload": payload}


def elastic(entry):
    said = entry["jsonPayload"]
    far = said.get("dest_vpc")
    return {
        "event": {"dataset": "gcp.vpcflow", "start": said["start_time"], "end": said["end_time"]},
        "source": {"ip": said["connection"]["src_ip"], "bytes": int(said["bytes_sent"]), "domain": "vm1"},
        "destination": {"ip": said["connection"]["dest_ip"]},
        "gcp": {
            "vpcflow": {"reporter": said["reporter"]},
            "source": {"vpc": said["src_vpc"], "instance": said["src_instance"]},
            **({"destination": {"vpc": far}} if far else {}),
        },
        "log": {"logger": entry["logName"]},
    }  # fmt: skip


def dotted(value, prefix=""):
    out = {}
    for key, inner in value.items():
        out |= dotted(inner, f"{prefix}{key}.") if isinstance(inner, dict) else {f"{prefix}{key}": inner}
    return out


GOOGLE = {
    "snake case": lambda es: as_lines([{"log_name": e["logName"], "timestamp": e["timestamp"],
                                        "json_payload": e["jsonPayload"]} for e in es]),
    "a linked dataset, text": lambda es: as_lines([{"log_name": e["logName"], "timestamp": e["timestamp"],
                                                    "json_payload": json.dumps(e["jsonPayload"])} for e in es]),
    "BigQuery": lambda es: as_lines([bigquery(e) for e in es]),
    "the payload alone": lambda es: as_lines([e["jsonPayload"] for e in es]),
    "dotted columns": lambda es: as_lines([columns(e, ".") for e in es]),
    "joined columns": lambda es: as_lines([columns(e, "_") for e in es]),
    "csv of dotted columns": lambda es: as_table([columns(e, ".") for e in es]),
    "csv of joined columns": lambda es: as_table([columns(e, "_") for e in es]),
    "Elastic": lambda es: as_lines([{"_source": elastic(e)} for e in es]),
    "Elastic, flat": lambda es: as_lines([dotted(elastic(e)) for e in es]),
    "Elastic, as it was": lambda es: as_lines([{"event": {"original": json.dumps(e)}} for e in es]),
    "Splunk": lambda es: as_lines([{"result": {"_raw": json.dumps({"data": e})}} for e in es]),
}  # fmt: skip


@pytest.mark.parametrize("shape", GOOGLE)
def test_google_flows_are_read_as_they_are_stored_elsewhere(shape):
    content = GOOGLE[shape]([google(A, B, 100, peer="theirs-1"), google(A, B, 5, peer="theirs-1")])
    found = gathered(blob(content, "f"))
    assert (found.problems, found.first, dict(found.formats)) == ((), START, {"gcp-flow": 1})
    (pair,) = totals(blob(content, "f")).pairs
    assert (pair.src, pair.dst, pair.bytes, pair.peer) == (A, B, 105, "theirs-1")
    assert locate(blob(content, "f"), {(A, B)}) == {(A, B): (1, 100)}


def transit(
    src, dst, size, *, way="ingress", mine=ACCOUNT, far="111122223333", attachment="tgw-attach-0a1", hour=0
):
    """A record of a transit gateway, in its default format."""
    time = START + hour * 3600
    return (
        f"6 TransitGateway {ACCOUNT} tgw-0a1 {attachment} {mine} {far} vpc-1 vpc-9 subnet-1 subnet-9 eni-1 eni-9"
        f" euw1-az1 euw1-az1 tgw-attach-0b2 {src} {dst} 40000 443 6 10 {size} {time} {time + 59} OK IPv4 0 0 0 0 19"
        f" eu-west-1 {way} - -"
    )


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_a_transit_gateway_says_whose_both_ends_are_and_makes_neither_ours(fast, way):
    rows = [transit(A, B, 5, way=way), transit(B, A, 3, way=way, mine="111122223333", far=ACCOUNT)]
    for content in (text(rows), text(rows, TRANSIT)):
        found = gathered(blob(content), fast=fast)
        assert found.problems == ()
        assert set(found.seen[Kind.ACCOUNT]) == {ACCOUNT}
        made = totals(blob(content), fast=fast)
        assert {(p.src, p.peer) for p in made.pairs} == {(A, "111122223333"), (B, ACCOUNT)}
        assert dict(made.owners) == {}


def test_a_transit_gateway_in_cloudwatch_logs_has_no_first_line():
    events = [{"id": "1", "timestamp": 1, "message": transit(A, B, 5)}]
    content = json.dumps({"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logEvents": events})
    (pair,) = totals(blob(content)).pairs
    assert (pair.bytes, pair.peer) == (5, "111122223333")


LATER = (
    *[
        "version",
        "account-id",
        "interface-id",
        "srcaddr",
        "dstaddr",
        "bytes",
        "start",
        "end",
        "action",
        "log-status",
        "flow-direction",
    ],
    *[
        "ecs-cluster-arn",
        "ecs-cluster-name",
        "ecs-container-instance-arn",
        "ecs-container-instance-id",
        "ecs-container-id",
    ],
    *[
        "ecs-second-container-id",
        "ecs-service-name",
        "ecs-task-definition-arn",
        "ecs-task-arn",
        "ecs-task-id",
    ],
    *["reject-reason", "encryption-status", "resource-id"],
)


@pytest.mark.parametrize("fast", [True, False])
def test_fields_of_later_versions_stand_beside_what_is_read(fast):
    tail = ["-"] * 10
    rows = [
        [8, ACCOUNT, "eni-0a1b2c3d", A, B, 100, START, START + 59, "ACCEPT", "OK", "egress", *tail, "-", 1, "-"],
        [8, ACCOUNT, "eni-0a1b2c3d", A, B, 9, START, START + 59, "REJECT", "OK", "egress", *tail, "BPA", 0, "-"],
        [8, ACCOUNT, "eni-0a1b2c3d", "-", "-", "-", START, START + 59, "-", "NODATA", "-", *tail, "-", "-", "-"],
        [8, ACCOUNT, "eni-0a1b2c3d", "2001:db8::4", "2001:db8::7", 7, START, START, "ACCEPT", "OK", "egress", *tail, "-", "-", "-"],
    ]  # fmt: skip
    content = text([" ".join(str(cell) for cell in row) for row in rows], LATER)
    assert gathered(blob(content), fast=fast).problems == ()
    assert sums(totals(blob(content), fast=fast)) == {(A, B): 100, ("2001:db8::4", "2001:db8::7"): 7}


def security_lake(src, dst, size, *, way="Outbound", action="Allowed", version=2):
    """A record of Security Lake's, of its first or its second version."""
    mine, far = ("src", "dst") if way == "Outbound" else ("dst", "src")
    near = {
        "interface_uid": "eni-0a1b2c3d",
        "vpc_uid": "vpc-1",
        "subnet_uid": "subnet-1",
        "instance_uid": "i-1",
    }
    none = dict.fromkeys(near)
    ends = {"src": src, "dst": dst}
    return {
        "class_uid": 4001,
        "class_name": "Network Activity",
        "time": START * 1000,
        "start_time": START * 1000,
        "end_time": (START + 59) * 1000,
        f"{mine}_endpoint": {"ip": ends[mine], "port": 1, "svc_name": "-", **near},
        f"{far}_endpoint": {"ip": ends[far], "port": 443, "svc_name": "S3" if far == "dst" else None, **none},
        "traffic": {"bytes": size, "packets": 9},
        "connection_info": {"direction": way, "protocol_num": 6},
        "cloud": {"account": {"uid": ACCOUNT}} if version == 2 else {"account_uid": ACCOUNT},
        ("action" if version == 2 else "disposition"): action,
        "metadata": {"product": {"name": "Amazon VPC", "feature": {"name": "Flowlogs"}}},
    }  # fmt: skip


def as_parquet(records):
    polars = pytest.importorskip("polars")
    out = io.BytesIO()
    polars.DataFrame(records).write_parquet(out)
    return out.getvalue()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("write", [as_lines, as_parquet])
def test_security_lake_says_the_same_in_json_and_in_parquet(write, version):
    records = [
        security_lake(A, B, 100, version=version),
        security_lake(A, B, 9, action="Denied" if version == 2 else "Blocked", version=version),
    ]
    content = write(records)
    found = gathered(blob(content, "aws/VPC_FLOW/2.0/region=eu-west-1/x"))
    assert found.problems == ()
    assert set(found.seen[Kind.ACCOUNT]) == {ACCOUNT}
    made = totals(blob(content, "x"))
    (pair,) = made.pairs
    assert (pair.src, pair.dst, pair.bytes, pair.service, pair.first) == (A, B, 100, "S3", START)
    owner = made.owners[Cloud.AWS, A]
    assert (owner.interface, owner.vpc, owner.subnet) == ("eni-0a1b2c3d", "vpc-1", "subnet-1")


@pytest.mark.parametrize("write", [as_lines, as_parquet])
def test_security_lake_has_the_network_of_what_came_in_at_the_receiver(write):
    made = totals(blob(write([security_lake(B, A, 100, way="Inbound")]), "x"))
    owner = made.owners[Cloud.AWS, A]
    assert (owner.interface, owner.vpc) == ("eni-0a1b2c3d", "vpc-1")
    assert (Cloud.AWS, B) not in made.owners


def elastic_aws(src, dst, size, action="ACCEPT", **more):
    return {
        "@timestamp": at(),
        "event": {"dataset": "aws.vpcflow", "start": at(), "end": at()},
        "source": {"ip": "10.0.0.1", "bytes": size, "packets": 9},
        "destination": {"ip": "10.0.0.2"},
        "aws": {
            "vpcflow": {
                "account_id": ACCOUNT,
                "interface_id": "eni-0a1b2c3d",
                "action": action,
                "vpc_id": "vpc-1",
                "pkt_srcaddr": src,
                "pkt_dstaddr": dst,
                **more,
            }
        },
        "network": {"direction": "egress"},
    }


@pytest.mark.parametrize(
    "write",
    [
        as_lines,
        lambda rows: as_lines([dotted(r) for r in rows]),
        lambda rows: json.dumps({"hits": {"hits": [{"_index": "x", "_source": r} for r in rows]}}),
    ],
)
def test_elastics_fields_of_aws_flows_are_read_without_the_line(write):
    content = write([elastic_aws(A, B, 100), elastic_aws(A, B, 9, "REJECT")])
    assert gathered(blob(content)).problems == ()
    made = totals(blob(content))
    assert sums(made) == {(A, B): 100}
    assert made.owners[Cloud.AWS, A].vpc == "vpc-1"


@pytest.mark.parametrize("fast", [True, False])
def test_a_record_without_its_packets_own_addresses_has_those_of_the_interface(fast):
    names = ["version", "interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "bytes", "start"]
    rows = [f"5 eni-0a1b2c3d {A} 10.0.0.1 - - 5 {START}", f"5 eni-0a1b2c3d {A} 10.0.0.1 {A} {B} 7 {START}"]
    assert sums(totals(blob(text(rows, names)), fast=fast)) == {(A, "10.0.0.1"): 5, (A, B): 7}


@pytest.mark.parametrize("state", ["X", "NX", "NX_HW_NOT_SUPPORTED", "NX_LOCAL_DST", "NX_FALLBACK"])
@pytest.mark.parametrize("fast", [True, False])
def test_azure_says_how_a_flow_is_encrypted_and_all_of_them_count(state, fast):
    content = vnet(
        [
            f"{START}123,{A},{B},1,445,6,O,C,{state},3,100,2,7",
            f"{START}123,{A},{B},1,445,6,O,D,{state},0,0,0,0",
        ]
    )
    assert sums(totals(blob(content), fast=fast)) == {(A, B): 100, (B, A): 7}


def test_firehose_and_kinesis_deliver_lines_side_by_side():
    events = [{"id": "1", "timestamp": 1, "message": line(A, B, 5)}]
    one = json.dumps({"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logEvents": events})
    content = one * 3  # Firehose puts nothing between
    assert sums(totals(blob(content))) == {(A, B): 15}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"eventVersion": "1.08", "eventName": "x", "FlowStartTime": "x", "FlowDirection": "I", "SrcIp": "1"}),
        as_lines([{"operationName": "FlowStartTime", "properties": {"FlowStartTime": at(), "FlowDirection": "I", "SrcIp": A}}]),
        json.dumps({"protoPayload": {"request": {"jsonPayload": {"connection": {"src_ip": A}}}}, "logName": "vpc_flows"}),
        "a,b\n1,2\n",
        "src_ip,dest_ip\n10.0.0.1,10.0.0.2\n",
    ],
)  # fmt: skip
def test_other_logs_are_not_taken_for_these(content):
    assert sniff("f", content.encode()) == ""


def _hostile(record):
    """The record with values that nobody expects at some of its keys, and keys beside them that mean the same."""
    odd = st.sampled_from(
        [None, True, 7, -1.5, 1e400, "x", "-", "", [], [1], {}, {"src_ip": 1}, "1" * 400, "{", "\ud800"]
    )
    keys = [
        *record,
        "connection",
        "jsonPayload",
        "json_payload",
        "src_endpoint",
        "gcp",
        "event",
        "source",
        "tables",
    ]
    return st.dictionaries(st.sampled_from(keys), odd, max_size=4).map(lambda more: {**record, **more})


_ONE = google(A, B, 5)
RECORDS = [
    analytics(A, B, 5),
    older(analytics(A, B, 5)),
    _ONE,
    columns(_ONE, "."),
    columns(_ONE, "_"),
    elastic(_ONE),
    dotted(elastic(_ONE)),
    security_lake(A, B, 5),
    elastic_aws(A, B, 5),
    dotted(elastic_aws(A, B, 5)),
]


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(RECORDS).flatmap(lambda record: st.tuples(st.just(record), _hostile(record))))
def test_no_value_breaks_the_reading(both):
    good, bad = both
    gatherer = Gatherer()
    assert gatherer.take(blob(as_lines([good, bad, good])))
    found = gatherer.done()
    assert "defect" not in " ".join(p.hint for p in found.problems)
    assert found.records >= 2


def test_a_number_that_cannot_be_costs_its_record_and_not_its_file():
    entries = [google(A, B, 5), google(A, B, "9" * 400), google(A, B, -3)]
    assert sums(totals(blob(as_lines(entries)))) == {(A, B): 5}


@pytest.mark.parametrize("fast", [True, False])
def test_a_number_that_cannot_be_is_told(fast):
    line = f"2 {'1' * 12} eni-0a1b2c3d4e5f60718 {A} {B} 1 2 6 1 {{size}} {{start}} {{start}} ACCEPT OK"
    text = [
        line.format(size=size, start=start)
        for size, start in ((5, 1_770_000_000), (1 << 60, 1_770_000_000), (5, 1 << 40))
    ]
    entries = [google(A, B, 5), google(A, B, 1 << 60)]
    for content, unread in (("\n".join(text).encode(), "2 lines"), (as_lines(entries), "1 records")):
        gatherer = Gatherer(fast=fast)
        assert gatherer.take(blob(content))
        found = gatherer.done()
        assert [p.what.startswith(unread) for p in found.problems] == [True]
        assert found.records == 1
