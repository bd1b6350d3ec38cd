"""The many spellings of a Google Cloud audit record → the LogEntry that it was made of.

Log routers, BigQuery exports and SIEMs rename keys (`protopayload_auditlog`, `insertid`, `at_sign_type`), keep parts as
JSON in strings (`requestJson`) or lay them out as columns. Sources: the LogEntry reference,
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry, AuditLog,
https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog, the schema of exports to BigQuery,
https://cloud.google.com/logging/docs/export/bigquery, Sentinel's table,
https://learn.microsoft.com/azure/azure-monitor/reference/tables/gcpauditlogs, its older custom table GCP_IAM_CL, and Elastic's fields,
https://www.elastic.co/docs/reference/integrations/gcp/audit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exclave.catalogue.paths import embedded
from exclave.formats.rows import unflattened

_PAYLOADS = frozenset({"protopayload", "protopayload_auditlog", "proto_payload"})
_ENTRY = {
    name.lower(): name
    for name in (
        "insertId", "logName", "receiveTimestamp", "timestamp", "severity", "resource", "operation", "labels", "trace",
    )
}  # fmt: skip
# names of an AuditLog that are looked at by their spelling, where a table wrote all in lower case
_AUDIT = {
    name.lower(): name
    for name in (
        "serviceName", "methodName", "resourceName", "authenticationInfo", "authorizationInfo", "requestMetadata",
        "serviceData", "policyViolationInfo", "resourceLocation", "currentLocations", "principalEmail", "principalSubject",
        "serviceAccountKeyName", "serviceAccountDelegationInfo", "firstPartyPrincipal", "thirdPartyPrincipal", "callerIp",
        "callerSuppliedUserAgent", "requestAttributes", "resourceAttributes", "policyDelta", "bindingDeltas",
        "auditConfigDeltas", "jobInsertion", "jobChange", "jobStatus", "errorResult", "dryRun", "vpcServiceControlsUniqueId",
    )
}  # fmt: skip
_JSON_PARTS = {"requestjson": "request", "responsejson": "response", "metadatajson": "metadata"}
_SNAKE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_MAX_DEPTH = 48
_MAX_TABLES = 100
_OLDER_JOBS = ("jobCompletedEvent.job", "jobInsertRequest.resource", "jobInsertResponse.resource")
_OLDER_SOURCES = ("tableCopy.sourceTables", "extract.sourceTable")
_NESTED = frozenset({
    "request", "response", "metadata", "serviceData", "status", "requestMetadata", "authenticationInfo", "authorizationInfo",
})  # fmt: skip
# Sentinel's columns → paths of a LogEntry
_COLUMNS = {
    "InsertId": "insertId", "LogName": "logName", "Timestamp": "timestamp", "Severity": "severity",
    "ServiceName": "protoPayload.serviceName", "MethodName": "protoPayload.methodName",
    "GCPResourceName": "protoPayload.resourceName", "PrincipalEmail": "protoPayload.authenticationInfo.principalEmail",
    "Request": "protoPayload.request", "Response": "protoPayload.response", "Metadata": "protoPayload.metadata",
    "ServiceData": "protoPayload.serviceData", "Status": "protoPayload.status",
    "RequestMetadata": "protoPayload.requestMetadata", "AuthorizationInfo": "protoPayload.authorizationInfo",
    "ProjectId": "resource.labels.project_id", "GCPResourceType": "resource.type",
}  # fmt: skip
# Elastic's fields → paths of a LogEntry
_ELASTIC = {
    "gcp.audit.service_name": "protoPayload.serviceName", "service.name": "protoPayload.serviceName",
    "gcp.audit.method_name": "protoPayload.methodName", "event.action": "protoPayload.methodName",
    "gcp.audit.resource_name": "protoPayload.resourceName",
    "gcp.audit.authentication_info.principal_email": "protoPayload.authenticationInfo.principalEmail",
    "gcp.audit.authentication_info.principal_subject": "protoPayload.authenticationInfo.principalSubject",
    "client.user.email": "protoPayload.authenticationInfo.principalEmail",
    "gcp.audit.request": "protoPayload.request", "gcp.audit.response": "protoPayload.response",
    "gcp.audit.metadata": "protoPayload.metadata", "gcp.audit.service_data": "protoPayload.serviceData",
    "gcp.audit.policy_violation_info": "protoPayload.policyViolationInfo",
    "gcp.audit.flattened.request": "protoPayload.request", "gcp.audit.flattened.response": "protoPayload.response",
    "gcp.audit.flattened.metadata": "protoPayload.metadata", "gcp.audit.status": "protoPayload.status",
    "gcp.audit.authorization_info": "protoPayload.authorizationInfo",
    "gcp.audit.resource_location.current_locations": "protoPayload.resourceLocation.currentLocations",
    "gcp.audit.labels": "labels", "source.ip": "protoPayload.requestMetadata.callerIp",
    "user_agent.original": "protoPayload.requestMetadata.callerSuppliedUserAgent", "@timestamp": "timestamp",
    "event.id": "insertId", "cloud.project.id": "resource.labels.project_id", "log.logger": "logName",
    "log.level": "severity",
}  # fmt: skip


# columns of a custom table: nested names joined by `_`, the type at the end
_TYPED = re.compile(r"(?:proto)?payload_(.+)_[sdbtg]", re.IGNORECASE)
_ABOUT = re.compile(r"resource_(?:(labels)_)?(.+)_s")
_OBJECTS = (
    "authenticationInfo", "requestMetadata", "serviceData", "policyDelta", "permissionDelta", "request", "response", "metadata",
    "status", "policy", "options", "service_account", "update_mask",
)  # fmt: skip
_TYPED_ENTRY = {
    "insertId": ("insertId_s", "insert_id_s"), "logName": ("logName_s", "log_name_s"), "severity": ("severity_s",),
    "timestamp": ("timestamp_t", "timestamp_s", "TimeGenerated"),
}  # fmt: skip


def payload_of(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The AuditLog of a record, under whichever key it stands; None if it has none."""
    found = record.get("protoPayload")
    if found is None:
        found = next((v for k, v in record.items() if isinstance(k, str) and k.lower() in _PAYLOADS), None)
    found = embedded(found)
    return found if isinstance(found, Mapping) else None


def is_columns(record: Mapping[str, Any]) -> bool:
    """Whether a record is a row of Sentinel's GCPAuditLogs, or a document of Elastic's audit data stream."""
    if isinstance(record.get("MethodName"), str) and "ServiceName" in record:
        return True
    if _is_typed(record):
        return True
    gcp = record.get("gcp")
    if isinstance(gcp, Mapping):
        return isinstance(gcp.get("audit"), Mapping)
    return any(
        isinstance(k, str) and k.startswith(("gcp.audit.", "protopayload_auditlog.", "protoPayload."))
        for k in record
    )


def _is_typed(record: Mapping[str, Any]) -> bool:
    return any(isinstance(record.get(f"{head}_methodName_s"), str) for head in ("payload", "protoPayload"))


def entry(record: Mapping[str, Any]) -> dict[str, Any]:
    """The LogEntry of a record: keys spelt as in the reference, JSON in strings parsed, request keys in lowerCamelCase."""
    payload = payload_of(record)
    if payload is None:
        record = _from_columns(record)
        payload = payload_of(record) or {}
    out: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(key, str) and key.lower() not in _PAYLOADS:
            out.setdefault(
                _ENTRY.get(key.lower().replace("_", ""), key),
                embedded(value) if key.lower() in ("resource", "operation", "labels") else value,
            )
    out["protoPayload"] = _payload(payload)
    return out


def tables_of(payload: Mapping[str, Any]) -> list[str]:
    """The tables that a job of BigQuery copies or extracts, of a record of the older kind, as the newer ones name them."""
    data = payload.get("serviceData")
    if not isinstance(data, Mapping):
        return []
    found = (_at(data, f"{job}.jobConfiguration.{part}") for job in _OLDER_JOBS for part in _OLDER_SOURCES)
    listed = [t for one in found for t in (one if isinstance(one, list) else [one]) if isinstance(t, Mapping)]
    named = ([t.get(key) for key in ("projectId", "datasetId", "tableId")] for t in listed[:_MAX_TABLES])
    return [
        f"projects/{project}/datasets/{dataset}/tables/{table}"
        for project, dataset, table in named
        if isinstance(project, str) and isinstance(dataset, str) and isinstance(table, str)
    ]


def _payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in payload.items():
        if not isinstance(key, str):
            continue
        lower = key.lower()
        if lower in _JSON_PARTS:
            name = _JSON_PARTS[lower]
        elif lower.startswith("servicedata_v1_"):
            name = "serviceData"
        else:
            name = _name(key)
        if value is None or (name in out and not isinstance(value, Mapping)):
            continue
        parsed = embedded(value)
        out[name] = _camel(parsed, _MAX_DEPTH) if name in _NESTED else parsed
    return out


def _camel(value: Any, depth: int) -> Any:
    if depth <= 0:
        return value
    if isinstance(value, Mapping):
        return {_name(k) if isinstance(k, str) else k: _camel(v, depth - 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_camel(v, depth - 1) for v in value]
    return value


def _name(key: str) -> str:
    if key in ("at_sign_type", "at_type", "_type"):
        return "@type"
    if "_" in key and _SNAKE.fullmatch(key):
        head, *rest = key.split("_")
        return head + "".join(part.capitalize() for part in rest)
    return _AUDIT.get(key, key)


def _from_columns(record: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(record.get("MethodName"), str):
        return _laid({path: record.get(column) for column, path in _COLUMNS.items()})
    if _is_typed(record):
        return _from_typed(record)
    flat = unflattened(record)
    for key in ("protoPayload", "protopayload_auditlog"):
        if isinstance(flat.get(key), Mapping):
            return flat
    original = embedded(_at(flat, "event.original"))
    if isinstance(original, Mapping) and payload_of(original) is not None:
        return dict(original)
    found: dict[str, Any] = {}
    for path, target in _ELASTIC.items():
        value = _at(flat, path)
        if value is not None:
            found.setdefault(target, value)
    made = _laid(found)
    if isinstance(made.get("logName"), str):
        return made
    data_stream = _at(flat, "log.logger") or _at(flat, "gcp.audit.log_name")
    return {**made, "logName": data_stream} if isinstance(data_stream, str) else made


def _from_typed(record: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, columns in _TYPED_ENTRY.items():
        made[name] = next((record[c] for c in columns if record.get(c)), None)
    for column, value in record.items():
        if found := _TYPED.fullmatch(column):
            made |= {f"protoPayload.{path}": value for path in _nested(found[1])}
        elif found := _ABOUT.fullmatch(column):
            made[f"resource.labels.{found[2]}" if found[1] else f"resource.{found[2]}"] = value
    return _laid(made)


def _nested(joined: str) -> list[str]:
    """`request_policy_bindings` → `request.policy.bindings`; where `_` may join words or objects, as both."""
    path, rest = "", joined
    while part := next((o for o in _OBJECTS if rest.startswith(f"{o}_")), ""):
        path, rest = f"{path}{_name(part)}.", rest[len(part) + 1 :]
    if rest == "_type":
        return [f"{path}@type"]
    return [path + _name(rest), path + rest.strip("_").replace("_", ".")] if "_" in rest else [path + rest]


def _laid(values: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for path, value in values.items():
        if value is None or value == "":
            continue
        target = out
        *steps, last = path.split(".")
        for step in steps:
            inner = target.setdefault(step, {})
            target = inner if isinstance(inner, dict) else {}
        target[last] = embedded(value)
    return out


def _at(value: Any, path: str) -> Any:
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value
