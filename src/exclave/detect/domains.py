"""Which mail domains the logs of Google Cloud show to be ours, when no perimeter says it.

A domain counts if its users changed things in our projects (Admin Activity), unless somebody else let it in before:
an intruder who is granted access, and then acts, must not make his own domain ours by it. Public mail domains
never count. It is an assumption, said as such in the report's remarks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exclave.catalogue import paths
from exclave.formats import gcp_audit
from exclave.model import Event, Kind, Signal, Transfer
from exclave.perimeter.google import PUBLIC_MAIL, domain_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_HOW = "users of it changed things in our projects, since "


def seen(event: Event) -> Iterator[tuple[Kind, str, str]]:
    """What an audit record of Google Cloud shows to be ours beside its project: kind, identifier, and how it is known."""
    organization, number = gcp_audit.owners(event)
    if organization:
        yield Kind.ORGANIZATION, organization, "its audit log is among these logs"
    if number:
        yield Kind.PROJECT, number, "the number of a project whose audit log is among these logs"
    domain = domain_of(event.actor.id)
    if event.actor.kind != "user" or not domain or domain in PUBLIC_MAIL or event.time is None:
        return
    if gcp_audit.is_change(event) and not _of_outsider(event):
        yield Kind.DOMAIN, domain, _HOW + event.time.astimezone(UTC).isoformat()


def _of_outsider(event: Event) -> bool:
    """Whether the record itself says that the caller acts from another project on a thing of ours."""
    return "CrossEntityControl" in paths.text(event.fields, "protoPayload.metadata.@type")


def without_guests(
    known: Mapping[Kind, Mapping[str, str]], findings: Iterable[Transfer | Signal]
) -> dict[Kind, dict[str, str]]:
    """What was seen, without the domains that somebody of another domain let in before their users did anything."""
    out = {kind: dict(found) for kind, found in known.items()}
    mine = out.get(Kind.DOMAIN)
    if not mine:
        return out
    for found in findings:
        destination = found.destination
        if destination is None or destination.kind not in (Kind.PRINCIPAL, Kind.DOMAIN):
            continue
        guest = domain_of(destination.id) if destination.kind is Kind.PRINCIPAL else destination.id.lower()
        how = mine.get(guest, "")
        if how and domain_of(found.actor.id) != guest and _before(found.time, how):
            del mine[guest]
    return out


def _before(time: datetime | None, how: str) -> bool:
    if not how.startswith(_HOW):
        return False
    try:
        return time is None or time <= datetime.fromisoformat(how.removeprefix(_HOW))
    except ValueError:
        return True
