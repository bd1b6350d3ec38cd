from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from exclave.formats.reading import read
from exclave.formats.rows import unflattened
from exclave.formats.sniffing import sniff
from exclave.formats.struct_text import parse
from exclave.model import Event, Evidence, Problem
from tests.formats import shapes


def split(data: bytes, name: str = "f") -> tuple[list[Event], list[Problem]]:
    got = list(read(name, data))
    return [g for g in got if isinstance(g, Event)], [g for g in got if isinstance(g, Problem)]


def test_struct_text_is_read_with_what_may_stand_in_it() -> None:
    text = (
        "{type=AssumedRole, arn=arn:aws:sts::1:assumed-role/r/a=b,c, sessioncontext={x=null, y={}}, "
        "l=[a, {b=1}], e=}"
    )
    assert parse(text) == {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::1:assumed-role/r/a=b,c",
        "sessioncontext": {"y": {}},
        "l": ["a", {"b": "1"}],
        "e": "",
    }
    assert parse('{policy={"Statement":[{"Effect":"Allow, x=y"}]}, b=1}') == {
        "policy": {"Statement": [{"Effect": "Allow, x=y"}]},
        "b": "1",
    }
    for other in ("", "text", "{broken", "{a}", "[1", "{" * 10_000, '{"a":1'):
        assert parse(other) == other


def test_a_policy_over_several_lines_inside_a_struct_is_read() -> None:
    policy = {"Statement": [{"Effect": "Allow, x=y"}]}
    text = f"{{a=1, policy={json.dumps(policy, indent=2)}, l={json.dumps(['b, c'], indent=1)}}}"
    assert parse(text) == {"a": "1", "policy": policy, "l": ["b, c"]}


@pytest.mark.parametrize(
    ("flat", "nested"),
    [
        ({"a.items.0.userId": "1", "a.items.1.userId": "2"}, {"a": {"items": [{"userId": "1"}, {"userId": "2"}]}}),
        ({"a.list.0": "x", "a.list.1": "y"}, {"a": {"list": ["x", "y"]}}),
        ({"a{}.Action{}": "one\ntwo"}, {"a": [{"Action": ["one"]}, {"Action": ["two"]}]}),
        ({"a.Action{}": "one\ntwo"}, {"a": {"Action": ["one", "two"]}}),
    ],
    ids=["numbered objects", "numbered values", "lines in objects", "lines"],
)  # fmt: skip
def test_lists_come_back_from_flattened_names(flat: dict[str, str], nested: dict[str, Any]) -> None:
    assert unflattened(flat) == nested


def test_elastics_resources_are_those_of_the_record() -> None:
    document = shapes.elastic(shapes.record(1))
    whole = {
        "ARN": "arn:aws:kms:eu-west-1:123456789012:key/1",
        "accountId": "123456789012",
        "type": "AWS::KMS::Key",
    }
    document["aws"]["cloudtrail"]["resources"] = [
        {"arn": whole["ARN"], "account_id": whole["accountId"], "type": whole["type"]}
    ]
    (event,), _ = split(shapes.text(document).encode())
    assert event.fields["resources"] == [whole]


@pytest.mark.parametrize(
    "owner", [{"accountId": "123456789012"}, {"ARN": "arn:aws:kms:eu-west-1:123456789012:key/1"}]
)
@pytest.mark.parametrize(
    ("identity", "account"),
    [
        ({"type": "AWSAccount", "accountId": "111122223333"}, "123456789012"),
        ({"type": "IAMUser", "accountId": "111122223333"}, "111122223333"),
    ],
)
def test_a_record_without_recipient_is_of_the_resources_owner_where_the_caller_is_foreign(
    identity: dict[str, str], account: str, owner: dict[str, str]
) -> None:
    record = shapes.record(
        1, userIdentity=identity, resources=[{"type": "x", "ARN": "arn:aws:s3:::b"}, owner]
    )
    del record["recipientAccountId"]
    (event,), _ = split(shapes.text(record).encode())
    assert event.account == account


def test_line_breaks_and_quotes_in_cells_do_not_end_a_row() -> None:
    record = shapes.record(1, userAgent='a "b"\nc,d')
    (event,), problems = split(shapes.as_table([shapes.as_row(record), shapes.as_row(record)][:1]))
    assert problems == []
    assert event.actor.agent == 'a "b"\nc,d'


def test_only_line_feeds_end_a_row() -> None:
    data = "eventname,eventsource,useragent\nA,a.amazonaws.com,x\u2028y\x0bz\nB,a.amazonaws.com,\n".encode()
    events, problems = split(data)
    assert problems == []
    assert [(e.action, e.actor.agent) for e in events] == [("A", "x\u2028y\x0bz"), ("B", "")]


def test_a_cell_beyond_pythons_own_limit_is_read() -> None:
    record = shapes.record(1, requestParameters={"policy": "x" * 300_000})
    (event,), problems = split(shapes.as_table([shapes.as_row(record)]))
    assert problems == []
    assert len(event.fields["requestParameters"]["policy"]) == 300_000


def test_a_broken_row_costs_itself_only() -> None:
    data = shapes.as_table([shapes.as_row(shapes.record(n)) for n in (1, 2, 3, 4)])
    broken = data.replace(b'"eu-west-1"', b'"eu-west-1', 1)
    events, problems = split(broken)
    assert [e.evidence.record for e in events] == [2, 3, 4]
    assert [p.where for p in problems] == ["f, record 1"]
    cut = data[: data.rindex(b"eu-west-1")]
    events, problems = split(cut)
    assert [e.evidence.record for e in events] == [1, 2, 3]
    assert [p.where for p in problems] == ["f, record 4"]


def test_columns_without_a_value_are_left_out() -> None:
    row = shapes.as_row(shapes.record(1)) | {"errorcode": "", "errormessage": "null", "vpcendpointid": "-"}
    (event,), _ = split(shapes.as_table([row]))
    assert event.error == ""
    assert "errorCode" not in event.raw


def _parquet(rows: list[dict[str, Any]], schema: Any = None, **options: Any) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), out, **options)
    return out.getvalue()


def test_cloudtrail_lake_parquet_is_the_same_event() -> None:
    pytest.importorskip("pyarrow")
    records = [shapes.record(n) for n in range(1, 8)]
    data = _parquet([shapes.as_row(r) for r in records], row_group_size=3)
    assert sniff("f", data) == "parquet"
    events, problems = split(data)
    wanted, _ = split(shapes.EXACT["array"](records))
    assert problems == []
    assert events == wanted


def test_security_lake_parquet_with_maps_and_times() -> None:
    pa = pytest.importorskip("pyarrow")
    record = shapes.ocsf(shapes.record(1))
    record["unmapped"] = list(record["unmapped"].items())
    record["time_dt"] = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    inferred = pa.Table.from_pylist([{k: v for k, v in record.items() if k != "unmapped"}]).schema
    schema = inferred.append(pa.field("unmapped", pa.map_(pa.string(), pa.string())))
    (event,), problems = split(_parquet([record], schema))
    (wanted,), _ = split(shapes.EXACT["array"]([shapes.record(1)]))
    assert problems == []
    assert (event.time, event.name, event.account, event.actor.id) == (
        wanted.time, wanted.name, wanted.account, wanted.actor.id,
    )  # fmt: skip
    assert event.fields["requestParameters"] == wanted.fields["requestParameters"]


def test_security_lakes_first_version_keeps_parameters_in_unmapped() -> None:
    parameters = shapes.record(1)["requestParameters"]
    record = shapes.ocsf(shapes.record(1))
    del record["api"]["request"]["data"]
    record["unmapped"]["requestParameters.snapshotId"] = parameters["snapshotId"]
    (event,), _ = split(shapes.text(record).encode())
    assert event.fields["requestParameters"] == {"snapshotId": parameters["snapshotId"]}


def test_parquet_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    data = _parquet([shapes.as_row(shapes.record(1))])
    _, (problem,) = split(data[: len(data) // 2])
    assert "not readable as parquet" in problem.what
    _, (problem,) = split(_parquet([{"colour": "red", "size": 1}]))
    assert problem.what == "parquet of unknown columns: colour, size"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    _, (problem,) = split(data)
    assert problem.hint == 'pip install "exclave[parquet]"'


def test_event_history_of_the_console() -> None:
    data = (
        b"\xef\xbb\xbfEvent name,Event time,User name,Event source,AWS access key,AWS region,Event ID\n"
        b"StopLogging,2026-03-04T05:06:07Z,dana,cloudtrail.amazonaws.com,AKIAEXAMPLEEXAMPLE00,eu-west-1,e-1\n"
    )
    (event,), problems = split(data)
    assert problems == []
    assert (event.name, event.actor.name, event.actor.credential) == (
        "cloudtrail.amazonaws.com:StopLogging", "dana", "AKIAEXAMPLEEXAMPLE00",
    )  # fmt: skip
    assert event.evidence == Evidence(file="f", record=1, event_id="e-1")
    assert replace(event).region == "eu-west-1"


SENTINEL = {
    "TimeGenerated": "2026-03-01T10:00:00Z",
    "OperationName": "CloudTrail",
    "AwsEventId": "e-1",
    "AwsRequestId_": "r-1",
    "EventTypeName": "AwsApiCall",
    "EventName": "ModifySnapshotAttribute",
    "EventSource": "ec2.amazonaws.com",
    "AWSRegion": "eu-west-1",
    "SourceIpAddress": "203.0.113.9",
    "UserIdentityType": "AssumedRole",
    "UserIdentityArn": "arn:aws:sts::123456789012:assumed-role/r/s",
    "UserIdentityAccountId": "123456789012",
    "UserIdentityAccessKeyId": "ASIAEXAMPLE",
    "SessionIssuerArn": "arn:aws:iam::123456789012:role/r",
    "RecipientAccountId": "123456789012",
    "RequestParameters": '{"snapshotId": "snap-1"}',
    "ErrorCode": "",
    "ReadOnly": False,
    "Type": "AWSCloudTrail",
}


@pytest.mark.parametrize("form", ["json", "table"])
def test_rows_of_sentinels_cloudtrail_table(form: str) -> None:
    row = {k: str(v) for k, v in SENTINEL.items()}
    data = msgspec.json.encode(SENTINEL) if form == "json" else shapes.as_table([row])
    (event,), problems = split(data)
    assert problems == []
    assert (event.name, event.account, event.region, event.error) == (
        "ec2.amazonaws.com:ModifySnapshotAttribute",
        "123456789012",
        "eu-west-1",
        "",
    )
    assert event.time == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert event.fields["requestParameters"] == {"snapshotId": "snap-1"}
    actor = event.actor
    assert (actor.kind, actor.id, actor.account, actor.credential, actor.issuer) == (
        "role",
        SENTINEL["UserIdentityArn"],
        "123456789012",
        "ASIAEXAMPLE",
        SENTINEL["SessionIssuerArn"],
    )
