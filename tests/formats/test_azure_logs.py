"""Storage, resource, directory and Microsoft 365 logs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.formats import azure_resource, azure_storage, entra, m365
from exclave.formats.reading import read
from exclave.model import Event, Evidence

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
TENANT = "22222222-2222-4222-8222-222222222222"
STORE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/oursdata"
)
BLOB = {
    "time": "2026-03-04T05:06:07.1234567Z",
    "resourceId": STORE + "/blobServices/default",
    "category": "StorageRead",
    "operationName": "GetBlob",
    "statusCode": 200,
    "statusText": "Success",
    "callerIpAddress": "10.1.2.3:4711",
    "identity": {
        "type": "OAuth",
        "tokenHash": "h",
        "requester": {"tenantId": TENANT, "objectId": "o", "upn": "Eve@x.example"},
    },
    "uri": "https://oursdata.blob.core.windows.net/files/a.csv?sp=rl&se=2027-01-01&sig=SECRET",
    "properties": {
        "accountName": "oursdata",
        "objectKey": "/oursdata/files/dir/a.csv",
        "userAgentHeader": "azcopy",
    },
}
BLOB_COLUMNS = {
    "TimeGenerated": "2026-03-04T05:06:07.1234567Z",
    "_ResourceId": STORE,
    "Category": "StorageRead",
    "OperationName": "GetBlob",
    "StatusCode": "200",
    "StatusText": "Success",
    "CallerIpAddress": "10.1.2.3:4711",
    "AuthenticationType": "OAuth",
    "AuthenticationHash": "h",
    "RequesterTenantId": TENANT,
    "RequesterObjectId": "o",
    "RequesterUpn": "Eve@x.example",
    "Uri": BLOB["uri"],
    "AccountName": "oursdata",
    "ObjectKey": "/oursdata/files/dir/a.csv",
    "UserAgentHeader": "azcopy",
}


ELASTIC_BLOB = {
    "@timestamp": BLOB["time"],
    "azure": {
        "resource": {"id": BLOB["resourceId"]},
        "platformlogs": {k: v for k, v in BLOB.items() if k not in ("time", "resourceId", "operationName")}
        | {"operation_name": "GetBlob"},
    },
}


def one(value: object) -> Event:
    (event,) = read("f", json.dumps(value).encode())
    assert isinstance(event, Event)
    return event


def test_a_storage_record_without_a_category_is_known_by_what_was_done_to_whom():
    event = one({k: v for k, v in BLOB.items() if k != "category"} | {"operationName": "getblob"})
    assert (event.log, event.name, event.fields["containerId"]) == (
        "azure-storage",
        "microsoft.storage:getblob",
        "oursdata/files",
    )


def test_the_source_of_a_copy_is_read_from_its_uri():
    uri = "https://oursdata.blob.core.windows.net/files/a.csv?sp=r&sig=SECRET"
    event = one(BLOB | {"operationName": "CopyBlobSource", "uri": uri, "properties": {"objectKey": uri}})
    assert (event.fields["containerId"], event.fields["blob"]) == ("oursdata/files", "a.csv")


@pytest.mark.parametrize(
    "record",
    [
        BLOB,
        BLOB_COLUMNS,
        {"records": [BLOB]},
        {"_source": {"azure": {"eventhub": BLOB}, "event": {"kind": "event"}}},
        {"@timestamp": "x"} | {f"azure.eventhub.{key}": value for key, value in BLOB.items()},
        {"_source": ELASTIC_BLOB},
    ],
)
def test_a_read_of_a_blob(record):
    event = one(record)
    assert (event.log, event.name, event.account) == (
        "azure-storage",
        "microsoft.storage:GetBlob",
        SUBSCRIPTION,
    )
    assert event.fields["requester"]["tenantId"] == TENANT
    assert (event.fields["containerId"], event.fields["blob"]) == ("oursdata/files", "dir/a.csv")
    assert event.fields["network"] == "private"
    assert (event.actor.id, event.actor.account, event.actor.ip) == ("eve@x.example", TENANT, "10.1.2.3")
    assert event.error == ""


def test_a_signature_is_masked_and_read():
    fields = one(BLOB).fields
    assert "SECRET" not in json.dumps(fields)
    assert fields["sas"] == {"permissions": "rl", "expires": "2027-01-01", "resource": ""}


def test_a_signature_in_the_address_says_how_the_caller_signed_in():
    assert one({**BLOB, "identity": None}).fields["authentication"]["type"] == "SAS"


def test_a_refused_read_is_an_error():
    assert (
        one({**BLOB, "statusCode": 403, "statusText": "AuthorizationFailure"}).error == "AuthorizationFailure"
    )


def test_nobody_known_is_anonymous():
    assert one({**BLOB, "identity": {"type": "Anonymous"}}).actor.kind == "anonymous"


def test_a_secret_that_was_read():
    event = one(
        {
            "time": "2026-03-04T05:06:07Z",
            "category": "AuditEvent",
            "operationName": "SecretGet",
            "resultType": "Success",
            "resourceId": "/SUBSCRIPTIONS/"
            + SUBSCRIPTION
            + "/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/V",
            "callerIPAddress": "198.51.100.7",
            "identity": {
                "claim": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "dana@ours.example"}
            },
            "properties": {"id": "https://v.vault.azure.net/secrets/s", "httpStatusCode": 200},
        }
    )
    assert (event.log, event.name) == ("azure-resource", "microsoft.keyvault:SecretGet")
    assert (event.account, event.actor.id, event.actor.ip) == (
        SUBSCRIPTION,
        "dana@ours.example",
        "198.51.100.7",
    )


def test_a_refused_secret_is_an_error():
    record = {
        "category": "AuditEvent",
        "operationName": "SecretGet",
        "resourceId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/r/providers/Microsoft.KeyVault/vaults/v",
        "properties": {"httpStatusCode": 403},
    }
    assert one(record).error == "403"


AUDIT = {
    "id": "a1",
    "activityDateTime": "2026-03-04T05:06:07Z",
    "activityDisplayName": "Invite external user",
    "result": "success",
    "initiatedBy": {"user": {"userPrincipalName": "Dana@ours.example", "ipAddress": "198.51.100.7"}},
    "targetResources": [{"id": "u1", "userPrincipalName": "eve_x.example#EXT#@ours.onmicrosoft.com"}],
}


@pytest.mark.parametrize(
    "record",
    [
        {"value": [AUDIT]},
        {
            "time": "2026-03-04T05:06:07Z",
            "category": "AuditLogs",
            "operationName": "Invite external user",
            "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
            "tenantId": TENANT,
            "properties": AUDIT,
        },
        {
            "TimeGenerated": "2026-03-04T05:06:07Z",
            "Type": "AuditLogs",
            "OperationName": "Invite external user",
            "AADTenantId": TENANT,
            "Result": "success",
            "InitiatedBy": json.dumps(AUDIT["initiatedBy"]),
            "TargetResources": json.dumps(AUDIT["targetResources"]),
        },
        {
            "@timestamp": "2026-03-04T05:06:07Z",
            "azure": {
                "tenant_id": TENANT,
                "auditlogs": {
                    "operation_name": "Invite external user",
                    "properties": {
                        "activity_display_name": "Invite external user",
                        "initiated_by": AUDIT["initiatedBy"],
                        "result": "success",
                        "target_resources": AUDIT["targetResources"],
                    },
                },
            },
        },
    ],
)
def test_a_guest_invited_in_every_shape(record):
    event = one(record)
    assert (event.log, event.name) == ("entra", "entra:invite-external-user")
    assert event.actor.id == "dana@ours.example"
    assert event.fields["targetResources"][0]["id"] == "u1"
    assert event.error == ""


def test_the_directory_is_ours_and_the_workspace_is_not():
    row = {
        "Type": "SigninLogs",
        "TimeGenerated": "2026-03-04T05:06:07Z",
        "TenantId": SUBSCRIPTION,
        "OperationName": "Sign-in activity",
        "UserPrincipalName": "dana@ours.example",
        "ResultType": "0",
    }
    assert one(row).fields["tenantId"] == ""
    assert one({**row, "AADTenantId": TENANT}).fields["tenantId"] == TENANT
    assert one({**row, "HomeTenantId": TENANT}).fields["tenantId"] == ""


def test_a_risk_and_a_risky_user():
    risk = {
        "riskEventType": "leakedCredentials",
        "riskLevel": "high",
        "detectedDateTime": "2026-03-04T05:06:07Z",
        "userPrincipalName": "Dana@x",
    }
    assert (one(risk).name, one(risk).actor.id) == ("entra:risk-detection", "dana@x")
    user = {
        "riskLevel": "high",
        "riskLastUpdatedDateTime": "2026-03-04T05:06:07Z",
        "userPrincipalName": "Dana@x",
    }
    assert one(user).name == "entra:risky-user"
    assert one(user).time is not None


def test_a_failed_sign_in_is_an_error():
    record = {
        "createdDateTime": "2026-03-04T05:06:07Z",
        "appDisplayName": "Portal",
        "userPrincipalName": "d@x",
        "ipAddress": "1.2.3.4",
    }
    assert one({**record, "status": {"errorCode": 50126}}).error == "50126"
    assert one({**record, "status": {"errorCode": 0}}).error == ""


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_record_of_microsoft_365(wrapped):
    record = {
        "CreationTime": "2026-03-04T05:06:07",
        "Operation": "CreateExternalDataShare",
        "Workload": "PowerBI",
        "UserId": "Dana@x",
        "OrganizationId": TENANT,
    }
    event = one({"RecordType": 20, "AuditData": json.dumps(record)} if wrapped else record)
    assert (event.log, event.name, event.actor.id) == ("m365", "powerbi:CreateExternalDataShare", "dana@x")
    assert event.fields["tenantId"] == TENANT


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(
        [
            (azure_storage, BLOB),
            (azure_storage, BLOB_COLUMNS),
            (azure_resource, BLOB),
            (entra, AUDIT),
            (m365, AUDIT),
        ]
    ),
    st.data(),
)
def test_whatever_stands_in_a_record_it_is_read(case, data):
    module, record = case
    broken = {key: data.draw(_JSON) if data.draw(st.booleans()) else value for key, value in record.items()}
    module.is_record(broken)
    assert isinstance(module.event(broken, Evidence(file="f", record=1)).action, str)


@pytest.mark.parametrize(
    ("category", "operation", "properties", "error"),
    [
        ("SQLSecurityAuditEvents", "AuditEvent", {"succeeded": "false", "action_id": "BA"}, "failed"),
        ("SQLSecurityAuditEvents", "AuditEvent", {"succeeded": "true", "action_id": "BA"}, ""),
        (
            "Command",
            "MICROSOFT.KUSTO/CLUSTERS/COMMAND/ACTION",
            {"State": "Failed", "FailureReason": "no"},
            "no",
        ),
        ("Command", "MICROSOFT.KUSTO/CLUSTERS/COMMAND/ACTION", {"State": "Completed"}, ""),
    ],
)
def test_a_statement_or_command_that_failed(category, operation, properties, error):
    place = f"/SUBSCRIPTIONS/{SUBSCRIPTION}/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.SQL/SERVERS/S"
    event = one(
        {"time": "2026-03-04T05:06:07Z", "category": category, "operationName": operation}
        | {"resourceId": place, "properties": properties}
    )
    assert (event.log, event.error) == ("azure-resource", error)
