"""Examples of entries: laid over a log's ordinary envelope, so that an example states only what matters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from exclave.model import Cloud, Event, Evidence

if TYPE_CHECKING:
    from exclave.catalogue.entry import Example, Method

OUR_ACCOUNT = "123456789012"
OUR_OTHER_ACCOUNT = "210987654321"
OUR_ORGANIZATION = "o-ours000000"

Parser = Callable[[Mapping[str, Any], Evidence], Event]


def record(method: Method, example: Example) -> dict[str, Any]:
    """The whole record of an example: the envelope of its log with the example's parts laid over it."""
    log = example.log or next((m.log for m in method.match if m.log), "") or _AUDIT_LOG[method.cloud]
    base = copy.deepcopy(_ENVELOPES[log])
    service, _, action = method.match[0].events[0].partition(":")
    if log == "cloudtrail":
        base["eventSource"], base["eventName"] = service, action
    elif log == "azure-activity":
        base["operationName"] = {"value": action}
    elif log in ("azure-storage", "azure-resource"):
        base["operationName"] = action
    elif log == "m365":
        base |= {"Workload": service, "Operation": action}
    elif log == "entra":
        base |= _directory_record(action)
    elif log == "gcp-audit":
        base["protoPayload"] |= {"serviceName": service, "methodName": action}
    laid: dict[str, Any] = _laid_over(base, example.event)
    return laid


def log_of(method: Method, example: Example) -> str:
    """The log whose envelope and parser an example needs."""
    return example.log or next((m.log for m in method.match if m.log), "") or _AUDIT_LOG[method.cloud]


def _directory_record(action: str) -> dict[str, Any]:
    """What makes a record of the directory one of an activity, a sign-in or a risk."""
    if action == "risk-detection":
        return {"riskEventType": "unfamiliarFeatures", "detectedDateTime": "2026-03-04T05:00:00Z"}
    if action == "risky-user":
        return {"riskLastUpdatedDateTime": "2026-03-04T05:00:00Z", "riskLevel": "high"}
    if action == "sign-in":
        return {
            "createdDateTime": "2026-03-04T05:00:00Z",
            "appDisplayName": "Azure Portal",
            "ipAddress": "198.51.100.7",
        }
    return {"activityDisplayName": action.replace("-", " "), "targetResources": []}


def _laid_over(base: Any, top: Any) -> Any:
    if isinstance(base, dict) and isinstance(top, dict):
        return {**base, **{k: _laid_over(base.get(k), v) for k, v in top.items()}}
    return top


_AUDIT_LOG = {Cloud.AWS: "cloudtrail", Cloud.AZURE: "azure-activity", Cloud.GCP: "gcp-audit"}

_ENVELOPES: Mapping[str, dict[str, Any]] = {
    "cloudtrail": {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLEEXAMPLE000:dana",
            "arn": f"arn:aws:sts::{OUR_ACCOUNT}:assumed-role/operations/dana",
            "accountId": OUR_ACCOUNT,
            "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "arn": f"arn:aws:iam::{OUR_ACCOUNT}:role/operations",
                    "accountId": OUR_ACCOUNT,
                    "userName": "operations",
                }
            },
        },
        "eventTime": "2026-03-04T05:06:07Z",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.17",
        "requestParameters": {},
        "responseElements": {},
        "eventID": "00000000-0000-4000-8000-000000000001",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": OUR_ACCOUNT,
        "eventCategory": "Management",
    },
    "s3-access": {
        "bucket": "ours",
        "bucket_owner": "a" * 64,
        "time": "04/Mar/2026:05:06:07 +0000",
        "remote_ip": "198.51.100.7",
        "requester": f"arn:aws:iam::{OUR_ACCOUNT}:user/dana",
        "request_id": "0A1B2C3D4E5F6071",
        "operation": "REST.GET.OBJECT",
        "key": "data.csv",
        "status": "200",
        "error_code": "-",
        "bytes_sent": "1024",
    },
    "azure-activity": {
        "eventDataId": "00000000-0000-4000-8000-000000000001",
        "correlationId": "00000000-0000-4000-8000-00000000000c",
        "eventTimestamp": "2026-03-04T05:06:07.1234567Z",
        "category": {"value": "Administrative"},
        "caller": "dana@ours.example",
        "claims": {"appid": "00000000-0000-4000-8000-0000000000aa"},
        "status": {"value": "Succeeded"},
        "resourceId": "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/x",
        "subscriptionId": "11111111-1111-4111-8111-111111111111",
        "tenantId": "22222222-2222-4222-8222-222222222222",
        "properties": {},
    },
    "azure-storage": {
        "time": "2026-03-04T05:06:07.1234567Z",
        "resourceId": "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg"
        "/providers/Microsoft.Storage/storageAccounts/oursdata/blobServices/default",
        "category": "StorageRead",
        "statusCode": 200,
        "statusText": "Success",
        "callerIpAddress": "198.51.100.7:4711",
        "correlationId": "00000000-0000-4000-8000-00000000000c",
        "uri": "https://oursdata.blob.core.windows.net/files/a.csv",
        "properties": {
            "accountName": "oursdata",
            "objectKey": "/oursdata/files/a.csv",
            "userAgentHeader": "azcopy",
        },
    },
    "azure-resource": {
        "time": "2026-03-04T05:06:07.1234567Z",
        "resourceId": "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg"
        "/providers/Microsoft.KeyVault/vaults/ours",
        "category": "AuditEvent",
        "resultType": "Success",
        "callerIpAddress": "198.51.100.7",
        "identity": {"claim": {"upn": "dana@ours.example"}},
        "properties": {},
    },
    "m365": {
        "CreationTime": "2026-03-04T05:06:07",
        "OrganizationId": "22222222-2222-4222-8222-222222222222",
        "UserId": "dana@ours.example",
        "ClientIP": "198.51.100.7",
    },
    "entra": {
        "id": "00000000-0000-4000-8000-000000000001",
        "activityDateTime": "2026-03-04T05:06:07.1234567Z",
        "tenantId": "22222222-2222-4222-8222-222222222222",
        "initiatedBy": {"user": {"userPrincipalName": "dana@ours.example", "ipAddress": "198.51.100.7"}},
        "result": "success",
    },
    "vpc-flow": {  # not a record: what flows/ found, see flows/summary.py
        "kind": "bulk",
        "cloud": "aws",
        "time": "2026-03-04T05:06:07+00:00",
        "source": {"address": "10.0.1.5", "interface": "", "account": "", "vpc": ""},
        "bytes": 214748364800,
        "gib": 200.0,
        "times": 120.0,
        "hours": 3,
    },
    "gcp-scc": {
        "finding": {
            "name": "organizations/900000000001/sources/1/findings/0001",
            "category": "Exfiltration: example",
            "findingClass": "THREAT",
            "state": "ACTIVE",
            "eventTime": "2026-03-04T05:06:07.123Z",
            "resourceName": "//cloudresourcemanager.googleapis.com/projects/our-project",
            "access": {"principalEmail": "dana@ours.example", "callerIp": "198.51.100.7"},
        },
    },
    "gcp-audit": {
        "insertId": "example1",
        "logName": "projects/our-project/logs/cloudaudit.googleapis.com%2Factivity",
        "timestamp": "2026-03-04T05:06:07.123456789Z",
        "severity": "NOTICE",
        "resource": {"type": "audited_resource", "labels": {"project_id": "our-project"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": "dana@ours.example"},
            "requestMetadata": {"callerIp": "198.51.100.7", "callerSuppliedUserAgent": "gcloud"},
            "request": {},
            "status": {},
        },
    },
}
