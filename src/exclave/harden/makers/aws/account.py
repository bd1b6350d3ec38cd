"""What makers need to know of an account: its partition, its home region, its organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.audit.checks.aws.organization import own_organizations
from exclave.model import OURS, Cloud, Kind
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

PREFERRED = ("us-east-1", "cn-north-1", "us-gov-west-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as the inventory shows it. `organization` and `management` are "" where it is in none."""

    id: str
    partition: str
    home: str  # the region in which what has no region of its own is made
    regions: tuple[str, ...]
    identity: str  # ARN of who recorded the inventory
    organization: str
    management: str

    @property
    def bindable(self) -> bool:
        """Whether policies of the organisation bind it."""
        return bool(self.organization) and self.id != self.management

    def arn(self, service: str, resource: str, region: str = "") -> str:
        """An ARN in this account."""
        return f"arn:{self.partition}:{service}:{region}:{self.id}:{resource}"


def account_of(inventory: Inventory, account: str, options: Options) -> Account:
    """The facts of one account."""
    identity = next(
        (a.text("Arn") for a in inventory.each("sts.GetCallerIdentity", account=account) if a.text("Arn")), ""
    )
    regions = inventory.regions(Cloud.AWS, account)
    management = next(
        (
            a.text("Organization.MasterAccountId", "Organization.ManagementAccountId")
            for a in inventory.each("organizations.DescribeOrganization")
            if a.answer
        ),
        "",
    )
    partition = identity.split(":")[1] if identity.count(":") > 1 else _partition(regions)
    preferred = next((r for r in PREFERRED if r in regions), next(iter(regions), "us-east-1"))
    return Account(
        id=account,
        partition=partition,
        home=options.value("region", preferred),
        regions=regions,
        identity=identity,
        organization=next(iter(own_organizations(inventory)), ""),
        management=management,
    )


def _partition(regions: Sequence[str]) -> str:
    first = next(iter(regions), "")
    return "aws-cn" if first.startswith("cn-") else "aws-us-gov" if first.startswith("us-gov-") else "aws"


def our_accounts(perimeter: Perimeter, account: Account) -> list[str]:
    """Account ids that are ours: the perimeter's, and what the inventory shows."""
    listed = {
        e.id for e in perimeter.entries
        if e.kind is EntryKind.ACCOUNT and e.verdict in OURS and not e.expired(perimeter.today)
    }  # fmt: skip
    return sorted(i for i in {account.id, *listed, *perimeter.seen.get(Kind.ACCOUNT, {})} if i.isdigit())


def our_entries(perimeter: Perimeter, kind: EntryKind) -> list[str]:
    """Ids of the perimeter's entries of one kind that are ours and count."""
    return sorted(
        {
            e.id
            for e in perimeter.entries
            if e.kind is kind and e.verdict in OURS and not e.expired(perimeter.today)
        }
    )
