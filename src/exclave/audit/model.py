"""The words of an audit: what a control is, what a check found, what is exposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from exclave.inventory.store import Inventory
from exclave.model import Cloud, Coverage, Destination, Judgement, Resource, RevokeCall, Severity
from exclave.perimeter import Perimeter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.inventory.model import Scope


class Status(StrEnum):
    """What a check says. Where something could not be looked at it is neither pass nor fail."""

    PASS = "pass"  # noqa: S105 - not a password
    PARTIAL = "partial"  # the safeguard itself stands; a lesser part that belongs to it does not
    COULD_NOT_LOOK = "could-not-look"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """0 for pass up to 3 for fail."""
        return list(Status).index(self)


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A safeguard or alarm that ought to be in place: a `[[control]]` table of controls/<cloud>/*.toml.

    `methods`: ids of catalogue methods that it would have stopped or shown, `*` for any rest. `needs`: names
    of calls in the inventory's table.
    """

    id: str
    title: str
    about: str  # what is checked, and when it counts as in place
    why: str  # what an adversary does without it
    needs: tuple[str, ...]
    remediation: str
    severity: Severity = Severity.HIGH  # of a failure
    cis: tuple[str, ...] = ()
    d3fend: tuple[str, ...] = ()
    technique: tuple[str, ...] = ()  # rows of the technique's description: mitigation or detection, in words
    methods: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    known_gaps: tuple[str, ...] = ()

    @property
    def cloud(self) -> Cloud:
        """The provider, the id's first part."""
        return Cloud(self.id.partition(".")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a check looked at: a subnet, a key, a trail.

    `facts` are what was seen (name, value); `where` the document that says so. Harden reads `resource` and
    `facts` to know what to make.
    """

    resource: str
    status: Status
    why: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a check found in one scope: `count` of `of` `what` are as they should be.

    `items` are those that are not (all of them where that explains more); `missing` permissions without which
    something could not be looked at.
    """

    scope: Scope
    status: Status
    count: int
    of: int
    what: str  # the things counted, in the plural: snapshots, subnets
    why: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def resources(self) -> list[str]:
        """What the items are of, each named once: one may be wrong in several ways."""
        return list(dict.fromkeys(i.resource for i in self.items))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Thresholds. `now` is the inventory's time, so that an audit of old records says what was true."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    key_days: int = 90  # age of a key from which it must be rotated
    unused_days: int = 90  # a key or right not used for so long is unused
    session_hours: int = 8  # longest session of a role
    password_length: int = 14
    password_days: int = 90
    password_reuse: int = 24
    hunted: Mapping[str, frozenset[str]] = field(
        default_factory=dict
    )  # principal → actions seen in hunted logs


CheckFunction = Callable[[Inventory, Perimeter, Settings], list[Check]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One control in one scope, with its stable id. `known`: the baseline has it, failing as now."""

    control: Control
    check: Check
    id: str
    methods: tuple[str, ...] = ()  # ids of the catalogue, patterns resolved
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Data that stands open to somebody outside the perimeter. `blocked`: what keeps it from taking effect."""

    id: str
    method: str
    title: str
    cloud: Cloud
    account: str
    region: str
    source: Resource
    destination: Destination
    judgement: Judgement
    severity: Severity
    why: tuple[str, ...]
    where: str  # the document that says so
    call: str
    since: datetime | None = None  # not known unless the provider says
    blocked: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    revoke: RevokeCall | None = None
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How far one source of exposures was looked at: `exposed` of `of` resources, `failed` could not be."""

    method: str
    call: str
    of: int
    exposed: int
    failed: int
    what: str
    why: tuple[str, ...] = ()  # the errors, each once, and where
    codes: tuple[str, ...] = ()  # of the errors


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """Everything an audit found: what outputs/ writes."""

    results: tuple[Result, ...]
    exposures: tuple[Exposure, ...]
    looked: tuple[Looked, ...]
    coverage: Coverage
    perimeter: tuple[str, ...]
    time: datetime | None = None
    version: str = ""

    def by_control(self) -> dict[str, list[Result]]:
        """The results of each control, by its id."""
        found: dict[str, list[Result]] = {}
        for result in self.results:
            found.setdefault(result.control.id, []).append(result)
        return found


def worst(results: Sequence[Result]) -> Status:
    """The status that counts for a control with several scopes."""
    return max((r.check.status for r in results), key=lambda s: s.rank)
