"""What an inventory of Google Cloud shows to be ours: projects by id and number, the organisation and its customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from exclave.model import Kind

if TYPE_CHECKING:
    from exclave.inventory.store import Inventory

Ours = tuple[Kind, object, str]


def seen(inventory: Inventory) -> Iterator[Ours]:
    """Kind, identifier, and why it counts as ours."""
    yield from _home(inventory)
    for project in _items(inventory, "cloudresourcemanager.GetProject"):
        yield Kind.PROJECT, project.get("projectId"), "its inventory is here"
        yield Kind.PROJECT, _last(project.get("name")), f"the number of {project.get('projectId')}"
    for found in _items(inventory, "cloudasset.SearchProjects"):
        more = found.get("additionalAttributes")
        named = more.get("projectId") if isinstance(more, Mapping) else None
        yield Kind.PROJECT, named or _last(found.get("name")), "a project of our organisation"
        yield Kind.PROJECT, _last(found.get("project")), "a project of our organisation"
        folders = found.get("folders")
        for folder in folders if isinstance(folders, list) else ():
            yield Kind.ORG_UNIT, _last(folder), "a folder of our organisation"
    for bucket in _items(inventory, "storage.ListBuckets"):
        yield Kind.BUCKET, bucket.get("name"), "a bucket of ours"


def _home(inventory: Inventory) -> Iterator[Ours]:
    for home in _items(inventory, "cloudresourcemanager.GetHome"):
        name = str(home.get("name", ""))
        if name.startswith("organizations/"):
            yield Kind.ORGANIZATION, _last(name), "our projects are in it"
            yield Kind.CUSTOMER, home.get("directoryCustomerId"), "the customer of our organisation"
            # the display name of an organisation is the primary domain of its customer
            # https://cloud.google.com/resource-manager/docs/cloud-platform-resource-hierarchy#organizations
            if "." in str(home.get("displayName")):
                yield Kind.DOMAIN, home.get("displayName"), "the domain of our organisation"
    for ancestor in _items(inventory, "cloudresourcemanager.GetAncestry"):
        resource = ancestor.get("resourceId")
        kinds = {"organization": Kind.ORGANIZATION, "folder": Kind.ORG_UNIT}
        kind = kinds.get(str(resource.get("type"))) if isinstance(resource, Mapping) else None
        if kind is not None and isinstance(resource, Mapping):
            yield kind, resource.get("id"), "our projects are in it"


def _items(inventory: Inventory, call: str) -> Iterator[Mapping[str, Any]]:
    for _, item in inventory.items(call):
        if isinstance(item, Mapping):
            yield item


def _last(name: Any) -> str:
    return name.rpartition("/")[2] if isinstance(name, str) else ""
