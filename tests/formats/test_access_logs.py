from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from exclave.formats.logs import parser_of
from exclave.formats.reading import read
from exclave.formats.s3_access import FIELDS
from exclave.formats.sniffing import sniff
from exclave.model import Actor, Event, Evidence, Problem

_OWNER = "a" * 64
_LINE = (
    f"{_OWNER} ours [04/Mar/2026:05:06:07 +0100] 198.51.100.7 {{requester}} 3E57427F33A59F07 REST.GET.OBJECT "
    'a/data%2520x.csv "GET /ours/a/data%20x.csv?versionId=1 HTTP/1.1" 200 - 1024 2048 70 10 '
    '"-" "{agent}" v1 hostid= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader ours.s3.eu-west-1.amazonaws.com '
    "TLSv1.2 arn:aws:s3:eu-west-1:111122223333:accesspoint/ap Yes us-east-1\n"
)
_ROLE = "arn:aws:sts::999988887777:assumed-role/team/reader/session"


def line(requester: str = _ROLE, agent: str = "aws-cli/2.17") -> bytes:
    return _LINE.format(requester=requester, agent=agent).encode()


def events(data: bytes) -> list[Event]:
    return [item for item in read("f", data) if isinstance(item, Event)]


def test_a_line_has_all_documented_fields() -> None:
    (event,) = events(line())
    assert sniff("f", line()) == "s3-access"
    assert tuple(event.fields) == FIELDS
    assert event.fields["request_uri"] == "GET /ours/a/data%20x.csv?versionId=1 HTTP/1.1"
    assert event.fields["source_region"] == "us-east-1"
    assert (event.name, event.log, event.account, event.region, event.error) == (
        "s3.amazonaws.com:REST.GET.OBJECT", "s3-access", "", "eu-west-1", "",
    )  # fmt: skip
    assert event.time == datetime(2026, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert event.actor == Actor(
        kind="role", id=_ROLE, name="session", account="999988887777",
        issuer="arn:aws:iam::999988887777:role/team/reader", ip="198.51.100.7", agent="aws-cli/2.17",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("requester", "kind", "account"),
    [
        ("-", "anonymous", ""),
        ("Anonymous", "anonymous", ""),
        ("b" * 64, "account", ""),
        ("arn:aws:iam::999988887777:user/dana", "user", "999988887777"),
        ("arn:aws:iam::999988887777:root", "root", "999988887777"),
        ("AmazonS3", "service", ""),
        ("svc:cloudtrail.amazonaws.com", "service", ""),
    ],
)
def test_requesters(requester: str, kind: str, account: str) -> None:
    (event,) = events(line(requester))
    assert (event.actor.kind, event.actor.account) == (kind, account)


def test_quotes_in_a_user_agent_do_not_shift_what_follows() -> None:
    (event,) = events(line(agent='say "hi"x y'))
    assert event.fields["user_agent"] == 'say "hi"x y'
    assert event.fields["source_region"] == "us-east-1"


def test_errors_come_from_the_code_or_the_status() -> None:
    assert events(line().replace(b" 200 - ", b" 403 AccessDenied "))[0].error == "AccessDenied"
    assert events(line().replace(b" 200 - ", b" 404 - "))[0].error == "404"


def test_old_lines_with_fewer_fields_are_read() -> None:
    short = line().split(b" SigV4")[0] + b"\n"
    (event,) = events(short)
    assert event.fields["host_id"] == "hostid="
    assert "tls_version" not in event.fields


def test_other_lines_between_are_problems_with_their_numbers() -> None:
    got = list(read("f", line() + b"garbage\n" + line()))
    assert [g.evidence.record if isinstance(g, Event) else g.where for g in got] == [1, "f, record 2", 3]


def test_lines_in_wrappers_and_tables_are_the_same_event() -> None:
    (wanted,) = events(line())
    wrapped = json.dumps({"logEvents": [{"message": line().decode()}]}).encode()
    assert events(wrapped) == [wanted]
    table = (
        "bucket_owner,bucket,time,operation,key,status,requester\n"
        f"{_OWNER},ours,[04/Mar/2026:05:06:07 +0100],REST.GET.OBJECT,k,200,{_ROLE}\n"
    ).encode()
    (row,) = events(table)
    assert row.evidence.event_id == ""
    assert (row.time, row.name, row.actor.id) == (wanted.time, wanted.name, _ROLE)


def test_json_from_cloudwatch_has_the_same_names() -> None:
    record = {
        "schema_version_id": "V_1_0", "bucket_arn": "arn:aws:s3:::ours", "bucket_name": "ours",
        "request_time": "2026-03-04T04:06:07.000Z", "bucket_owner_id": _OWNER, "remote_ip": "198.51.100.7",
        "requester": None, "operation": "REST.GET.OBJECT", "key_name": "k", "http_status": 403,
    }  # fmt: skip
    (event,) = events(json.dumps(record).encode())
    assert (event.fields["bucket"], event.fields["key"], event.error) == ("ours", "k", "403")
    assert event.time == datetime(2026, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert event.actor.kind == "anonymous"


_CLOUDFRONT = (
    b"#Version: 1.0\n"
    b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem "
    b"sc-status cs(User-Agent)\n"
    b"2026-03-04\t05:06:07\tFRA1\t100\t198.51.100.7\tGET\td.cloudfront.net\t/a\t200\tcurl/8%20x\n"
    b"2026-03-04\t05:06:08\tFRA1\t100\t198.51.100.7\tPUT\td.cloudfront.net\t/a\t403\t-\n"
    b"2026-03-04\t05:06:09\n"
)


def test_cloudfront_lines() -> None:
    got = list(read("f", _CLOUDFRONT))
    first, second, problem = got
    assert sniff("f", _CLOUDFRONT) == "cloudfront"
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert isinstance(problem, Problem)
    assert (first.log, first.name, first.error) == ("cloudfront", "cloudfront.amazonaws.com:GET", "")
    assert first.time == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert (first.actor.kind, first.actor.ip, first.actor.agent) == ("anonymous", "198.51.100.7", "curl/8 x")
    assert first.fields["cs-uri-stem"] == "/a"
    assert (second.error, second.actor.agent) == ("403", "")
    assert problem.what.startswith("a line of 2 fields where 10 are named")


def test_cloudfront_json_is_the_same_event() -> None:
    wanted = events(_CLOUDFRONT)[0]
    got = events(json.dumps(dict(wanted.raw)).encode())
    assert got == [replace(wanted, evidence=got[0].evidence)]


def test_parsers_are_found_by_the_log_of_an_event() -> None:
    (event,) = events(line())
    assert event.evidence == Evidence(file="f", record=1, event_id="3E57427F33A59F07")
    assert parser_of("s3-access")(event.raw, event.evidence) == event


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("s3://logs/p/123456789012/eu-west-1/ours/2026/03/04/2026-03-04-00-00-00-ABC", "123456789012"),
        ("123456789012/eu-west-1/ours/2026/03/04/2026-03-04-00-00-00-ABC", "123456789012"),
        ("p/123456789012/eu-west-1/another/2026/03/04/x", ""),
        ("p/2026-03-04-00-00-00-ABC", ""),
    ],
)
def test_the_owner_of_a_bucket_stands_in_the_key_of_its_log(key: str, account: str) -> None:
    (event,) = [item for item in read(key, line()) if isinstance(item, Event)]
    assert event.account == account
