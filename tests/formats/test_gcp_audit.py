"""Audit records of Google Cloud: names, shapes, who did it, whose log it is."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.formats import gcp_audit, gcp_findings, reading
from exclave.model import Event, Evidence, Problem
from tests import gcp

EVIDENCE = Evidence(file="test", record=1)
POLICY = {"policy": {"bindings": [{"role": "roles/owner", "members": ["user:eve@elsewhere.example"]}]}}
ENTRY = gcp.entry(
    "v1.compute.images.setIamPolicy", resourceName="projects/our-project/global/images/i", request=POLICY
)


def read(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return list(reading.read("file.json", data))


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("v1.compute.images.setIamPolicy", "compute.images.setIamPolicy"),
        ("beta.compute.images.setIamPolicy", "compute.images.setIamPolicy"),
        ("alpha.compute.disks.insert", "compute.disks.insert"),
        ("google.iam.admin.v1.SetIAMPolicy", "SetIAMPolicy"),
        ("google.cloud.bigquery.v2.JobService.InsertJob", "InsertJob"),
        ("google.storage.objects.get", "storage.objects.get"),
        ("storage.setIamPermissions", "storage.setIamPermissions"),
        ("datasetservice.update", "datasetservice.update"),
        ("google.admin.AdminService.addGroupMember", "google.admin.AdminService.addGroupMember"),
        ("", ""),
    ],
)
def test_a_method_is_named_without_version_and_package(method, action):
    assert gcp_audit.action_name(method) == action


@given(st.text(max_size=60))
def test_naming_an_action_ends_and_keeps_its_end(method):
    assert method.strip().endswith(gcp_audit.action_name(method))


def bigquery():
    payload = dict(ENTRY["protoPayload"])
    request = payload.pop("request")
    payload.pop("@type")
    rest = {k: v for k, v in ENTRY.items() if k not in ("protoPayload", "timestamp")}
    return {
        **rest,
        "timestamp": "2026-03-04 05:06:07.123 UTC",
        "protopayload_auditlog": {**payload, "requestJson": json.dumps(request)},
    }


def flat():
    payload = bigquery()["protopayload_auditlog"]
    return {
        "logName": ENTRY["logName"], "timestamp": "2026-03-04 05:06:07.123 UTC",
        "protopayload_auditlog.authenticationInfo.principalEmail": "dana@ours.example",
        **{f"protopayload_auditlog.{k}": v for k, v in payload.items() if isinstance(v, str)},
    }  # fmt: skip


def panther():
    payload = {("at_sign_type" if k == "@type" else k): v for k, v in ENTRY["protoPayload"].items()}
    return {
        "p_log_type": "GCP.AuditLog", "insertid": "i1", "logname": ENTRY["logName"], "timestamp": "2026-03-04 05:06:07.123",
        "resource": ENTRY["resource"], "protoPayload": payload,
    }  # fmt: skip


def elastic():
    payload = ENTRY["protoPayload"]
    return {
        "@timestamp": "2026-03-04T05:06:07.123Z", "event": {"provider": "activity", "id": "i1"}, "log": {"logger": ENTRY["logName"]},
        "cloud": {"project": {"id": "our-project"}},
        "gcp": {"audit": {
            "method_name": payload["methodName"], "service_name": payload["serviceName"], "resource_name": payload["resourceName"],
            "request": payload["request"], "authentication_info": {"principal_email": "dana@ours.example"},
        }},
    }  # fmt: skip


def sentinel():
    payload = ENTRY["protoPayload"]
    return {
        "TimeGenerated": "2026-03-04T05:06:09Z", "Timestamp": "2026-03-04T05:06:07.123Z", "InsertId": "i1", "LogName": ENTRY["logName"],
        "ServiceName": payload["serviceName"], "MethodName": payload["methodName"], "GCPResourceName": payload["resourceName"],
        "PrincipalEmail": "dana@ours.example", "ProjectId": "our-project", "Request": json.dumps(payload["request"]),
    }  # fmt: skip


def custom_table():
    payload = ENTRY["protoPayload"]
    return {
        "TimeGenerated": "2026-03-04T05:06:09Z", "timestamp_t": "2026-03-04T05:06:07.123Z", "insert_id_s": "i1",
        "log_name_s": ENTRY["logName"], "resource_labels_project_id_s": "our-project", "resource_type_s": "gce_image",
        "payload__type_s": payload["@type"], "payload_serviceName_s": payload["serviceName"],
        "payload_methodName_s": payload["methodName"], "payload_resourceName_s": payload["resourceName"],
        "payload_authenticationInfo_principalEmail_s": "dana@ours.example",
        "payload_request_policy_bindings_s": json.dumps(POLICY["policy"]["bindings"]), "Type": "GCP_IAM_CL",
    }  # fmt: skip


def lower(value):
    if isinstance(value, dict):
        return {key.lower(): lower(item) for key, item in value.items()}
    return [lower(item) for item in value] if isinstance(value, list) else value


def fields(value, path):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    parts = [fields(v, f"{path}.{k}" if isinstance(value, dict) else f"{path}[{k}]") for k, v in items]
    return {k: v for part in parts for k, v in part.items()} or {path: value}


PACKED = base64.b64encode(json.dumps(ENTRY).encode()).decode()
SHAPES = {
    "one entry": ENTRY,
    "gcloud logging read": [ENTRY],
    "entries.list": {"entries": [ENTRY]},
    "a sink's JSON lines": json.dumps(ENTRY).encode() + b"\n",
    "Pub/Sub push": {"message": {"data": PACKED, "attributes": {}}, "subscription": "s"},
    "Pub/Sub pull": [{"ackId": "a", "message": {"data": PACKED}}],
    "Pub/Sub pull by the API": {"receivedMessages": [{"ackId": "a", "message": {"data": PACKED}}]},
    "BigQuery's columns": bigquery(),
    "BigQuery's columns, flat": flat(),
    "Panther": panther(),
    "Elastic": {"_source": elastic()},
    "Elastic with the original": {
        "_source": {"event": {"original": json.dumps(ENTRY)}, "gcp": {"audit": {}}}
    },
    "Splunk": {"result": {"_raw": json.dumps(ENTRY)}},
    "Splunk's add-on": {"result": {"_raw": json.dumps({"data": ENTRY, "publish_time": 1.0})}},
    "Sentinel": sentinel(),
    "Sentinel's custom table": custom_table(),
    "lower case": lower(ENTRY),
    "snake case": {re.sub(r"([A-Z])", r"_\1", key).lower(): item for key, item in ENTRY.items()},
    "LogScale": {"@timestamp": 1, "event.action": "x", **fields(ENTRY, "Vendor")},
    "Wazuh": {"data": {"integration": "gcp", "gcp": ENTRY}, "rule": {}},
    "an entry's text": {"insertId": "x", "logName": "l", "textPayload": json.dumps(ENTRY)},
    "Chronicle": {"log": {"data": PACKED}},
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_wrapper_gives_the_same_event(name):
    (found,) = read(SHAPES[name])
    assert isinstance(found, Event), found
    assert (found.log, found.name) == ("gcp-audit", "compute.googleapis.com:compute.images.setIamPolicy")
    assert (found.account, found.actor.id) == ("our-project", "dana@ours.example")
    assert found.time is not None
    assert found.time.replace(microsecond=0) == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.fields["protoPayload"]["request"] == POLICY
    if isinstance(SHAPES[name], dict) and "log_name" in SHAPES[name]:
        assert found.fields["logName"] == ENTRY["logName"]


def test_a_shortened_record_is_named_by_its_requests_type():
    found = gcp_audit.event(
        {
            "protoPayload": {
                "@type": gcp.TYPE,
                "resourceName": "projects/victim-project/global/images/i",
                "request": {**POLICY, "@type": "type.googleapis.com/compute.images.setIamPolicy"},
            }
        },
        EVIDENCE,
    )
    assert (found.name, found.account, found.time) == (
        "compute.googleapis.com:compute.images.setIamPolicy", "victim-project", None,
    )  # fmt: skip


def test_a_record_without_its_service_is_of_the_one_that_permissions_were_asked_of():
    asked = [{"permission": "x", "resourceAttributes": {"service": "cloudresourcemanager.googleapis.com"}}]
    record = {"protoPayload": {"methodName": "SetIamPolicy", "authorizationInfo": asked}}
    assert gcp_audit.event(record, EVIDENCE).name == "cloudresourcemanager.googleapis.com:SetIamPolicy"


def test_request_keys_are_spelt_in_one_way():
    found = gcp.event(
        "google.iam.admin.v1.CreateServiceAccount",
        "iam.googleapis.com",
        request={"account_id": "x", "service_account": {"display_name": "y"}},
    )
    assert found.fields["protoPayload"]["request"] == {
        "accountId": "x",
        "serviceAccount": {"displayName": "y"},
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ({}, ""),
        ({"code": 0}, ""),
        ({"code": 7}, "PERMISSION_DENIED"),
        ({"code": "7"}, "PERMISSION_DENIED"),
        ([], ""),
    ],
)
def test_a_status_with_a_code_is_a_failure(status, error):
    assert gcp.event(status=status).error == error


@pytest.mark.parametrize(
    ("mail", "kind", "account"),
    [
        ("dana@ours.example", "user", ""),
        ("x@elsewhere-1.iam.gserviceaccount.com", "service-account", "elsewhere-1"),
        ("123456-compute@developer.gserviceaccount.com", "service-account", ""),
        ("service-123456@gcp-sa-pubsub.iam.gserviceaccount.com", "service", ""),
        ("service-123456@elsewhere-1.iam.gserviceaccount.com", "service-account", "elsewhere-1"),
    ],
)
def test_callers_are_told_apart(mail, kind, account):
    actor = gcp.event(authenticationInfo={"principalEmail": mail}).actor
    assert (actor.kind, actor.account) == (kind, account)


def test_who_acts_through_a_service_account_and_with_which_key_is_kept():
    actor = gcp.event(
        authenticationInfo={
            "principalEmail": "x@our-project.iam.gserviceaccount.com",
            "serviceAccountKeyName": "//iam.googleapis.com/projects/our-project/serviceAccounts/x/keys/k1",
            "serviceAccountDelegationInfo": [{"principalSubject": "user:eve@ours.example"}],
        }
    ).actor
    assert (actor.credential, actor.issuer) == ("k1", "eve@ours.example")


@pytest.mark.parametrize(
    ("granted", "error"),
    [
        ([False, False], "PERMISSION_DENIED"),
        (["false"], "PERMISSION_DENIED"),
        ([True, False], ""),
        ([None], ""),
        ([], ""),
    ],
)
def test_a_call_whose_every_permission_was_refused_failed_without_a_status_too(granted, error):
    asked = [{"permission": "run.services.setIamPolicy", "granted": one} for one in granted]
    found = gcp.event(
        "google.cloud.run.v1.Services.SetIamPolicy", "run.googleapis.com", authorizationInfo=asked
    )
    assert found.error == error


def test_a_violation_of_a_perimeter_is_an_event_of_its_own_and_in_a_dry_run_no_failure():
    metadata = {
        "@type": "type.googleapis.com/google.cloud.audit.VpcServiceControlAuditMetadata",
        "vpcServiceControlsUniqueId": "x",
    }
    barred = gcp.event(
        "google.storage.objects.get", "storage.googleapis.com", metadata=metadata, status={"code": 7}
    )
    let = gcp.event(
        "google.storage.objects.get",
        "storage.googleapis.com",
        metadata={**metadata, "dryRun": True},
        status={"code": 7},
    )
    assert (barred.name, barred.error) == ("cloudaudit.googleapis.com:PolicyDenied", "PERMISSION_DENIED")
    assert barred.fields["deniedMethod"] == "google.storage.objects.get"
    assert let.error == ""
    written = gcp.event(
        "google.storage.objects.get",
        "storage.googleapis.com",
        metadata={**metadata, "dryRun": "True"},  # a table's cell
        status={"code": 7},
    )
    assert written.error == ""


def test_only_one_end_of_an_operation_names_it():
    whole = {"id": "op1", "first": True, "last": True}
    assert gcp.event(operation={"id": "op1", "first": True}).shared_id == "op1"
    assert gcp.event(operation={"id": "op1", "last": True}).shared_id == "op1"
    assert gcp.event(operation=whole).shared_id == ""


def test_what_a_call_makes_stands_in_the_permissions_it_needed():
    asked = [
        {
            "permission": "compute.disks.createSnapshot",
            "resourceAttributes": {"name": "projects/our-project/zones/z/disks/d"},
        },
        {
            "permission": "compute.snapshots.create",
            "resourceAttributes": {"name": "projects/our-project/global/snapshots/s"},
        },
    ]
    assert gcp.event(authorizationInfo=asked).fields["created"] == ["projects/our-project/global/snapshots/s"]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["@type", "serviceName", "methodName", "resourceName", "authenticationInfo", "authorizationInfo", "requestMetadata", "request", "metadata",
     "serviceData", "status", "resourceLocation", "requestJson"]
)  # fmt: skip


@given(st.dictionaries(KEYS, JUNK), JUNK, JUNK, JUNK)
def test_reading_never_fails_whatever_a_record_holds(payload, resource, operation, name):
    record = {
        "protoPayload": payload,
        "resource": resource,
        "operation": operation,
        "logName": name,
        "timestamp": name,
    }
    gcp_audit.is_record(record)
    assert gcp_audit.event(record, EVIDENCE).log == "gcp-audit"


@given(JUNK, JUNK)
def test_reading_a_finding_never_fails(category, rest):
    record = {
        "finding": {"category": category, "name": rest, "access": rest, "eventTime": rest},
        "resource": rest,
    }
    gcp_findings.is_record(record)
    assert gcp_findings.event(record, EVIDENCE).log == "gcp-scc"


FINDING = {
    "name": "organizations/1/sources/2/findings/f", "category": "Defense Evasion: Modify VPC Service Control", "findingClass": "THREAT",
    "eventTime": "2026-03-04T05:06:07Z", "resourceName": "//storage.googleapis.com/projects/our-project/buckets/b",
    "access": {"principalEmail": "dana@ours.example"},
}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        FINDING,
        {"finding": FINDING, "resource": {}},
        {"listFindingsResults": [{"finding": FINDING}]},
        {"json": FINDING},
    ],
)
def test_findings_are_read_alone_in_notifications_and_in_lists(value):
    (found,) = read(value)
    assert isinstance(found, Event)
    assert (found.log, found.action, found.account) == ("gcp-scc", "Finding/DefenseEvasion", "our-project")


def test_a_record_of_another_log_is_said_to_be_unknown():
    (found,) = read(
        {"logName": "projects/p/logs/syslog", "textPayload": "hello", "timestamp": "2026-03-04T05:06:07Z"}
    )
    assert isinstance(found, Problem)


def test_the_tables_of_an_older_job_are_named_as_newer_ones_name_them():
    table = {"projectId": "our-project", "datasetId": "payroll", "tableId": "salaries"}
    jobs = (
        {
            "jobCompletedEvent": {
                "job": {"jobConfiguration": {"tableCopy": {"sourceTables": [table, {"tableId": 7}]}}}
            }
        },
        {"jobInsertRequest": {"resource": {"jobConfiguration": {"extract": {"sourceTable": table}}}}},
    )
    for data in jobs:
        found = gcp.event("jobservice.jobcompleted", "bigquery.googleapis.com", serviceData=data)
        assert found.fields["tables"] == ["projects/our-project/datasets/payroll/tables/salaries"]
    assert "tables" not in gcp.event("jobservice.query", serviceData={"jobCompletedEvent": "odd"}).fields


def test_a_job_that_ended_with_an_error_failed():
    status = {"jobState": "DONE", "errorResult": {"code": 7, "message": "Access Denied"}}
    payload = {
        "serviceName": "bigquery.googleapis.com",
        "methodName": "google.cloud.bigquery.v2.JobService.InsertJob",
    }
    metadata = {"jobChange": {"job": {"jobStatus": status}}}
    record = {"protoPayload": payload | {"status": {}, "metadata": metadata}}
    assert gcp_audit.event(record, EVIDENCE).error == "PERMISSION_DENIED"
    status["errorResult"] = {}
    assert gcp_audit.event(record, EVIDENCE).error == ""


TABLE = {"projectId": "elsewhere-1", "datasetId": "d", "tableId": "t"}
ATTEMPT = {"dataExfiltrationAttempt": {"userEmail": "dana@ours.example", "destinationTables": [TABLE]}}


@pytest.mark.parametrize(
    "record",
    [
        {
            "insertId": "i", "timestamp": "2026-03-04T05:06:07Z",
            "resource": {"type": "threat_detector", "labels": {"project_id": "our-project"}},
            "jsonPayload": {"detectionCategory": {"ruleName": "big_query_exfil", "technique": "org_exfiltration"}, "properties": ATTEMPT},
        },
        {
            "name": "organizations/1/sources/2/findings/f", "findingClass": "THREAT",
            "category": "Exfiltration: BigQuery Data Exfiltration",
            "resourceName": "//bigquery.googleapis.com/projects/our-project/datasets/d", "sourceProperties": {"properties": ATTEMPT},
        },
    ],
)  # fmt: skip
def test_the_targets_that_only_a_detectors_own_properties_name(record):
    (found,) = reading.read("f", json.dumps(record).encode())
    assert (found.action, found.account) == ("Finding/Exfiltration", "our-project")
    assert found.fields["finding"]["exfiltration"]["targets"] == [
        {"name": "//bigquery.googleapis.com/projects/elsewhere-1/datasets/d/tables/t"}
    ]


def test_where_words_and_objects_are_joined_alike_both_are_read():
    row = custom_table() | {
        "payload_request_sink_destination_s": "d",
        "payload_request_service_account_display_name_s": "n",
    }
    (found,) = read(row)
    request = found.fields["protoPayload"]["request"]
    assert (request["sink"]["destination"], request["serviceAccount"]["displayName"]) == ("d", "n")
