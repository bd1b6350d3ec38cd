"""Everything that some actors did: records found by their credential, ARN or name, whatever the action."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.detect.sessions import events_naming

if TYPE_CHECKING:
    from datetime import datetime

    from exclave.model import Actor, Event, Evidence
    from exclave.sources.blob import Blob

MAX_DOINGS = 200_000  # records that one timeline keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One thing that an actor did."""

    time: datetime | None
    action: str
    actor: Actor
    account: str
    region: str
    error: str
    evidence: Evidence


def doings(blob: Blob, who: frozenset[str]) -> list[Doing]:
    """The records in a blob whose actor is one of `who`: credentials, ARNs, names, accounts.

    The ARN of a role stands for its sessions too.
    """
    found = (_doing(event) for event in events_naming(blob, who) if _is(event.actor, who))
    return list(itertools.islice(found, MAX_DOINGS))


def _is(actor: Actor, who: frozenset[str]) -> bool:
    return not who.isdisjoint(
        (
            actor.credential,
            actor.id,
            actor.issuer,
            actor.name,
            actor.account if actor.kind == "account" else "",
        )
    )


def _doing(event: Event) -> Doing:
    return Doing(
        time=event.time,
        action=event.name,
        actor=event.actor,
        account=event.account,
        region=event.region,
        error=event.error,
        evidence=event.evidence,
    )
