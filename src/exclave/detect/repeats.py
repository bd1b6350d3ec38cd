"""What a stranger does again and again, counted without reading each of his records whole.

A vendor that watches an account takes on its role every few minutes: such records are a few in a hundred of many
logs, and all of one caller and role fold into one signal (fold.py). A typed parse of the few values that the signal
is made of tells that a record is one more of a kind that was matched in full before.

Only events whose catalogue entries look at nothing else take this way; `names` says which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from exclave.detect.fold import key_of
from exclave.formats.cloudtrail import parse_time
from exclave.model import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.catalogue.entry import Method
    from exclave.detect.match import Found, Index

_ROLE = "requestParameters.roleArn"
_TIME = len("2026-03-02T00:02:39Z")  # times of this form compare as text


class _Identity(msgspec.Struct, gc=False):
    type: Any = None
    principalId: Any = None  # noqa: N815 - the log's own keys
    arn: Any = None
    accountId: Any = None  # noqa: N815
    accessKeyId: Any = None  # noqa: N815
    userName: Any = None  # noqa: N815
    invokedBy: Any = None  # noqa: N815
    sessionContext: msgspec.Raw = msgspec.Raw()  # noqa: N815
    onBehalfOf: msgspec.Raw = msgspec.Raw()  # noqa: N815


class _Parameters(msgspec.Struct, gc=False):
    roleArn: str  # noqa: N815


class _Record(msgspec.Struct, gc=False):
    """Decoding fails where a record has not all that a repeat needs."""

    eventName: str  # noqa: N815
    eventVersion: str  # noqa: N815
    eventSource: str  # noqa: N815
    eventTime: str  # noqa: N815
    eventType: str  # noqa: N815
    recipientAccountId: str  # noqa: N815
    userIdentity: _Identity  # noqa: N815
    requestParameters: _Parameters  # noqa: N815
    errorCode: Any = None  # noqa: N815
    errorMessage: Any = None  # noqa: N815
    insightDetails: Any = None  # noqa: N815
    Records: Any = None


_Key = tuple[Any, ...]
_decode = msgspec.json.Decoder(_Record).decode


@dataclass(slots=True)
class Like:
    """Records of one kind: the first that was matched, how many came since, and the time of the last."""

    time: str
    last: str
    first: Signal | None = None  # None until it was matched
    more: int = 0
    counts: bool = True  # it gave one signal that folds


@dataclass(slots=True)
class Repeats:
    """The kinds that were met in a batch of files. What a file adds counts once `keep` says so."""

    names: frozenset[str]
    new: Like | None = None  # the kind that `known` met for the first time in its last call
    _kinds: dict[_Key, Like] = field(default_factory=dict)
    _pending: list[tuple[Like, str]] = field(default_factory=list)  # of the file that is read now
    _learnt: list[_Key] = field(default_factory=list)  # in it

    def known(self, record: memoryview) -> bool:
        """Whether a record is one more of a known kind, and none earlier than its first; it is counted then."""
        self.new = None
        try:
            key, time = _read(_decode(record), self.names)
            kind = self._kinds.get(key)
        except (msgspec.MsgspecError, TypeError, ValueError):
            return False
        if kind is None:
            self.new = self._kinds[key] = Like(time, time)
            self._learnt.append(key)
            return False
        if not kind.counts or time <= kind.time:
            return False
        self._pending.append((kind, time))
        return True

    def learn(self, kind: Like, found: Sequence[Found]) -> bool:
        """Notes what the first record of a kind has shown; False where its like can't be counted by it."""
        if len(found) == 1 and isinstance(found[0], Signal) and key_of(found[0]):
            kind.first = found[0]
            return True
        kind.counts = False
        return not any(pending is kind for pending, _ in self._pending)

    def forget(self) -> None:
        """The file is read in another way: nothing of it counts."""
        for key in self._learnt:
            if self._kinds[key].counts:
                del self._kinds[key]
        self._learnt.clear()
        self._pending.clear()

    def keep(self) -> None:
        """The file's records count."""
        for kind, time in self._pending:
            kind.more += 1
            kind.last = max(kind.last, time)
        self._pending.clear()
        self._learnt.clear()

    def signals(self) -> list[Signal]:
        """What was counted, to be folded with the firsts."""
        return [
            replace(kind.first, count=kind.more, last=parse_time(kind.last))
            for kind in self._kinds.values()
            if kind.more and kind.first is not None
        ]


def _read(record: _Record, names: frozenset[str]) -> tuple[_Key, str]:
    name = f"{record.eventSource}:{record.eventName}".lower()
    time = record.eventTime
    if name not in names or record.insightDetails is not None or record.Records is not None:
        raise ValueError
    if len(time) != _TIME or time[-1] != "Z" or not record.requestParameters.roleArn:
        raise ValueError
    who = record.userIdentity
    principal = who.principalId
    key = (
        name, record.eventType, record.errorCode, record.errorMessage, record.recipientAccountId, who.type,
        # a session of a role is named anew each time: `AROAEXAMPLE:session`
        principal.partition(":")[0] if isinstance(principal, str) and not who.arn else principal,
        who.arn, who.accountId, who.accessKeyId, who.userName, who.invokedBy, bytes(who.sessionContext),
        bytes(who.onBehalfOf), record.requestParameters.roleArn,
    )  # fmt: skip
    return key, time


def names(index: Index) -> frozenset[str]:
    """The events, `source:name` in lower case, that every entry knows by caller, role and outcome alone."""
    out: set[str] = set()
    for event, entries in index.methods.items():
        source, _, action = event.partition(":")
        others = index.methods.get(f"*:{action}") or index.closes.get(event) or index.lineage.get(event)
        if source.endswith(".amazonaws.com") and not others and all(_is_plain(m) for m, _, _ in entries):
            where = {path for _, conditions, _ in entries for path in conditions}
            if where <= {"eventType"}:
                out.add(event)
    return frozenset(out)


def _is_plain(method: Method) -> bool:
    resource = method.resource
    return (
        method.signal is not None
        and method.caller == "foreign"
        and all(r.reader == "caller" and not r.when and not r.path for r in method.read)
        and resource.id_paths[:1] == (_ROLE,)
        and not (resource.name or resource.size_gib or resource.account)
    )
