"""One audit LogEntry of Google Cloud → Event.

Sources: the AuditLog reference, https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog,
understanding audit logs, https://cloud.google.com/logging/docs/audit/understanding-audit-logs, and the audit log of
VPC Service Controls, https://cloud.google.com/vpc-service-controls/docs/audit-logging.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from msgspec.structs import replace

from exclave.formats import gcp_shapes
from exclave.formats.cloudtrail import parse_time
from exclave.model import Actor, Cloud, Event, Evidence
from exclave.perimeter.google import is_agent, is_service_account, project_of_member

_VERSION = re.compile(r"(?:v\d+[a-z0-9]*|alpha|beta|staging[a-z0-9_]*)\.", re.IGNORECASE)
_GOOGLE_REST = re.compile(r"google\.(?=[a-z]+\.[a-z]+\.[a-z])")
_PROJECT = re.compile(r"(?:^|/)projects/([^/_][^/]*)")
_LOG = re.compile(
    r"(?:^|/)(projects|organizations|folders|billingAccounts)/([^/]+)/(?:logs/)?cloudaudit", re.IGNORECASE
)
_STATUS = {
    1: "CANCELLED", 2: "UNKNOWN", 3: "INVALID_ARGUMENT", 4: "DEADLINE_EXCEEDED", 5: "NOT_FOUND", 6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED", 8: "RESOURCE_EXHAUSTED", 9: "FAILED_PRECONDITION", 10: "ABORTED", 11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED", 13: "INTERNAL", 14: "UNAVAILABLE", 15: "DATA_LOSS", 16: "UNAUTHENTICATED",
}  # fmt: skip
_JOB_ERRORS = (
    ("metadata", "jobChange", "job", "jobStatus", "errorResult"),
    ("serviceData", "jobCompletedEvent", "job", "jobStatus", "error"),
)
_VPC_SC = "VpcServiceControlAuditMetadata"
_MAX_CREATED = 100
POLICY_DENIED = "PolicyDenied"  # action of records in the Policy Denied log, whatever was denied


def action_name(method: str) -> str:
    """The name of a method without its API's version and package, so that every version is matched by one entry.

    - a leading version goes: `v1.compute.images.setIamPolicy`, `beta.compute...` → `compute.images.setIamPolicy`;
    - of a gRPC name the last part stays: `google.iam.admin.v1.CreateServiceAccountKey` → `CreateServiceAccountKey`,
      `google.cloud.bigquery.v2.JobService.InsertJob` → `InsertJob`;
    - `google.` before a REST name goes: `google.storage.objects.get` → `storage.objects.get`.

    Names compare without case, so `SetIamPolicy` and `SetIAMPolicy` are one; `setIamPolicy` of Compute and
    `setIamPermissions` of Cloud Storage keep what they are set on.
    """
    name = _VERSION.sub("", method.strip(), count=1) if _VERSION.match(method.strip()) else method.strip()
    last = name.rpartition(".")[2].rpartition("/")[2]
    if last[:1].isupper():
        return last
    return _GOOGLE_REST.sub("", name, count=1) if name.startswith("google.") else name


def is_record(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is an audit LogEntry, in any of the spellings that exports give it."""
    payload = gcp_shapes.payload_of(record)
    if payload is not None:
        kind = payload.get("@type") or payload.get("at_sign_type") or payload.get("at_type")
        return not isinstance(kind, str) or kind.endswith("AuditLog")
    return gcp_shapes.is_columns(record)


def event(record: Mapping[str, Any], evidence: Evidence) -> Event:
    """One record, read. Missing or odd parts become "" or None, never an error."""
    entry = gcp_shapes.entry(record)
    payload = entry["protoPayload"]
    resource = _mapping(entry.get("resource"))
    labels = _mapping(resource.get("labels"))
    metadata = _mapping(payload.get("metadata"))
    method = _method(payload, labels)
    service, action = _service(payload, labels, method), action_name(method)
    error = _error(payload)
    if _VPC_SC in _text(metadata.get("@type")) or "vpcServiceControlsUniqueId" in metadata:
        entry["deniedMethod"], entry["deniedService"] = method, service
        service, action = "cloudaudit.googleapis.com", POLICY_DENIED
        # In a dry run of the perimeter the call itself went through.
        error = "" if str(metadata.get("dryRun")).lower() == "true" else error or "PERMISSION_DENIED"
    if created := _created(payload):
        entry["created"] = created
    if tables := gcp_shapes.tables_of(payload):
        entry["tables"] = tables
    log_name = unquote(_text(entry.get("logName")))
    project = _project(log_name, labels, payload)
    return Event(
        cloud=Cloud.GCP,
        log="gcp-audit",
        time=_time(entry, payload),
        service=service,
        action=action,
        actor=_actor(payload, project),
        account=project,
        region=_region(labels, payload),
        error=error,
        dry_run=False,
        fields=entry,
        raw=record,
        evidence=evidence
        if evidence.event_id
        else replace(evidence, event_id=_text(entry.get("insertId"))[:200]),
        shared_id=_operation(entry),
    )


def owners(event: Event) -> tuple[str, str]:
    """The organisation that the log belongs to and the number of its project, where the record states them; "" otherwise."""
    log = _LOG.search(unquote(_text(event.fields.get("logName"))))
    organization = log[2] if log and log[1].lower() == "organizations" else ""
    payload = _mapping(event.fields.get("protoPayload"))
    labels = _mapping(_mapping(event.fields.get("resource")).get("labels"))
    project = _text(labels.get("project_id"))
    number = project if project.isdigit() else ""
    named = _PROJECT.match(_text(payload.get("resourceName")))
    if (
        not number
        and named
        and named[1].isdigit()
        and log
        and log[1].lower() == "projects"
        and is_change(event)
    ):
        number = named[1]
    actor = event.actor.id
    if not number and actor.endswith("@cloudservices.gserviceaccount.com") and is_change(event):
        number = actor.partition("@")[0]  # Google's own agent for the resources of one project
    return organization, number if number.isdigit() else ""


def is_change(event: Event) -> bool:
    """Whether the record stands in an Admin Activity log and the call succeeded."""
    name = unquote(_text(event.fields.get("logName")))
    return name.endswith("cloudaudit.googleapis.com/activity") and not event.error


def _method(payload: Mapping[str, Any], labels: Mapping[str, Any]) -> str:
    """The method; of a shortened record, what its label or its request's type says of it."""
    if method := _text(payload.get("methodName")) or _text(labels.get("method")):
        return method
    kind = _text(_mapping(payload.get("request")).get("@type")).rpartition("/")[2]
    return kind.removesuffix("Request")


def _service(payload: Mapping[str, Any], labels: Mapping[str, Any], method: str) -> str:
    if service := _text(payload.get("serviceName")) or _text(labels.get("service")):
        return service.lower()
    name = _text(payload.get("resourceName"))
    if name.startswith("//"):
        return name[2:].partition("/")[0].lower()
    if service := _asked(payload):
        return service
    action = action_name(method)
    head = action.partition(".")[0] if "." in action else ""
    if head:
        return f"{head.lower()}.googleapis.com"
    parts = method.split(".")
    return f"{parts[2] if parts[1] == 'cloud' else parts[1]}.googleapis.com" if len(parts) > 3 else ""  # noqa: PLR2004 - google.iam.admin.v1.X


def _asked(payload: Mapping[str, Any]) -> str:
    """The service of a record that lost its name on the way: what the permissions were asked of."""
    asked = payload.get("authorizationInfo")
    for item in asked if isinstance(asked, list) else ():
        attributes = _mapping(_mapping(item).get("resourceAttributes"))
        if (service := _text(attributes.get("service")).lower()).endswith(".googleapis.com"):
            return service
    return ""


def _project(log_name: str, labels: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """Whose log it is: the project of the log's name, of the resource's label, of the resource; else the organisation."""
    log = _LOG.search(log_name)
    if log and log[1].lower() == "projects":
        return log[2]
    if project := _text(labels.get("project_id")):
        return project
    if named := _PROJECT.search(_text(payload.get("resourceName"))):
        return "" if named[1] == "-" else named[1]
    return f"{log[1]}/{log[2]}" if log else ""


def _actor(payload: Mapping[str, Any], project: str) -> Actor:
    who = _mapping(payload.get("authenticationInfo"))
    caller = _mapping(payload.get("requestMetadata"))
    subject = _text(who.get("principalSubject"))
    mail = _text(who.get("principalEmail")) or (
        subject.partition(":")[2] if not subject.startswith("principal") else ""
    )
    chain = who.get("serviceAccountDelegationInfo")
    behind = ""
    if isinstance(chain, list) and chain and isinstance(chain[0], Mapping):
        first = _mapping(chain[0].get("firstPartyPrincipal"))
        behind = _text(chain[0].get("principalSubject")) or _text(first.get("principalEmail"))
    if is_agent(mail):
        kind = "service"
    elif is_service_account(mail):
        kind = "service-account"
    elif mail:
        kind = "user"
    else:
        kind = "federated" if subject else "unknown"
    owner = project_of_member(mail)
    return Actor(
        kind=kind,
        id=mail or subject,
        name=mail.partition("@")[0],
        # A number can't be compared with the id that the log is named by.
        account="" if owner.isdigit() and not project.isdigit() else owner,
        credential=_text(who.get("serviceAccountKeyName")).rpartition("/")[2],
        issuer=behind.rpartition(":")[2] if "://" not in behind else behind,
        via=_text(who.get("authoritySelector")),
        ip=_text(caller.get("callerIp")) or _text(caller.get("callerIP")),
        agent=_text(caller.get("callerSuppliedUserAgent")),
    )


def _created(payload: Mapping[str, Any]) -> list[str]:
    """The things that a call makes, by the permissions it needed: a call on a disk makes a snapshot, say."""
    asked = payload.get("authorizationInfo")
    out = []
    for item in asked if isinstance(asked, list) else ():
        if isinstance(item, Mapping) and _text(item.get("permission")).endswith(".create"):
            name = _text(_mapping(item.get("resourceAttributes")).get("name")) or _text(item.get("resource"))
            if name:
                out.append(name)
    return out[:_MAX_CREATED]


def _error(payload: Mapping[str, Any]) -> str:
    """The code of a call that failed, or of a BigQuery job that ended with an error though it could be started."""
    told = (payload.get("status"), *(_inside(payload, path) for path in _JOB_ERRORS))
    return next((code for status in told if (code := _code(status))), "") or _refused(payload)


def _refused(payload: Mapping[str, Any]) -> str:
    """What a record without a status says where each permission that was asked for is told as not granted."""
    asked = payload.get("authorizationInfo")
    granted = [_mapping(item).get("granted") for item in asked] if isinstance(asked, list) else []
    return "PERMISSION_DENIED" if granted and all(str(one).lower() == "false" for one in granted) else ""


def _inside(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = _mapping(value).get(step)
    return value


def _code(status: Any) -> str:
    if not isinstance(status, Mapping):
        return ""
    code = status.get("code")
    try:
        number = int(code) if isinstance(code, int | float | str) and not isinstance(code, bool) else 0
    except ValueError:
        return _text(code)
    return _STATUS.get(number, f"code {number}") if number else ""


def _region(labels: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    for key in ("location", "region", "zone"):
        if found := _text(labels.get(key)):
            return found
    current = _mapping(payload.get("resourceLocation")).get("currentLocations")
    return _text(current[0]) if isinstance(current, list) and current else ""


def _operation(entry: Mapping[str, Any]) -> str:
    """The id of a long-running operation, which has a record when it begins and one when it ends."""
    operation = _mapping(entry.get("operation"))
    if bool(operation.get("first")) == bool(operation.get("last")):
        return ""
    return _text(operation.get("id"))


def _time(entry: Mapping[str, Any], payload: Mapping[str, Any]) -> Any:
    for value in (
        entry.get("timestamp"),
        _mapping(_mapping(payload.get("requestMetadata")).get("requestAttributes")).get("time"),
        entry.get("receiveTimestamp"),
    ):
        if (time := parse_time(value)) is not None:
            return time
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:4096]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
