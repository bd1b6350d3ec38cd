"""Concrete requests that a perimeter must refuse: policies are read by what they do, not by how they look.

So a NotAction that leaves a hole, a condition on the wrong key, a range of the whole internet, or an IfExists
too many show by themselves.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from msgspec import structs

from exclave.audit.checks.aws.named import (
    NETWORKS,
    OF_CALLER,
    OF_THING,
    STRANGER,
    THEIR_ORGANIZATION,
    THROUGH,
    Stranger,
    circumstances,
    endpoints,
    principals,
    ranges,
    regional,
)
from exclave.audit.checks.aws.organization import ALLOW_ALL, ALLOW_ANYBODY
from exclave.model import OURS, Destination, Kind
from exclave.policy.evaluate import Answer, Policies, evaluate
from exclave.policy.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from exclave.perimeter import Perimeter

# Addresses all over the internet, so that a list of ranges that is nearly everything is seen.
_ADDRESSES = (
    *(f"{first}.77.33.11" for first in (1, 31, 54, 91, 128, 151, 185, 203, 222)),
    *("2600:1f18::77", "2a02:6b8::77", "240e::77"),
)
_PRIVATE = ("198.18.7.7", "10.77.33.11", "172.31.33.11", "192.168.33.11")  # of any VPC

_HERE, _THERE = "eu-west-1", "ap-southeast-2"
_KEYS = ("aws:SourceVpc", "aws:SourceVpce")
_THEIR_VPC = {"aws:SourceVpc": "vpc-0f0e0d0c0b0a09080", "aws:SourceVpce": "vpce-0f0e0d0c0b0a09080"}
# Who may call: an SCP binds them all.
_CALLERS = (("a role", "role/exclave-probe"), ("a user", "user/exclave-probe"), ("the root user", "root"))


def resource_for(action: str, account: str) -> str:
    """An ARN of a thing that the action is about, in an account.

    Snapshots and images have no account in theirs:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-resources-for-iam-policies
    """
    service = action.partition(":")[0].lower()
    exact = {
        "ec2:modifysnapshotattribute": "arn:aws:ec2:eu-west-1::snapshot/snap-0a1b2c3d",
        "ec2:modifyimageattribute": "arn:aws:ec2:eu-west-1::image/ami-0a1b2c3d",
        "rds:modifydbsnapshotattribute": f"arn:aws:rds:eu-west-1:{account}:snapshot:a-snapshot",
        "rds:modifydbclustersnapshotattribute": f"arn:aws:rds:eu-west-1:{account}:cluster-snapshot:a-snapshot",
        "redshift:authorizesnapshotaccess": f"arn:aws:redshift:eu-west-1:{account}:snapshot:a-cluster/a-snapshot",
        "redshift:authorizedatashare": f"arn:aws:redshift:eu-west-1:{account}:datashare:0a1b2c3d/a-share",
        "s3:putreplicationconfiguration": "arn:aws:s3:::a-bucket",
        "ecr:putreplicationconfiguration": "*",
        "logs:putsubscriptionfilter": f"arn:aws:logs:eu-west-1:{account}:log-group:a-group",
    }.get(action.lower())
    return exact or {
        "s3": "arn:aws:s3:::a-bucket/a-key",
        "kms": f"arn:aws:kms:eu-west-1:{account}:key/0a1b2c3d",
        "sqs": f"arn:aws:sqs:eu-west-1:{account}:queue",
        "sns": f"arn:aws:sns:eu-west-1:{account}:topic",
        "sts": f"arn:aws:iam::{account}:role/a-role",
        "secretsmanager": f"arn:aws:secretsmanager:eu-west-1:{account}:secret:a-secret",
        "dynamodb": f"arn:aws:dynamodb:eu-west-1:{account}:table/a-table",
        "ecr": f"arn:aws:ecr:eu-west-1:{account}:repository/a-repository",
        "ram": f"arn:aws:ram:eu-west-1:{account}:resource-share/0a1b2c3d",
    }.get(service, f"arn:aws:{service}:eu-west-1:{account}:thing/a-thing")


def whole(action: str) -> str:
    """A pattern of all things that the action is about."""
    parts = resource_for(action, STRANGER).split(":", 5)
    if len(parts) == 1:
        return "*"
    kind = None if parts[2] == "s3" else re.match(r"[a-z-]+[/:]", parts[5])
    return ":".join((*parts[:3], parts[3] and "*", parts[4] and "*", f"{kind[0] if kind else ''}*"))


def things(action: str, account: str, documents: Sequence[object]) -> list[str]:
    """The same, and where a policy names resources of some region one of another region."""
    thing = resource_for(action, account)
    return [thing, thing.replace(f":{_HERE}:", f":{_THERE}:")] if regional(documents) else [thing]


def receivers(action: str, account: str) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """How a request of the action names an outsider (words, context): every one must be refused.

    https://docs.aws.amazon.com/service-authorization/latest/reference/ (condition keys of each action)
    """
    external, queue = {"ram:Principal": account}, f"arn:aws:sqs:eu-west-1:{account}:theirs"
    return {
        "ec2:ModifySnapshotAttribute": (
            ("with an account", {"ec2:Add/userId": account}), ("with everybody", {"ec2:Add/group": "all"}),
        ),
        "ec2:ModifyImageAttribute": (("", {"ec2:Attribute": "LaunchPermission", "ec2:Public": "false"}),),
        "logs:PutSubscriptionFilter": (("", {"logs:DestinationArn": f"arn:aws:logs:eu-west-1:{account}:destination:theirs"}),),
        "ram:CreateResourceShare": (("", external | {"ram:RequestedAllowsExternalPrincipals": "true"}),),
        # who gets into a share that is there: another key says whether it lets outsiders in
        "ram:AssociateResourceShare": (("", external | {"ram:AllowsExternalPrincipals": "true"}),),
        "redshift:AuthorizeDataShare": (("", {"redshift:ConsumerIdentifier": account}),),
        "sns:Subscribe": (
            ("with a queue", {"sns:Endpoint": queue, "sns:Protocol": "sqs"}),
            ("with a web address", {"sns:Endpoint": "https://stranger.example/", "sns:Protocol": "https"}),
            ("with a mail address", {"sns:Endpoint": "a@stranger.example", "sns:Protocol": "email"}),
        ),
    }.get(action, (("", {}),))  # fmt: skip


def refuses_sharing(
    action: str,
    account: str,
    organization: str,
    levels: Sequence[Sequence[object]],
    others: Sequence[Stranger] = (Stranger(),),
) -> tuple[Answer, str]:
    """What SCPs say when somebody of the account shares something of its own with a stranger: answer, and who from what."""
    context = (
        _own(account, organization)
        | _of(organization, "Resource")
        | {"aws:ResourceAccount": account, "ec2:Owner": account}
    )
    chosen = circumstances(_flat(levels))
    tries = (
        (
            Request(
                action=action, resource=thing, principal=f"arn:aws:iam::{account}:{principal}",
                resource_account=account, context={**context, **naming, **circumstance},
            ),
            _words(f"{who} from sharing outside by it", how, other.said and f"with {other.said}", what),
        )
        for other in others
        for who, principal in _CALLERS
        for how, naming in receivers(action, other.account)
        for what, circumstance in chosen
        for thing in things(action, account, _flat(levels))
    )  # fmt: skip
    return _refused(tries, Policies(identity=[ALLOW_ALL], scps=levels))


def refuses_carrying_out(
    action: str,
    account: str,
    organization: str,
    levels: Sequence[Sequence[object]],
    others: Sequence[Stranger] = (Stranger(),),
    through: object = None,
) -> tuple[Answer, str]:
    """What SCPs, and the policy of an endpoint, say when somebody of the account writes to a thing of a stranger, in an organisation or in none: answer, and who from what."""
    # what a service does for us has to reach things of AWS's own
    own = _own(account, organization)
    chosen = circumstances([*_flat(levels), through], spared=THROUGH, theirs=OF_THING)
    tries = (
        (
            Request(
                action=action, resource=thing, principal=f"arn:aws:iam::{account}:{principal}",
                resource_account=other.account,
                context={**own, **_of(other.organization, "Resource"), "aws:ResourceAccount": other.account, **circumstance},
            ),
            _words(f"{who} from it on a resource of", other.said or "another organisation, or of none", what),
        )
        for other in (*others, Stranger(organization=""))
        for who, principal in _CALLERS
        for what, circumstance in chosen
        for thing in things(action, other.account, _flat(levels))
    )  # fmt: skip
    return _refused(
        tries, Policies(identity=[ALLOW_ALL], resource=ALLOW_ANYBODY, boundary=through, scps=levels)
    )


def refuses_strangers(
    action: str,
    account: str,
    organization: str,
    levels: Sequence[Sequence[object]],
    others: Sequence[Stranger] = (Stranger(),),
) -> tuple[Answer, str]:
    """What RCPs say when a stranger uses a thing of the account whose own policy lets everybody: answer, and who it was."""
    callers = [
        *((o.said or "a principal of another organisation", o) for o in others),
        ("a principal of an account in no organisation", Stranger(organization="")),
        ("an anonymous caller", Stranger("", "")),
    ]
    context = {
        "aws:ResourceAccount": account,
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
        "aws:SecureTransport": "true",
    } | _of(organization, "Resource")
    chosen = circumstances(_flat(levels), theirs=OF_CALLER)
    tries = (
        (
            Request(
                action=action, resource=thing, principal=principal, resource_account=account,
                context={**context, **_of(other.organization, "Principal"), **circumstance},
            ),
            _words(who, what, named),
        )
        for who, other in callers
        for principal, named in _arns(action, other, levels)
        for what, circumstance in chosen
        for thing in things(action, account, _flat(levels))
    )  # fmt: skip
    return _refused(tries, Policies(identity=[ALLOW_ALL], resource=ALLOW_ANYBODY, rcps=levels))


def _arns(action: str, other: Stranger, levels: Sequence[Sequence[object]]) -> Iterator[tuple[str, str]]:
    """A stranger's principals, and words for those that only a policy's exception makes worth trying."""
    if not other.account:
        found = [("", "")]
    else:
        found = [(f"arn:aws:iam::{other.account}:{p}", "") for _, p in _CALLERS]
        found += [(arn, f"as {arn}") for arn in principals(_flat(levels), other.account)]
    for arn, named in found:
        # who is nobody, or the root user, can't take on a role
        if not action.lower().startswith("sts:") or (arn and not arn.endswith(":root")):
            yield arn, named


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
    documents = [*_flat(policies.scps), *_flat(policies.rcps), policies.resource]
    further = [
        (f"from {s}, which a policy lets in and which is none of ours", {_KEYS[s.startswith("vpce-")]: s})
        for s in strange
    ]
    further += [
        (f"from {r}, which a policy lets in and which is none of ours", {key: address})
        for r, key, address in ranges(documents, perimeter, account)
    ]
    further += [
        (
            f"from an endpoint of {owner}, which a policy lets in and which is none of ours",
            {**_THEIR_VPC, **named},
        )
        for owner, named in endpoints(documents, perimeter, account)
    ]
    context = _own(account, organization) | _of(organization, "Resource") | {"aws:ResourceAccount": account}
    # whoever calls through a service has come to it from somewhere, and the network is what is asked about
    chosen = circumstances(documents, spared=(*NETWORKS, *THROUGH))
    tries = (
        (
            Request(
                action=action, resource=resource, principal=f"arn:aws:iam::{account}:{principal}", resource_account=account,
                context={**context, **circumstance, **network},
            ),
            _words(place, what, "" if principal == _CALLERS[0][1] else f"by {who}"),
        )
        for place, network in (*_elsewhere(perimeter), *further)
        for who, principal in _CALLERS
        for what, circumstance in chosen
    )  # fmt: skip
    return _refused(tries, policies)


def _elsewhere(perimeter: Perimeter) -> Iterator[tuple[str, dict[str, str]]]:
    for address in _ADDRESSES:
        found = perimeter.judge(Destination(kind=Kind.IP_RANGE, id=str(ipaddress.ip_network(address))))
        if found.verdict not in OURS:
            yield f"from {address}", {"aws:SourceIp": address}
    for address in _PRIVATE:
        vpc = {**_THEIR_VPC, "aws:VpcSourceIp": address, "aws:VpceAccount": STRANGER}
        yield "from a VPC that is not ours", vpc | _of(THEIR_ORGANIZATION, "Vpce")


def lets_strangers_out(
    action: str, policy: object, others: Sequence[Stranger] = (Stranger(),)
) -> tuple[Answer, str]:
    """What a VPC endpoint's policy says to a stranger's credentials that reach for a stranger's things, and whose."""
    tries = (
        (
            Request(
                action=action, resource=resource_for(action, other.account), principal=f"arn:aws:iam::{other.account}:{principal}",
                resource_account=other.account,
                context={
                    **_of(other.organization, "Principal"), **_of(other.organization, "Resource"), "aws:ResourceAccount": other.account,
                    "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false", "aws:SecureTransport": "true", **circumstance,
                },
            ),
            _words(other.said, what),
        )
        for other in (*others, Stranger(organization=""))
        for _, principal in _CALLERS[:2]
        for what, circumstance in circumstances([policy], spared=(*NETWORKS, *THROUGH), theirs=(*OF_CALLER, *OF_THING))
    )  # fmt: skip
    return _refused(tries, Policies(identity=[ALLOW_ALL], boundary=policy))


def _refused(tries: Iterable[tuple[Request, str]], policies: Policies) -> tuple[Answer, str]:
    """The first answer that is no denial, with the words for its request."""
    for request, words in tries:
        context = {**_unique(request.principal), **request.context}
        answer = evaluate(structs.replace(request, context=context), policies)
        if answer is not Answer.DENIES:
            return answer, words
    return Answer.DENIES, ""


def _unique(principal: str) -> dict[str, str]:
    """aws:userid, which an exception may name as well as the ARN: of a role the session's name is the caller's choice.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
    """
    kind = principal.rpartition(":")[2].partition("/")[0]
    ids = {"role": "AROAEXCLAVEPROBE00000:exclave-probe", "user": "AIDAEXCLAVEPROBE00000"}
    found = principal.split(":")[4] if kind == "root" else ids.get(kind, "")
    return {"aws:userid": found} if found else {}


def _own(account: str, organization: str) -> dict[str, str]:
    return {
        "aws:PrincipalAccount": account,
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
        "aws:SecureTransport": "true",
    } | _of(organization, "Principal")


def _of(organization: str, whose: str) -> dict[str, str]:
    """The keys by which the organisation of a principal, a resource or an endpoint is told."""
    if not organization:
        return {}
    return {f"aws:{whose}OrgID": organization, f"aws:{whose}OrgPaths": f"{organization}/r-0a1b/ou-0a1b-1/"}


def _flat(levels: Sequence[Sequence[object]]) -> list[object]:
    return [document for level in levels for document in level]


def _words(*parts: str) -> str:
    return " ".join(p for p in parts if p)
