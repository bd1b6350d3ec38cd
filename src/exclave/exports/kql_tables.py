"""The tables of Microsoft Sentinel that rules are written for: which column holds what of a log.

Source: the tables' pages of https://learn.microsoft.com/azure/azure-monitor/reference/tables/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Keys = tuple[str, ...]
Column = tuple[str, Literal["text", "dynamic"]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: lines that must stand before the conditions for a column, what holds what, what to show.

    `made`: a name → the line of KQL that makes it of the table's own columns, added where the name is used.
    """

    name: str
    columns: Mapping[Keys, Column]
    shown: tuple[str, ...]
    made: Mapping[str, str]


_JSON = "extend {name} = parse_json({column})"
_BODY = 'extend {name} = parse_json(tostring(coalesce(Properties_d["{lower}"], Properties_d["{mixed}"])))'
_GCP_SHOWN = (
    "TimeGenerated",
    "ProjectId",
    "PrincipalEmail",
    "ServiceName",
    "MethodName",
    "GCPResourceName",
    "Request",
    "StatusMessage",
)
_GCP: Mapping[Keys, Column] = {
    ("protoPayload", "request"): ("Request", "dynamic"),
    ("protoPayload", "response"): ("Response", "dynamic"),
    ("protoPayload", "metadata"): ("Metadata", "dynamic"),
    ("protoPayload", "serviceData"): ("ServiceData", "dynamic"),
    ("protoPayload", "status"): ("Status", "dynamic"),
    ("protoPayload", "authenticationInfo"): ("AuthenticationInfo", "dynamic"),
    ("protoPayload", "authorizationInfo"): ("AuthorizationInfo", "dynamic"),
    ("protoPayload", "requestMetadata"): ("RequestMetadata", "dynamic"),
    ("protoPayload", "resourceOriginalState"): ("ResourceOriginalState", "dynamic"),
    ("protoPayload", "resourceName"): ("GCPResourceName", "text"),
    ("resource", "type"): ("GCPResourceType", "text"),
    ("resource", "labels", "project_id"): ("ProjectId", "text"),
    ("logName",): ("LogName", "text"),
    ("severity",): ("Severity", "text"),
}
_RISK: Mapping[Keys, Column] = {
    ("riskLevel",): ("RiskLevel", "text"),
    ("riskState",): ("RiskState", "text"),
    ("riskDetail",): ("RiskDetail", "text"),
    ("userPrincipalName",): ("UserPrincipalName", "text"),
}

# log → its table
TABLES: Mapping[str, Table] = {
    "cloudtrail": Table(
        name="AWSCloudTrail",
        columns={
            ("requestParameters",): ("RequestBody", "dynamic"),
            ("responseElements",): ("ResponseBody", "dynamic"),
            ("serviceEventDetails",): ("ServiceDetails", "dynamic"),
            ("additionalEventData",): ("MoreData", "dynamic"),
            ("resources",): ("ResourceList", "dynamic"),
            ("eventType",): ("EventTypeName", "text"),
            ("errorCode",): ("ErrorCode", "text"),
            ("recipientAccountId",): ("RecipientAccountId", "text"),
            ("vpcEndpointId",): ("VpcEndpointId", "text"),
            ("userIdentity", "type"): ("UserIdentityType", "text"),
            ("userIdentity", "arn"): ("UserIdentityArn", "text"),
            ("userIdentity", "accountId"): ("UserIdentityAccountId", "text"),
            ("userIdentity", "invokedBy"): ("UserIdentityInvokedBy", "text"),
        },
        shown=(
            "TimeGenerated", "RecipientAccountId", "AWSRegion", "EventSource", "EventName", "UserIdentityArn", "UserIdentityAccountId",
            "SourceIpAddress", "ErrorCode", "RequestParameters", "ResponseElements", "ServiceEventDetails", "AwsEventId",
        ),
        made={
            "RequestBody": _JSON.format(name="RequestBody", column="RequestParameters"),
            "ResponseBody": _JSON.format(name="ResponseBody", column="ResponseElements"),
            "ServiceDetails": _JSON.format(name="ServiceDetails", column="ServiceEventDetails"),
            "MoreData": _JSON.format(name="MoreData", column="AdditionalEventData"),
            "ResourceList": _JSON.format(name="ResourceList", column="Resources"),
        },
    ),
    "azure-activity": Table(
        name="AzureActivity",
        columns={
            ("properties", "requestBody"): ("RequestBody", "dynamic"),
            ("properties", "responseBody"): ("ResponseBody", "dynamic"),
            ("properties",): ("Properties_d", "dynamic"),
            ("claims",): ("Claims_d", "dynamic"),
            ("authorization",): ("Authorization_d", "dynamic"),
            ("caller",): ("Caller", "text"),
            ("category",): ("CategoryValue", "text"),
            ("resourceId",): ("_ResourceId", "text"),
            ("subscriptionId",): ("SubscriptionId", "text"),
            ("httpRequest", "clientIpAddress"): ("CallerIpAddress", "text"),
        },
        shown=(
            "TimeGenerated", "SubscriptionId", "OperationNameValue", "ActivityStatusValue", "ActivitySubstatusValue", "Caller",
            "CallerIpAddress", "_ResourceId", "Properties_d", "CorrelationId",
        ),
        made={
            "RequestBody": _BODY.format(name="RequestBody", lower="requestbody", mixed="requestBody"),
            "ResponseBody": _BODY.format(name="ResponseBody", lower="responseBody", mixed="responsebody"),
        },
    ),
    "azure-storage": Table(
        name="StorageBlobLogs",
        columns={
            ("operationName",): ("OperationName", "text"),
            ("category",): ("Category", "text"),
            ("correlationId",): ("CorrelationId", "text"),
            ("statusCode",): ("StatusCode", "text"),
            ("statusText",): ("StatusText", "text"),
            ("callerIpAddress",): ("CallerAddress", "text"),
            ("network",): ("Network", "text"),
            ("uri",): ("Uri", "text"),
            ("account",): ("AccountName", "text"),
            ("container",): ("Container", "text"),
            ("sourceUri",): ("SourceUri", "text"),
            ("destinationUri",): ("DestinationUri", "text"),
            ("authentication", "type"): ("AuthenticationType", "text"),
            ("authentication", "hash"): ("AuthenticationHash", "text"),
            ("requester", "tenantId"): ("RequesterTenantId", "text"),
            ("requester", "objectId"): ("RequesterObjectId", "text"),
            ("requester", "appId"): ("RequesterAppId", "text"),
            ("requester", "upn"): ("RequesterUpn", "text"),
            ("sas", "permissions"): ("SasPermissions", "text"),
            ("userAgent",): ("UserAgentHeader", "text"),
        },
        shown=(
            "TimeGenerated", "AccountName", "OperationName", "StatusText", "AuthenticationType", "RequesterTenantId", "RequesterUpn",
            "RequesterAppId", "CallerIpAddress", "ObjectKey", "SourceUri", "DestinationUri", "ResponseBodySize", "CorrelationId",
        ),
        made={
            "CallerAddress": 'extend CallerAddress = tostring(split(CallerIpAddress, ":")[0])',
            "Network": 'extend Network = iff(ipv4_is_private(tostring(split(CallerIpAddress, ":")[0])), "private", "public")',
            "Container": 'extend Container = tostring(split(trim(@"[/""]+", ObjectKey), "/")[1])',
            "SasPermissions": "extend SasPermissions = extract(@'[?&]sp=([^&]+)', 1, Uri)",
        },
    ),
    "azure-resource": Table(
        name="AzureDiagnostics",
        columns={("category",): ("Category", "text"), ("resourceId",): ("ResourceId", "text")},
        shown=("TimeGenerated", "SubscriptionId", "ResourceProvider", "ResourceId", "OperationName", "Category", "ResultType", "CorrelationId"),
        made={},
    ),
    "entra": Table(
        name="AuditLogs",
        columns={
            ("targetResources",): ("TargetResources", "dynamic"),
            ("initiatedBy",): ("InitiatedBy", "dynamic"),
            ("additionalDetails",): ("AdditionalDetails", "dynamic"),
            ("result",): ("Result", "text"),
            ("resultReason",): ("ResultReason", "text"),
            ("tenantId",): ("AADTenantId", "text"),
        },
        shown=("TimeGenerated", "AADTenantId", "OperationName", "Result", "InitiatedBy", "TargetResources", "CorrelationId"),
        made={},
    ),
    "entra-sign-in": Table(
        name="SigninLogs",
        columns={
            **_RISK,
            ("riskLevel",): ("RiskLevelDuringSignIn", "text"),
            ("status",): ("Status", "dynamic"),
            ("result",): ("ResultType", "text"),
            ("crossTenantAccessType",): ("CrossTenantAccessType", "text"),
            ("homeTenantId",): ("HomeTenantId", "text"),
            ("resourceTenantId",): ("ResourceTenantId", "text"),
            ("tenantId",): ("AADTenantId", "text"),
            ("ipAddress",): ("IPAddress", "text"),
        },
        shown=(
            "TimeGenerated", "UserPrincipalName", "IPAddress", "AppDisplayName", "ResultType", "RiskLevelDuringSignIn",
            "RiskState", "CrossTenantAccessType", "HomeTenantId", "ResourceTenantId", "CorrelationId",
        ),
        made={},
    ),
    "entra-risk": Table(
        name="AADUserRiskEvents",
        columns={**_RISK, ("riskEventType",): ("RiskEventType", "text"), ("ipAddress",): ("IpAddress", "text")},
        shown=("TimeGenerated", "UserPrincipalName", "RiskEventType", "RiskLevel", "RiskState", "IpAddress", "CorrelationId"),
        made={},
    ),
    "entra-risky-user": Table(
        name="AADRiskyUsers",
        columns=_RISK,
        shown=("TimeGenerated", "UserPrincipalName", "RiskLevel", "RiskState", "RiskDetail"),
        made={},
    ),
    "gcp-audit": Table(name="GCPAuditLogs", columns=_GCP, shown=_GCP_SHOWN, made={}),
    "gcp-denied": Table(name="GCPAuditLogs", columns=_GCP, shown=(*_GCP_SHOWN, "Metadata"), made={}),
}  # fmt: skip
