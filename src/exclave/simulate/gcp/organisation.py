"""The organisation that the logs are of: folders, projects, people, and what they own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.simulate.gcp import ids
from exclave.simulate.ids import public_ip

if TYPE_CHECKING:
    from random import Random

REGIONS = ("europe-west1", "europe-west4", "us-central1", "us-east1", "asia-northeast1")
# name, folder, and what it is for (Call.role)
_PROJECTS = (
    ("tooling", "platform", "tooling"),
    ("logging", "platform", "logging"),
    ("prod", "production", "prod"),
    ("data", "production", "data"),
    ("stage", "staging", ""),
    ("network", "platform", "network"),
    ("payments", "production", "prod"),
    ("sandbox", "staging", ""),
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
)
_GROUPS = ("developers", "data-platform", "analysts", "sre", "security")
_SYSTEMS = ("orders", "billing", "catalogue", "search", "ledger", "customers", "reports", "events")
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36,gzip(gfe),gzip(gfe)"
)
_GCLOUD = (
    "google-cloud-sdk gcloud/503.0.0 command/gcloud.alpha invocation-id/@@uuid:inv@@ environment/None "
    "environment-version/None client-os/MACOSX client-os-ver/24.1.0 client-pltf-arch/arm "
    "interactive/True from-script/False python/3.11.9 term/xterm-256color (Macintosh; Intel Mac OS X 24.1.0),gzip(gfe)"
)
_NOTEBOOK = 'google-api-python-client/2.150.0 "notebook\\lab" (gzip),gzip(gfe)'  # JSON has to escape it
_AGENTS = (_BROWSER, _GCLOUD, _NOTEBOOK)


@dataclass(frozen=True, slots=True)
class Project:
    """One project. `region` is where it runs; the tuples are names of what it owns."""

    id: str
    number: str
    name: str
    folder: str
    role: str
    region: str
    instances: tuple[str, ...]
    disks: tuple[str, ...]
    snapshots: tuple[str, ...]
    images: tuple[str, ...]
    buckets: tuple[str, ...]
    datasets: tuple[str, ...]
    tables: tuple[str, ...]
    accounts: tuple[str, ...]  # mail addresses of service accounts
    secrets: tuple[str, ...]
    databases: tuple[str, ...]

    @property
    def zone(self) -> str:
        """The zone that most of its machines run in."""
        return f"{self.region}-b"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of our domain, who works from one address."""

    mail: str
    ip: str
    agent: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """A supplier that reads settings as a service account of a project of its own."""

    project: str
    name: str
    account: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """All of it. Projects stand in the order of their making; the first runs the pipelines."""

    id: str
    customer: str
    company: str
    domain: str
    folders: tuple[tuple[str, str], ...]  # name, number
    projects: tuple[Project, ...]
    people: tuple[Person, ...]
    groups: tuple[str, ...]
    vendors: tuple[Vendor, ...]

    @property
    def tooling(self) -> Project:
        """The project of the pipelines."""
        return self.projects[0]

    @property
    def pipeline(self) -> str:
        """The service account that Terraform runs as."""
        return f"terraform@{self.tooling.id}.iam.gserviceaccount.com"


def found(rng: Random, projects: int, taken: set[str]) -> Organisation:
    """Makes an organisation of so many projects. Numbers and project ids in use are added to `taken`."""
    company = rng.choice(("northwind", "contoso", "fabrikam", "tailspin"))
    domain = f"{company}.example"
    folders = tuple((name, ids.number(rng, 12, taken)) for name in ("platform", "production", "staging"))
    return Organisation(
        id=ids.number(rng, 12, taken),
        customer=f"C0{ids.suffix(rng, 7)}",
        company=company,
        domain=domain,
        folders=folders,
        projects=tuple(_project(rng, index, company, taken) for index in range(projects)),
        people=tuple(Person(f"{name}@{domain}", public_ip(rng), rng.choice(_AGENTS)) for name in _PEOPLE),
        groups=tuple(f"{name}@{domain}" for name in _GROUPS),
        vendors=(
            _vendor(rng, "posture scanner", "cloudposture"),
            _vendor(rng, "cost management", "costview"),
        ),
    )


def _vendor(rng: Random, name: str, project: str) -> Vendor:
    project = f"{project}-{ids.suffix(rng)}"
    return Vendor(project, name, f"reader@{project}.iam.gserviceaccount.com")


def _project(rng: Random, index: int, company: str, taken: set[str]) -> Project:
    name, folder, role = (
        _PROJECTS[index]
        if index < len(_PROJECTS)
        else (f"{rng.choice(_SYSTEMS)}-{index}"[:14], "production", "")
    )
    project = f"{company}-{name}-{ids.suffix(rng)}"
    taken.add(project)
    systems = rng.sample(_SYSTEMS, 4)
    machines = tuple(f"{system}-{number}" for system in systems for number in (1, 2, 3))
    return Project(
        id=project,
        number=ids.number(rng, 12, taken),
        name=name,
        folder=folder,
        role=role,
        region=rng.choice(REGIONS),
        instances=machines,
        disks=tuple(f"{machine}-data" for machine in machines),
        snapshots=tuple(f"{machine}-nightly-{ids.suffix(rng)}" for machine in machines),
        images=tuple(f"base-debian-12-v202601{day:02}" for day in (5, 12, 19)),
        buckets=tuple(f"{project}-{system}" for system in systems),
        datasets=("warehouse", *systems[:2], "reporting"),
        tables=tuple(f"{system}_{kind}" for system in systems for kind in ("daily", "raw")),
        accounts=tuple(f"{system}-runner@{project}.iam.gserviceaccount.com" for system in systems),
        secrets=tuple(f"{system}-password" for system in systems),
        databases=tuple(f"{system}-pg" for system in systems[:2]),
    )
