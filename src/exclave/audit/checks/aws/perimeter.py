"""The organisation's perimeter: what our identities may reach (SCP), who may reach our things (RCP, settings)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.grants import refused
from exclave.audit.checks.aws.named import strangers
from exclave.audit.checks.aws.organization import own_organizations, reaching
from exclave.audit.checks.aws.probes import refuses_carrying_out, refuses_sharing, refuses_strangers
from exclave.audit.checks.aws.sharing import core_methods
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import Scope
from exclave.model import Cloud
from exclave.policy.evaluate import Answer as Says

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exclave.catalogue.entry import Method
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

WRITES = ("s3:PutObject", "sqs:SendMessage", "sns:Publish")
# Services that resource control policies reach:
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
READS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "sts:AssumeRole",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "sqs:ReceiveMessage",
    "secretsmanager:GetSecretValue",
    "ecr:BatchGetImage",
)
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
EXCLUSIONS = "ec2.DescribeVpcBlockPublicAccessExclusions"
_NO_EXCLUSION = ("create-failed", "delete-complete", "disable-complete")
_CANT_TELL = "can't be told"


def sharing_actions() -> dict[str, tuple[str, ...]]:
    """Actions that share by naming a receiver → condition keys that can bind them: harden must deny these.

    Shares by a resource's policy are left to RCPs and to exposures: an SCP can't read a policy's text, and
    refusing sqs:SetQueueAttributes to everybody would stop all work.
    """
    found: dict[str, tuple[str, ...]] = {}
    for method in core_methods():
        if method.outcome == "offered" and _names_receiver(method):
            for action in method.prevent.actions:
                found[action] = tuple(dict.fromkeys((*found.get(action, ()), *method.prevent.condition_keys)))
    return dict(sorted(found.items()))


def _names_receiver(method: Method) -> bool:
    return not any(r.reader in ("policy", "acl") for s in method.inventory for r in s.read)


def identity(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per action that must be refused, and per resource share that lets outsiders in."""
    actions = sharing_actions()
    return [
        judged(
            _scope(account),
            [*_refused(inventory, perimeter, account, actions), *_shares(inventory, account)],
            "rules of the identity perimeter",
        )
        for account in inventory.accounts(Cloud.AWS)
    ]


def _refused(
    inventory: Inventory, perimeter: Perimeter, account: str, actions: Iterable[str]
) -> Iterator[Item]:
    found = reaching(inventory, "scp", account)
    yield from found.unseen
    if found.unseen:
        return
    if found.why_not:
        yield failed("service control policies", found.why_not)
        return
    organization = next(iter(own_organizations(inventory)), "")
    facts = (("policies", ", ".join(found.names)),)
    others = strangers(found.documents, perimeter, account)
    for action in actions:
        answer, way = refuses_sharing(action, account, organization, found.levels, others)
        yield _said(answer, f"share by {action}", f"no SCP keeps {way}", facts)
    for action in WRITES:
        answer, way = refuses_carrying_out(action, account, organization, found.levels, others)
        yield _said(
            answer,
            f"write by {action}",
            f"no SCP keeps {way}",
            facts,
        )


def _said(answer: Says, name: str, otherwise: str, facts: tuple[tuple[str, str], ...]) -> Item:
    if answer is Says.DENIES:
        return passed(name, facts=facts)
    return failed(
        name,
        f"{name.partition(' by ')[2]}: {otherwise}"
        + (f" ({_CANT_TELL})" if answer is Says.CANT_TELL else ""),
        facts,
    )


def _shares(inventory: Inventory, account: str) -> Iterator[Item]:
    for answer in inventory.answers("ram.GetResourceShares", account=account):
        if answer.error is not None:
            yield unseen(answer, f"resource shares of {answer.scope.region}")
            continue
        for share in answer.items:
            if share.get("status") not in ("ACTIVE", "PENDING", None):
                continue
            name = str(share.get("resourceShareArn"))
            if share.get("allowExternalPrincipals"):
                yield failed(
                    name,
                    f"resource share {share.get('name')} allows principals outside the organisation",
                    (("allowExternalPrincipals", "true"),),
                    answer.where,
                )
            else:
                yield passed(name, where=answer.where)


def resource(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per service that an RCP must bind, and per setting that blocks public access."""
    return [
        judged(
            _scope(account),
            [*_bound(inventory, perimeter, account), *_settings_of(inventory, account)],
            "rules of the resource perimeter",
        )
        for account in inventory.accounts(Cloud.AWS)
    ]


def _bound(inventory: Inventory, perimeter: Perimeter, account: str) -> Iterator[Item]:
    found = reaching(inventory, "rcp", account)
    yield from found.unseen
    if found.unseen:
        return
    if found.why_not:
        yield failed("resource control policies", found.why_not)
        return
    organization = next(iter(own_organizations(inventory)), "")
    others = strangers(found.documents, perimeter, account)
    for action in READS:
        answer, who = refuses_strangers(action, account, organization, found.levels, others)
        yield _said(
            answer, f"use by {action}", f"no RCP refuses it to {who}", (("policies", ", ".join(found.names)),)
        )


def _settings_of(inventory: Inventory, account: str) -> Iterator[Item]:
    for answer in inventory.answers("s3control.GetPublicAccessBlock", account=account):
        yield _s3(answer)
    for answer in inventory.answers("ec2.GetSnapshotBlockPublicAccessState", account=account):
        yield _state(
            answer,
            "EBS snapshots",
            answer.text("State"),
            "block-all-sharing",
            "block-new-sharing",
            "snapshots that are public already stay so",
        )
    for answer in inventory.answers("ec2.GetImageBlockPublicAccessState", account=account):
        yield _state(answer, "AMIs", answer.text("ImageBlockPublicAccessState"), "block-new-sharing", "", "")
    for answer in inventory.answers("ec2.DescribeVpcBlockPublicAccessOptions", account=account):
        mode = answer.text("VpcBlockPublicAccessOptions.InternetGatewayBlockMode")
        item = _state(
            answer, "VPCs", mode, "block-bidirectional", "block-ingress", "traffic to the internet is let out"
        )
        if item.status is Status.FAIL:
            # many accounts serve the internet: without it the data perimeter still stands
            item = Item(
                resource=item.resource,
                status=Status.PARTIAL,
                why=item.why,
                facts=item.facts,
                where=item.where,
            )
        yield item
    for answer in inventory.answers(EXCLUSIONS, account=account):
        yield from _excluded(answer)


def _excluded(answer: Answer) -> Iterator[Item]:
    """What the VPCs' block of public access does not reach. Nothing where it was never recorded."""
    if answer.error is not None:
        if refused(answer):
            yield unseen(answer, f"exclusions from the VPCs' block of public access in {answer.scope.region}")
        return
    for one in answer.items:
        if one.get("State") in _NO_EXCLUSION:
            continue
        thing = str(one.get("ResourceArn")).rpartition("/")[2] or str(one.get("ResourceArn"))
        way = "out" if one.get("InternetGatewayExclusionMode") == "allow-egress" else "in and out"
        yield Item(
            resource=str(one.get("ExclusionId")),
            status=Status.PARTIAL,
            why=f"{thing} in {answer.scope.region} is excluded from the VPCs' block of public access: traffic goes {way}",
            facts=(("excluded", str(one.get("ResourceArn"))),),
            where=answer.where,
        )


def _state(answer: Answer, what: str, state: str, wanted: str, half: str, but: str) -> Item:
    name = f"block public access of {what} in {answer.scope.region}"
    if answer.error is not None:
        return unseen(answer, name)
    facts = (("state", state), ("wanted", wanted))
    if state == wanted:
        return passed(name, facts=facts, where=answer.where)
    if half and state == half:
        return Item(
            resource=name,
            status=Status.PARTIAL,
            why=f"{name} is {state}: {but}",
            facts=facts,
            where=answer.where,
        )
    return failed(name, f"{name} is {state or 'not set'}", facts, answer.where)


def _s3(answer: Answer) -> Item:
    name = "block public access of S3 in the account"
    if answer.error is not None:
        return unseen(answer, name)
    setting: Any = next(iter(answer.items), {}) if not answer.absent else {}
    off = [key for key in BLOCKS if not (isinstance(setting, dict) and setting.get(key) is True)]
    facts = tuple((key, str(key not in off).lower()) for key in BLOCKS)
    return (
        failed(name, f"{name}: {', '.join(off)} off", facts, answer.where)
        if off
        else passed(name, facts=facts, where=answer.where)
    )


def _scope(account: str) -> Scope:
    return Scope(cloud=Cloud.AWS, account=account)
