"""Audit LogEntries and the identities in them.

Shapes after the LogEntry reference (https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry), AuditLog
(https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog) and its service data
(https://cloud.google.com/logging/docs/audit/services); keys stand in alphabetical order, as sinks write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.simulate.gcp.call import Caller, Target

_AUDIT = "type.googleapis.com/google.cloud.audit.AuditLog"
_ERROR_FROM = 1
_QUIET = frozenset({"data_access", "system_event"})


def entry(
    *,
    scope: str,
    project: str,
    log: str,
    service: str,
    method: str,
    target: Target,
    caller: Caller,
    time: str,
    received: str,
    insert_id: str,
    permissions: Sequence[str] = (),
    request: object = None,
    response: object = None,
    metadata: object = None,
    service_data: object = None,
    code: int = 0,
    message: str = "",
    severity: str = "",
    operation: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry. `scope` is whose log it is (`projects/p`, `organizations/1`); `service` without `.googleapis.com`.

    Other arguments as in Call.
    """
    host = service if "." in service else f"{service}.googleapis.com"
    payload: dict[str, Any] = {
        "@type": _AUDIT,
        "authenticationInfo": caller.identity,
        "methodName": method,
        "requestMetadata": _metadata(caller, time),
        "resourceName": target.name,
        "serviceName": host,
        **(more or {}),
    }
    if permissions:
        payload["authorizationInfo"] = [_authorised(item, target, code) for item in permissions]
    if code >= _ERROR_FROM:
        payload["status"] = {"code": code, "message": message}
    elif operation is None:
        payload["status"] = {}
    parts = {
        "request": request,
        "response": None if code else response,
        "metadata": metadata,
        "serviceData": service_data,
    }
    payload.update((name, part) for name, part in parts.items() if part is not None)
    if target.location:
        payload["resourceLocation"] = {"currentLocations": [target.location]}
    made: dict[str, Any] = {
        "insertId": insert_id,
        "logName": f"{scope}/logs/cloudaudit.googleapis.com%2F{log}",
        "protoPayload": payload,
        "receiveTimestamp": received,
        "resource": {"labels": {**_project(project), **target.labels}, "type": target.kind},
        "severity": severity or ("ERROR" if code else "INFO" if log in _QUIET else "NOTICE"),
        "timestamp": time,
    }
    if operation is not None:
        made["operation"] = operation
    if labels:
        made["labels"] = labels
    return _ordered(made)


def user(mail: str) -> dict[str, Any]:
    """A person, or a group's member who acts as himself."""
    return {"principalEmail": mail, "principalSubject": f"user:{mail}"}


def account(mail: str, *, project: str = "", key: str = "", behind: str = "") -> dict[str, Any]:
    """A service account: with the key that it signed in by, or the one who acts as it."""
    made: dict[str, Any] = {"principalEmail": mail, "principalSubject": f"serviceAccount:{mail}"}
    if key:
        made["serviceAccountKeyName"] = (
            f"//iam.googleapis.com/projects/{project}/serviceAccounts/{mail}/keys/{key}"
        )
    if behind:
        made["serviceAccountDelegationInfo"] = [
            {"firstPartyPrincipal": {"principalEmail": behind}, "principalSubject": f"user:{behind}"}
        ]
    return made


def delta(*changes: tuple[str, str, str]) -> dict[str, Any]:
    """The change of a policy as `serviceData` holds it: (ADD or REMOVE, role, member)."""
    return {
        "@type": "type.googleapis.com/google.iam.v1.logging.AuditData",
        "policyDelta": {
            "bindingDeltas": [{"action": a, "member": member, "role": role} for a, role, member in changes]
        },
    }


def _metadata(caller: Caller, time: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "destinationAttributes": {},
        "requestAttributes": {"auth": {}, "time": time},
    }
    if caller.ip:
        made["callerIp"] = caller.ip
    if caller.agent:
        made["callerSuppliedUserAgent"] = caller.agent
    if caller.network:
        made["callerNetwork"] = caller.network
    return made


def _authorised(item: str, target: Target, code: int) -> dict[str, Any]:
    permission, _, resource = item.partition("@")
    service = permission.partition(".")[0]
    return {
        "granted": code != 7,  # noqa: PLR2004 - PERMISSION_DENIED
        "permission": permission,
        "resource": resource or target.name,
        "resourceAttributes": {
            "name": resource or target.name,
            "service": service,
            "type": permission.rpartition(".")[0],
        }
        if service == "compute"
        else {},
    }


def _project(project: str) -> dict[str, str]:
    return {"project_id": project} if project else {}


def _ordered(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _sorted(value[key]) for key in sorted(value)}


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return _ordered(value)
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value
