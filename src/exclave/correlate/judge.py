"""Verdict, severity and reasons of each finding by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.model import (
    FOREIGN,
    OURS,
    Destination,
    Judgement,
    Kind,
    Outcome,
    Severity,
    Signal,
    SignalKind,
    Transfer,
    Verdict,
)
from exclave.perimeter.judge import NOT_LISTED, is_just_unlisted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.catalogue.entry import Method
    from exclave.perimeter import Perimeter

_TRANSFER: Mapping[Verdict, Severity] = {
    Verdict.PUBLIC: Severity.CRITICAL,
    Verdict.EXTERNAL: Severity.HIGH,
    Verdict.UNKNOWN: Severity.MEDIUM,
    Verdict.VENDOR: Severity.LOW,
}
_SIGNAL: Mapping[Verdict, Severity] = {
    Verdict.PUBLIC: Severity.MEDIUM,
    Verdict.EXTERNAL: Severity.MEDIUM,
}
_VERBS = {
    Outcome.OFFERED: "offered to",
    Outcome.TAKEN: "taken by",
    Outcome.ATTEMPTED: "a failed attempt to offer it to",
    Outcome.REVOKED: "taken back from",
}


def transfer(found: Transfer, method: Method, perimeter: Perimeter) -> Transfer:
    """A transfer with what the perimeter says of its destination."""
    judgement = perimeter.judge(found.destination, found.account)
    severity = _severity(method, judgement.verdict, _TRANSFER, Severity.INFO)
    why = [f"{_VERBS[found.outcome]} {judged_name(found.destination, judgement)}"]
    if (
        found.whole
        and judgement.verdict is Verdict.UNKNOWN
        and found.destination.kind in (Kind.ORGANIZATION, Kind.ORG_UNIT, Kind.VPC)
    ):
        # A policy bound to an organisation or a network is most often a guard that binds it to our own.
        severity = Severity.LOW
    if found.destination.kind is Kind.UNKNOWN and found.destination.id in ("missing", "policy"):
        # The call succeeded, so its request was sound: what can't be read here was lost by a tool on the way.
        severity = Severity.LOW
    if found.outcome is Outcome.REVOKED:
        severity = Severity.INFO
    elif found.outcome is Outcome.ATTEMPTED:
        severity = min(severity, Severity.LOW, key=lambda s: s.rank)
        why.append(f"the call failed: {found.error}")
    if found.destination.limits and judgement.verdict not in OURS:
        why.append("limited by " + "; ".join(found.destination.limits))
    if found.destination.note and found.destination.note != judgement.reason:
        why.append(found.destination.note)
    return replace(found, judgement=judgement, severity=severity, why=tuple(why))


def signal(found: Signal, method: Method, perimeter: Perimeter) -> Signal:
    """A signal with its severity; a foreign destination in it raises it."""
    default = Severity.MEDIUM if found.signal is SignalKind.TAMPER else Severity.LOW
    judgement: Judgement | None = None
    why = [method.title]
    if found.destination is not None:
        judgement = perimeter.judge(found.destination, found.account)
        severity = _severity(method, judgement.verdict, _SIGNAL, default)
        why.append(f"names {judged_name(found.destination, judgement)}")
    else:
        severity = method.severity.get("default", default)
    if found.failed:
        severity = min(severity, Severity.LOW, key=lambda s: s.rank)
        why.append(f"the call failed: {found.error}")
    return replace(found, judgement=judgement, severity=severity, why=tuple(why))


def foreign(judgement: Judgement | None) -> bool:
    """Whether a verdict says that somebody else receives."""
    return judgement is not None and judgement.verdict in FOREIGN


def name_of(destination: Destination) -> str:
    """A destination in words."""
    if destination.kind is Kind.PUBLIC:
        return "everybody"
    if destination.kind is Kind.BEARER_URL:
        return "whoever holds the URL"
    if not destination.id or destination.kind is Kind.UNKNOWN:
        return (
            f"a destination that can't be read ({destination.id})"
            if destination.id
            else "a destination that can't be read"
        )
    return f"{destination.kind.value} {destination.id}"


def judged_name(destination: Destination, judgement: Judgement) -> str:
    """A destination with the reason of its verdict: `account 111122223333, which is not in the perimeter`."""
    name = name_of(destination)
    if is_just_unlisted(destination, judgement):
        return f"{name}, which {NOT_LISTED}"
    return f"{name}: {judgement.reason}" if judgement.reason else name


def _severity(
    method: Method, verdict: Verdict, table: Mapping[Verdict, Severity], default: Severity
) -> Severity:
    stated = method.severity
    if verdict in stated:
        return stated[verdict]
    if verdict in table:
        return max(table[verdict], stated.get("default", Severity.INFO), key=lambda s: s.rank)
    return stated.get("default", default)
