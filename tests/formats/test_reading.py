from __future__ import annotations

import pytest
from msgspec.structs import replace

from exclave.catalogue.paths import values
from exclave.formats.reading import read
from exclave.formats.sniffing import sniff
from exclave.model import Event, Evidence, Problem
from tests.formats import shapes

_NOWHERE = Evidence(file="", record=0)


def events(data: bytes, name: str = "f") -> list[Event]:
    return [item for item in read(name, data) if isinstance(item, Event)]


def problems(data: bytes, name: str = "f") -> list[Problem]:
    return [item for item in read(name, data) if isinstance(item, Problem)]


def placeless(event: Event) -> Event:
    return replace(event, evidence=_NOWHERE)


@pytest.mark.parametrize("shape", shapes.EXACT)
def test_the_same_records_are_the_same_events_in_every_shape(shape: str) -> None:
    records = [shapes.record(n) for n in (1, 2, 3)]
    got = list(read("f", shapes.EXACT[shape](records)))
    assert [g for g in got if isinstance(g, Problem)] == []
    wanted = events(shapes.EXACT["cloudtrail file"](records))
    assert [placeless(g) for g in got if isinstance(g, Event)] == [placeless(w) for w in wanted]
    assert [g.evidence.record for g in got if isinstance(g, Event)] == [1, 2, 3]
    assert [g.evidence.event_id for g in got if isinstance(g, Event)] == [r["eventID"] for r in records]


@pytest.mark.parametrize("shape", shapes.REWRITTEN)
def test_rewritten_names_lead_to_the_same_values(shape: str) -> None:
    parameters = {"AddPrincipalsRequest": {"ServiceId": "s", "AllowedPrincipals": [{"content": "x"}]}}
    record = shapes.record(1, eventName="AddPrincipals", requestParameters=parameters)
    (got,) = events(shapes.REWRITTEN[shape]([record]))
    assert (got.name, got.account, got.actor.account) == (
        "ec2.amazonaws.com:AddPrincipals",
        shapes.OURS,
        shapes.OURS,
    )
    assert values(got.fields, "requestParameters.allowedPrincipals[].content") == ["x"]


def test_an_empty_list_beside_a_message_hides_nothing() -> None:
    (got,) = events(shapes.text({"streams": [], "message": shapes.text(shapes.record(1))}).encode())
    assert got.action == "ModifySnapshotAttribute"


@pytest.mark.parametrize("shape", shapes.PARTIAL)
@pytest.mark.parametrize("error", ["", "Client.UnauthorizedOperation"])
def test_shapes_that_hold_a_part_of_the_record_give_what_matters(shape: str, error: str) -> None:
    record = shapes.record(1, **({"errorCode": error} if error else {}))
    (wanted,) = events(shapes.EXACT["array"]([record]))
    (got,) = events(shapes.PARTIAL[shape]([record]))
    for part in ("time", "service", "action", "account", "region", "error", "dry_run", "log"):
        assert getattr(got, part) == getattr(wanted, part), part
    assert replace(got.actor, name="") == replace(wanted.actor, name="")
    assert got.fields["requestParameters"] == wanted.fields["requestParameters"]


def test_values_that_orjson_refuses_do_not_cost_the_record() -> None:
    for odd in ("NaN", "-Infinity", "1e999", '"\\ud800"', '"\x01"', "1" * 400):
        data = (
            shapes.text({"Records": [shapes.record(1), shapes.record(2)]}).replace('"r-1"', odd, 1).encode()
        )
        assert len(events(data)) == 2, odd


def test_bytes_that_are_not_utf8_are_replaced_and_told() -> None:
    data = shapes.EXACT["cloudtrail file"]([shapes.record(1)]).replace(b"aws-cli", b"aws\xff")
    (event,) = events(data)
    assert "\ufffd" in event.actor.agent
    assert [p.what.partition(" (")[0] for p in problems(data)] == ["bytes that are not UTF-8, replaced"]


def test_duplicate_keys_last_wins() -> None:
    data = b'{"eventVersion":"1","eventSource":"a.amazonaws.com","eventName":"A","eventName":"B"}'
    assert [e.action for e in events(data)] == ["B"]


def test_elements_that_are_no_objects_are_problems_and_keep_their_numbers() -> None:
    data = shapes.text({"Records": [shapes.record(1), 7, None, "text", shapes.record(5)]}).encode()
    assert [e.evidence.record for e in events(data)] == [1, 5]
    assert [p.where for p in problems(data)] == ["f, record 2", "f, record 3", "f, record 4"]


def test_an_unknown_shape_is_told_with_its_keys_once_and_counted() -> None:
    data = shapes._lines([{"b": 1, "a": 2}] * 5)
    first, more = problems(data)
    assert first.what == "unknown JSON shape, keys: a, b"
    assert first.where == "f, record 1"
    assert more.what == "4 more: unknown JSON shape, keys: a, b"


def test_problems_of_many_kinds_are_bounded_and_counted() -> None:
    got = problems(shapes._lines([{f"k{n}": 1} for n in range(100)]))
    assert len(got) == 21
    assert got[-1].what == "80 problems of other kinds"


def test_nothing_that_is_read_has_half_surrogates() -> None:
    half = "\\ud800"
    records = [shapes.text(shapes.record(1)).replace("aws-cli", half)]
    row = (
        '{"eventname":"A","eventsource":"a","requestparameters":"{p={\\"k\\":\\"'
        + half.replace("\\", "\\\\")
        + '\\"}}"}'
    )
    for event in events("\n".join([*records, row]).encode()):
        str(event.fields).encode()
    assert len(events("\n".join([*records, row]).encode())) == 2


def test_records_inside_a_record_are_not_read() -> None:
    forged = shapes.record(9, eventName="Forged")
    record = shapes.record(
        1, requestParameters={"Records": [forged], "message": shapes.text(forged), "detail": forged}
    )
    assert [e.action for e in events(shapes.EXACT["array"]([record]))] == ["ModifySnapshotAttribute"]


def test_wrappers_in_wrappers_end() -> None:
    value = shapes.record(1)
    for _ in range(8):
        value = {"detail": value}
    assert len(events(shapes.text(value).encode())) == 1
    for _ in range(12):
        value = {"detail": value}
    assert events(shapes.text(value).encode()) == []
    assert [p.what for p in problems(shapes.text(value).encode())] == ["records wrapped too many times"]


def test_depth_is_bounded_and_costs_one_record() -> None:
    deep = "[" * 5000 + "]" * 5000
    data = (
        shapes.text({"Records": [shapes.record(1), "DEEP", shapes.record(3)]})
        .replace('"DEEP"', deep)
        .encode()
    )
    assert [e.evidence.record for e in events(data)] == [1, 3]
    assert "nested too deeply" in problems(data)[0].what


def test_large_files_are_read_record_by_record_with_the_same_result() -> None:
    records = [shapes.record(n) for n in range(1, 1200)]
    data = shapes.EXACT["cloudtrail file"](records)
    assert len(data) > 1 << 20
    assert [e.evidence.record for e in events(data)] == list(range(1, 1200))
    odd = data.replace(b'"_return":true', b'"_return":1e999', 1).replace(b"aws-cli", b"aws\xff", 1)
    assert len(events(odd)) == 1199
    assert [p.what.partition(" (")[0] for p in problems(odd)] == ["bytes that are not UTF-8, replaced"]


def test_insights_and_network_activity_are_cloudtrail() -> None:
    insight = {
        "eventVersion": "1.07",
        "eventTime": "2026-03-04T05:06:07Z",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": shapes.OURS,
        "insightDetails": {"eventSource": "ec2.amazonaws.com", "eventName": "ModifySnapshotAttribute"},
    }
    network = shapes.record(2, eventType="AwsVpceEvent", eventCategory="NetworkActivity")
    got = events(shapes.EXACT["cloudtrail file"]([insight, network]))
    assert [(e.log, e.name) for e in got] == [
        ("cloudtrail", "cloudtrail.amazonaws.com:Insight"),
        ("cloudtrail", "ec2.amazonaws.com:ModifySnapshotAttribute"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/03/04/x.log", b"2 1 2 3\n", "vpc-flow"),
        ("x", b"version account-id interface-id srcaddr dstaddr\n2 1 e 10.0.0.1 10.0.0.2\n", "vpc-flow"),
        ("x", b"2 111122223333 eni-0a 10.0.0.1 10.0.0.2 1 2 6 1 1 1 1 ACCEPT OK\n", "vpc-flow"),
        ("AWSLogs/1/CloudTrail-Digest/eu-west-1/x.json", b'{"digestS3Object":"x"}', "cloudtrail-digest"),
        ("x", b'{"awsAccountId":"1","digestS3Object":"x","logFiles":[]}', "cloudtrail-digest"),
        ("1_Config_eu-west-1_ConfigSnapshot_x.json", b'{"configurationItems":[]}', "config"),
    ],
)
def test_known_logs_that_are_left_out_give_nothing(name: str, data: bytes, kind: str) -> None:
    assert sniff(name, data) == kind
    assert list(read(name, data)) == []


@pytest.mark.parametrize(
    ("data", "kind", "what"),
    [
        (
            b"\x7fELF\x02\x01\x00\x00\x00\x01\x02\x03",
            "binary",
            "a binary file, not a log that this version reads",
        ),
        (b"hello\nworld\n", "text", "a text file, not a log that this version reads"),
    ],
)
def test_other_files_are_named(data: bytes, kind: str, what: str) -> None:
    assert sniff("x", data) == kind
    assert [p.what for p in problems(data)] == [what]


def test_an_empty_file_gives_nothing() -> None:
    for data in (b"", b"\n \n", b"\xef\xbb\xbf"):
        assert list(read("x", data)) == []
        assert sniff("x", data) == "empty"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("cloudtrail file", "cloudtrail"),
        ("lookup-events", "cloudtrail-lookup"),
        ("eventbridge", "eventbridge"),
        ("cloudwatch message", "cloudwatch"),
        ("cloudwatch subscription", "cloudwatch-subscription"),
        ("cloudtrail lake", "cloudtrail-lake"),
        ("athena csv", "csv"),
        ("splunk", "splunk"),
        ("elastic original", "elastic"),
        ("utf-16-le", "cloudtrail"),
    ],
)
def test_sniff_names_what_a_file_is(shape: str, kind: str) -> None:
    assert sniff("x", shapes.EXACT[shape]([shapes.record(1)])) == kind
