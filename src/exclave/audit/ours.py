"""What an inventory itself shows to be ours: its accounts, their organisation, buckets and networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit import ours_gcp
from exclave.model import Cloud, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.inventory.store import Inventory


def seen(inventory: Inventory) -> Mapping[Kind, Mapping[str, str]]:
    """Kind → identifier in lower case → why it counts as ours, for the perimeter's judge."""
    found: dict[Kind, dict[str, str]] = {}

    def ours(kind: Kind, identifier: object, why: str) -> None:
        if isinstance(identifier, str) and identifier:
            found.setdefault(kind, {}).setdefault(identifier.lower(), why)

    for kind, identifier, why in (*_accounts(inventory), *ours_gcp.seen(inventory)):
        ours(kind, identifier, why)
    for call, kind, key, why in _LISTED:
        for _, item in inventory.items(call):
            ours(kind, _value(item, key), why)
    for answer in inventory.each("s3.ListBuckets"):
        owner = answer.answer.get("Owner") if isinstance(answer.answer, dict) else None
        ours(Kind.CANONICAL_ID, _value(owner, "ID"), f"owns the buckets of {answer.scope.account}")
    for _, item in inventory.items("graph.Organization"):
        for domain in (item.get("verifiedDomains") or ()) if isinstance(item, dict) else ():
            ours(Kind.DOMAIN, _value(domain, "name"), "a verified domain of our tenant")
    return found


_LISTED = (
    ("organizations.DescribeOrganization", Kind.ORGANIZATION, "Id", "our accounts are in it"),
    ("organizations.ListAccounts", Kind.ACCOUNT, "Id", "an account of our organisation"),
    ("s3.ListBuckets", Kind.BUCKET, "Name", "a bucket of ours"),
    ("ec2.DescribeVpcs", Kind.VPC, "VpcId", "a VPC of ours"),
    ("ec2.DescribeVpcEndpoints", Kind.VPC, "VpcEndpointId", "an endpoint of ours"),
    ("azure.Subscriptions", Kind.SUBSCRIPTION, "subscriptionId", "a subscription that our credentials see"),
    ("azure.Subscriptions", Kind.TENANT, "tenantId", "the tenant of our subscriptions"),
    ("graph.Organization", Kind.TENANT, "id", "our tenant"),
    ("arg.StorageAccounts", Kind.BUCKET, "name", "a storage account of ours"),
)


def _accounts(inventory: Inventory) -> Iterator[tuple[Kind, object, str]]:
    kinds = {Cloud.AWS: Kind.ACCOUNT, Cloud.AZURE: Kind.SUBSCRIPTION, Cloud.GCP: Kind.PROJECT}
    for cloud, kind in kinds.items():
        for account in (a for a in inventory.accounts(cloud) if "/" not in a):  # not organizations/1
            yield kind, account, "its inventory is here"


def _value(item: Any, key: str) -> object:
    return item.get(key) if isinstance(item, dict) else None
