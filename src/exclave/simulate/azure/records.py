"""Activity log records and the identities in them, as a diagnostic setting writes them to a storage account.

Shapes after "Azure activity log event schema" (https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema,
"Schema from storage account and event hubs"): resource ids and operations in upper case, an operation's
request in the record of its start, the records of one operation joined by their correlation id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.simulate.azure.organisation import Application, Person, Tenant

_SCHEMAS = "http://schemas.microsoft.com"
_SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_OID = f"{_SCHEMAS}/identity/claims/objectidentifier"
_TID = f"{_SCHEMAS}/identity/claims/tenantid"
_SIGNATURES = {"Start": "Started.", "Accept": "Accepted.", "Success": "Succeeded.", "Failure": "Failed."}


def activity(
    *,
    tenant: Tenant,
    time: str,
    resource: str,
    name: str,
    result: str,
    claims: Mapping[str, Any],
    evidence: Mapping[str, Any],
    ip: str,
    correlation: str,
    code: str = "",
    body: object = None,
    answer: object = None,
    message: str = "",
    category: str = "Administrative",
    request_id: str = "",
    duration: int | str = 0,
    upper: str = "",
) -> dict[str, Any]:
    """One record of an operation on `resource` (its id). `result` is Start, Accept, Success or Failure.

    `code` is the HTTP status in words, `body` the request, `answer` the response, `message` of an error.
    `upper` is the id in upper case where `resource.upper()` is not (it has slots).
    """
    subscription = resource.split("/")[2] if resource.startswith("/subscriptions/") else ""
    properties: dict[str, Any] = {}
    if result != "Start":
        properties |= {"statusCode": code or "OK", "serviceRequestId": request_id or None}
    if message:
        error = {"error": {"code": _error_code(code), "message": message}}
        properties["statusMessage"] = orjson.dumps(error).decode()
    if body is not None and result == "Start":
        properties["requestbody"] = orjson.dumps(body).decode()
    if answer is not None and result in ("Accept", "Success"):
        properties["responseBody"] = orjson.dumps(answer).decode()
    properties |= {
        "eventCategory": category,
        "entity": resource,
        "message": name,
        "hierarchy": f"{tenant.id}/{tenant.group}/{subscription}",
    }
    return {
        "RoleLocation": "West Europe",
        "ReleaseVersion": "6.2026.8.4+3f1c2a9.release_2026w08",
        "time": time,
        "resourceId": upper or resource.upper(),
        "operationName": name.upper(),
        "category": category,
        "resultType": result,
        "resultSignature": _SIGNATURES[result] + (code if result != "Start" else ""),
        "durationMs": duration,
        "callerIpAddress": ip,
        "correlationId": correlation,
        "identity": {
            "authorization": {"scope": resource, "action": name, "evidence": evidence},
            "claims": claims,
        },
        "level": "Error" if result == "Failure" else "Information",
        "properties": properties,
        "tenantId": tenant.id,
    }


def of_person(tenant: Tenant, person: Person, ip: str, uti: str, born: str, methods: str) -> dict[str, Any]:
    """The claims in the token of somebody who signed in. `methods` are how, `born` seconds since the epoch."""
    upn = f"{person.name}@{tenant.domain}"
    given, _, surname = person.name.partition(".")
    return {
        **_issued(tenant, born),
        f"{_SCHEMAS}/claims/authnclassreference": "1",
        f"{_SCHEMAS}/claims/authnmethodsreferences": methods,
        "appid": person.client,
        "appidacr": "0",
        f"{_SOAP}/surname": surname.title(),
        f"{_SOAP}/givenname": given.title(),
        "ipaddr": ip,
        "name": f"{given.title()} {surname.title()}",
        _OID: person.oid,
        "puid": person.puid,
        f"{_SCHEMAS}/identity/claims/scope": "user_impersonation",
        _TID: tenant.id,
        f"{_SOAP}/name": upn,
        f"{_SOAP}/upn": upn,
        "uti": uti,
        "ver": "1.0",
    }


def of_application(tenant: Tenant, application: Application, uti: str, born: str) -> dict[str, Any]:
    """The claims in the token of a service principal or managed identity."""
    return {
        **_issued(tenant, born),
        "appid": application.appid,
        "appidacr": application.acr,
        f"{_SCHEMAS}/identity/claims/identityprovider": f"https://sts.windows.net/{tenant.id}/",
        "idtyp": "app",
        _OID: application.oid,
        f"{_SOAP}/nameidentifier": application.oid,
        _TID: tenant.id,
        "uti": uti,
        "ver": "1.0",
    }


def evidence(tenant: Tenant, oid: str, role: str, kind: str) -> dict[str, Any]:
    """The role assignment that allowed an operation. `kind` is User or ServicePrincipal."""
    plain = oid.replace("-", "")
    return {
        "role": role,
        "roleAssignmentScope": f"/providers/Microsoft.Management/managementGroups/{tenant.group}",
        "roleAssignmentId": plain[::-1],
        "roleDefinitionId": plain[8:] + plain[:8],
        "principalId": plain,
        "principalType": kind,
    }


def _issued(tenant: Tenant, born: str) -> dict[str, Any]:
    issued = born if born.startswith("@@") else str(int(born))
    expires = "@@dies@@" if born.startswith("@@") else str(int(born) + 3900)
    return {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{tenant.id}/",
        "iat": issued,
        "nbf": issued,
        "exp": expires,
    }


def _error_code(code: str) -> str:
    return {"Forbidden": "AuthorizationFailed", "Conflict": "OperationNotAllowed"}.get(code, code)
