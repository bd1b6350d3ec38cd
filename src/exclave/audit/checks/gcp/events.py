"""The calls on which an alarm must be raised (events.toml), and the log entries that they leave."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.audit.checks.gcp.logfilter import Compiled

ACTIVITY, DATA_ACCESS = "activity", "data_access"
PEOPLE = ("alice@example.com", "probe@other-project.iam.gserviceaccount.com")
ADDRESSES = ("203.0.113.9", "private")
AGENTS = ("google-cloud-sdk gcloud/500.0.0", "Mozilla/5.0")
ROLES = ("roles/viewer", "roles/owner", "roles/storage.objectViewer")
_CALLER = "protopayload.authenticationinfo.principalemail"
_ADDRESS = "protopayload.requestmetadata.callerip"
_AGENT = "protopayload.requestmetadata.callersupplieduseragent"
MAX_NAMED = 20  # texts of a filter that are tried as a caller's


class LogEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call as the audit log names it. `level`: whose log it stands in."""

    group: str
    service: str
    method: str
    resource: str
    level: tuple[str, ...] = ("project",)
    delta: bool = False

    @property
    def name(self) -> str:
        """`storage.googleapis.com storage.setIamPermissions`."""
        return f"{self.service} {self.method}"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: tuple[LogEvent, ...]


def load() -> tuple[LogEvent, ...]:
    """Every event of the table."""
    text = resources.files(__package__).joinpath("events.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File).event


def entry(
    event: LogEvent,
    parent: str,
    *,
    log: str = ACTIVITY,
    caller: str = PEOPLE[0],
    address: str = ADDRESSES[0],
    agent: str = AGENTS[0],
    role: str = ROLES[0],
) -> dict[str, Any]:
    """The entry that a call leaves in the log of `parent` (`projects/p`, `organizations/1`).

    Shape: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog
    """
    payload: dict[str, Any] = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": event.service,
        "methodName": event.method,
        "resourceName": parent,
        "authenticationInfo": {"principalEmail": caller, "principalSubject": f"user:{caller}"},
        "requestMetadata": {"callerIp": address, "callerSuppliedUserAgent": agent},
        "authorizationInfo": [{"resource": parent, "granted": True}],
        "status": {},
    }
    if event.delta:
        change = {"action": "ADD", "role": role, "member": "user:stranger@example.org"}
        payload["serviceData"] = {"policyDelta": {"bindingDeltas": [change]}}
    kind, _, identifier = parent.partition("/")
    return {
        "logName": f"{parent}/logs/cloudaudit.googleapis.com%2F{log}",
        "insertId": "probe",
        "timestamp": "2026-01-01T00:00:00Z",
        "severity": "NOTICE" if log == ACTIVITY else "INFO",
        "resource": {"type": event.resource, "labels": {f"{kind[:-1]}_id": identifier}},
        "protoPayload": payload,
    }


def entries(event: LogEvent, parent: str, filter_: Compiled) -> Iterator[dict[str, Any]]:
    """Entries of the same call by different callers, also by those whom a filter names: who must not be spared."""
    for caller in (*PEOPLE, *_named(filter_.named, _CALLER)):
        yield entry(event, parent, caller=caller)
    for address in (*ADDRESSES[1:], *_named(filter_.named, _ADDRESS)):
        yield entry(event, parent, address=address)
    for agent in (*AGENTS[1:], *_named(filter_.named, _AGENT)):
        yield entry(event, parent, agent=agent)
    if event.delta:
        for role in ROLES[1:]:
            yield entry(event, parent, role=role)


def covers(filter_: Compiled, event: LogEvent, parent: str) -> bool:
    """Whether a filter selects a call, whoever makes it."""
    return all(filter_(found) for found in entries(event, parent, filter_))


def narrowed_callers(filter_: Compiled, event: LogEvent, parent: str, log: str) -> Iterator[dict[str, Any]]:
    """Entries by the callers, addresses and agents that a filter names."""
    for path, name in ((_FIELDS[5], _CALLER), (_FIELDS[6], _ADDRESS), (_FIELDS[7], _AGENT)):
        for text in _named(filter_.named, name):
            yield _with(entry(event, parent, log=log), path, text)


def narrowed(filter_: Compiled, event: LogEvent, parent: str, log: str) -> Iterator[dict[str, Any]]:
    """Entries made to fit what a filter names: one text of each field, then all fields at once."""
    fields = [(path, _named(filter_.named, ".".join(path).lower())) for path in _FIELDS]
    for path, named in fields:
        for text in named:
            yield _with(entry(event, parent, log=log), path, text)
    for at in range(max((len(named) for _, named in fields), default=0)):
        found = entry(event, parent, log=log)
        for path, named in fields:
            if named:
                found = _with(found, path, named[min(at, len(named) - 1)])
        yield found


_FIELDS = (
    ("resource", "type"),
    ("severity",),
    ("protoPayload", "serviceName"),
    ("protoPayload", "methodName"),
    ("protoPayload", "resourceName"),
    ("protoPayload", "authenticationInfo", "principalEmail"),
    ("protoPayload", "requestMetadata", "callerIp"),
    ("protoPayload", "requestMetadata", "callerSuppliedUserAgent"),
)


def _with(value: dict[str, Any], path: tuple[str, ...], text: str) -> dict[str, Any]:
    inner = value.get(path[0])
    return {
        **value,
        path[0]: text if len(path) == 1 or not isinstance(inner, dict) else _with(inner, path[1:], text),
    }


def _named(named: Mapping[str, frozenset[str]], field: str) -> list[str]:
    return sorted(named.get(field, ()))[:MAX_NAMED]
