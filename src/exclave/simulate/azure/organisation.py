"""The tenant that the logs are of: management group, subscriptions, people, applications and what they own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.simulate.azure import ids

if TYPE_CHECKING:
    from random import Random

REGIONS = ("westeurope", "northeurope", "uksouth", "eastus2", "australiaeast")
PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"  # application ids of Microsoft's own clients
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
POWERSHELL = "1950a258-227b-4e31-a9cf-717495945fc2"
_NAMES = (
    "management", "connectivity", "tooling", "production", "staging", "data", "payments", "sandbox", "identity",
)  # fmt: skip
_PEOPLE = (
    "amira.haddad", "ben.okafor", "carla.ruiz", "daniel.weiss", "elena.popova", "finn.larsen", "grace.lin",
    "hugo.martins", "ines.moreau", "jonas.berg", "kavya.nair", "liam.obrien", "mei.tanaka", "noor.aziz",
)  # fmt: skip
_SYSTEMS = ("orders", "billing", "catalogue", "search", "ledger", "customers", "reports", "events")
_COMPANIES = ("northwind-parts", "contoso-freight", "fabrikam-health", "tailspin-media")


@dataclass(frozen=True, slots=True)
class Store:
    """A storage account. `id` is its resource id, `key` the hash of the key that its clients use."""

    name: str
    id: str
    subscription: str
    region: str
    containers: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. The tuples are names of what lies in its resource groups."""

    id: str
    name: str
    region: str
    groups: tuple[str, ...]
    machines: tuple[str, ...]
    disks: tuple[str, ...]
    snapshots: tuple[str, ...]
    stores: tuple[Store, ...]
    vaults: tuple[str, ...]
    servers: tuple[str, ...]
    databases: tuple[str, ...]
    apps: tuple[str, ...]
    network: str
    gallery: str

    @property
    def path(self) -> str:
        """Its resource id."""
        return f"/subscriptions/{self.id}"

    def group(self, number: int = 0) -> str:
        """The resource id of one of its groups."""
        return f"{self.path}/resourceGroups/{self.groups[number]}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in from one address, with one client."""

    name: str
    oid: str
    puid: str
    ip: str
    client: str


@dataclass(frozen=True, slots=True)
class Application:
    """A service principal: its object id and application id. `acr` 1 signs in with a secret, 2 with more.

    `owner` is the tenant that the application is registered in.
    """

    name: str
    oid: str
    appid: str
    ip: str
    acr: str
    owner: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """All of it. The first subscription is for management, and holds the workspace and the log archive."""

    id: str
    company: str
    group: str
    subscriptions: tuple[Subscription, ...]
    people: tuple[Person, ...]
    pipeline: Application
    workload: Application
    backup: Application  # of a backup vendor
    policy: Application

    @property
    def domain(self) -> str:
        """Where its people have their mail."""
        return f"{self.company}.example"

    @property
    def workspace(self) -> str:
        """The resource id of the Log Analytics workspace that everything is sent to."""
        return (
            f"{self.subscriptions[0].group()}/providers/Microsoft.OperationalInsights/workspaces/log-central"
        )


def found(rng: Random, subscriptions: int) -> Tenant:
    """Makes a tenant of so many subscriptions."""
    company = rng.choice(_COMPANIES)
    tenant = ids.uuid(rng)

    def application(name: str, acr: str, owner: str = tenant) -> Application:
        return Application(name, ids.uuid(rng), ids.uuid(rng), ids.public_ip(rng), acr, owner)

    return Tenant(
        id=tenant,
        company=company,
        group=f"mg-{company}",
        subscriptions=tuple(_subscription(rng, index, company) for index in range(subscriptions)),
        people=tuple(_person(rng, name) for name in _PEOPLE),
        pipeline=application("sp-deploy", "1"),
        workload=application("id-workload", "2"),
        backup=application("Backup for Azure", "2", ids.uuid(rng)),
        policy=application("policy-assignment", "2"),
    )


def _person(rng: Random, name: str) -> Person:
    client = rng.choice((PORTAL, PORTAL, CLI, POWERSHELL))
    return Person(name, ids.uuid(rng), ids.puid(rng), ids.public_ip(rng), client)


def _subscription(rng: Random, index: int, company: str) -> Subscription:
    name = _NAMES[index] if index < len(_NAMES) else f"{rng.choice(_SYSTEMS)}-{index}"
    identifier = ids.uuid(rng)
    region = rng.choice(REGIONS)
    groups = (f"rg-{name}-core", f"rg-{name}-data", f"rg-{name}-apps")
    systems = rng.sample(_SYSTEMS, 4)
    return Subscription(
        id=identifier,
        name=f"{company}-{name}",
        region=region,
        groups=groups,
        machines=tuple(f"vm-{system}-{n}" for system in systems[:3] for n in (1, 2)),
        disks=tuple(
            f"vm-{system}-{n}_{kind}" for system in systems[:3] for n in (1, 2) for kind in ("os", "data")
        ),
        snapshots=tuple(f"snap-{system}-{n}" for system in systems[:3] for n in range(4)),
        stores=tuple(_store(rng, company, name, system, identifier, groups[1], region) for system in systems),
        vaults=tuple(f"kv-{name[:8]}-{system}" for system in systems[:2]),
        servers=(f"sql-{company}-{name}",),
        databases=tuple(f"{system}-db" for system in systems[:3]),
        apps=tuple(f"app-{company}-{system}" for system in systems[:3]),
        network=f"vnet-{name}",
        gallery=f"gal_{name.replace('-', '_')}",
    )


def _store(
    rng: Random, company: str, name: str, system: str, subscription: str, group: str, region: str
) -> Store:
    account = ids.store_name(company, f"{name}{subscription[:2]}", system)
    return Store(
        name=account,
        id=f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}",
        subscription=subscription,
        region=region,
        containers=(system, "exports", "insights"),
        key=f"{rng.getrandbits(256):064X}",
    )
