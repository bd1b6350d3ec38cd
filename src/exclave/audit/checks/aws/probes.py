"""Concrete requests that a perimeter must refuse: policies are read by what they do, not by how they look.

So a NotAction that leaves a hole, a condition on the wrong key, a range of the whole internet, or an IfExists
too many show by themselves.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from exclave.audit.checks.aws.organization import ALLOW_ALL, ALLOW_ANYBODY
from exclave.model import OURS, Destination, Kind
from exclave.policy.evaluate import Answer, Policies, evaluate
from exclave.policy.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.perimeter import Perimeter

STRANGER, THEIR_ORGANIZATION = "999988887777", "o-zz99foreign9"
STRANGERS_ROLE = f"arn:aws:iam::{STRANGER}:role/stranger"
# Addresses all over the internet, so that a list of ranges that is nearly everything is seen.
_ADDRESSES = tuple(f"{first}.77.33.11" for first in (1, 31, 54, 91, 128, 151, 185, 203, 222))

_KEYS = ("aws:SourceVpc", "aws:SourceVpce")


def resource_for(action: str, account: str) -> str:
    """An ARN of a thing that the action is about, in an account."""
    service = action.partition(":")[0].lower()
    return {
        "s3": "arn:aws:s3:::a-bucket/a-key",
        "kms": f"arn:aws:kms:eu-west-1:{account}:key/0a1b2c3d",
        "sqs": f"arn:aws:sqs:eu-west-1:{account}:queue",
        "sns": f"arn:aws:sns:eu-west-1:{account}:topic",
        "sts": f"arn:aws:iam::{account}:role/a-role",
        "secretsmanager": f"arn:aws:secretsmanager:eu-west-1:{account}:secret:a-secret",
        "dynamodb": f"arn:aws:dynamodb:eu-west-1:{account}:table/a-table",
        "ecr": f"arn:aws:ecr:eu-west-1:{account}:repository/a-repository",
        "ec2": f"arn:aws:ec2:eu-west-1:{account}:snapshot/snap-0a1b2c3d",
    }.get(service, f"arn:aws:{service}:eu-west-1:{account}:thing/a-thing")


def refuses_sharing(
    action: str, keys: Sequence[str], account: str, organization: str, levels: Sequence[Sequence[object]]
) -> Answer:
    """What SCPs say when an ordinary role of the account shares something of its own with a stranger.

    `keys` are condition keys by which a policy can tell the stranger; they carry his values.
    """
    context = _own(account, organization) | {
        "aws:ResourceOrgID": organization,
        "aws:ResourceAccount": account,
    }
    context |= {key: _foreign_value(key) for key in keys if not key.lower().startswith("aws:")}
    request = Request(
        action=action, resource=resource_for(action, account), principal=f"arn:aws:iam::{account}:role/exclave-probe",
        resource_account=account, context=context,
    )  # fmt: skip
    return evaluate(request, Policies(identity=[ALLOW_ALL], scps=levels))


def refuses_carrying_out(
    action: str, account: str, organization: str, levels: Sequence[Sequence[object]]
) -> Answer:
    """What SCPs say when a role of the account writes to a thing of a stranger, in an organisation or in none."""
    worst = Answer.DENIES
    for theirs in (THEIR_ORGANIZATION, ""):
        context = (
            _own(account, organization)
            | {"aws:ResourceAccount": STRANGER}
            | ({"aws:ResourceOrgID": theirs} if theirs else {})
        )
        request = Request(
            action=action, resource=resource_for(action, STRANGER), principal=f"arn:aws:iam::{account}:role/exclave-probe",
            resource_account=STRANGER, context=context,
        )  # fmt: skip
        answer = evaluate(request, Policies(identity=[ALLOW_ALL], resource=ALLOW_ANYBODY, scps=levels))
        if answer is not Answer.DENIES:
            worst = answer
    return worst


def refuses_strangers(
    action: str, account: str, organization: str, levels: Sequence[Sequence[object]]
) -> tuple[Answer, str]:
    """What RCPs say when a stranger uses a thing of the account whose own policy lets everybody: answer, and who it was."""
    for who, principal, theirs in (
        ("a principal of another organisation", STRANGERS_ROLE, THEIR_ORGANIZATION),
        ("a principal of an account in no organisation", STRANGERS_ROLE, ""),
        ("an anonymous caller", "", ""),
    ):
        context = {
            "aws:ResourceAccount": account,
            "aws:ResourceOrgID": organization,
            "aws:PrincipalIsAWSService": "false",
            "aws:ViaAWSService": "false",
        }
        context |= {"aws:PrincipalOrgID": theirs} if theirs else {}
        request = Request(
            action=action,
            resource=resource_for(action, account),
            principal=principal,
            resource_account=account,
            context=context,
        )
        answer = evaluate(request, Policies(identity=[ALLOW_ALL], resource=ALLOW_ANYBODY, rcps=levels))
        if answer is not Answer.DENIES and not (action.lower().startswith("sts:") and not principal):
            return answer, who
    return Answer.DENIES, ""


def refuses_elsewhere(
    action: str,
    resource: str,
    account: str,
    organization: str,
    perimeter: Perimeter,
    policies: Policies,
    strange: Sequence[str] = (),
) -> tuple[Answer, str]:
    """What policies say when the account's own credentials are used from somewhere else: answer, and from where.

    `strange` are further VPCs and endpoints that are not ours: those that a policy names by mistake or by malice.
    """
    further = [
        (f"from {s}, which a policy lets in and which is none of ours", {_KEYS[s.startswith("vpce-")]: s})
        for s in strange
    ]
    for place, context in (*_elsewhere(perimeter), *further):
        request = Request(
            action=action, resource=resource, principal=f"arn:aws:iam::{account}:role/exclave-probe", resource_account=account,
            context=_own(account, organization) | {"aws:ResourceAccount": account} | context,
        )  # fmt: skip
        answer = evaluate(request, policies)
        if answer is not Answer.DENIES:
            return answer, place
    return Answer.DENIES, ""


def _elsewhere(perimeter: Perimeter) -> Iterator[tuple[str, dict[str, str]]]:
    for address in _ADDRESSES:
        found = perimeter.judge(Destination(kind=Kind.IP_RANGE, id=str(ipaddress.ip_network(address))))
        if found.verdict not in OURS:
            yield f"from {address}", {"aws:SourceIp": address}
    vpc = {
        "aws:SourceVpc": "vpc-0f0e0d0c0b0a09080",
        "aws:SourceVpce": "vpce-0f0e0d0c0b0a09080",
        "aws:VpcSourceIp": "198.18.7.7",
        "aws:VpceOrgID": THEIR_ORGANIZATION,
        "aws:VpceAccount": STRANGER,
    }
    yield "from a VPC that is not ours", vpc


def lets_strangers_out(action: str, policy: object) -> Answer:
    """What the policy of a VPC endpoint says to a stranger's credentials that reach for a stranger's things."""
    request = Request(
        action=action, resource=resource_for(action, STRANGER), principal=STRANGERS_ROLE, resource_account=STRANGER,
        context={
            "aws:PrincipalOrgID": THEIR_ORGANIZATION, "aws:ResourceOrgID": THEIR_ORGANIZATION, "aws:ResourceAccount": STRANGER,
            "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false",
        },
    )  # fmt: skip
    return evaluate(request, Policies(identity=[ALLOW_ALL], boundary=policy))


def _own(account: str, organization: str) -> dict[str, str]:
    found = {
        "aws:PrincipalAccount": account,
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
    }
    return found | ({"aws:PrincipalOrgID": organization} if organization else {})


def _foreign_value(key: str) -> str:
    name = key.lower()
    if name.endswith(("arn", "endpoint")):
        return f"arn:aws:sqs:eu-west-1:{STRANGER}:theirs"
    if name == "sns:protocol":
        return "sqs"
    words: Mapping[str, str] = {
        "group": "all",
        "external": "true",
        "org": THEIR_ORGANIZATION,
        "public": "true",
        "acl": "public-read",
    }
    return next((value for word, value in words.items() if word in name), STRANGER)
