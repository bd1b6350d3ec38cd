"""Role sessions back to who assumed them: which records handed out the credentials that actors used."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from exclave.catalogue import paths
from exclave.detect.shapes import holding, holds
from exclave.formats import cloudtrail
from exclave.formats.chunking import chunks
from exclave.formats.documents import wide
from exclave.formats.reading import read
from exclave.formats.sniffing import sniff
from exclave.model import Event, Evidence, Issued

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.sources.blob import Blob

_PLAIN = re.compile(r"[!#-.0-\[\]-~ ]+")  # printable ASCII that JSON need not escape
_ESCAPED = re.compile(rb"\\u00[2-7]")
_HANDED_OUT = ("responseElements.credentials.accessKeyId", "responseElements.accessKey.accessKeyId")
_PLAIN_JSON = frozenset({"cloudtrail", "gcp-audit", "azure-activity"})  # in which a word stands as it is
# The paths' own keys, also where they stand in JSON in a string.
_HANDING_KEYS = (b'credentials"', b"credentials\\", b'accessKey"', b"accessKey\\")


def issued_in(blob: Blob, credentials: frozenset[str]) -> list[Issued]:
    """The records in a blob that handed out one of the credentials."""
    found = events_naming(blob, credentials, _HANDING_KEYS)
    out = [issue for event in found for issue in _issues(event, credentials)]
    return list({(i.credential, i.evidence.event_id): i for i in out}.values())


def events_naming(blob: Blob, words: frozenset[str], beside: tuple[bytes, ...] = ()) -> Iterator[Event]:
    """The events of a blob in which any of some words may stand; of plain CloudTrail records, only those.

    `beside`: bytes of which such a record must hold some too, to be of use.
    """
    pieces = [(bytes(blob.data), 0)] if blob.rest is None else chunks(blob.data, blob.rest, blob.name)
    needles = _needles(words)
    for data, before in pieces:
        spelt_out = not wide(data[:4]) and not _ESCAPED.search(data)
        kind = sniff(blob.name, data) if needles and spelt_out else ""
        if needles and kind in _PLAIN_JSON and not holds(data, needles, beside):
            continue
        if needles and kind == "cloudtrail":
            found = holding(data, needles, beside)
            if found is not None:
                for number, record in found:
                    yield cloudtrail.event(record, evidence(blob.name, record, before + number))
                continue
        yield from (e for e in read(blob.name, data, before + 1) if isinstance(e, Event))


@functools.lru_cache(maxsize=4)
def _needles(words: frozenset[str]) -> re.Pattern[bytes] | None:
    """Bytes that stand wherever a word does, unless escaped; None where there are no such for each word.

    One pattern of all, as their common beginnings (ASIA) are what makes the search for hundreds fast.
    """
    out = set()
    for word in words:
        # JSON may write a slash with a backslash, and an account as a number, which has no leading zeros.
        part = max(word.split("/"), key=len)
        part = part.lstrip("0") if part.isdigit() else part
        if not _PLAIN.fullmatch(part):
            return None
        out.add(part)
    return re.compile("|".join(map(re.escape, sorted(out))).encode()) if out else None


def _issues(event: Event, credentials: frozenset[str]) -> Iterator[Issued]:
    for path in _HANDED_OUT:
        credential = paths.text(event.fields, path)
        if credential in credentials and credential != event.actor.credential and not event.error:
            role = paths.text(
                event.fields, "responseElements.assumedRoleUser.arn", "requestParameters.roleArn"
            )
            yield Issued(
                credential=credential,
                role=role,
                to=event.actor,
                action=event.name,
                time=event.time,
                evidence=event.evidence,
            )


def evidence(name: str, record: Mapping[str, Any], number: int) -> Evidence:
    """Where a CloudTrail record was read."""
    identifier = record.get("eventID")
    return Evidence(
        file=name, record=number, event_id=identifier[:200] if isinstance(identifier, str) else ""
    )
