"""Who is ours: one judge, used by hunting, audit, alarms and proof.

A perimeter is typed entries (perimeter.toml: `[[account]]`, `[[organization]]`, `[[vpc]]`, ...), each with why,
owner and until, beside what the logs themselves show: accounts (subscriptions, tenants, projects) whose logs these are.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from exclave.model import OURS, Cloud, Destination, Judgement, Kind, Verdict
from exclave.perimeter.aws import SERVICES
from exclave.perimeter.azure import is_shared
from exclave.perimeter.flow_limits import FlowLimits
from exclave.perimeter.google import domain_of, is_google, project_of_member

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NOT_LISTED = "is not in the perimeter"


class EntryKind(StrEnum):
    """Tables that perimeter.toml may hold: destination kinds, and what only a perimeter names."""

    ACCOUNT = "account"
    ORGANIZATION = "organization"
    ORG_UNIT = "org-unit"
    TENANT = "tenant"
    MANAGEMENT_GROUP = "management-group"
    SUBSCRIPTION = "subscription"
    PROJECT = "project"
    FOLDER = "folder"
    DOMAIN = "domain"
    CUSTOMER = "customer"
    PRINCIPAL = "principal"  # ARN or mail pattern: `arn:aws:iam::*:role/backup-*`
    CANONICAL_ID = "canonical-id"
    BUCKET = "bucket"
    VPC = "vpc"
    ENDPOINT = "endpoint"
    CIDR = "cidr"
    SERVICE_PERIMETER = "service-perimeter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a perimeter. `where` is the file and table that say it; `until` the last day it counts."""

    kind: EntryKind
    id: str
    verdict: Verdict
    name: str = ""
    why: str = ""
    owner: str = ""
    until: date | None = None
    where: str = ""

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and today > self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Perimeter:
    """The judge. `seen` are identifiers that the logs show to be ours, by kind; `assume_seen` lets them count."""

    entries: tuple[Entry, ...] = ()
    seen: Mapping[Kind, Mapping[str, str]] = field(default_factory=dict)
    today: date = date.min
    vendors: Mapping[str, str] = field(default_factory=dict)  # account id → name, from a known-accounts list
    flows: FlowLimits = field(default_factory=FlowLimits)

    def judge(self, destination: Destination, account: str = "") -> Judgement:
        """What the perimeter says of a destination.

        Args:
            destination: who receives.
            account: the account (subscription, project) that the data belongs to; its own is `self`.
        """
        if destination.kind is Kind.PUBLIC:
            return Judgement(verdict=Verdict.PUBLIC, reason=destination.note or "everybody")
        owner = owner_of(destination)
        if destination.id == "${aws:ResourceOrgID}":
            return Judgement(
                verdict=Verdict.ORGANIZATION,
                reason="the organisation that owns the resource, whichever it is",
            )
        # A log made anonymous has account ids of no account's form, its own among them.
        named = destination.id if destination.kind is Kind.UNKNOWN else ""
        if (account and account in (owner, named)) or owner == "${aws:ResourceAccount}":
            return Judgement(verdict=Verdict.SELF, reason="the same account")
        if entry := self._entry(destination, owner):
            return Judgement(verdict=entry.verdict, reason=_reason(entry), name=entry.name)
        if owner and owner in self.vendors:
            return Judgement(
                verdict=Verdict.VENDOR,
                reason=f"known account of {self.vendors[owner]}: named, not trusted",
                name=self.vendors[owner],
            )
        if assumed := self._assumed(destination, owner) or self._managed(destination, account):
            return assumed
        if destination.kind in (Kind.ORGANIZATION, Kind.ORG_UNIT) and not self._knows_organizations(
            destination
        ):
            return Judgement(
                verdict=Verdict.UNKNOWN,
                reason=f"nothing says which organisation is ours; if {destination.id} is, name it in perimeter.toml",
            )
        if destination.kind is Kind.TENANT and not self._knows_tenants():
            return Judgement(verdict=Verdict.UNKNOWN, reason="nothing says which tenant is ours")
        if destination.cloud is Cloud.GCP and owner.isdigit() and self._knows_numbers():
            return Judgement(
                verdict=Verdict.EXTERNAL, reason=f"no project whose logs these are has the number {owner}"
            )
        return _unlisted(destination, owner)

    def _knows_numbers(self) -> bool:
        """Whether the logs show the number of each Google project that they are of."""
        projects = self.seen.get(Kind.PROJECT, {})
        numbers = sum(1 for project in projects if project.isdigit())
        return 0 < len(projects) - numbers <= numbers

    def _knows_tenants(self) -> bool:
        """Whether any tenant is known to be ours: storage logs name the caller's, and not their own."""
        listed = any(
            e.kind is EntryKind.TENANT and e.verdict in OURS and not e.expired(self.today)
            for e in self.entries
        )
        return listed or bool(self.seen.get(Kind.TENANT))

    def _knows_organizations(self, destination: Destination) -> bool:
        """Whether any organisation of the destination's cloud is known to be ours."""
        listed = (
            e
            for e in self.entries
            if e.kind is EntryKind.ORGANIZATION and e.verdict in OURS and not e.expired(self.today)
        )
        ids = [*(e.id for e in listed), *self.seen.get(Kind.ORGANIZATION, {})]
        aws = destination.cloud is Cloud.AWS
        return any(i.startswith("o-") == aws for i in ids)

    def _managed(self, destination: Destination, account: str) -> Judgement | None:
        """Of an organisation that an account of ours manages."""
        if not destination.manager:
            return None
        manager = Destination(kind=Kind.ACCOUNT, id=destination.manager, cloud=destination.cloud)
        judged = self.judge(manager, account)
        if judged.verdict not in OURS:
            return None
        verdict = judged.verdict if judged.verdict is Verdict.TRUSTED else Verdict.ORGANIZATION
        return Judgement(
            verdict=verdict, reason=f"{manager.id} manages it: {judged.reason}", name=judged.name
        )

    def _assumed(self, destination: Destination, owner: str) -> Judgement | None:
        """What the logs themselves show to be ours."""
        organization = destination.id.partition("/")[0].lower()
        if destination.kind in (Kind.ORGANIZATION, Kind.ORG_UNIT) and (
            found := self.seen.get(Kind.ORGANIZATION, {}).get(organization)
        ):
            return Judgement(verdict=Verdict.ORGANIZATION, reason=f"assumed ours: {found}")
        asked = [(destination.kind, destination.id), (_owner_kind(destination), owner)]
        if destination.kind is Kind.PRINCIPAL:
            del asked[0]  # who acted in our logs is noted among what was seen, and is not ours for that
        elif destination.kind is Kind.BUCKET and destination.cloud is Cloud.GCP:
            # So named by logs, as a bucket of the same name at another cloud is somebody else's.
            asked.append((Kind.BUCKET, f"gs://{destination.id}"))
        for kind, identifier in asked:
            if found := self.seen.get(kind, {}).get(identifier.lower()):
                return Judgement(verdict=Verdict.SELF, reason=f"assumed ours: {found}")
        if destination.kind is Kind.PRINCIPAL and (
            found := self.seen.get(Kind.DOMAIN, {}).get(domain_of(destination.id))
        ):
            return Judgement(
                verdict=Verdict.ORGANIZATION, reason=f"assumed ours: {domain_of(destination.id)}, {found}"
            )
        return None

    def find(self, identifier: str) -> tuple[Entry, ...]:
        """Every entry (expired ones too) that names an identifier."""
        return tuple(e for e in self.entries if _covers(e, identifier))

    def expired(self) -> tuple[Entry, ...]:
        """Entries that no longer count."""
        return tuple(e for e in self.entries if e.expired(self.today))

    def unused(self, destinations: Iterable[Destination]) -> tuple[Entry, ...]:
        """Entries that decided nothing about any of the destinations."""
        used = {e for d in destinations if (e := self._entry(d, owner_of(d)))}
        return tuple(e for e in self.entries if e not in used and not e.expired(self.today))

    def _entry(self, destination: Destination, owner: str) -> Entry | None:
        # The destination's own line decides before a line about the account that owns it.
        live = [e for e in self.entries if not e.expired(self.today)]
        for kinds, identifier in (
            (_KINDS.get(destination.kind, ()), destination.id),
            (_OWNERS[_owner_kind(destination)], owner),
        ):
            for entry in live:
                if identifier and entry.kind in kinds and _covers(entry, identifier):
                    return entry
        return None


_KINDS: Mapping[Kind, tuple[EntryKind, ...]] = {
    Kind.ACCOUNT: (EntryKind.ACCOUNT,),
    Kind.ORGANIZATION: (EntryKind.ORGANIZATION,),
    Kind.ORG_UNIT: (EntryKind.ORG_UNIT, EntryKind.ORGANIZATION, EntryKind.MANAGEMENT_GROUP, EntryKind.FOLDER),
    Kind.TENANT: (EntryKind.TENANT,),
    Kind.SUBSCRIPTION: (EntryKind.SUBSCRIPTION,),
    Kind.PROJECT: (EntryKind.PROJECT,),
    Kind.DOMAIN: (EntryKind.DOMAIN,),
    Kind.CUSTOMER: (EntryKind.CUSTOMER,),
    Kind.PRINCIPAL: (EntryKind.PRINCIPAL, EntryKind.DOMAIN, EntryKind.PROJECT),
    Kind.CANONICAL_ID: (EntryKind.CANONICAL_ID,),
    Kind.BUCKET: (EntryKind.BUCKET,),
    Kind.VPC: (EntryKind.VPC, EntryKind.ENDPOINT),
    Kind.IP_RANGE: (EntryKind.CIDR,),
}


_OWNERS: Mapping[Kind, tuple[EntryKind, ...]] = {
    Kind.ACCOUNT: (EntryKind.ACCOUNT,),
    Kind.PROJECT: (EntryKind.PROJECT,),
}


def _owner_kind(destination: Destination) -> Kind:
    return Kind.PROJECT if destination.cloud is Cloud.GCP else Kind.ACCOUNT


def owner_of(destination: Destination) -> str:
    """The account behind a destination: the account itself, or the one in an ARN; of Google's, the project; "" if nothing says."""
    if destination.kind is Kind.ACCOUNT:
        return destination.id
    if destination.cloud is Cloud.GCP and destination.kind in (Kind.PROJECT, Kind.PRINCIPAL):
        return destination.id if destination.kind is Kind.PROJECT else project_of_member(destination.id)
    if destination.id.startswith("arn:") and destination.id.count(":") >= 5:  # noqa: PLR2004 - arn:partition:service:region:account:resource
        return destination.id.split(":", 5)[4]
    return ""


def _covers(entry: Entry, identifier: str) -> bool:
    if entry.kind is EntryKind.CIDR:
        return _inside(identifier, entry.id)
    if entry.kind is EntryKind.DOMAIN:
        mine = entry.id.lower().lstrip("@")
        domain = identifier.lower().rsplit("@", 1)[-1]
        return domain == mine or domain.endswith("." + mine)
    if entry.kind is EntryKind.PROJECT and "@" in identifier:
        # A service account belongs to the project in its mail address.
        return identifier.lower().rsplit("@", 1)[-1] == f"{entry.id.lower()}.iam.gserviceaccount.com"
    if entry.kind in (EntryKind.ORG_UNIT, EntryKind.ORGANIZATION):
        return _under(identifier.split("/"), entry.id.rstrip("*").rstrip("/").split("/"))
    if entry.kind in (EntryKind.PRINCIPAL, EntryKind.BUCKET):
        return fnmatch.fnmatchcase(identifier.lower(), entry.id.lower())
    return identifier.lower() == entry.id.lower()


def _under(path: list[str], above: list[str]) -> bool:
    """Whether an organisation path lies under another. `o-1/r-0/ou-2/ou-3` is under `o-1`, `o-1/ou-2` (the root may be left out) and `ou-2`."""
    steps = iter(path)
    if path[0].startswith("o-") and above[0].startswith("o-") and path[0] != above[0]:
        return False
    return all(any(step == wanted for step in steps) for wanted in above)


def _inside(inner: str, outer: str) -> bool:
    try:
        a = ipaddress.ip_network(inner, strict=False)
        b = ipaddress.ip_network(outer, strict=False)
    except ValueError:
        return False
    if isinstance(a, ipaddress.IPv4Network) and isinstance(b, ipaddress.IPv4Network):
        return a.subnet_of(b)
    return isinstance(a, ipaddress.IPv6Network) and isinstance(b, ipaddress.IPv6Network) and a.subnet_of(b)


def _reason(entry: Entry) -> str:
    why = f": {entry.why}" if entry.why else ""
    return f"{entry.where or 'perimeter'} says {entry.kind} {entry.id} is {entry.verdict}{why}"


def is_just_unlisted(destination: Destination, judgement: Judgement) -> bool:
    """Whether a verdict says of a destination no more than that nothing lists it."""
    return judgement.reason == f"{destination.kind} {destination.id} {NOT_LISTED}"


def _unlisted(destination: Destination, owner: str) -> Judgement:
    if reason := _at_amazon(destination, owner):
        return Judgement(verdict=Verdict.TRUSTED, reason=reason)
    if destination.cloud is Cloud.GCP and (judged := _at_google(destination, owner)):
        return judged
    if destination.kind is Kind.SERVICE:
        return Judgement(verdict=Verdict.TRUSTED, reason="a service of the provider itself")
    if destination.kind is Kind.IP_RANGE and _private(destination.id):
        if destination.note:  # who read it knows more than that it is private: see flows/
            return Judgement(verdict=Verdict.UNKNOWN, reason=destination.note)
        return Judgement(verdict=Verdict.SELF, reason="a private address range")
    if reason := _ownerless(destination):
        return Judgement(verdict=Verdict.UNKNOWN, reason=reason)
    if destination.kind is Kind.PRINCIPAL and not owner and "@" not in destination.id:
        return Judgement(verdict=Verdict.UNKNOWN, reason="nothing says to which account it belongs")
    who = f"{_owner_kind(destination)} {owner}" if owner else f"{destination.kind} {destination.id}"
    return Judgement(verdict=Verdict.EXTERNAL, reason=f"{who} {NOT_LISTED}")


def _ownerless(destination: Destination) -> str:
    """Why a destination by its nature doesn't say whose it is, or ""."""
    if destination.kind is Kind.BUCKET:
        return "nothing says who owns this bucket"
    if destination.kind is Kind.DOMAIN and destination.cloud is Cloud.AZURE and is_shared(destination.id):
        return "nothing says whose this name at Azure is"
    if destination.kind is Kind.BEARER_URL:
        return "whoever holds the URL can read it"
    if destination.kind in (Kind.UNKNOWN, Kind.VPC, Kind.CANONICAL_ID):
        return destination.note or f"no {destination.kind} is listed as ours"
    return ""


# Ranges that `is_private` counts in although nobody's own network has them: they stand for the internet in examples.
_EXAMPLES = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")


def _at_amazon(destination: Destination, owner: str) -> str:
    """Why it is an account that a service of AWS works with, or ""."""
    if owner == "cloudfront":
        # arn:aws:iam::cloudfront:user/...: an origin access identity; the policy doesn't say of whose distribution
        return "CloudFront itself, for a distribution that is not named"
    service = SERVICES.get(destination.id) if destination.kind is Kind.CANONICAL_ID else None
    return f"an account of {service}" if service else ""


def _at_google(destination: Destination, owner: str) -> Judgement | None:
    if is_google(destination.id):
        return Judgement(
            verdict=Verdict.TRUSTED, reason="an account of Google's own, by which a service delivers"
        )
    if owner.isdigit():
        return Judgement(verdict=Verdict.UNKNOWN, reason=f"nothing says which project has the number {owner}")
    return None


def _private(text: str) -> bool:
    try:
        private = ipaddress.ip_network(text, strict=False).is_private
    except ValueError:
        return False
    return private and not any(_inside(text, e) for e in _EXAMPLES)
