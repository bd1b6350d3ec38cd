"""One activity, in every shape that stores give it, is one event."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.formats import azure_activity
from exclave.formats.reading import read
from exclave.model import Cloud, Event, Evidence

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
TENANT = "22222222-2222-4222-8222-222222222222"
HOME = "88888888-8888-4888-8888-888888888888"
CORRELATION = "00000000-0000-4000-8000-00000000000c"
DISK = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/disks/db-1"
ACTION = "Microsoft.Compute/disks/beginGetAccess/action"
BODY = json.dumps({"access": "Read", "durationInSeconds": 3600})
OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TID = "http://schemas.microsoft.com/identity/claims/tenantid"
UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
CLAIMS = {OID: "oid-1", TID: TENANT, UPN: "Dana@ours.example", "uti": "token-1", "appid": "app-1"}
HIERARCHY = f"{TENANT}/{SUBSCRIPTION}"
TIME = "2026-03-04T05:06:07.1234567Z"


def _value(text: str) -> dict[str, str]:
    return {"value": text, "localizedValue": text}


REST = {
    "operationName": _value(ACTION),
    "eventTimestamp": TIME,
    "correlationId": CORRELATION,
    "eventDataId": "e-1",
    "category": _value("Administrative"),
    "eventName": _value("BeginRequest"),
    "caller": "dana@ours.example",
    "claims": CLAIMS,
    "resourceId": DISK,
    "subscriptionId": SUBSCRIPTION,
    "tenantId": TENANT,
    "status": _value("Started"),
    "httpRequest": {"clientIpAddress": "198.51.100.7", "method": "POST"},
    "properties": {"requestbody": BODY, "hierarchy": HIERARCHY},
}
STORED = {
    "time": TIME,
    "resourceId": DISK.upper(),
    "operationName": ACTION.upper(),
    "category": "Administrative",
    "resultType": "Start",
    "resultSignature": "Started.",
    "callerIpAddress": "198.51.100.7",
    "correlationId": CORRELATION,
    "identity": {"authorization": {"scope": DISK}, "claims": CLAIMS},
    "level": "Information",
    "tenantId": TENANT,
    "properties": {"requestbody": BODY, "hierarchy": HIERARCHY},
}
COLUMNS = {
    "TenantId": "99999999-9999-4999-8999-999999999999",
    "TimeGenerated": TIME,
    "OperationName": "Generate SAS",
    "OperationNameValue": ACTION.upper(),
    "CategoryValue": "Administrative",
    "ActivityStatusValue": "Start",
    "ActivitySubstatusValue": "",
    "Caller": "dana@ours.example",
    "CallerIpAddress": "198.51.100.7",
    "Claims": json.dumps(CLAIMS),
    "CorrelationId": CORRELATION,
    "Hierarchy": HIERARCHY,
    "_ResourceId": DISK.lower(),
    "SubscriptionId": SUBSCRIPTION,
    "Properties": json.dumps({"requestbody": BODY}),
    "Type": "AzureActivity",
}
SNAKE = {
    "operation_name": _value(ACTION),
    "event_timestamp": TIME,
    "correlation_id": CORRELATION,
    "event_data_id": "e-1",
    "category": _value("Administrative"),
    "event_name": _value("BeginRequest"),
    "caller": "dana@ours.example",
    "claims": CLAIMS,
    "resource_id": DISK,
    "subscription_id": SUBSCRIPTION,
    "tenant_id": TENANT,
    "status": _value("Started"),
    "http_request": {"client_ip_address": "198.51.100.7"},
    "properties": {"requestbody": BODY},
}
ELASTIC = {
    "@timestamp": TIME,
    "event": {"action": ACTION},
    "source": {"ip": "198.51.100.7"},
    "azure": {
        "correlation_id": CORRELATION,
        "resource": {"id": DISK},
        "subscription_id": SUBSCRIPTION,
        "tenant_id": TENANT,
        "activitylogs": {
            "operation_name": ACTION,
            "result_type": "Start",
            "event_category": "Administrative",
            "identity": {"claims": {k.replace(".", "_"): v for k, v in CLAIMS.items()}},
            "properties": {"requestbody": BODY},
        },
    },
}


def _powershell(value: object) -> object:
    """An object as `Get-AzActivityLog | ConvertTo-Json` writes it."""
    if not isinstance(value, dict):
        return value
    return {key[:1].upper() + key[1:]: _powershell(item) for key, item in value.items()}


def _dotted(value: dict[str, Any], path: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in value.items():
        out |= _dotted(item, f"{path}{key}.") if isinstance(item, dict) else {f"{path}{key}": item}
    return out


def _fields(value: object, path: str) -> dict[str, Any]:
    """A record as the fields of LogScale's parsed events: `Vendor.a.b`, `Vendor.list[0].c`."""
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = [(f"{path}.{key}", item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{at}]", item) for at, item in enumerate(value)]
    out: dict[str, Any] = {} if items else {path: value}
    for name, item in items:
        out |= _fields(item, name)
    return out


SHAPES = {
    "rest": REST,
    "logscale": {"@timestamp": 1, "event.action": "x", **_fields(STORED, "Vendor")},
    "logscale rest": {"@timestamp": 1, **_fields(REST, "Vendor")},
    "under one name": {f"Microsoft.Activity.{key}": value for key, value in STORED.items()},
    "dotted": _dotted(STORED),
    "dotted rest": _dotted(REST),
    "powershell": _powershell(REST | {"claims": {}, "properties": {}})
    | {"Claims": {"Content": CLAIMS}, "Properties": {"Content": {"requestbody": BODY}}},
    "alert": {"schemaId": "azureMonitorCommonAlertSchema", "data": {"essentials": {}, "alertContext": REST}},
    "defender": {"ActionType": ACTION, "Application": "Microsoft Azure", "RawEventData": REST},
    "rest list": {"value": [REST]},
    "az cli": [REST],
    "wazuh": {"rule": {"id": "1"}, "data": {"azure": STORED}},
    "storage": STORED,
    "event hub": {"records": [STORED]},
    "columns": COLUMNS,
    "query answer": {
        "tables": [
            {
                "name": "PrimaryResult",
                "columns": [{"name": k} for k in COLUMNS],
                "rows": [list(COLUMNS.values())],
            }
        ]
    },
    "snake case": SNAKE,
    "elastic": {"_source": ELASTIC},
    "elastic original": {"_source": {**ELASTIC, "event": {"original": json.dumps(STORED)}}},
    "splunk": {"result": {"_raw": json.dumps(REST), "sourcetype": "mscs:azure:audit"}},
}


def events(value: object) -> list[Event]:
    found = list(read("f", json.dumps(value).encode()))
    assert all(isinstance(f, Event) for f in found), found
    return [f for f in found if isinstance(f, Event)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_the_same_event(shape):
    (event,) = events(SHAPES[shape])
    assert (event.cloud, event.log, event.name) == (Cloud.AZURE, "azure-activity", "azure:" + ACTION.lower())
    assert event.time == datetime(2026, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)
    assert event.account == SUBSCRIPTION
    assert event.error == ""
    assert event.fields["status"] == "Started"
    assert event.fields["resourceId"].lower() == DISK.lower()
    assert event.fields["properties"]["requestBody"] == json.loads(BODY)
    assert event.fields["tenantId"] == TENANT
    assert event.shared_id == f"{CORRELATION}/{ACTION.lower()}/db-1"
    assert (event.actor.kind, event.actor.id, event.actor.ip) == ("user", "dana@ours.example", "198.51.100.7")
    assert event.actor.credential == "token-1"


def test_a_csv_export_of_a_workspace_is_read():
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["TimeGenerated [UTC]" if k == "TimeGenerated" else k for k in COLUMNS])
    writer.writerow(["3/4/2026, 5:06:07.123 AM" if k == "TimeGenerated" else v for k, v in COLUMNS.items()])
    (event,) = [e for e in read("f.csv", text.getvalue().encode()) if isinstance(e, Event)]
    assert event.time == datetime(2026, 3, 4, 5, 6, 7, 123000, tzinfo=UTC)
    assert event.fields["properties"]["requestBody"] == json.loads(BODY)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_with_the_record_in_a_cell_of_any_name_is_read(mark):
    cell = '"' + json.dumps(STORED).replace('"', '""') + '"'
    table = f"When{mark}Payload\r\n2026-03-04{mark}{cell}\r\n".encode()
    (event,) = read("f", table)
    assert isinstance(event, Event)
    assert event.action == ACTION.lower()
    alone = "".join(f"{line}\n" for line in ("Payload", cell, cell)).encode()
    assert [e.action for e in read("f", alone) if isinstance(e, Event)] == [ACTION.lower()] * 2


def test_a_table_of_other_things_is_said_to_be_none():
    table = b'When,Note\r\nx,"{""a"": 1}"\r\n'
    (problem,) = read("f", table)
    assert not isinstance(problem, Event)


def test_storage_files_hold_one_record_a_line():
    data = b"\r\n".join(json.dumps(STORED).encode() for _ in range(3))
    assert len([e for e in read("PT1H.json", data) if isinstance(e, Event)]) == 3


def test_a_log_shipper_with_reserved_names_is_read():
    record = {
        "resourceId": DISK,
        "evt": {"name": ACTION.upper(), "outcome": "Success", "category": "Administrative"},
    }
    (event,) = events(record)
    assert event.action == ACTION.lower()
    assert event.fields["status"] == "Succeeded"


def test_the_workspace_is_not_the_tenant():
    (event,) = events({k: v for k, v in COLUMNS.items() if k != "Hierarchy"})
    assert event.fields["tenantId"] == ""


def test_a_caller_of_another_tenant_is_told_and_never_makes_his_tenant_ours():
    (event,) = events({**REST, "claims": {**CLAIMS, TID: HOME}})
    assert event.actor.account == HOME
    assert event.fields["tenantId"] == TENANT


def test_an_application_is_known_by_its_object_id():
    (event,) = events({**REST, "caller": "oid-1", "claims": {OID: "oid-1", "appid": "app-1"}})
    assert (event.actor.kind, event.actor.id, event.actor.name) == ("application", "oid-1", "app-1")


@pytest.mark.parametrize(
    ("status", "sub", "error"),
    [
        ("Failed", "Forbidden (HTTP Status Code: 403)", "Forbidden (HTTP Status Code: 403)"),
        ("Failure", "", "Failed"),
        ("Succeeded", "OK (HTTP Status Code: 200)", ""),
        ("Accepted", "Accepted (HTTP Status Code: 202)", ""),
        ("Canceled", "", "Failed"),
    ],
)
def test_failure_is_an_error(status, sub, error):
    (event,) = events({**REST, "status": _value(status), "subStatus": _value(sub)})
    assert event.error == error


def test_a_body_that_was_cut_off_stays_text():
    (event,) = events({**REST, "properties": {"requestbody": BODY[:20]}})
    assert event.fields["properties"]["requestBody"] == BODY[:20]


def test_extensions_lose_the_resource_they_stand_on():
    name = "Microsoft.Network/publicIPAddresses/providers/Microsoft.Insights/diagnosticSettings/write"
    assert azure_activity.action_of(name) == "microsoft.insights/diagnosticsettings/write"


@pytest.mark.parametrize(
    "record",
    [
        {"operationName": "GetBlob", "category": "StorageRead"},
        {"operationName": "Add member to role", "category": "AuditLogs"},
        {"operationName": 7},
        {"operationName": {"value": None}},
        {"operationName": "a/b/write", "category": "Administrative"},
        {},
    ],
)
def test_other_records_are_none(record):
    assert not azure_activity.is_record(record)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([REST, STORED, COLUMNS, ELASTIC]), st.data())
def test_whatever_stands_in_a_record_it_is_read(record, data):
    broken = {key: data.draw(_JSON) if data.draw(st.booleans()) else value for key, value in record.items()}
    azure_activity.is_record(broken)
    event = azure_activity.event(broken, Evidence(file="f", record=1))
    assert isinstance(event.action, str)
