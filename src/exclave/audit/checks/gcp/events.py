"""The calls on which an alarm must be raised (events.toml), and the log entries that they leave."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.audit.checks.gcp.logcompare import key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.audit.checks.gcp.logfilter import Compiled

ACTIVITY, DATA_ACCESS = "activity", "data_access"
PEOPLE = ("alice@example.com", "probe@other-project.iam.gserviceaccount.com")
ADDRESSES = ("203.0.113.9", "private")
AGENTS = ("google-cloud-sdk gcloud/500.0.0", "Mozilla/5.0")
ROLES = ("roles/viewer", "roles/owner", "roles/storage.objectViewer")
MAX_NAMED = 20  # texts of a field of a filter that are tried


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
        "timestamp": "2099-01-01T00:00:00Z",  # still to come: a filter with an end in time sees nothing of it
        "severity": "NOTICE" if log == ACTIVITY else "INFO",
        "resource": {"type": event.resource, "labels": {f"{kind[:-1]}_id": identifier}},
        "protoPayload": payload,
    }


def entries(event: LogEvent, parent: str, filter_: Compiled) -> Iterator[dict[str, Any]]:
    """Entries of the same call by different callers, on different things; also those that a filter names: none must be spared."""
    for caller in PEOPLE:
        yield entry(event, parent, caller=caller)
    for address in ADDRESSES[1:]:
        yield entry(event, parent, address=address)
    for agent in AGENTS[1:]:
        yield entry(event, parent, agent=agent)
    if event.delta:
        for role in ROLES[1:]:
            yield entry(event, parent, role=role)
    yield from narrowed_calls(filter_, event, parent, ACTIVITY)


def covers(filter_: Compiled, event: LogEvent, parent: str) -> bool:
    """Whether a filter selects a call, whoever makes it."""
    return all(filter_(found) for found in entries(event, parent, filter_))


def narrowed_calls(filter_: Compiled, event: LogEvent, parent: str, log: str) -> Iterator[dict[str, Any]]:
    """Entries of one call by the callers, from the addresses, on the things that a filter names."""
    for path, text in _named(filter_, _OF_THE_CALL):
        yield _with(entry(event, parent, log=log), path, text)


def narrowed(filter_: Compiled, event: LogEvent, parent: str, log: str) -> Iterator[dict[str, Any]]:
    """Entries made to fit what a filter names: one text of each field, then all fields at once."""
    fields: dict[tuple[str, ...], list[str]] = {}
    for path, text in _named(filter_, _OF_THE_LOG):
        fields.setdefault(path, []).append(text)
        yield _with(entry(event, parent, log=log), path, text)
    for at in range(max((len(named) for named in fields.values()), default=0)):
        found = entry(event, parent, log=log)
        for path, named in fields.items():
            found = _with(found, path, named[min(at, len(named) - 1)])
        yield found


# what makes an entry one of another log or of another place, not of another caller
_OF_THE_LOG = (
    "logname", "timestamp", "receivetimestamp", "protopayload.@type", "resource.labels.projectid", "resource.labels.organizationid",
    "resource.labels.folderid",
)  # fmt: skip
# and what makes it another call, or one that came to another end
_OF_THE_CALL = (
    *_OF_THE_LOG, "resource.type", "severity", "protopayload.servicename", "protopayload.methodname", "protopayload.status", "operation",
    "protopayload.authorizationinfo.granted", "protopayload.servicedata.policydelta.bindingdeltas.action",
)  # fmt: skip


def _named(filter_: Compiled, but: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The fields that a filter names, but for some and what is in them, each with the texts it is compared with."""
    for name, texts in filter_.named.items():
        if not any(f"{name}.".startswith(f"{b}.") for b in but):
            for text in sorted(texts)[:MAX_NAMED]:
                yield tuple(name.split(".")), text


def _with(value: Any, path: tuple[str, ...], text: str) -> Any:
    """A value with a text at a path, whose names are written as filters compare them."""
    if isinstance(value, list):
        return [_with(one, path, text) for one in value]
    held = value if isinstance(value, dict) else {}
    name = next((k for k in held if key(k) == path[0]), path[0])
    return {**held, name: text if len(path) == 1 else _with(held.get(name), path[1:], text)}
