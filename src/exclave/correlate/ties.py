"""What ties findings to one another: things, destinations, operations, and the hands that acted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.correlate import hands
from exclave.correlate.judge import foreign
from exclave.model import Actor, Cloud, Finding, Kind, Outcome, Resource, Signal, SignalKind, Transfer
from exclave.perimeter import owner_of
from exclave.perimeter.google import is_agent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exclave.correlate.lineage import Lineage

_NOBODY = frozenset({Kind.PUBLIC, Kind.UNKNOWN, Kind.BEARER_URL, Kind.SERVICE, Kind.IP_RANGE})


def roots(credential: str, issued_from: Mapping[str, str]) -> Iterator[str]:
    """A credential and those it came from, nearest first; a loop (forged logs) ends."""
    passed: set[str] = set()
    while credential and credential not in passed:
        passed.add(credential)
        yield credential
        credential = issued_from.get(credential, "")


def _key_made(found: Finding) -> str:
    """The id of the long-lived key that a signal made (Google's service accounts), or ""."""
    made = dict(found.facts).get("key", "") if isinstance(found, Signal) and not found.failed else ""
    return made.rpartition("/")[2] if "/keys/" in made else ""


def to_agent(found: Finding) -> bool:
    """Whether a thing was opened to one of Google's own agents: what a transfer job needs before it can copy."""
    destination = found.destination
    return (
        destination is not None
        and destination.cloud is Cloud.GCP
        and destination.kind is Kind.PRINCIPAL
        and is_agent(destination.id)
    )


def made_ready(found: Finding) -> Iterator[str]:
    """The service account that a change made, or made a key for: his later deeds are of the same hand."""
    made = (
        isinstance(found, Signal) and found.signal is SignalKind.ACCESS_CHANGE and found.destination is None
    )
    if made and found.source.kind == "gcp-service-account" and "@" in found.source.id:
        yield f"actor {found.source.id.rpartition('/')[2]}"


def keys_made(signals: Iterable[Signal]) -> dict[str, str]:
    """Key → the credential by which it was made, where that is known."""
    return {key: s.actor.credential for s in signals if s.actor.credential and (key := _key_made(s))}


def fixed_keys(found: Finding, lineage: Lineage) -> Iterator[tuple[str, str]]:
    """What a finding that makes an incident holds on to: its thing and what that was made of, who receives, its operation."""
    for key in _resource_keys(found.source, lineage):
        yield "resource", key
    if found.destination is not None and found.destination.kind not in _NOBODY and found.destination.id:
        yield "destination", owner_of(found.destination) or found.destination.key
    if isinstance(found, Transfer):
        yield from _grants(found)
    if found.shared_id:
        yield "shared", found.shared_id


def _grants(found: Transfer) -> Iterator[tuple[str, str]]:
    for key in found.source.keys:
        yield "grant", f"{key} {found.destination.key}"


def _resource_keys(resource: Resource, lineage: Lineage) -> Iterator[str]:
    # A key guards the data of many: two thefts that needed the same key are not one theft for that.
    if resource.id and resource.kind != "kms-key":
        yield from resource.keys
        for ancestor in lineage.ancestors(resource):
            yield ancestor.key


def actor_keys(actor: Actor, account: str, issued_from: Mapping[str, str]) -> Iterator[str]:
    """What makes two findings the same hand: credentials (and what they came from), or the user or session."""
    if actor.kind in ("service", "anonymous") or (actor.kind == "account" and actor.account != account):
        return
    for credential in roots(actor.credential, issued_from):
        yield f"credential {credential}"
    if actor.id:
        yield f"actor {actor.id}"
    if "@" in actor.issuer:  # Google: the one who acts as a service account
        yield f"actor {actor.issuer}"


def supporting_keys(found: Finding) -> Iterator[object]:
    """What a supporting finding is joined by, at whatever time: its thing, a foreign destination, its operation, the key it made."""
    if isinstance(found, Transfer) and found.outcome is Outcome.REVOKED:
        yield from _grants(found)  # what was taken from somebody else is another story
    elif found.source.id and hands.by_resource(found):
        for key in found.source.keys:
            yield "resource", key
    if foreign(found.judgement) and found.destination is not None and found.destination.kind not in _NOBODY:
        yield "destination", owner_of(found.destination) or found.destination.key
    if found.shared_id:
        yield "shared", found.shared_id
    if key := _key_made(found):
        yield f"credential {key}"
