"""Policies of VPC endpoints: only our principals, and only to our resources.

Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html and, for what ECR keeps in buckets of
AWS's own, https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exclave.change.model import equals
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.account import our_accounts
from exclave.harden.makers.aws.bucket_policy import BEFORE
from exclave.harden.makers.aws.documents import document, indented, text
from exclave.harden.model import Artefact, Made
from exclave.harden.results import fact
from exclave.harden.terraform import configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

NOTE = (
    "endpoints: what machines fetch from buckets of AWS and of others (package mirrors, agents, updates) is refused: "
    "add such buckets to the policy first, they show in flow logs and in S3 errors AccessDenied"
)
# Buckets of AWS's that machines can't do without: layers of ECR images, the packages of Amazon Linux.
_OF_AWS = (
    "arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*",
    "arn:{partition}:s3:::amazonlinux-2-repos-{region}/*",
    "arn:{partition}:s3:::al2023-repos-{region}-de612dc2/*",
)
_DEFAULT = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def make(
    control: str, account: Account, found: Sequence[tuple[Result, Item]], inventory: Inventory, perimeter: Perimeter, options: Options
) -> Made:  # fmt: skip
    """A step for each endpoint, and its policy as a file and for Terraform."""
    steps: list[Step] = []
    artefacts: list[Artefact] = []
    for result, item in found:
        region = fact(item, "region")
        policy = endpoint_policy(account, perimeter, region, fact(item, "service"))
        held = next(
            (
                e.get("PolicyDocument")
                for _, e in inventory.items("ec2.DescribeVpcEndpoints", account=account.id, region=region)
                if e.get("VpcEndpointId") == item.resource
            ),
            None,
        )
        steps.append(_step(account, item, region, held, policy, result))
        artefacts += _artefacts(control, account, item, region, policy, held, options)
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=(NOTE,) if steps else ())


def endpoint_policy(account: Account, perimeter: Perimeter, region: str, service: str) -> dict[str, Any]:
    """Ours to ours; by organisation, else by the accounts that are known."""
    if account.organization:
        ours = {"aws:PrincipalOrgID": account.organization, "aws:ResourceOrgID": account.organization}
        principal: dict[str, Any] = {"aws:PrincipalOrgID": account.organization}
    else:
        accounts = our_accounts(perimeter, account)
        ours = {"aws:PrincipalAccount": accounts, "aws:ResourceAccount": accounts}  # type: ignore[dict-item]
        principal = {"aws:PrincipalAccount": accounts}
    statements: list[dict[str, Any]] = [
        {"Sid": "OursToOurs", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": ours}},
        {"Sid": "Services", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}},
    ]  # fmt: skip
    if service.endswith(".s3"):
        arns = [a.format(partition=account.partition, region=region) for a in _OF_AWS]
        statements.append(
            {"Sid": "OfAws", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": arns, "Condition": {"StringEquals": principal}}
        )  # fmt: skip
    return document(statements)


def _is_default(held: object) -> bool:
    """Whether a policy is what AWS gives an endpoint that is made without one: all is allowed."""
    try:
        (statement,) = json.loads(str(held))["Statement"]
        return {k: statement[k] for k in ("Effect", "Principal", "Action", "Resource")} == _DEFAULT and len(
            statement
        ) == len(_DEFAULT)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _step(
    account: Account, item: Item, region: str, held: object, policy: dict[str, Any], result: Result
) -> Step:
    endpoint = item.resource
    call, keep = "ec2:ModifyVpcEndpoint", "VpcEndpoints[].PolicyDocument"
    undo: dict[str, Any] = {"PolicyDocument": held} if held else {"ResetPolicy": True}
    return changes.step(
        f"let through {endpoint} only what is ours to what is ours",
        endpoint,
        [(call, {"VpcEndpointId": endpoint, "PolicyDocument": text(policy)})],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id,
            "ec2:DescribeVpcEndpoints",
            {"VpcEndpointIds": [endpoint]},
            region=region,
            keep=(keep,),
        ),
        before={"VpcEndpoints": [{"PolicyDocument": held} if held is not None else {}]},
        undo=[(call, {"VpcEndpointId": endpoint, **undo})],
        after=[equals(keep, text(policy))],
        breaks=(NOTE,),
        results=[result],
        why=[item.why],
    )


def _artefacts(
    control: str, account: Account, item: Item, region: str, policy: dict[str, Any], held: object, options: Options
) -> list[Artefact]:  # fmt: skip
    endpoint, about = item.resource, f"the policy of {item.resource}: only what is ours to what is ours"
    made: list[Artefact] = []
    own = "" if held is None or _is_default(held) else str(held)
    if options.wants("policy"):
        name, before = (
            changes.file_name(control, account, "policy", region=region, part=endpoint + more)
            for more in ("", ".before")
        )
        call = f"aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id {endpoint}"
        made.append(
            Artefact(
                control=control, name=name, format="policy", about=about, text=indented(policy), notes=(NOTE,),
                deploy=f"{call} --policy-document file://{name}", undo=f"{call} --policy-document file://{before}" if own else f"{call} --reset-policy",
            )
        )  # fmt: skip
        if own:
            made.append(Artefact(control=control, name=before, format="policy", about=BEFORE, text=own))
    if options.wants("terraform") and not own:  # its undo would be the default policy
        deploy, undo = changes.TERRAFORM
        provider = {"aws": {"region": region, "allowed_account_ids": [account.id]}}
        resources = {
            "aws_vpc_endpoint_policy": {"endpoint": {"vpc_endpoint_id": endpoint, "policy": text(policy)}}
        }
        made.append(
            Artefact(
                control=control, name=changes.file_name(control, account, "terraform", region=region, part=endpoint), format="terraform",
                about=about, deploy=deploy, undo=undo, notes=(NOTE,), text=to_json(configuration(provider, resources)),
            )
        )  # fmt: skip
    return made
