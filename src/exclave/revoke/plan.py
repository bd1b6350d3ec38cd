"""From findings to a plan: each is read as it stands now, and becomes a step, or is said to be skipped and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from exclave.change.apply import read as read_now
from exclave.change.calls import CallError
from exclave.change.model import Plan, Skipped, Step
from exclave.revoke import advice, fill
from exclave.revoke.steps import NotStandingError, UnplannableError, step_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.change.calls import Reader
    from exclave.change.model import Request
    from exclave.revoke.model import Found, Way


@dataclass(slots=True)
class Group:
    """Findings that are answered by one change of one thing: they are read by the same call."""

    read: Request
    parts: list[tuple[Found, Way]] = field(default_factory=list)


def plan(
    findings: Iterable[Found], ways: Mapping[str, tuple[Way, ...]], reader: Reader, *, identity: str = ""
) -> Plan:
    """The steps that take findings back, in the findings' order, and what can't be planned.

    Args:
        findings: what to take back.
        ways: the table.
        reader: reads what stands there now.
        identity: who reads.
    """
    groups: dict[bytes, Group] = {}
    skipped: list[Skipped] = []
    for found in findings:
        if found.outcome in ("attempted", "revoked"):
            skipped.append(_skipped(found, f"it was {found.outcome}: nothing stands", stands=False))
            continue
        try:
            way, request = _way(found, ways)
        except UnplannableError as error:
            skipped.append(_skipped(found, str(error)))
            continue
        key = msgspec.json.encode((request, way.how, way.at), order="deterministic")
        groups.setdefault(key, Group(request)).parts.append((found, way))
    steps: list[Step] = []
    for group in groups.values():
        made, left = _of(group, reader)
        steps += made
        skipped += left
    return Plan(
        made_at=datetime.now(UTC).replace(microsecond=0),
        identity=identity,
        steps=tuple(steps),
        skipped=tuple(skipped),
    )


def _way(found: Found, ways: Mapping[str, tuple[Way, ...]]) -> tuple[Way, Request]:
    candidates = ways.get(found.method, ())
    if not candidates:
        raise UnplannableError(advice.words(found.method, found.cloud, found.outcome))
    known = fill.values(found)
    why = f"there is no way for a receiver of kind {found.kind or 'unknown'}"
    for way in candidates:
        if way.kinds and found.kind not in way.kinds:
            continue
        try:
            if any(fill.text(f"{{{k}}}", known) != v for k, v in way.where.items()):
                continue
            request = fill.request(way.read, found, known)
        except fill.MissingError as error:
            why = f"{error} isn't known: the log or the answer didn't say it"
            continue
        missing = fill.facts_named(way) - set(known["fact"])
        if not missing:
            return way, request
        why = f"fact.{min(missing)} isn't known: the log or the answer didn't say it"
    raise UnplannableError(why)


def _of(group: Group, reader: Reader) -> tuple[list[Step], list[Skipped]]:
    try:
        before = read_now(reader, group.read)
    except CallError as error:
        why = f"could not be read: {error}"
        return [], [_skipped(found, why, looked=False) for found, _ in group.parts]
    left: list[Skipped] = []
    try:
        step = step_of(
            group.read,
            before,
            group.parts,
            lambda found, why, stands=True: left.append(_skipped(found, why, stands=stands)),
        )
    except NotStandingError as error:
        return [], [_skipped(f, str(error), stands=False) for f, _ in group.parts]
    return ([step] if step is not None else []), left


def _skipped(found: Found, why: str, *, looked: bool = True, stands: bool = True) -> Skipped:
    what = f"{found.id} {found.method}: {found.resource or 'unknown'} to {found.kind}:{found.to}"
    return Skipped(what=what, why=why, command=found.command if stands else "", looked=looked, stands=stands)
