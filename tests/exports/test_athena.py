"""The SQL parses as Athena's, and finds in the examples what the entries find: run by DuckDB, into whose words sqlglot turns it."""

import json

import pytest
import sqlglot

from exclave.exports import export
from exclave.model import Cloud
from tests.exports.cases import TRUSTED, cloudtrail, found, of_cloud, only_ours, record, rule

COLUMNS = {
    "eventtime": "eventTime",
    "recipientaccountid": "recipientAccountId",
    "awsregion": "awsRegion",
    "eventsource": "eventSource",
    "eventname": "eventName",
    "eventtype": "eventType",
    "sourceipaddress": "sourceIPAddress",
    "errorcode": "errorCode",
    "vpcendpointid": "vpcEndpointId",
    "vpcendpointaccountid": "vpcEndpointAccountId",
}
JSON_COLUMNS = {
    "requestparameters": "requestParameters",
    "responseelements": "responseElements",
    "serviceeventdetails": "serviceEventDetails",
    "additionaleventdata": "additionalEventData",
}
EVERY = [m for m in of_cloud(Cloud.AWS) if any(not r.log for r in m.match)]


@pytest.mark.parametrize("method", EVERY, ids=lambda m: m.id)
def test_sql_parses_as_that_of_athena(method):
    for query in export(rule(method.id), "athena").rules:
        parsed = sqlglot.parse_one(query, read="athena")
        assert [t.name for t in parsed.find_all(sqlglot.exp.Table)] == ["cloudtrail_logs"]
        assert {c.name for c in parsed.find_all(sqlglot.exp.Column)} <= {
            *COLUMNS, *JSON_COLUMNS, "eventid", "arn", "accountid", "invokedby", "type",
        }  # fmt: skip


def test_s3_access_logs_have_a_table_of_their_own():
    (query,) = export(rule("aws.s3.access-log-read"), "athena").rules
    parsed = sqlglot.parse_one(query, read="athena")
    assert [t.name for t in parsed.find_all(sqlglot.exp.Table)] == ["s3_access_logs"]


@pytest.mark.real
def test_what_an_entry_finds_its_sql_finds():
    import duckdb

    base = duckdb.connect()
    columns = ", ".join(f"{c} VARCHAR" for c in (*COLUMNS, *JSON_COLUMNS, "eventid"))
    identity = "useridentity STRUCT(type VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR)"
    base.execute(f"CREATE TABLE cloudtrail_logs ({columns}, {identity})")
    wanted: dict[str, list[str]] = {}
    silent: list[str] = []
    for number, (method, example) in enumerate(cloudtrail()):
        raw = record(method, example)
        who = raw.get("userIdentity") or {}
        row = [raw.get(k) for k in COLUMNS.values()]
        row += [json.dumps(raw[k]) if raw.get(k) is not None else None for k in JSON_COLUMNS.values()]
        row += [str(number), {k.lower(): who.get(k) for k in ("type", "arn", "accountId", "invokedBy")}]
        base.execute(f"INSERT INTO cloudtrail_logs VALUES ({', '.join('?' * len(row))})", row)
        lines = found(method, example)
        if not lines:
            silent.append(f"{method.id} {number}")
        elif not only_ours(lines):
            wanted.setdefault(method.id, []).append(str(number))
    missed, matched_silent = [], 0
    for method in EVERY:
        text = export(rule(method.id), "athena").rules[0]
        text = text.replace("'000000000000'", ", ".join(f"'{t}'" for t in TRUSTED))
        (query,) = sqlglot.transpile(text, read="athena", write="duckdb")
        rows = base.execute(f"SELECT eventid FROM ({query})").fetchall()
        got = {r[0] for r in rows}
        missed += [f"{method.id} {n}" for n in wanted.get(method.id, []) if n not in got]
        matched_silent += sum(1 for s in silent if s.split()[0] == method.id and s.split()[1] in got)
    assert missed == []
    assert matched_silent / len(silent) < 0.6
