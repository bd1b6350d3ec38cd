"""Which calls a command needs, and which permissions: from the controls and the catalogue, never by hand."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from exclave.audit.loader import chosen
from exclave.catalogue.loader import load as load_catalogue
from exclave.inventory.table import chosen as with_parents
from exclave.inventory.table import load as load_table
from exclave.model import Cloud

if TYPE_CHECKING:
    from exclave.audit.model import Control
    from exclave.catalogue.loader import Catalogue
    from exclave.inventory.model import Call

# What the perimeter is read from, and what every run begins with.
BASIS = {
    Cloud.AWS: (
        "sts.GetCallerIdentity", "ec2.DescribeRegions", "organizations.DescribeOrganization", "organizations.ListAccounts",
        "s3.ListBuckets", "ec2.DescribeVpcs", "ec2.DescribeVpcEndpoints",
    ),
    Cloud.AZURE: (
        "azure.Subscriptions", "azure.Permissions", "graph.Organization", "arg.StorageAccounts", "arg.VirtualNetworks",
    ),
    Cloud.GCP: (
        "cloudresourcemanager.SearchOrganizations", "cloudasset.SearchProjects", "cloudresourcemanager.GetHome",
        "cloudresourcemanager.GetAncestry", "cloudresourcemanager.GetProject", "storage.ListBuckets",
    ),
}  # fmt: skip


def needs(cloud: Cloud, patterns: tuple[str, ...] = (), *, exposures: bool = True) -> list[str]:
    """Names of the calls for some controls (all without patterns), and for exposures.

    Raises:
        BadControlError: a pattern fits no control.
    """
    names = dict.fromkeys(BASIS.get(cloud, ()))
    for control in chosen(patterns, cloud):
        names |= dict.fromkeys(control.needs)
    if exposures:
        for method in load_catalogue().methods:
            for standing in method.inventory if method.cloud is cloud else ():
                names |= dict.fromkeys((standing.call, *(b.call for b in standing.blocked)))
    return list(names)


def calls(cloud: Cloud, patterns: tuple[str, ...] = (), *, exposures: bool = True) -> list[Call]:
    """The same as calls of the table, with those that they are made for."""
    return list(with_parents(load_table(cloud), needs(cloud, patterns, exposures=exposures)).values())


def permissions(cloud: Cloud, patterns: tuple[str, ...] = (), *, exposures: bool = True) -> list[str]:
    """The permissions, each once, in order."""
    return sorted({c.needs for c in calls(cloud, patterns, exposures=exposures)})


def permissions_of(control: Control) -> list[str]:
    """The permissions that one control needs."""
    return sorted({c.needs for c in with_parents(load_table(control.cloud), control.needs).values()})


def methods_of(control: Control, catalogue: Catalogue) -> tuple[str, ...]:
    """Ids of the catalogue that the control would have stopped or shown."""
    return tuple(m.id for m in catalogue.methods if any(fnmatchcase(m.id, p) for p in control.methods))
