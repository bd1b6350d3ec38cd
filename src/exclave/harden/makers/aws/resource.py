"""The resource perimeter: an RCP that binds data to the organisation, and public access blocked for snapshots, images, S3 and VPCs.

Sources: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html,
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_declarative_syntax.html and
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3_syntax.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.perimeter import READS
from exclave.harden.makers.aws import organization_policy
from exclave.harden.makers.aws.account import Account, account_of, our_entries
from exclave.harden.makers.aws.documents import deny, packed, spared_by_policies
from exclave.harden.makers.aws.identity import MANAGEMENT, NO_ORGANIZATION
from exclave.harden.makers.aws.organization_policy import Policy
from exclave.harden.makers.aws.public_access import artefacts, steps, vpcs_asked
from exclave.harden.model import Made
from exclave.harden.results import by_account, fact, items_of
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.documents import Statement
    from exclave.harden.model import Artefact, Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.perimeter.resource"
# Whole services, where refusing strangers can't stop our own work; of STS the one call that a stranger enters by.
ACTIONS = tuple(a if a.startswith("sts:") else f"{a.partition(':')[0]}:*" for a in READS)

STRANGERS_NOTE = (
    "strangers and anonymous callers lose S3, SQS, KMS, Secrets Manager and ECR at once, public buckets and websites too: "
    "list who may go on as [[account]] in perimeter.toml"
)
EXCLUDED = (
    "{}: once nothing there needs the internet, ec2:DeleteVpcBlockPublicAccessExclusion {} takes it back"
)


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """The RCP for accounts that lack it, and a step for each setting."""
    found: list[Artefact] = []
    done: list[Step] = []
    notes: list[str] = []
    bound: list[tuple[Account, Result]] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        notes += [EXCLUDED.format(i.why, i.resource) for _, i in items_of(mine) if fact(i, "excluded")]
        names = [item.resource for _, item in items_of(mine) if not fact(item, "excluded")]
        settings = [n for n in names if n.startswith("block public access of ")]
        if len(settings) < len(names):
            if account.bindable:
                bound.append((account, mine[0]))
            else:
                notes.append((MANAGEMENT if account.organization else NO_ORGANIZATION).format(account_id))
        if settings:
            made, said = steps(account, settings, inventory, mine, options)
            done += made
            notes += said
            found += artefacts(CONTROL, account, settings, inventory, options)
    if bound:
        account = bound[0][0]
        to = organization_policy.targets([a for a, _ in bound], options)
        rcps = policies(account, perimeter, options)
        done[:0] = organization_policy.steps(
            rcps, to, account.management, inventory, [r for _, r in bound], options
        )
        found[:0] = organization_policy.artefacts(CONTROL, account, rcps, to, options)
        asked = vpcs_asked(account, inventory, options)
        found += organization_policy.artefacts(
            CONTROL, account, declarative(options, vpcs=bool(asked)), to, options, "declarative"
        )
        notes += [
            *organization_policy.notes(options),
            STRANGERS_NOTE,
        ]
    return Made(artefacts=tuple(found), steps=tuple(done), notes=tuple(dict.fromkeys(notes)))


def policies(account: Account, perimeter: Perimeter, options: Options) -> list[Policy]:
    """The RCPs."""
    about = "denies data to principals outside the organisation, whatever a resource's own policy says"
    found = packed([strangers(account, perimeter, options)])
    return [
        Policy(kind="rcp", name=f"{options.prefix}-resource-perimeter-{n}", about=about, document=each)
        for n, each in enumerate(found, 1)
    ]


def strangers(account: Account, perimeter: Perimeter, options: Options) -> Statement:
    """A Deny for everybody who is of no organisation or of another, and isn't listed; AWS's services are spared."""
    condition: dict[str, dict[str, Any]] = {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": account.organization},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    if listed := our_entries(perimeter, EntryKind.ACCOUNT):
        condition["StringNotEqualsIfExists"]["aws:PrincipalAccount"] = listed
    # our own roles are of the organisation; a pattern of any account would let a stranger's role of that name in
    spared = [
        arn for arn in spared_by_policies(options) if arn.split(":")[4:5] and "*" not in arn.split(":")[4]
    ]
    return deny("Strangers", ACTIONS, condition=condition, principal="*", spared=spared)


def declarative(options: Options, *, vpcs: bool) -> list[Policy]:
    """Block public access for the whole organisation, so that no account can switch it off: as artefacts."""
    attributes: dict[str, Any] = {
        "snapshot_block_public_access": {"state": {"@@assign": "block_all_sharing"}},
        "image_block_public_access": {"state": {"@@assign": "block_new_sharing"}},
    }
    if vpcs:
        attributes["vpc_block_public_access"] = {
            "internet_gateway_block": {
                "mode": {"@@assign": "block_bidirectional"},
                "exclusions_allowed": {"@@assign": "enabled"},
            }
        }
    return [
        Policy(
            kind="ec2",
            name=f"{options.prefix}-block-public-access",
            about="blocks public access of EBS snapshots and AMIs" + (" and VPCs" if vpcs else ""),
            document={"ec2_attributes": attributes},
        ),
        Policy(
            kind="s3",
            name=f"{options.prefix}-block-public-access-s3",
            about="blocks public access of S3",
            document={"s3_attributes": {"public_access_block_configuration": {"@@assign": "all"}}},
        ),
    ]
