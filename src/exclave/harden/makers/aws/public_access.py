"""Public access blocked: of EBS snapshots, AMIs and VPCs in each region, of S3 in the account.

Sources: https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html,
https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from exclave.change.model import equals
from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.buckets import BLOCKS
from exclave.harden.model import Artefact
from exclave.harden.terraform import configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

VPC_MODE = "block-bidirectional"
VPC_NOTE = (
    "VPC block public access in {}: it would cut running machines off from the internet (or the inventory doesn't show that there "
    "are none), so it isn't planned: --set vpc-block-public-access=yes plans it; exclusions can be made for single VPCs"
)
TAKEN = 5  # addresses of a subnet that AWS keeps: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
_EC2 = {
    # what the check calls it: read call, path of the state, wanted, the calls that set and unset it
    "EBS snapshots": (
        "ec2:GetSnapshotBlockPublicAccessState", "State", "block-all-sharing", "ec2:EnableSnapshotBlockPublicAccess",
        "ec2:DisableSnapshotBlockPublicAccess", "unblocked", "public snapshots are no longer shared with anybody outside",
    ),
    "AMIs": (
        "ec2:GetImageBlockPublicAccessState", "ImageBlockPublicAccessState", "block-new-sharing", "ec2:EnableImageBlockPublicAccess",
        "ec2:DisableImageBlockPublicAccess", "unblocked", "images can't be made public any more; AWS may take ten minutes to show it",
    ),
    "VPCs": (
        "ec2:DescribeVpcBlockPublicAccessOptions", "VpcBlockPublicAccessOptions.InternetGatewayBlockMode", VPC_MODE,
        "ec2:ModifyVpcBlockPublicAccessOptions", "", "off", "traffic between every VPC of the region and the internet stops",
    ),
}  # fmt: skip


def steps(
    account: Account,
    settings: Sequence[str],
    inventory: Inventory,
    results: Sequence[Result],
    options: Options,
) -> tuple[list[Step], list[str]]:
    """A step for each setting that is off, and what is left to a person."""
    made: list[Step] = []
    notes: list[str] = []
    asked = vpcs_asked(account, inventory, options)
    for name in settings:
        what, region = parts(name)
        if what == "S3":
            made.append(_s3(account, inventory, results))
        elif what == "VPCs" and region not in asked:
            notes.append(VPC_NOTE.format(region))
        else:
            made.append(_ec2(account, what, region, inventory, results))
    return made, notes


def parts(name: str) -> tuple[str, str]:
    """What is blocked and where, from the check's name of it."""
    what, _, region = name.removeprefix("block public access of ").partition(" in ")
    return what, "" if what == "S3" else region


def vpcs_asked(account: Account, inventory: Inventory, options: Options) -> frozenset[str]:
    """Regions in which VPCs may be cut off: all if the user says so, else those where nothing runs in any subnet."""
    if options.value("vpc-block-public-access").lower() in ("yes", "true", VPC_MODE):
        return frozenset(account.regions)
    return frozenset(r for r in account.regions if _empty(account.id, r, inventory))


def _empty(account: str, region: str, inventory: Inventory) -> bool:
    answer = inventory.one("ec2.DescribeSubnets", account, region)
    if answer.error is not None:
        return False
    for subnet in answer.items:
        try:
            size = ipaddress.ip_network(str(subnet.get("CidrBlock"))).num_addresses
        except ValueError:
            return False
        if subnet.get("AvailableIpAddressCount") != size - TAKEN:
            return False
    return True


def _ec2(account: Account, what: str, region: str, inventory: Inventory, results: Sequence[Result]) -> Step:
    read, path, wanted, enable, _, _, breaks = _EC2[what]
    state = _state(account, what, region, inventory)
    return changes.step(
        f"block public access of {what} in {region}",
        f"{what} of {account.id} in {region}",
        [(enable, {path.rpartition(".")[2]: wanted})],
        account=account.id,
        region=region,
        read=changes.reading(account.id, read, {}, region=region, keep=(path,)),
        before=_nested(path, state),
        undo=[_back(account, what, region, inventory)],
        after=[equals(path, wanted)],
        breaks=(breaks,),
        results=results,
    )


def _state(account: Account, what: str, region: str, inventory: Inventory) -> str:
    read, path, off = (_EC2[what][n] for n in (0, 1, 5))
    return inventory.one(read.replace(":", ".", 1), account.id, region).text(path) or off


def _back(account: Account, what: str, region: str, inventory: Inventory) -> tuple[str, dict[str, Any]]:
    """The call that makes a setting what it was."""
    if what == "S3":
        held = _held(account, inventory)
        kept = {"PublicAccessBlockConfiguration": held} if held else {}
        return f"s3control:{'Put' if held else 'Delete'}PublicAccessBlock", {"AccountId": account.id, **kept}
    _, path, _, enable, disable, off, _ = _EC2[what]
    state = _state(account, what, region, inventory)
    return (disable, {}) if state == off and disable else (enable, {path.rpartition(".")[2]: state})


def _held(account: Account, inventory: Inventory) -> Any:
    recorded = inventory.one("s3control.GetPublicAccessBlock", account.id)
    return None if recorded.absent else next(iter(recorded.items), None)


def _partly(account: Account, wanted: Sequence[tuple[str, str]], inventory: Inventory) -> list[str]:
    """Commands for what was half set before: deleting a resource switches it off altogether."""
    return [
        changes.command(*_back(account, what, region, inventory), region)
        for what, region in wanted
        if (
            _held(account, inventory)
            if what == "S3"
            else _state(account, what, region, inventory) != _EC2[what][5]
        )
    ]


def _nested(path: str, value: str) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    return {head: _nested(rest, value) if rest else value}


def _s3(account: Account, inventory: Inventory, results: Sequence[Result]) -> Step:
    held = _held(account, inventory)
    put = "s3control:PutPublicAccessBlock"
    return changes.step(
        f"block public access of S3 in account {account.id}",
        f"S3 of {account.id}",
        [(put, {"AccountId": account.id, "PublicAccessBlockConfiguration": BLOCKS})],
        account=account.id,
        read=changes.reading(
            account.id,
            "s3control:GetPublicAccessBlock",
            {"AccountId": account.id},
            absent=("NoSuchPublicAccessBlockConfiguration",),
        ),
        before={"PublicAccessBlockConfiguration": held} if held else None,
        undo=[_back(account, "S3", "", inventory)],
        after=[equals(f"PublicAccessBlockConfiguration.{k}", v) for k, v in BLOCKS.items()],
        breaks=(
            "public buckets and websites served from S3 itself are no longer readable: serve them by CloudFront",
        ),
        results=results,
    )


def artefacts(
    control: str, account: Account, settings: Sequence[str], inventory: Inventory, options: Options
) -> Iterator[Artefact]:
    """Terraform for all settings; CloudFormation, a template that fits each region, for what it has resources for."""
    asked = vpcs_asked(account, inventory, options)
    wanted = [(what, region) for what, region in map(parts, settings) if what != "VPCs" or region in asked]
    regions = sorted({region for _, region in wanted if region})
    if options.wants("cloudformation"):
        for region in regions:
            here = [(what, where) for what, where in wanted if where == region and what != "AMIs"]
            resources = _cloudformation([what for what, _ in here])
            name = changes.file_name(control, account, "cloudformation", region=region)
            stack = f"{options.prefix}-block-public-access"
            deploy, undo = changes.stack_commands(stack, name, region)
            if back := _partly(account, here, inventory):
                wait = f"aws cloudformation wait stack-delete-complete --stack-name {stack} --region {region}"
                undo = " && ".join((undo, wait, *back))
            if resources:
                yield Artefact(
                    control=control, name=name, format="cloudformation", about=f"blocks public access in {region}", deploy=deploy, undo=undo,
                    text=to_yaml(template(f"Block public access in {region}", resources)),
                    notes=("CloudFormation has no resource for AMIs and for S3 in the account: take Terraform, or --apply",),
                )  # fmt: skip
    if options.wants("terraform") and wanted:
        deploy, undo = changes.TERRAFORM
        yield Artefact(
            control=control, name=changes.file_name(control, account, "terraform", part="settings"), format="terraform",
            about=f"blocks public access in {len(regions)} regions and S3", deploy=deploy,
            undo=" && ".join((undo, *_partly(account, wanted, inventory))),
            text=to_json(_terraform(account, regions, wanted)),
        )  # fmt: skip


def _cloudformation(whats: Sequence[str]) -> dict[str, Any]:
    known = {
        "EBS snapshots": (
            "Snapshots",
            {"Type": "AWS::EC2::SnapshotBlockPublicAccess", "Properties": {"State": "block-all-sharing"}},
        ),
        "VPCs": (
            "Vpcs",
            {
                "Type": "AWS::EC2::VPCBlockPublicAccessOptions",
                "Properties": {"InternetGatewayBlockMode": VPC_MODE},
            },
        ),
    }
    return dict(known[what] for what in whats if what in known)


def _terraform(account: Account, regions: Sequence[str], wanted: Sequence[tuple[str, str]]) -> dict[str, Any]:
    kinds = {
        "EBS snapshots": ("aws_ebs_snapshot_block_public_access", {"state": "block-all-sharing"}),
        "AMIs": ("aws_ec2_image_block_public_access", {"state": "block-new-sharing"}),
        "VPCs": ("aws_vpc_block_public_access_options", {"internet_gateway_block_mode": VPC_MODE}),
    }
    resources: dict[str, dict[str, Any]] = {}
    for what, region in wanted:
        if what == "S3":
            names = (
                "block_public_acls",
                "block_public_policy",
                "ignore_public_acls",
                "restrict_public_buckets",
            )
            resources["aws_s3_account_public_access_block"] = {"account": dict.fromkeys(names, True)}
            continue
        kind, arguments = kinds[what]
        alias = region.replace("-", "_")
        resources.setdefault(kind, {})[alias] = {"provider": f"aws.{alias}", **arguments}
    guard = {"allowed_account_ids": [account.id]}
    aliases = [{"alias": r.replace("-", "_"), "region": r, **guard} for r in regions]
    return configuration({"aws": [{"region": account.home, **guard}, *aliases]}, resources)
