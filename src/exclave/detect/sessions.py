"""Role sessions back to who assumed them: which records handed out the credentials that an incident's actors used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exclave import formats
from exclave.catalogue import paths
from exclave.detect.prefilter import numbered, record_around
from exclave.formats import cloudtrail
from exclave.model import Event, Evidence, Issued
from exclave.sources.blob import Blob

MAX_HOPS = 16  # sessions of sessions that are followed
_HANDED_OUT = ("responseElements.credentials.accessKeyId", "responseElements.accessKey.accessKeyId")


def issued_in(blob: Blob, credentials: frozenset[str]) -> list[Issued]:
    """The records in a blob that handed out one of the credentials."""
    out: list[Issued] = []
    for data in (blob.data, *(blob.rest or ())):
        found = positions(data, credentials)
        if not found:
            continue
        bounds = numbered(data) if blob.rest is None else None
        records = [record_around(data, position) for position in found]
        if bounds is None or any(r is None for r in records):
            events: Iterable[Event] = (e for e in formats.read(blob.name, data) if isinstance(e, Event))
        else:
            numbers = {bound: n for n, bound in enumerate(bounds, 1)}
            events = (
                cloudtrail.event(r.record, evidence(blob.name, r.record, numbers[r.start, r.end]))
                for r in records
                if r and (r.start, r.end) in numbers and cloudtrail.is_record(r.record)
            )
        out.extend(issue for event in events for issue in _issues(event, credentials))
    return list({(i.credential, i.evidence.event_id): i for i in out}.values())


def positions(data: bytes, words: frozenset[str]) -> list[int]:
    """Where in some bytes any of some words stand."""
    out = []
    for word in words:
        needle = word.encode()
        position = data.find(needle)
        while position >= 0:
            out.append(position)
            position = data.find(needle, position + 1)
    return sorted(out)


def _issues(event: Event, credentials: frozenset[str]) -> Iterator[Issued]:
    for path in _HANDED_OUT:
        credential = paths.text(event.fields, path)
        if credential in credentials and credential != event.actor.credential and not event.error:
            role = paths.text(event.fields, "responseElements.assumedRoleUser.arn", "requestParameters.roleArn")
            yield Issued(
                credential=credential, role=role, to=event.actor, action=event.name, time=event.time, evidence=event.evidence
            )


def evidence(name: str, record: Mapping[str, Any], number: int) -> Evidence:
    """Where a CloudTrail record was read."""
    identifier = record.get("eventID")
    return Evidence(file=name, record=number, event_id=identifier[:200] if isinstance(identifier, str) else "")
