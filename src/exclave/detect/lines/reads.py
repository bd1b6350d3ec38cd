"""Storage reads by one caller from one container, counted without reading each of their lines whole.

Each read by somebody signed in, or with a signature, is a taking; all of one caller, container and outcome fold into
one (fold.py). A typed parse of the values that a taking is told apart by says that a line is one more of a kind whose
first was matched in full. Only names of which the catalogue's entries look at nothing else take this way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec.structs import replace

from exclave.detect.fold import key_of
from exclave.detect.match import match
from exclave.formats.cloudtrail import parse_time
from exclave.model import Event, Transfer

if TYPE_CHECKING:
    from exclave.catalogue.entry import Method
    from exclave.detect.match import Index

_SERVICE = "microsoft.storage:"
_PATHS = frozenset({"", "sas", "requester.tenantId"})  # that readers may look at
_CONTAINER = ("containerId",)


class _Who(msgspec.Struct, gc=False, frozen=True):
    tenantId: str = ""  # noqa: N815 - the log's own keys
    objectId: str = ""  # noqa: N815
    appId: str = ""  # noqa: N815
    upn: str = ""


class _How(msgspec.Struct, gc=False, frozen=True):
    type: str
    tokenHash: str = ""  # noqa: N815
    requester: _Who | None = None


class _What(msgspec.Struct, gc=False):
    objectKey: str  # noqa: N815


class _Read(msgspec.Struct, gc=False):
    """Decoding fails where a line has not all that a repeat needs."""

    time: Annotated[datetime, msgspec.Meta(tz=True)]
    resourceId: str  # noqa: N815
    operationName: str  # noqa: N815
    category: str
    identity: _How
    properties: _What
    statusCode: int | str  # noqa: N815
    statusText: str  # noqa: N815


class _Stamp(msgspec.Struct, gc=False):
    time: str


_stamp = msgspec.json.Decoder(_Stamp).decode


_Key = tuple[Any, ...]
_decode = msgspec.json.Decoder(_Read).decode


@dataclass(slots=True)
class _Kind:
    """Reads of one kind: when the first was, and what it showed."""

    time: datetime
    firsts: list[Transfer] = field(default_factory=list)  # empty as long as it isn't certain that they count


@dataclass(slots=True)
class _More:
    """How many reads of a kind came after its first, and the times of the last."""

    kind: _Kind
    count: int = 0
    last: datetime | None = None
    lasts: set[str] = field(default_factory=set)  # as written: typed times are rounded


@dataclass(slots=True)
class Reads:
    """The reads of one content. `told`: kinds of which earlier contents of the batch have told."""

    catalogue: Index
    told: dict[_Key, _Kind]
    _kinds: dict[_Key, _Kind] = field(default_factory=dict)  # met here for the first time
    _more: dict[_Key, _More] = field(default_factory=dict)
    _new: _Kind | None = None

    def counts(self, line: bytes) -> datetime | None:
        """The time of a line that is one more of a known kind, and later than its first; it is counted then."""
        self._new = None
        try:
            read = _decode(line)
        except msgspec.MsgspecError:
            return None
        parts = read.properties.objectKey.strip('"').lstrip("/").split("/", 2)
        if len(parts) < 2:  # noqa: PLR2004 - account and container
            return None
        what = read.operationName, read.category, read.statusCode, read.statusText
        key = *what, read.resourceId, parts[0], parts[1], read.identity
        more = self._more.get(key)
        if more is None:
            kind = self._kinds.get(key) or self.told.get(key)
            if kind is None:
                if self._fold(read.operationName):
                    self._new = self._kinds[key] = _Kind(read.time)
                return None
            more = self._more[key] = _More(kind)
        if not more.kind.firsts or read.time <= more.kind.time:
            return None
        more.count += 1
        if more.last is None or read.time >= more.last:
            if read.time != more.last:
                more.lasts.clear()
            more.last = read.time
            more.lasts.add(_stamp(line).time)
        return read.time

    def learn(self, event: Event) -> None:
        """Notes what the first of a kind shows, which `counts` was asked for just before."""
        if self._new is not None:
            found = list(match(event, self.catalogue))
            transfers = [one for one in found if isinstance(one, Transfer) and key_of(one)]
            if len(transfers) == len(found):
                self._new.firsts = transfers
            self._new = None

    def more(self) -> list[Transfer]:
        """What was counted, to be folded with the firsts, once the content was read to its end."""
        self.told.update(self._kinds)
        return [
            replace(
                first, count=more.count, last=max(filter(None, map(parse_time, more.lasts)), default=None)
            )
            for more in self._more.values()
            if more.count
            for first in more.kind.firsts
        ]

    def _fold(self, operation: str) -> bool:
        """Whether the entries for a name tell takings apart by caller, container and outcome alone."""
        name = f"{_SERVICE}{operation.lower()}"
        if name in self.catalogue.closes or name in self.catalogue.lineage:
            return False
        return all(_is_plain(method) for method, _, _ in self.catalogue.methods.get(name, ()))


def _is_plain(method: Method) -> bool:
    resource = method.resource
    return (
        method.signal is None
        and method.outcome == "taken"
        and not method.whole
        and not method.removes
        and all(not read.when and read.path in _PATHS for read in method.read)
        and resource.id_paths == _CONTAINER
        and not (resource.name or resource.size_gib or resource.account)
    )
