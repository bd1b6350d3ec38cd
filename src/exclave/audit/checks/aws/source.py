"""Data reached only from expected addresses, VPCs and endpoints, by policies of any layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.audit.checks.aws.named import strangers
from exclave.audit.checks.aws.organization import ALLOW_ALL, own_organizations, reaching
from exclave.audit.checks.aws.probes import lets_strangers_out, refuses_carrying_out, refuses_elsewhere
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Item, Status
from exclave.inventory.model import Scope
from exclave.model import OURS, Cloud, Destination, Kind
from exclave.policy.document import Malformed, Policy, parse
from exclave.policy.evaluate import Answer as Says
from exclave.policy.evaluate import Policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.audit.model import Check, Settings
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

READS = ("s3:GetObject", "s3:GetObjectVersion")
# What a stranger would do through the endpoint of a service that holds data.
_ENDPOINTS = {
    "s3": "s3:PutObject", "s3express": "s3:PutObject", "dynamodb": "dynamodb:PutItem", "sqs": "sqs:SendMessage",
    "sns": "sns:Publish", "kms": "kms:Encrypt", "secretsmanager": "secretsmanager:PutSecretValue", "ebs": "ebs:PutSnapshotBlock",
    "ec2": "ec2:ModifySnapshotAttribute", "rds": "rds:ModifyDBSnapshotAttribute", "lambda": "lambda:InvokeFunction",
    "kinesis-streams": "kinesis:PutRecord", "kinesis-firehose": "firehose:PutRecord", "git-codecommit": "codecommit:GitPush",
    "execute-api": "execute-api:Invoke", "ssm": "ssm:PutParameter", "logs": "logs:PutLogEvents", "ecr.dkr": "ecr:PutImage", "ecr.api": "ecr:PutImage", "sts": "sts:AssumeRole",
}  # fmt: skip
_NETWORK = re.compile(r"\bvpce?-[0-9a-z]+")
_SERVICE = re.compile(r"com\.amazonaws\.[a-z0-9-]+\.([a-z0-9.-]+)|aws\.api\.[a-z0-9-]+\.([a-z0-9.-]+)")


def source_restriction(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item for the account, or one per bucket where no policy above binds it; and one per VPC endpoint."""
    return [
        judged(
            Scope(cloud=Cloud.AWS, account=account),
            [*_data(inventory, perimeter, account), *_endpoints(inventory, perimeter, account)],
            "buckets and endpoints",
        )
        for account in inventory.accounts(Cloud.AWS)
    ]


def _data(inventory: Inventory, perimeter: Perimeter, account: str) -> Iterator[Item]:
    organization = next(iter(own_organizations(inventory)), "")
    scps, rcps = reaching(inventory, "scp", account), reaching(inventory, "rcp", account)
    policies = Policies(identity=[ALLOW_ALL], scps=scps.levels, rcps=rcps.levels)
    networks = _Networks(inventory, perimeter, account)
    above = (*scps.documents, *rcps.documents)

    def refuses(bucket: str, policies: Policies, strange: list[str]) -> tuple[Says, str]:
        for action in READS:
            answer, place = refuses_elsewhere(
                action, f"arn:aws:s3:::{bucket}/a-key", account, organization, perimeter, policies, strange
            )
            if answer is not Says.DENIES:
                return answer, place if action == READS[0] else f"{place} by {action}"
        return Says.DENIES, ""

    answer, place = refuses("a-bucket", policies, networks.strange(*above))
    names = (("policies", ", ".join((*scps.names, *rcps.names))),)
    if answer is Says.DENIES:
        yield passed("data of the whole account", facts=names)
        return
    yield from (*scps.unseen, *rcps.unseen)
    any_bucket = False
    for recorded in inventory.answers("s3.GetBucketPolicy", account=account):
        any_bucket = True
        if recorded.error is not None:
            yield unseen(recorded)
            continue
        document = parse(None if recorded.absent else (recorded.answer or {}).get("Policy"))
        own = Policies(identity=[ALLOW_ALL], resource=document, scps=scps.levels, rcps=rcps.levels)
        says, where_from = refuses(str(recorded.key), own, networks.strange(*above, document))
        if says is Says.DENIES:
            yield passed(recorded.key, where=recorded.where)
        else:
            yield failed(
                recorded.key,
                f"the account's credentials read the bucket {where_from}: no SCP, RCP or bucket policy refuses",
                where=recorded.where,
            )
    if not any_bucket:
        yield failed(
            "data of the whole account", f"no SCP or RCP refuses the account's credentials {place}", names
        )


class _Networks:
    """Which VPCs and endpoints are ours, as far as they were recorded."""

    def __init__(self, inventory: Inventory, perimeter: Perimeter, account: str) -> None:
        self._perimeter, self._account = perimeter, account
        self._known: dict[str, set[str]] = {}
        for call, start, key in (
            ("ec2.DescribeVpcs", "vpc-", "VpcId"),
            ("ec2.DescribeVpcEndpoints", "vpce-", "VpcEndpointId"),
        ):
            if all(a.error is None for a in inventory.each(call, account=account)):
                self._known[start] = {str(i.get(key)) for _, i in inventory.items(call)}

    def strange(self, *documents: Policy | Malformed) -> list[str]:
        """Ids in policies that are none of ours; none of a kind that could not be looked at."""
        text = " ".join(
            v
            for d in documents
            if isinstance(d, Policy)
            for s in d.statements
            for c in s.conditions
            for v in c.values
        )
        found = []
        for name in dict.fromkeys(_NETWORK.findall(text)):
            known = self._known.get("vpce-" if name.startswith("vpce-") else "vpc-")
            judged_ = self._perimeter.judge(
                Destination(kind=Kind.VPC, id=name, cloud=Cloud.AWS), self._account
            )
            if known is not None and name not in known and judged_.verdict not in OURS:
                found.append(name)
        return found


def _endpoints(inventory: Inventory, perimeter: Perimeter, account: str) -> Iterator[Item]:
    organization = next(iter(own_organizations(inventory)), "")
    levels = reaching(inventory, "scp", account).levels
    for answer in inventory.answers("ec2.DescribeVpcEndpoints", account=account):
        if answer.error is not None:
            yield unseen(answer, f"VPC endpoints of {answer.scope.region}")
            continue
        for endpoint in answer.items:
            named = _SERVICE.fullmatch(str(endpoint.get("ServiceName")))
            action = _ENDPOINTS.get((named[1] or named[2]) if named else "")
            document = endpoint.get("PolicyDocument")
            if action is None or str(endpoint.get("State", "")).lower() in ("deleted", "deleting"):
                continue
            name = str(endpoint.get("VpcEndpointId"))
            facts = (
                ("service", str(endpoint.get("ServiceName"))),
                ("vpc", str(endpoint.get("VpcId"))),
                ("region", answer.scope.region),
            )
            says, who = lets_strangers_out(action, document, strangers([document], perimeter, account))
            if document and says is Says.DENIES:
                out, _ = refuses_carrying_out(action, account, organization, levels, through=document)
                if out is Says.DENIES:
                    yield passed(name, facts=facts, where=answer.where)
                    continue
                why = f"neither the endpoint's policy nor an SCP keeps our own credentials from carrying data to a stranger's resource ({action})"
                yield Item(resource=name, status=Status.PARTIAL, why=why, facts=facts, where=answer.where)
            else:
                of = f" of {who}" if who else ""
                yield failed(
                    name,
                    f"the endpoint's policy lets a stranger's credentials{of} carry data to a stranger's resource ({action})",
                    facts,
                    answer.where,
                )
