"""Which mail domains the logs of Google Cloud show to be ours, when no perimeter says it; and which buckets.

A domain counts if its users changed things in our projects (Admin Activity), unless somebody else let it in before:
an intruder who is granted access, and then acts, must not make his own domain ours by it. Pipelines grant things to our
own groups every day, so a domain counts in spite of that if several of its users acted whom nobody let in by name.
Public mail domains never count. It is an assumption, said as such in the report's remarks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exclave.catalogue import paths
from exclave.formats import gcp_audit
from exclave.model import Event, Kind, Outcome, Signal, Transfer
from exclave.perimeter.google import PUBLIC_MAIL, domain_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

_EARLY, _LATE = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_HOW = "users of it changed things in our projects, since "
_UNINVITED = (
    2  # users of a domain whom nobody let in by name, from which on a grant to the domain says nothing
)
_BUCKET = "the audit log of its own project names it"


def seen(event: Event) -> Iterator[tuple[Kind, str, str]]:
    """What an audit record of Google Cloud shows to be ours beside its project: kind, identifier, and how it is known.

    Principals are those who acted: evidence for `without_guests`, not ours by themselves.
    """
    outsider = _of_outsider(event)
    organization, number = gcp_audit.owners(event)
    if organization:
        yield Kind.ORGANIZATION, organization, "its audit log is among these logs"
    if number and not outsider:
        yield Kind.PROJECT, number, "the number of a project whose audit log is among these logs"
    if bucket := _bucket(event):
        yield Kind.BUCKET, bucket, _BUCKET
    domain = domain_of(event.actor.id)
    if event.actor.kind != "user" or not domain or domain in PUBLIC_MAIL or event.time is None:
        return
    if gcp_audit.is_change(event) and not outsider:
        how = _HOW + event.time.astimezone(UTC).isoformat()
        yield Kind.DOMAIN, domain, how
        yield Kind.PRINCIPAL, event.actor.id.lower(), how


def _bucket(event: Event) -> str:
    """The bucket that a record is about, where it lies in the project whose log this is."""
    resource = event.fields.get("resource")
    if event.error or not isinstance(resource, Mapping) or resource.get("type") != "gcs_bucket":
        return ""
    labels = resource.get("labels")
    if not isinstance(labels, Mapping):
        return ""
    name = labels.get("bucket_name")
    return (
        f"gs://{name.lower()}"
        if isinstance(name, str) and name and labels.get("project_id") == event.account
        else ""
    )


def _of_outsider(event: Event) -> bool:
    """Whether the record itself says that the caller acts from another project on a thing of ours."""
    return "CrossEntityControl" in paths.text(event.fields, "protoPayload.metadata.@type")


def without_guests(
    known: Mapping[Kind, Mapping[str, str]], findings: Iterable[Transfer | Signal]
) -> dict[Kind, dict[str, str]]:
    """What was seen, without the domains that somebody of another domain let in before their users did anything.

    Settling parts and then the whole gives the same as settling the whole at once: who acted is kept.
    """
    out = {kind: dict(found) for kind, found in known.items()}
    users = out.get(Kind.PRINCIPAL, {})
    if not users:
        return out
    acted: dict[str, dict[str, datetime]] = {}
    for mail, how in users.items():
        if (time := _since(how)) is not None:
            acted.setdefault(domain_of(mail), {})[mail] = time
    invited = _invited(findings, acted)
    out[Kind.DOMAIN] = {
        domain: _HOW + min(times.values()).isoformat()
        for domain, times in acted.items()
        if _is_ours(domain, times, invited.get(domain, {}))
    }
    return out


def _is_ours(domain: str, acted: Mapping[str, datetime], invited: Mapping[str, datetime]) -> bool:
    if not invited or min(acted.values()) < min(invited.values()):
        return True
    uninvited = (m for m, t in acted.items() if t < min(invited.get(m, _LATE), invited.get(domain, _LATE)))
    return sum(1 for _ in uninvited) >= _UNINVITED


def _invited(
    findings: Iterable[Transfer | Signal], domains: Container[str]
) -> dict[str, dict[str, datetime]]:
    """By domain, whom somebody of another one let in, and since when: users and groups by mail, or the domain itself."""
    out: dict[str, dict[str, datetime]] = {}
    for found in findings:
        destination = found.destination
        if destination is None or destination.kind not in (Kind.PRINCIPAL, Kind.DOMAIN):
            continue
        if isinstance(found, Transfer) and found.outcome in (Outcome.REVOKED, Outcome.ATTEMPTED):
            continue
        who = destination.id.lower()
        guest = domain_of(who) if destination.kind is Kind.PRINCIPAL else who
        if guest in domains and domain_of(found.actor.id) != guest:
            mine = out.setdefault(guest, {})
            mine[who] = min(found.time or _EARLY, mine.get(who, _LATE))
    return out


def _since(how: str) -> datetime | None:
    try:
        return datetime.fromisoformat(how.removeprefix(_HOW)) if how.startswith(_HOW) else None
    except ValueError:
        return None
