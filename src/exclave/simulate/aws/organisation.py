"""The organisation that the logs are of: accounts, people, pipelines, workloads and what they own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.simulate.aws import ids

if TYPE_CHECKING:
    from random import Random

REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-southeast-2")
GLOBAL_REGION = "us-east-1"  # where IAM, STS's global endpoint and Organizations record their calls
_NAMES = (
    "management",
    "log-archive",
    "tooling",
    "production",
    "staging",
    "data",
    "payments",
    "sandbox",
    "network",
)
_PEOPLE = (
    "amira.haddad",
    "ben.okafor",
    "carla.ruiz",
    "daniel.weiss",
    "elena.popova",
    "finn.larsen",
    "grace.lin",
    "hugo.martins",
    "ines.moreau",
    "jonas.berg",
    "kavya.nair",
    "liam.obrien",
    "mei.tanaka",
    "noor.aziz",
)
_CLI = (
    "aws-cli/2.17.20 md/awscrt#0.21.2 ua/2.0 os/macos#23.5.0 md/arch#arm64 lang/python#3.11.9 "
    "md/pyimpl#CPython cfg/retry-mode#standard md/installer#exe md/prompt#off"
)
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/129.0.0.0 Safari/537.36"
)
_NOTEBOOK = (  # quotes and a backslash, which JSON has to escape
    "Boto3/1.35.10 md/Botocore#1.35.10 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.4 "
    'md/pyimpl#CPython exec-env/"notebook\\lab" cfg/retry-mode#legacy'
)
_AGENTS = (_CLI, _BROWSER, _NOTEBOOK)
_VENDORS = ("cloud posture scanner", "log analytics", "cost management")
_SYSTEMS = ("orders", "billing", "catalogue", "search", "ledger", "customers", "reports", "events")


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `home` is the region where most of it runs; the tuples are ids of what it owns."""

    id: str
    name: str
    home: str
    second: str
    volumes: tuple[str, ...]
    snapshots: tuple[str, ...]
    instances: tuple[str, ...]
    databases: tuple[str, ...]
    buckets: tuple[str, ...]
    keys: tuple[str, ...]
    vpc: str
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in by IAM Identity Center, from one address."""

    name: str
    ip: str
    agent: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """A supplier that assumes a role in each account, from an account of its own."""

    id: str
    name: str
    principal: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """All of it. The first account is the management account."""

    id: str
    company: str
    accounts: tuple[Account, ...]
    people: tuple[Person, ...]
    vendors: tuple[Vendor, ...]

    @property
    def management(self) -> Account:
        """The account that pays and that owns the organisation."""
        return self.accounts[0]

    @property
    def tooling(self) -> Account:
        """The account that pipelines run in; the only one there is, when there is one."""
        return self.accounts[min(2, len(self.accounts) - 1)]

    @property
    def arn(self) -> str:
        """As launch permissions and policies name it."""
        return f"arn:aws:organizations::{self.management.id}:organization/{self.id}"


def found(rng: Random, accounts: int, taken: set[str]) -> Organisation:
    """Makes an organisation of so many accounts. Account ids in use are added to `taken`."""
    company = rng.choice(("northwind-parts", "contoso-freight", "fabrikam-health", "tailspin-media"))
    return Organisation(
        id=ids.organisation_id(rng),
        company=company,
        accounts=tuple(_account(rng, index, company, taken) for index in range(accounts)),
        people=tuple(_person(rng, name) for name in _PEOPLE),
        vendors=tuple(
            Vendor(ids.account_id(rng, taken), name, ids.unique_id(rng, "AROA")) for name in _VENDORS
        ),
    )


def _account(rng: Random, index: int, company: str, taken: set[str]) -> Account:
    name = _NAMES[index] if index < len(_NAMES) else f"{rng.choice(_SYSTEMS)}-{index}"
    home = rng.choice(REGIONS)

    def many(prefix: str, count: int) -> tuple[str, ...]:
        return tuple(ids.hex_id(rng, prefix) for _ in range(count))

    return Account(
        id=ids.account_id(rng, taken),
        name=name,
        home=home,
        second=rng.choice([region for region in REGIONS if region != home]),
        volumes=many("vol", 12),
        snapshots=many("snap", 20),
        instances=many("i", 12),
        databases=tuple(f"{system}-{name}" for system in rng.sample(_SYSTEMS, 3)),
        buckets=tuple(f"{company}-{name}-{system}" for system in rng.sample(_SYSTEMS, 4)),
        keys=tuple(ids.uuid(rng) for _ in range(3)),
        vpc=ids.hex_id(rng, "vpc"),
        subnets=many("subnet", 3),
        groups=many("sg", 4),
        functions=tuple(f"{system}-handler" for system in rng.sample(_SYSTEMS, 3)),
    )


def _person(rng: Random, name: str) -> Person:
    agent = rng.choice(_AGENTS)
    return Person(name, ids.public_ip(rng), agent)
