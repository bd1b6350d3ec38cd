"""One CloudTrail record in every shape that logs come in: builders, each from records to a file's bytes."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
Shape = Callable[[list[Record]], bytes]

OURS, THEIRS = "111122223333", "999988887777"


def record(number: int = 1, **parts: Any) -> Record:
    """A snapshot shared with another account by a role session."""
    whole = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLEEXAMPLE000:dana",
            "arn": f"arn:aws:sts::{OURS}:assumed-role/operations/dana",
            "accountId": OURS,
            "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": f"arn:aws:iam::{OURS}:role/operations",
                    "accountId": OURS,
                    "userName": "operations",
                },
                "attributes": {"creationDate": "2026-03-04T05:00:00Z", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": "2026-03-04T05:06:07Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "ModifySnapshotAttribute",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.17 (é, “quoted”)",
        "requestParameters": {
            "snapshotId": f"snap-{number:017x}",
            "createVolumePermission": {"add": {"items": [{"userId": THEIRS}]}},
            "attributeType": "CREATE_VOLUME_PERMISSION",
        },
        "responseElements": {"requestId": "r-1", "_return": True},
        "requestID": "r-1",
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": OURS,
        "eventCategory": "Management",
    }
    return whole | parts


def text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _file(records: list[Record]) -> bytes:
    return text({"Records": records}).encode()


def _lines(values: list[Any]) -> bytes:
    return "".join(text(value) + "\n" for value in values).encode()


def _lookup(records: list[Record]) -> bytes:
    events = [
        {"EventId": r["eventID"], "EventName": r["eventName"], "CloudTrailEvent": text(r)} for r in records
    ]
    return json.dumps({"Events": events, "NextToken": "x"}, indent=4).encode()


def _eventbridge(r: Record) -> Record:
    return {
        "version": "0",
        "id": "i",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2",
        "account": OURS,
        "time": r["eventTime"],
        "region": r["awsRegion"],
        "resources": [],
        "detail": r,
    }


def _log_events(records: list[Record]) -> Record:
    return {
        "messageType": "DATA_MESSAGE",
        "owner": OURS,
        "logGroup": "trail",
        "logStream": f"{OURS}_CloudTrail_eu-west-1",
        "subscriptionFilters": ["f"],
        "logEvents": [{"id": str(n), "timestamp": 1, "message": text(r)} for n, r in enumerate(records)],
    }


def _packed(records: list[Record]) -> str:
    return base64.b64encode(gzip.compress(text(_log_events(records)).encode())).decode()


def _insights(records: list[Record]) -> bytes:
    rows = [[{"field": "@timestamp", "value": "t"}, {"field": "@message", "value": text(r)}] for r in records]
    return text({"results": rows, "status": "Complete"}).encode()


def as_cell(value: Any) -> str:
    """A value as Athena writes it in a cell: structs as text, parameters stay JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k.lower()}={as_cell(v)}" for k, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def as_row(r: Record) -> dict[str, str]:
    """A record as an Athena row."""
    kept = ("requestParameters", "responseElements")
    return {k.lower(): text(v) if k in kept else as_cell(v) for k, v in r.items()}


def as_table(rows: list[dict[str, str]], delimiter: str = ",", quoting: Any = csv.QUOTE_ALL) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, quoting=quoting)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _lake(records: list[Record]) -> bytes:
    rows = [[{column: value} for column, value in as_row(r).items()] for r in records]
    return text({"QueryStatus": "FINISHED", "QueryResultRows": rows}).encode()


def _athena_api(records: list[Record]) -> bytes:
    rows = [as_row(r) for r in records]
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    cells = [{"Data": [{"VarCharValue": cell} for cell in row]} for row in table]
    return text({"ResultSet": {"Rows": cells}}).encode()


def ocsf(r: Record) -> Record:
    """A record as Security Lake's source version 2 has it."""
    who = r["userIdentity"]
    return {
        "metadata": {
            "product": {
                "version": r["eventVersion"],
                "name": "CloudTrail",
                "feature": {"name": "Management"},
            },
            "uid": r["eventID"],
            "event_code": r["eventType"],
            "version": "1.1.0",
        },
        "time": 1772600767000,
        "time_dt": r["eventTime"],
        "class_uid": 6003,
        "class_name": "API Activity",
        "cloud": {"region": r["awsRegion"], "provider": "AWS", "account": {"uid": OURS}},
        "api": {
            "operation": r["eventName"],
            "service": {"name": r["eventSource"]},
            "request": {"data": text(r["requestParameters"]), "uid": r["requestID"]},
            "response": {"error": r.get("errorCode"), "message": None, "data": text(r["responseElements"])},
        },
        "actor": {
            "user": {
                "type": who["type"],
                "uid": who["arn"],
                "uid_alt": who["principalId"],
                "account": {"uid": who["accountId"]},
                "credential_uid": who["accessKeyId"],
            },
            "session": {"issuer": who["sessionContext"]["sessionIssuer"]["arn"], "is_mfa": False},
        },
        "src_endpoint": {"ip": r["sourceIPAddress"]},
        "http_request": {"user_agent": r["userAgent"]},
        "unmapped": {
            "recipientAccountId": r["recipientAccountId"],
            "readOnly": "false",
            "userIdentity.sessionContext.sessionIssuer.userName": "operations",
        },
        "status": "Success",
    }


def elastic(r: Record, *, parameters: str = "flattened") -> Record:
    """A record in Elastic's schema without event.original; parameters as objects, JSON text or Java text."""
    who, issuer = r["userIdentity"], r["userIdentity"]["sessionContext"]["sessionIssuer"]
    trail: Record = {
        "event_version": r["eventVersion"],
        "event_type": r["eventType"],
        "recipient_account_id": r["recipientAccountId"],
        "request_id": r["requestID"],
        "user_identity": {
            "type": who["type"],
            "arn": who["arn"],
            "access_key_id": who["accessKeyId"],
            "session_context": {"session_issuer": {"type": "Role", "arn": issuer["arn"], "account_id": OURS}},
        },
    }
    if "errorCode" in r:
        trail["error_code"] = r["errorCode"]
    if parameters == "flattened":
        trail["flattened"] = {"request_parameters": r["requestParameters"]}
    elif parameters == "json":
        trail["request_parameters"] = text(r["requestParameters"])
    else:
        trail["request_parameters"] = java(r["requestParameters"])
    return {
        "@timestamp": r["eventTime"],
        "aws": {"cloudtrail": trail},
        "cloud": {"region": r["awsRegion"], "account": {"id": OURS}},
        "event": {"action": r["eventName"], "provider": r["eventSource"], "id": r["eventID"]},
        "source": {"address": r["sourceIPAddress"]},
        "user": {"id": who["principalId"]},
        "user_agent": {"original": r["userAgent"]},
    }


def java(value: Any) -> str:
    """What Java's Map.toString makes of a value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={java(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(java(v) for v in value) + "]"
    return str(value)


def dotted(value: Any, path: str = "") -> Record:
    """Nested objects as dotted keys, lists as Splunk writes them (`items{}.userId`)."""
    out: Record = {}
    if isinstance(value, dict):
        for key, item in value.items():
            out |= dotted(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for key in value[0]:
            out |= {f"{path}{{}}.{key}": [item.get(key) for item in value]}
    else:
        out[path] = value
    return out


# the whole record is in these, so the whole event is equal
EXACT: dict[str, Shape] = {
    "cloudtrail file": _file,
    "pretty file": lambda rs: json.dumps({"Records": rs}, indent=2).encode(),
    "lower-case records": lambda rs: text({"records": rs}).encode(),
    "list under another name": lambda rs: text({"cloudtrail_events": rs, "n": len(rs)}).encode(),
    "array": lambda rs: text(rs).encode(),
    "json lines": _lines,
    "json lines with CR": lambda rs: _lines(rs).replace(b"\n", b"\r\n"),
    "concatenated": lambda rs: "".join(text(r) for r in rs).encode(),
    "concatenated pretty": lambda rs: "\n".join(json.dumps(r, indent=2) for r in rs).encode(),
    "concatenated files": lambda rs: b"\n".join(_file([r]) for r in rs),
    "text sequence": lambda rs: b"".join(b"\x1e" + text(r).encode() + b"\n" for r in rs),
    "byte order mark": lambda rs: b"\xef\xbb\xbf" + _file(rs),
    "utf-16 with mark": lambda rs: text({"Records": rs}).encode("utf-16"),
    "utf-16-le": lambda rs: text({"Records": rs}).encode("utf-16-le"),
    "utf-32": lambda rs: text({"Records": rs}).encode("utf-32"),
    "lookup-events": _lookup,
    "eventbridge": lambda rs: _lines([_eventbridge(r) for r in rs]),
    "cloudwatch export": lambda rs: "".join(f"2026-03-04T05:06:07.000Z {text(r)}\n" for r in rs).encode(),
    "cloudwatch filter": lambda rs: text({"events": [{"message": text(r)} for r in rs]}).encode(),
    "cloudwatch message": lambda rs: text(_log_events(rs)).encode(),
    "cloudwatch subscription": lambda rs: text({"awslogs": {"data": _packed(rs)}}).encode(),
    "logs insights": _insights,
    "kinesis": lambda rs: text(
        {"Records": [{"kinesis": {"data": _packed([r])}, "eventName": "aws:kinesis:record",
                      "eventSource": "aws:kinesis", "eventVersion": "1.0"} for r in rs]}
    ).encode(),
    "firehose": lambda rs: text(
        {"records": [{"recordId": "1", "data": base64.b64encode(text(r).encode()).decode()} for r in rs]}
    ).encode(),
    "sns": lambda rs: text(
        {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text(_eventbridge(r))}} for r in rs]}
    ).encode(),
    "sqs": lambda rs: text({"Messages": [{"Id": "1", "Body": text(_eventbridge(r))} for r in rs]}).encode(),
    "sqs with sns": lambda rs: text(
        {"Records": [{"body": text({"Type": "Notification", "Message": text(r)})} for r in rs]}
    ).encode(),
    "elastic original": lambda rs: _lines([{"_source": {"event": {"original": text(r)}}} for r in rs]),
    "elastic search": lambda rs: text(
        {"hits": {"hits": [{"_source": {"event.original": text(r), "aws.cloudtrail.x": 1}} for r in rs]}}
    ).encode(),
    "elastic fields": lambda rs: _lines([{"_id": "1", "fields": {"event.original": [text(r)]}} for r in rs]),
    "splunk": lambda rs: _lines([{"preview": False, "result": {"_raw": text(r), "host": "h"}} for r in rs]),
    "splunk flattened": lambda rs: _lines([{"result": dotted(r)} for r in rs]),
    "splunk csv": lambda rs: as_table(
        [{"_time": "t", "_raw": text(r), "eventName": r["eventName"], "userIdentity.arn": "x"} for r in rs]
    ),
    "datadog": lambda rs: _lines([{"_id": "1", "attributes": r, "message": "m"} for r in rs]),
    "vector": lambda rs: _lines([{"message": text(r), "source_type": "aws_sqs"} for r in rs]),
    "log field": lambda rs: _lines([{"log": text(r) + "\n", "stream": "stdout"} for r in rs]),
    "wazuh": lambda rs: _lines([{"data": {"aws": r, "integration": "aws"}} for r in rs]),
    "json in a string": lambda rs: _lines([text(r) for r in rs]),
    "athena csv": lambda rs: as_table([as_row(r) for r in rs]),
    "athena csv without CR": lambda rs: as_table([as_row(r) for r in rs]).replace(b"\r\n", b"\n"),
    "tab separated": lambda rs: as_table([as_row(r) for r in rs], "\t", csv.QUOTE_MINIMAL),
    "csv of messages": lambda rs: as_table([{"@timestamp": "t", "@message": text(r)} for r in rs]),
    "csv of eventjson": lambda rs: as_table([{"eventjson": text(r)} for r in rs]),
    "cloudtrail lake": _lake,
    "athena api": _athena_api,
    "rows as json": lambda rs: _lines([as_row(r) for r in rs]),
    "logscale": lambda rs: _lines([{"@rawstring": text(r), "@timestamp": 1, "#type": "t"} for r in rs]),
    "gelf": lambda rs: _lines(
        [{"version": "1.1", "short_message": text(r)[:40], "full_message": text(r)} for r in rs]
    ),
    "graylog search": lambda rs: text(
        {"messages": [{"message": {"message": text(r)[:40], "full_message": text(r), "streams": []}} for r in rs]}
    ).encode(),
    "sumo": lambda rs: text({"messages": [{"map": {"_raw": text(r)}} for r in rs], "fields": []}).encode(),
    "loki": lambda rs: text(
        {"streams": [{"stream": {"job": "j"}, "values": [[str(n), text(r)] for n, r in enumerate(rs)]}]}
    ).encode(),
    "loki query": lambda rs: text(
        {"status": "success", "data": {"resultType": "streams", "result": [{"stream": {"job": "j"}, "values": [
            [str(n), text(r)] for n, r in enumerate(rs)]}]}}
    ).encode(),
    "opentelemetry text": lambda rs: _otel([{"stringValue": text(r)} for r in rs]),
    "opentelemetry values": lambda rs: _otel([_typed(r) for r in rs]),
    "chronicle": lambda rs: text(
        {"logType": "t", "logEntries": [{"data": base64.b64encode(text(r).encode()).decode()} for r in rs]}
    ).encode(),
    "chronicle raw": lambda rs: text(
        {"events": [{"name": "e", "udm": {}, "rawLog": base64.b64encode(text(r).encode()).decode()} for r in rs]}
    ).encode(),
    "chronicle text": lambda rs: text({"log_type": "t", "entries": [{"log_text": text(r)} for r in rs]}).encode(),
    "new relic": lambda rs: text([{"common": {}, "logs": [{"message": text(r)} for r in rs]}]).encode(),
    "exabeam": lambda rs: text({"rawLogs": [text(r) for r in rs]}).encode(),
    "qradar": lambda rs: text({"events": [{"UTF8(payload)": text(r)} for r in rs]}).encode(),
    "wazuh archive": lambda rs: _lines(
        [{"rule": {}, "full_log": text({"integration": "aws", "aws": r})} for r in rs]
    ),
    "snowflake variant": lambda rs: _lines([{"V": r} for r in rs]),
    "snowflake columns": lambda rs: _lines(
        [{k.upper(): text(v) if isinstance(v, dict) else v for k, v in r.items()} for r in rs]
    ),
    "snake case": lambda rs: _lines(
        [{_snake(k): text(v) if isinstance(v, dict) else v for k, v in r.items()} for r in rs]
    ),
}  # fmt: skip

# names inside the parameters are changed too: what the catalogue looks for is still reached
REWRITTEN: dict[str, Shape] = {
    "snake case inside": lambda rs: _lines([_renamed(r, _snake) for r in rs]),
    "lower case inside": lambda rs: _lines([_renamed(r, str.lower) for r in rs]),
}

# a part of the record is in these: actor, name, place, error and request parameters are
PARTIAL: dict[str, Shape] = {
    "security lake": lambda rs: _lines([ocsf(r) for r in rs]),
    "elastic": lambda rs: _lines([elastic(r) for r in rs]),
    "elastic json": lambda rs: _lines([{"_source": elastic(r, parameters="json")} for r in rs]),
    "elastic java": lambda rs: _lines([elastic(r, parameters="java") for r in rs]),
    "elastic dotted": lambda rs: _lines([dotted(elastic(r, parameters="json")) for r in rs]),
}


def _otel(bodies: list[Any]) -> bytes:
    records = [{"timeUnixNano": "1", "body": body} for body in bodies]
    return text({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": records}]}]}).encode()


def _typed(value: Any) -> Record:
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": k, "value": _typed(v)} for k, v in value.items()]}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_typed(v) for v in value]}}
    return {"boolValue": value} if isinstance(value, bool) else {"stringValue": value}


def _renamed(value: Any, name: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name(key): _renamed(item, name) for key, item in value.items()}
    return [_renamed(item, name) for item in value] if isinstance(value, list) else value


def _snake(name: str) -> str:
    return {"requestID": "request_id", "eventID": "event_id", "sourceIPAddress": "source_ip_address"}.get(
        name, "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")
    )
