"""What a breach is, in any cloud: a named story, and the truth about it that a hunter is measured against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from exclave.model import Cloud, Kind

PHASES = frozenset({"prepare", "access", "network", "tamper", "offer", "take", "revoke", "close", "attempt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A story that `simulate` can tell. `tell` plays it into the scene of its cloud.

    `hours` is how long the story lasts at most, so that it can be placed inside the simulated days.
    """

    name: str
    title: str
    cloud: Cloud
    description: str
    hours: float
    tell: Callable[[Any], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueStep:
    """An event that belongs to the incident. `phase` is one of PHASES."""

    event_id: str
    event_name: str
    time: datetime
    account: str
    region: str
    phase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDestination:
    """Who was meant to receive the data, or did."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueResource:
    """A thing of the incident. `parent` is the id that it was made from, "" for the original."""

    kind: str
    id: str
    account: str
    region: str
    parent: str = ""
    size_gib: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkFlow:
    """Much data that the victim's file server sends to an address, for flow logs. Size in GiB."""

    destination: str
    gib: float
    start: datetime
    hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueFlow:
    """What flow logs hold of a bulk flow. Bytes as counted in the records."""

    source: str
    destination: str
    interface: str
    bytes: int
    started: datetime
    ended: datetime


@dataclass(slots=True, kw_only=True)
class Story:
    """The truth of one breach, filled in while it is told.

    `context` are events of the same actors that are part of the attack but say nothing of a transfer by
    themselves (looking around). `open` is whether an offer still stands when the logs end.
    """

    breach: Breach
    account: str
    steps: list[TrueStep] = field(default_factory=list)
    context: list[TrueStep] = field(default_factory=list)
    destinations: list[TrueDestination] = field(default_factory=list)
    resources: list[TrueResource] = field(default_factory=list)
    actors: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    bulk: list[BulkFlow] = field(default_factory=list)
    flows: list[TrueFlow] = field(default_factory=list)  # of `bulk`, where flow logs were written
    open: bool = True
    taken: bool = False
