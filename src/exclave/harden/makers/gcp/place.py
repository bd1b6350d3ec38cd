"""What makers need to know of an organisation and its projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.audit.checks.gcp import scopes
from exclave.harden.model import Artefact
from exclave.harden.terraform import configuration, to_json
from exclave.model import OURS
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from exclave.audit.model import Result
    from exclave.harden.makers.gcp.script import Script
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

TERRAFORM = ("terraform init && terraform apply", "terraform destroy")
THERE = "what is there and wrong is mended by the script or --apply: Terraform would make it once more and then destroy it, import it there first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where things are made: `home` is the organisation (`organizations/1`) or, without one, a project (`projects/p`)."""

    home: str
    project: str  # that holds what is kept centrally: log bucket, metrics, alert policies
    projects: tuple[str, ...]
    numbers: Mapping[str, str]

    @property
    def organization(self) -> str:
        """The number of the organisation; "" without one."""
        return self.home.removeprefix("organizations/") if self.home.startswith("organizations/") else ""

    @property
    def account(self) -> str:
        """The account of what is made at home."""
        return self.home if self.organization else self.project


def place_of(inventory: Inventory, results: Sequence[Result], options: Options) -> Place:
    """The place that some results are of. `--set log-project=ID` says where what is kept centrally goes."""
    mine = [r.check.scope.account for r in results if "/" not in r.check.scope.account]
    every = [s.account for s in scopes.projects(inventory)]
    home = next((h for p in (mine or every) if (h := scopes.home_of(inventory, p))), "")
    home = home or next((r.check.scope.account for r in results if "/" in r.check.scope.account), "")
    if not home.removeprefix("organizations/").isdigit():
        home = ""
    project = options.value("log-project", _central(every))
    return Place(
        home=home or f"projects/{project}",
        project=project,
        projects=tuple(every),
        numbers={p: n for p in every if (n := scopes.number_of(inventory, p))},
    )


def _central(projects: Sequence[str]) -> str:
    """A project for logs: one that is named so, else the first."""
    named = [p for p in projects if any(word in p for word in ("logging", "-logs", "audit", "security"))]
    return next(iter(named or projects), "")


def customers(inventory: Inventory, perimeter: Perimeter) -> list[str]:
    """Customers (`C0...`) that are ours: the organisation's, and those of the perimeter."""
    found = [
        e.id
        for e in perimeter.entries
        if e.kind is EntryKind.CUSTOMER and e.verdict in OURS and not e.expired(perimeter.today)
    ]
    own = [a.text("directoryCustomerId") for a in inventory.each(scopes.HOME)]
    return sorted({c for c in (*own, *found) if c})


def organizations(place: Place, perimeter: Perimeter) -> list[str]:
    """Organisations (`organizations/1`) that are ours."""
    found = [
        f"organizations/{e.id}"
        for e in perimeter.entries
        if e.kind is EntryKind.ORGANIZATION and e.verdict in OURS and e.id.isdigit() and not e.expired(perimeter.today)
    ]  # fmt: skip
    return sorted({*found, *([place.home] if place.organization else [])})


def gcloud(script: Script, undo: Script | None, about: str, notes: Sequence[str] = ()) -> list[Artefact]:
    """A script, and one that takes away what it made."""
    name = f"{script.control}.gcloud.sh"
    out = [
        Artefact(
            control=script.control, name=name, format="gcloud", text=script.text(), about=about, deploy=f"sh {name}",
            undo=f"sh {script.control}.undo.gcloud.sh" if undo is not None else "", notes=tuple(notes),
        )
    ]  # fmt: skip
    if undo is not None:
        out.append(
            Artefact(
                control=script.control, name=f"{script.control}.undo.gcloud.sh", format="gcloud", text=undo.text(),
                about="takes away what the script made", deploy=f"sh {script.control}.undo.gcloud.sh",
            )
        )  # fmt: skip
    return out


def terraform(
    control: str, resources: Mapping[str, Mapping[str, Any]], about: str, notes: Sequence[str] = ()
) -> Artefact:
    """Resources as a configuration in Terraform's JSON."""
    deploy, undo = TERRAFORM
    return Artefact(
        control=control, name=f"{control}.tf.json", format="terraform",
        text=to_json(configuration({"google": {}}, resources)), about=about, deploy=deploy, undo=undo, notes=tuple(notes),
    )  # fmt: skip


def label(text: str) -> str:
    """A name for Terraform's own use."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in text).strip("_").lower() or "one"
