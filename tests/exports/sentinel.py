"""Columns of Sentinel's tables, from their pages at https://learn.microsoft.com/azure/azure-monitor/reference/tables/."""

from __future__ import annotations

_TEXT = {
    "AWSCloudTrail": """AdditionalEventData APIVersion AwsEventId AWSRegion AwsRequestId AwsRequestId_ Category CidrIp CipherSuite
        ClientProvidedHostHeader DestinationPort EC2RoleDelivery ErrorCode ErrorMessage EventName EventSource EventTypeName EventVersion
        IpProtocol OperationName RecipientAccountId RequestParameters Resources ResponseElements ServiceEventDetails
        SessionIssuerAccountId SessionIssuerArn SessionIssuerPrincipalId SessionIssuerType SessionIssuerUserName SharedEventId
        SourceIpAddress SourcePort SourceSystem TenantId TlsVersion Type UserAgent UserIdentityAccessKeyId UserIdentityAccountId
        UserIdentityArn UserIdentityInvokedBy UserIdentityPrincipalid UserIdentityType UserIdentityUserName VpcEndpointId""",
    "AzureActivity": """ActivityStatus ActivityStatusValue ActivitySubstatus ActivitySubstatusValue Authorization Caller CallerIpAddress
        Category CategoryValue Claims CorrelationId EventDataId Hierarchy HTTPRequest Level OperationId OperationName OperationNameValue
        Properties Resource ResourceGroup ResourceId _ResourceId ResourceProvider ResourceProviderValue SourceSystem SubscriptionId
        _SubscriptionId TenantId Type""",
    "StorageBlobLogs": """AccessTier AccountName AuthenticationHash AuthenticationType CallerIpAddress Category ClientRequestId
        ConditionsUsed CorrelationId DestinationUri Etag Location MetricResponseType ObjectKey OperationName OperationVersion Protocol
        ReferrerHeader RehydratePriority RequesterAppId RequesterAudience RequesterObjectId RequesterTenantId RequesterTokenIssuer
        RequesterUpn RequestMd5 _ResourceId ResponseMd5 SasExpiryStatus SchemaVersion ServiceType SourceAccessTier SourceSystem
        SourceUri StatusCode StatusText _SubscriptionId TenantId TlsVersion Type Uri UserAgentHeader""",
    "AzureDiagnostics": """Category CorrelationId OperationName Resource ResourceGroup ResourceId ResourceProvider ResourceType
        ResultDescription ResultSignature ResultType SourceSystem SubscriptionId TenantId Type""",
    "AuditLogs": """AADOperationType AADTenantId ActivityDisplayName Category CorrelationId Id Identity Level Location LoggedByService
        OperationName OperationVersion Resource ResourceGroup ResourceId ResourceProvider Result ResultDescription ResultReason
        ResultSignature ResultType SourceSystem Type""",
    "SigninLogs": """AADTenantId AppDisplayName AppId Category ClientAppUsed ConditionalAccessStatus CorrelationId CrossTenantAccessType
        HomeTenantId Id Identity IPAddress Level Location OperationName ResourceDisplayName ResourceId ResourceTenantId ResultDescription
        ResultSignature ResultType RiskDetail RiskEventTypes RiskEventTypes_V2 RiskLevel RiskLevelAggregated RiskLevelDuringSignIn
        RiskState ServicePrincipalId ServicePrincipalName SourceSystem Type UserAgent UserDisplayName UserId UserPrincipalName UserType""",
    "AADUserRiskEvents": """Activity CorrelationId DetectionTimingType Id IpAddress OperationName RequestId RiskDetail RiskEventType
        RiskLevel RiskState Source SourceSystem TenantId TokenIssuerType Type UserDisplayName UserId UserPrincipalName""",
    "AADRiskyUsers": """CorrelationId Id OperationName RiskDetail RiskLevel RiskState SourceSystem TenantId Type UserDisplayName
        UserPrincipalName""",
    "GCPAuditLogs": """GCPResourceName GCPResourceType InsertId LogName MethodName NumResponseItems PrincipalEmail ProjectId ServiceName
        Severity SourceSystem StatusMessage Subscription TenantId Type""",
}  # fmt: skip
_DYNAMIC = {
    "AzureActivity": "Authorization_d Claims_d Properties_d",
    "StorageBlobLogs": "AuthorizationDetails",
    "AuditLogs": "AdditionalDetails InitiatedBy TargetResources",
    "SigninLogs": "ConditionalAccessPolicies DeviceDetail LocationDetails MfaDetail Status",
    "AADUserRiskEvents": "AdditionalInfo Location",
    "GCPAuditLogs": """AuthenticationInfo AuthorizationInfo Metadata Request RequestMetadata ResourceLocation ResourceOriginalState
        Response ServiceData Status""",
}
_OTHER = {
    "AWSCloudTrail": {"ManagementEvent": "bool", "ReadOnly": "bool", "SessionMfaAuthenticated": "bool"},
    "StorageBlobLogs": {
        "ContentLengthHeader": "long",
        "RequestBodySize": "long",
        "ResponseBodySize": "long",
        "DurationMs": "real",
    },
}


def tables() -> dict[str, dict[str, str]]:
    """Table → column → type."""
    return {
        name: {
            "TimeGenerated": "datetime",
            **dict.fromkeys(text.split(), "string"),
            **dict.fromkeys(_DYNAMIC.get(name, "").split(), "dynamic"),
            **_OTHER.get(name, {}),
        }
        for name, text in _TEXT.items()
    }
