"""Lines of LogEntry, as Google's sinks write them: what is looked at, and which lines must be read whole.

A line is taken only where each of its keys, and of those in the audit log, is one of the reference's, spelt as there.
Whatever the full parser then goes by is among the typed values. Sources: the LogEntry and AuditLog references,
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry and
https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from exclave.catalogue.entry import Read
from exclave.catalogue.readers.gcp import foreign_caller
from exclave.detect.lines import heads, marks
from exclave.detect.lines.names import Wanted, wanted
from exclave.formats import gcp_audit
from exclave.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.detect.lines.looking import Looking
    from exclave.detect.lines.told import Told
    from exclave.detect.match import Index
    from exclave.detect.patterns import Finder
    from exclave.formats.logs import Parser

CHANGES, READS = "changes", "reads"
_MAX_KNOWN = 50_000
_PARTS = {"protoPayload.metadata.": "metadata", "protoPayload.serviceData.": "serviceData"}
_PATH = "protoPayload.requestMetadata.callerIp"
_NUMBERED = "cloudservices.gserviceaccount.com"  # of one project each
_ACCOUNTS = ".gserviceaccount.com"
_ODD = frozenset("/:?")  # in an address: not a plain one


class _Anything(msgspec.Struct, gc=False):
    """An object whose content doesn't matter."""


class _Who(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    principalEmail: str = ""  # noqa: N815 - the log's own keys
    principalSubject: str = ""  # noqa: N815
    authoritySelector: Any = None  # noqa: N815
    serviceAccountKeyName: Any = None  # noqa: N815
    serviceAccountDelegationInfo: msgspec.Raw = msgspec.Raw()  # noqa: N815
    thirdPartyPrincipal: msgspec.Raw = msgspec.Raw()  # noqa: N815
    oauthInfo: msgspec.Raw = msgspec.Raw()  # noqa: N815
    loggableShortLivedCredential: msgspec.Raw = msgspec.Raw()  # noqa: N815


class _From(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    callerIp: str = ""  # noqa: N815
    callerSuppliedUserAgent: Any = None  # noqa: N815
    callerNetwork: Any = None  # noqa: N815
    requestAttributes: _Anything | None = None  # noqa: N815
    destinationAttributes: _Anything | None = None  # noqa: N815


class _Status(msgspec.Struct, gc=False):
    code: int | str = 0


class _Audit(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"type": "@type"}):
    methodName: str  # noqa: N815
    serviceName: str  # noqa: N815
    type: str = ""
    resourceName: str = ""  # noqa: N815
    authenticationInfo: _Who | None = None  # noqa: N815
    requestMetadata: _From | None = None  # noqa: N815
    status: _Status | None = None
    metadata: _Anything | None = None
    serviceData: _Anything | None = None  # noqa: N815
    request: _Anything | None = None
    response: _Anything | None = None
    authorizationInfo: list[_Anything] | None = None  # noqa: N815
    resourceLocation: _Anything | None = None  # noqa: N815
    resourceOriginalState: _Anything | None = None  # noqa: N815
    policyViolationInfo: _Anything | None = None  # noqa: N815
    numResponseItems: int | str | None = None  # noqa: N815


class _Labels(msgspec.Struct, gc=False):
    project_id: str = ""
    bucket_name: Any = None
    method: Any = None
    service: Any = None


class _Resource(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    labels: _Labels | None = None
    type: str = ""


class Entry(msgspec.Struct, gc=False, forbid_unknown_fields=True, rename={"time": "timestamp"}):
    """What is looked at of a line. Decoding fails where a line has another shape."""

    time: Annotated[datetime, msgspec.Meta(tz=True)]
    protoPayload: _Audit  # noqa: N815
    logName: str  # noqa: N815
    resource: _Resource | None = None
    insertId: str = ""  # noqa: N815
    severity: str = ""
    receiveTimestamp: str = ""  # noqa: N815
    operation: _Anything | None = None
    labels: _Anything | None = None
    trace: str = ""
    spanId: str = ""  # noqa: N815
    traceSampled: bool | None = None  # noqa: N815
    sourceLocation: _Anything | None = None  # noqa: N815
    httpRequest: _Anything | None = None  # noqa: N815
    split: _Anything | None = None


class _Stamp(msgspec.Struct, gc=False, rename={"time": "timestamp"}):
    time: str


class Google:
    """Which lines of one content matter.

    Args:
        catalogue: what is looked for.
        known: what names mean, kept for the next content.
        told: what earlier contents of the batch have told of owners and buckets.
    """

    decoder = msgspec.json.Decoder(Entry)
    stamps = msgspec.json.Decoder(_Stamp)

    def __init__(self, catalogue: Index, known: dict[Any, Any], told: Told) -> None:
        if len(known) + len(known.get("strangers", ())) > _MAX_KNOWN:
            known.clear()
        self.told = told
        self._catalogue = catalogue
        self._names = known
        self._callers: set[tuple[str, str, bool]] = set()  # of this content: the first time of each counts
        self._strangers: dict[tuple[str, str, str, str, str], bool] = known.setdefault("strangers", {})

    @staticmethod
    def way(name: str, first: Entry) -> str:  # noqa: ARG004 - Azure's goes by it
        """Which marks lines like the first need."""
        return READS if first.logName.endswith("%2Fdata_access") else CHANGES

    @staticmethod
    def marks(catalogue: Index, way: str) -> tuple[Finder, ...]:
        """Searches for those marks. Raises ImportError without Hyperscan."""
        return marks.google(catalogue, _PARTS, _PATH, reads=way == READS)

    def picked(self, shapes: Sequence[Entry]) -> list[int]:
        """The positions of the lines that must be read whole. It remembers what they show."""
        return [n for n, shape in enumerate(shapes) if self._matters(shape)]

    def parser(self, line: Entry) -> Parser | None:
        """What reads a line that was picked as the full parser would."""
        return gcp_audit.event if line.protoPayload.type.endswith("AuditLog") else None

    def over(self, looking: Looking, places: list[int]) -> bool:
        """Goes over lines by their marks and beginnings; False where the typed parse must."""

        def look(at: int, stop: int, before: int) -> bool:
            looking.out.records = before + 1
            shape = looking.look(at, stop, looking.first + before)
            return shape is not None and self._settled(shape, looking.way)

        lines = heads.over(looking.data, looking.start(), sorted(places), look)
        if lines is None:
            return False
        looking.out.records = lines
        return True

    def _settled(self, line: Entry, way: str) -> bool:
        """Whether, of a line that was not picked, lines that begin alike show nothing unless they are marked."""
        payload = line.protoPayload
        if payload.status is not None and payload.status.code not in (0, ""):
            return False
        if way == READS and not line.logName.endswith("%2Fdata_access"):
            return False
        project = line.resource.labels.project_id if line.resource and line.resource.labels else ""
        return not self._strange(line, payload.authenticationInfo or _NOBODY, project)

    def _matters(self, line: Entry) -> bool:
        payload = line.protoPayload
        if payload.metadata is not None or not payload.type.endswith("AuditLog"):
            # What a perimeter denied goes by another name, which stands there.
            return True
        name = payload.methodName, payload.serviceName
        means = self._names.get(name)
        if means is None:
            means = self._names[name] = self._wanted(*name)
        who = payload.authenticationInfo or _NOBODY
        project = line.resource.labels.project_id if line.resource and line.resource.labels else ""
        failed = payload.status is not None and payload.status.code not in (0, "")
        owner = line.logName, project, payload.resourceName[:10], failed
        if owner not in self.told and self._is_new_owner(line, owner):
            return True
        caller = who.principalEmail or who.principalSubject, line.logName, failed
        if caller not in self._callers and self._is_new_caller(caller):
            return True
        if not failed and line.resource and line.resource.type == "gcs_bucket" and self._is_new_bucket(line):
            return True
        return bool(means) and self._shows(means, line, who, project)

    def _wanted(self, method: str, service: str) -> Wanted:
        if not method or not service:
            return Wanted(always=True)
        record = {"protoPayload": {"methodName": method, "serviceName": service}}
        event = gcp_audit.event(record, _NOWHERE)
        if not event.action.isascii():
            return Wanted()
        return wanted(event.name.lower(), event.action.lower(), self._catalogue, _PARTS, _PATH)

    def _is_new_owner(self, line: Entry, owner: tuple[str, str, str, bool]) -> bool:
        named = line.protoPayload.resourceName
        if owner[2][9:].isdigit() or (not owner[1] and not owner[0].startswith("projects/")):
            # A project's number may stand there, or its id where nothing else says it.
            owner = (owner[0], owner[1], named, owner[3])
        if owner in self.told:
            return False
        self.told.add(owner)
        return True

    def _is_new_caller(self, caller: tuple[str, str, bool]) -> bool:
        mail, log, failed = caller
        domain = mail.rpartition("@")[2].lower()
        if "activity" not in log or (domain.endswith(_ACCOUNTS) and domain != _NUMBERED):
            # Only who changes something tells whose domain it is, and accounts of machines have none.
            self._callers.add(caller)
            return False
        plain = (domain, log, failed)
        # Of people who change things each counts; of service accounts and readers one tells of all.
        alike = domain.endswith("gserviceaccount.com") or failed or not log.endswith("activity")
        alike = alike and domain != _NUMBERED and _ODD.isdisjoint(mail)
        known = alike and plain in self._callers
        self._callers.add(caller)
        if known or not mail:
            return False
        if alike:
            self._callers.add(plain)
        return True

    def _is_new_bucket(self, line: Entry) -> bool:
        labels = line.resource.labels if line.resource else None
        if labels is None or not isinstance(labels.bucket_name, str):
            return False
        bucket = line.logName, labels.project_id, labels.bucket_name
        if bucket in self.told:
            return False
        self.told.add(bucket)
        return True

    def _shows(self, means: Wanted, line: Entry, who: _Who, project: str) -> bool:
        payload = line.protoPayload
        if means.always or ("serviceData" in means.parts and payload.serviceData is not None):
            return True
        origin = payload.requestMetadata
        if means.values and origin is not None and origin.callerIp.lower() in means.values:
            return True
        if not means.foreign:
            return False
        return self._strange(line, who, project)

    def _strange(self, line: Entry, who: _Who, project: str) -> bool:
        """Whether the caller is of another project than the log."""
        named = line.protoPayload.resourceName[:10]
        key = (who.principalEmail, who.principalSubject, line.logName, project, named)
        stranger = self._strangers.get(key)
        if stranger is None:
            stranger = self._strangers[key] = self._is_stranger(line, who, project)
        return stranger

    def _is_stranger(self, line: Entry, who: _Who, project: str) -> bool:
        record = {
            "logName": line.logName,
            "resource": {"labels": {"project_id": project}},
            "protoPayload": {
                "resourceName": line.protoPayload.resourceName,
                "authenticationInfo": {
                    "principalEmail": who.principalEmail,
                    "principalSubject": who.principalSubject,
                },
            },
        }
        if not project and not line.logName.startswith("projects/"):
            return True  # whose log it is depends on the resource's whole name
        return bool(foreign_caller([], _READ, gcp_audit.event(record, _NOWHERE)))


_READ = Read(reader="gcp-foreign-caller")
_NOBODY = _Who()
_NOWHERE = Evidence(file="", record=0)
