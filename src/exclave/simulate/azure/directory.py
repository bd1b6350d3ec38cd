"""Records of the directory's logs: sign-ins, audit, risk, as its diagnostic setting writes them.

Outer keys after https://learn.microsoft.com/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema;
`properties` are Graph's signIn, directoryAudit, riskDetection and servicePrincipalRiskDetection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.simulate.azure.organisation import Application, Person, Tenant

_CLIENTS = {
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c": "Azure Portal",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Microsoft Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Microsoft Azure PowerShell",
}
_ARM = ("Azure Resource Manager", "797f4846-ba00-4fd7-ba43-dac1f8f63013")
_EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/133.0.0.0 Safari/537.36 Edg/133.0.0.0"
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a record was written, its own id, and the one that joins it to others."""

    time: str
    id: str
    correlation: str


def record(
    tenant: Tenant,
    *,
    stamp: Stamp,
    category: str,
    operation: str,
    properties: Mapping[str, Any],
    ip: str = "",
    identity: str = "",
    result: str = "0",
    location: str = "",
) -> dict[str, Any]:
    """The envelope that all of them have."""
    made: dict[str, Any] = {
        "time": stamp.time,
        "resourceId": f"/tenants/{tenant.id}/providers/Microsoft.aadiam",
        "operationName": operation,
        "operationVersion": "1.0",
        "category": category,
        "tenantId": tenant.id,
        "resultType": result,
        "resultSignature": "None",
        "durationMs": 0,
        "callerIpAddress": ip,
        "correlationId": stamp.correlation,
        "identity": identity,
        "Level": 4,
        "location": location,
        "properties": properties,
    }
    return {key: value for key, value in made.items() if value not in ("", None)}


def sign_in(
    tenant: Tenant,
    person: Person,
    *,
    stamp: Stamp,
    ip: str,
    country: str = "NL",
    risk: str = "none",
    state: str = "none",
    events: Sequence[str] = (),
    error: int = 0,
    interactive: bool = True,
    token: str = "",
    agent: str = _EDGE,
) -> dict[str, Any]:
    """Somebody signs in to manage Azure. `risk` is the level, `events` the kinds of risk seen in it."""
    name = person.name.replace(".", " ").title()
    properties = {
        "id": stamp.id,
        "createdDateTime": stamp.time,
        "userDisplayName": name,
        "userPrincipalName": f"{person.name}@{tenant.domain}",
        "userId": person.oid,
        "appId": person.client,
        "appDisplayName": _CLIENTS[person.client],
        "ipAddress": ip,
        "status": {"errorCode": error}
        if error
        else {"errorCode": 0, "additionalDetails": "MFA completed in Azure AD"},
        "clientAppUsed": "Browser" if interactive else "Mobile Apps and Desktop clients",
        "userAgent": agent,
        "deviceDetail": {"deviceId": "", "operatingSystem": "Windows10", "browser": "Edge 133.0.0"},
        "location": {"countryOrRegion": country, "geoCoordinates": {}},
        "correlationId": stamp.correlation,
        "conditionalAccessStatus": "success",
        "isInteractive": interactive,
        "authenticationRequirement": "multiFactorAuthentication",
        "riskDetail": "none",
        "riskLevelAggregated": risk,
        "riskLevelDuringSignIn": risk,
        "riskState": state,
        "riskEventTypes": list(events),
        "riskEventTypes_v2": list(events),
        "resourceDisplayName": _ARM[0],
        "resourceId": _ARM[1],
        "homeTenantId": tenant.id,
        "resourceTenantId": tenant.id,
        "crossTenantAccessType": "none",
        "tokenIssuerType": "AzureAD",
        "userType": "Member",
        "uniqueTokenIdentifier": token or stamp.id,
    }
    return record(
        tenant,
        stamp=stamp,
        category="SignInLogs" if interactive else "NonInteractiveUserSignInLogs",
        operation="Sign-in activity",
        properties=properties,
        ip=ip,
        identity=name,
        result=str(error),
        location=country,
    )


def application_sign_in(
    tenant: Tenant,
    application: Application,
    *,
    stamp: Stamp,
    ip: str,
    managed: bool = False,
    country: str = "NL",
    error: int = 0,
    token: str = "",
    key: str = "",
) -> dict[str, Any]:
    """A service principal or managed identity asks for a token. `key` is the id of the secret it used."""
    properties = {
        "id": stamp.id,
        "createdDateTime": stamp.time,
        "appId": application.appid,
        "appDisplayName": application.name,
        "appOwnerTenantId": application.owner,
        "servicePrincipalId": application.oid,
        "servicePrincipalName": application.name,
        "servicePrincipalCredentialKeyId": key,
        "ipAddress": ip,
        "status": {"errorCode": error},
        "location": {"countryOrRegion": country, "geoCoordinates": {}},
        "correlationId": stamp.correlation,
        "conditionalAccessStatus": "notApplied",
        "isInteractive": False,
        "resourceDisplayName": _ARM[0],
        "resourceId": _ARM[1],
        "resourceTenantId": tenant.id,
        "crossTenantAccessType": "none",
        "uniqueTokenIdentifier": token or stamp.id,
    }
    return record(
        tenant,
        stamp=stamp,
        category="ManagedIdentitySignInLogs" if managed else "ServicePrincipalSignInLogs",
        operation="Sign-in activity",
        properties=properties,
        ip=ip,
        result=str(error),
        location=country,
    )


def audit(
    tenant: Tenant,
    activity: str,
    *,
    stamp: Stamp,
    category: str,
    by: Mapping[str, Any],
    targets: Sequence[Mapping[str, Any]],
    result: str = "success",
    reason: str = "",
) -> dict[str, Any]:
    """A change of the directory. `by` is Graph's initiatedBy, `targets` its targetResources."""
    properties = {
        "id": stamp.id,
        "category": category,
        "correlationId": stamp.correlation,
        "result": result,
        "resultReason": reason,
        "activityDisplayName": activity,
        "activityDateTime": stamp.time,
        "loggedByService": "Core Directory",
        "operationType": activity.partition(" ")[0],
        "initiatedBy": by,
        "targetResources": list(targets),
        "additionalDetails": [],
    }
    return record(
        tenant,
        stamp=stamp,
        category="AuditLogs",
        operation=activity,
        properties=properties,
        result="",
    )


def risk(
    tenant: Tenant,
    *,
    stamp: Stamp,
    kind: str,
    level: str,
    state: str,
    ip: str,
    person: Person | None = None,
    application: Application | None = None,
    request: str = "",
) -> dict[str, Any]:
    """What Identity Protection saw, of a person or an application."""
    properties: dict[str, Any] = {
        "id": stamp.id,
        "requestId": request,
        "correlationId": stamp.correlation,
        "riskEventType": kind,
        "riskState": state,
        "riskLevel": level,
        "riskDetail": "none" if state == "atRisk" else "userPassedMFADrivenByRiskBasedPolicy",
        "source": "IdentityProtection",
        "detectionTimingType": "realtime" if person else "offline",
        "activity": "signin" if person else "servicePrincipal",
        "tokenIssuerType": "AzureAD",
        "ipAddress": ip,
        "activityDateTime": stamp.time,
        "detectedDateTime": stamp.time,
        "lastUpdatedDateTime": stamp.time,
        "additionalInfo": "[]",
    }
    if person is not None:
        properties |= {
            "userId": person.oid,
            "userDisplayName": person.name.replace(".", " ").title(),
            "userPrincipalName": f"{person.name}@{tenant.domain}",
        }
    if application is not None:
        properties |= {
            "servicePrincipalId": application.oid,
            "servicePrincipalDisplayName": application.name,
            "appId": application.appid,
            "keyIds": [],
        }
    return record(
        tenant,
        stamp=stamp,
        category="UserRiskEvents" if person else "ServicePrincipalRiskEvents",
        operation="User Risk Detection" if person else "Service Principal Risk Detection",
        properties=properties,
        ip=ip,
    )


def by_person(tenant: Tenant, person: Person, ip: str) -> dict[str, Any]:
    """Graph's initiatedBy for somebody."""
    upn = f"{person.name}@{tenant.domain}"
    return {
        "user": {
            "id": person.oid,
            "displayName": None,
            "userPrincipalName": upn,
            "ipAddress": ip,
            "roles": [],
        }
    }


def by_application(application: Application) -> dict[str, Any]:
    """Graph's initiatedBy for an application."""
    return {
        "app": {
            "appId": None,
            "displayName": application.name,
            "servicePrincipalId": application.oid,
            "servicePrincipalName": None,
        }
    }
