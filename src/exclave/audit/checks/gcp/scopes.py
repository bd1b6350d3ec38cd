"""Where a check of Google Cloud looks: projects, the organisation over them, and what both say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exclave.inventory.model import Scope
from exclave.model import Cloud

if TYPE_CHECKING:
    from exclave.inventory import Answer, Inventory

HOME = "cloudresourcemanager.GetHome"
HOME_POLICY, POLICY = "cloudresourcemanager.GetHomeIamPolicy", "cloudresourcemanager.GetIamPolicy"
FOLDER_POLICY = "cloudresourcemanager.GetFolderIamPolicy"
PROJECT, ANCESTRY = "cloudresourcemanager.GetProject", "cloudresourcemanager.GetAncestry"


def projects(inventory: Inventory) -> list[Scope]:
    """The projects that were, or should have been, looked at."""
    return [Scope(cloud=Cloud.GCP, account=a) for a in inventory.accounts(Cloud.GCP) if "/" not in a]


def home_of(inventory: Inventory, project: str = "") -> str:
    """The organisation over the projects (`organizations/1`); "" where there is none, or nothing says."""
    found = [a for a in inventory.accounts(Cloud.GCP) if a.startswith("organizations/")]
    mine = next((f"organizations/{i}" for k, i in ancestors(inventory, project) if k == "organization"), "")
    return mine if mine in found else mine or (found[0] if len(found) == 1 else "")


def ancestors(inventory: Inventory, project: str) -> list[tuple[str, str]]:
    """Type and id of what a project stands under, the nearest first."""
    out = []
    for answer in inventory.each(ANCESTRY, account=project) if project else ():
        for item in mappings(answer.items):
            resource = item.get("resourceId")
            if isinstance(resource, Mapping):
                out.append((str(resource.get("type")), str(resource.get("id"))))
    return out


def number_of(inventory: Inventory, project: str) -> str:
    """The number of a project; "" where nothing says."""
    return next((a.text("name").rpartition("/")[2] for a in inventory.each(PROJECT, account=project)), "")


def organisation_answer(inventory: Inventory, call: str, home: str) -> Answer | None:
    """The organisation's answer to a call; None where there is no organisation."""
    return inventory.one(call, home) if home else None


def mappings(found: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; nothing else that may stand in it."""
    for item in found if isinstance(found, list) else ():
        if isinstance(item, Mapping):
            yield item


def part(value: Any, *names: str) -> Any:
    """A member within members, or None."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def texts(value: Any) -> list[str]:
    """The texts of a list, or the one text."""
    listed = value if isinstance(value, list) else [value]
    return [v for v in listed if isinstance(v, str) and v]


def moment(value: object) -> datetime | None:
    """A time as Google writes it (RFC 3339, up to nanoseconds); None when it is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


def seconds(value: object) -> float | None:
    """A duration as Google writes it (`300s`); None when it is none."""
    try:
        return float(value.removesuffix("s")) if isinstance(value, str) and value.endswith("s") else None
    except ValueError:
        return None
