"""Lines of Azure's activity log and storage logs, as diagnostic settings write them: what is looked at, and which matter.

A line is taken only where each of its keys is one of these logs', spelt as there, so that whatever the full parser goes by
is among the typed values. One fact is taken from the documentation: a token's claims of name and tenant stand under
these addresses, or their short names, and no other. Lines of other Azure logs are all read whole.

Sources: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema and
https://learn.microsoft.com/azure/storage/blobs/monitor-blob-storage-reference.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from exclave.detect.lines import delivered, marks
from exclave.detect.lines.marks import ACTIVITY, STORAGE
from exclave.detect.lines.names import Wanted, wanted
from exclave.formats import azure, azure_activity, azure_storage
from exclave.formats.logs import parser_for
from exclave.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.detect.lines.looking import Looking
    from exclave.detect.lines.told import Told
    from exclave.detect.match import Index
    from exclave.detect.patterns import Finder
    from exclave.formats.logs import Parser

_DELIVERED = re.compile(
    r"insights-(?:(activity-logs)|logs-storage(?:read|write|delete))/resourceId=(/subscriptions/[^=]{36,600})/y=\d{4}/",
    re.IGNORECASE,
)
_OPERATION = re.compile(rb'"operationName"\s*:\s*"([^"\\]*)"')
_MAX_KNOWN = 50_000
_PATH = "authentication.type"
_STORES = "/storageaccounts/"


class _Anything(msgspec.Struct, gc=False):
    """An object whose content doesn't matter."""


_RENAMED = {
    "upn": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
    "tenant": "http://schemas.microsoft.com/identity/claims/tenantid",
    "short_upn": "upn",
    "tid": "tid",
}


class _Claims(msgspec.Struct, gc=False, rename=_RENAMED):
    upn: str = ""
    tenant: str = ""
    short_upn: str = ""
    tid: str = ""


class _Requester(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    tenantId: str = ""  # noqa: N815 - the log's own keys
    objectId: Any = None  # noqa: N815
    appId: Any = None  # noqa: N815
    upn: Any = None
    userName: Any = None  # noqa: N815
    audience: Any = None
    tokenIssuer: Any = None  # noqa: N815


class _Identity(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    claims: _Claims | None = None
    authorization: msgspec.Raw = msgspec.Raw()
    type: str = ""
    tokenHash: str = ""  # noqa: N815
    requester: _Requester | None = None
    properties: msgspec.Raw = msgspec.Raw()


class _Properties(msgspec.Struct, gc=False):
    hierarchy: str = ""
    statusCode: Any = None  # noqa: N815


class Line(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What is looked at of a line. Decoding fails where a line has another shape."""

    time: Annotated[datetime, msgspec.Meta(tz=True)]
    resourceId: str  # noqa: N815
    operationName: str  # noqa: N815
    category: str
    resultType: str = ""  # noqa: N815
    resultSignature: str = ""  # noqa: N815
    statusCode: int | str = ""  # noqa: N815
    statusText: Any = None  # noqa: N815
    tenantId: str = ""  # noqa: N815
    identity: _Identity | None = None
    properties: _Properties | None = None
    resultDescription: Any = None  # noqa: N815
    operationVersion: Any = None  # noqa: N815
    schemaVersion: Any = None  # noqa: N815
    durationMs: Any = None  # noqa: N815
    callerIpAddress: Any = None  # noqa: N815
    correlationId: Any = None  # noqa: N815
    level: Any = None
    location: Any = None
    uri: Any = None
    protocol: Any = None
    resourceType: Any = None  # noqa: N815
    RoleLocation: Any = None
    ReleaseVersion: Any = None
    Stamp: Any = None


class _Stamp(msgspec.Struct, gc=False):
    time: str


class _Name(msgspec.Struct, frozen=True, gc=False):
    """What the lines with a name, a category and an outcome are."""

    log: str
    failed: bool
    means: Wanted


class Azure:
    """Which lines of one content matter.

    Args:
        catalogue: what is looked for.
        known: what names mean, kept for the next content.
        told: what earlier contents of the batch have told of owners and callers.
    """

    decoder = msgspec.json.Decoder(Line)
    stamps = msgspec.json.Decoder(_Stamp)

    def __init__(self, catalogue: Index, known: dict[Any, Any], told: Told) -> None:
        if len(known) > _MAX_KNOWN:
            known.clear()
        self.told = told
        self._catalogue = catalogue
        self._names = known

    @staticmethod
    def way(name: str, first: Line) -> str:
        """Which marks the lines of a file need that Azure delivered, as its name and its first line say; "" if they don't."""
        named = _DELIVERED.search(name)
        if not named or not f"{first.resourceId}/".lower().startswith(f"{named[2]}/".lower()):
            return ""
        if first.category.lower().startswith("storage"):
            return "" if named[1] else STORAGE
        return ACTIVITY if named[1] else ""

    @staticmethod
    def marks(catalogue: Index, way: str) -> tuple[Finder, ...]:
        """Searches for those marks. Raises ImportError without Hyperscan."""
        return marks.storage(catalogue, _PATH) if way == STORAGE else marks.activity(catalogue)

    def picked(self, shapes: Sequence[Line]) -> list[int]:
        """The positions of the lines that must be read whole. It remembers what they show."""
        return [n for n, shape in enumerate(shapes) if self._matters(shape)]

    def parser(self, line: Line) -> Parser | None:
        """What reads a line that was picked as the full parser would, which decides where it is None."""
        return _PARSERS.get(self._names[_key(line)].log)

    def over(self, looking: Looking, places: list[int]) -> bool:
        """Goes over the lines of a file that Azure delivered, by its marks."""
        delivered.over(looking, places, lambda at, stop: self._is_wanted(looking.data, at, stop))
        return True

    def _is_wanted(self, data: bytes, at: int, stop: int) -> bool:
        """Whether what was done in a line of a storage log can matter, by its name alone."""
        named = _OPERATION.search(data, at, stop)
        if not named:
            return True
        means = self._names.get(named[1])
        if means is None:
            action = named[1].decode("ascii", "replace").lower()
            found = wanted(f"microsoft.storage:{action}", action, self._catalogue, {}, _PATH)
            means = self._names[named[1]] = bool(found)
        return bool(means)

    def _matters(self, line: Line) -> bool:
        key = _key(line)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._name(line, key[3])
        if name.means.always:
            return True
        owner = name.log, name.failed, line.resourceId
        if owner not in self.told and self._is_new_owner(owner):
            return True
        identity = line.identity or _NOBODY
        if name.log == "azure-activity":
            claims = identity.claims or _NO_CLAIMS
            hierarchy = line.properties.hierarchy if line.properties else ""
            who = line.tenantId, hierarchy, claims.tid, claims.tenant, claims.short_upn, claims.upn
            return bool(name.means) or (who not in self.told and self._is_new_caller(who))
        return bool(name.means) and _shows(name.means, identity)

    def _name(self, line: Line, signature: str) -> _Name:
        """What a name means, by the full parser's reading of nothing but what decides it."""
        record = {
            "resourceId": line.resourceId,
            "operationName": line.operationName,
            "category": line.category,
            "resultType": line.resultType,
            "resultSignature": signature,
            "statusCode": line.statusCode,
        }
        parse = parser_for(record)
        if parse not in (azure_activity.event, azure_storage.event) or parse is None:
            return _Name("", False, Wanted(always=True))
        event = parse(record, _NOWHERE)
        if event.log == "azure-storage" and not event.fields["statusCode"]:
            return _Name(event.log, False, Wanted(always=True))  # another key says how it ended
        if not event.action.isascii():
            return _Name(event.log, bool(event.error), Wanted())
        means = wanted(event.name.lower(), event.action.lower(), self._catalogue, {}, _PATH)
        return _Name(event.log, bool(event.error), means)

    def _is_new_owner(self, owner: tuple[str, bool, str]) -> bool:
        log, failed, resource = owner
        lower = resource.lower()
        subscription = azure.subscription_of(lower)
        if not subscription:
            return True  # it may stand elsewhere in the line
        plain = log, failed, lower if _STORES in lower else subscription
        new = plain not in self.told
        self.told.add(owner, plain)
        return new

    def _is_new_caller(self, who: tuple[str, ...]) -> bool:
        upn = (who[4] or who[5]).lower()
        member = upn.count("@") == 1 and "#ext#" not in upn
        plain = (*who[:4], upn.partition("@")[2] if member else "", "by domain")
        new = plain not in self.told
        self.told.add(who, plain)
        return new


def _key(line: Line) -> tuple[str, str, str, str, int | str]:
    """What a name, a category and an outcome are known by."""
    signature = line.resultSignature
    if not signature and line.properties:
        signature = azure.value_of(line.properties.statusCode)
    return line.category, line.operationName, line.resultType, signature, line.statusCode


def _shows(means: Wanted, identity: _Identity) -> bool:
    kind = identity.type.lower()
    requester = identity.requester
    return (
        not kind  # then the address may hold a signature
        or kind in means.values
        or (means.foreign and (kind == "anonymous" or (requester is not None and requester.tenantId != "")))
    )


_NOBODY = _Identity()
_NO_CLAIMS = _Claims()
_PARSERS = {"azure-activity": azure_activity.event, "azure-storage": azure_storage.event}
_NOWHERE = Evidence(file="", record=0)
