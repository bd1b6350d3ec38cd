"""One statement put into a bucket's policy beside those that it has.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html (20 KB of a bucket's policy)
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from exclave.change.model import has
from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.documents import document, indented, text
from exclave.harden.model import Artefact, Made
from exclave.harden.terraform import configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.makers.aws.documents import Statement
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

LARGEST = 20_480
CALL = "s3.GetBucketPolicy"
BEFORE = "the policy as it was, for the undo"


def make(
    control: str, account: Account, data: Sequence[tuple[Result, Item]], statement: Statement, inventory: Inventory, options: Options
) -> Made:  # fmt: skip
    """A step for each bucket; a template of the policies of a region's buckets that have none, files for the others."""
    steps: list[Step] = []
    notes: list[str] = []
    regions = {
        str(b.get("Name")): str(b.get("BucketRegion") or account.home)
        for _, b in inventory.items("s3.ListBuckets", account=account.id)
    }
    new: dict[str, dict[str, dict[str, Any]]] = {}
    made: list[Artefact] = []
    recorded = {a.key: a for a in inventory.each(CALL, account=account.id)}
    for result, item in data:
        bucket = item.resource
        answer = recorded.get(bucket)
        if answer is None or answer.error is not None:
            continue
        held = None if answer.absent else (answer.answer or {}).get("Policy")
        policy = joined(held, _of(statement, bucket, account))
        if policy is None:
            notes.append(f"bucket {bucket}: its policy can't be read, so nothing is added to it")
            continue
        if len(text(policy)) > LARGEST:
            notes.append(
                f"bucket {bucket}: with the statement its policy is longer than S3's {LARGEST} bytes"
            )
            continue
        region = regions.get(bucket, account.home)
        if held is None:
            new.setdefault(region, {})[bucket] = policy
        elif options.wants("policy"):
            made += _files(control, account, bucket, region, str(held), policy, len(steps) + 1)
        steps.append(_step(account, bucket, region, held, policy, statement, result, item))
    for region, policies in sorted(new.items()):
        made += _artefacts(control, account, region, policies, options)
    return Made(artefacts=tuple(made), steps=tuple(steps), notes=tuple(notes))


def joined(held: object, statement: Statement) -> dict[str, Any] | None:
    """A policy with the statement in it, in place of one of the same name; None when the policy can't be read."""
    if held is None:
        return document([statement])
    try:
        policy = json.loads(str(held))
    except (ValueError, RecursionError):
        return None
    if not isinstance(policy, dict):
        return None
    there = policy.get("Statement")
    listed = there if isinstance(there, list) else [there] if there else []
    if not all(isinstance(s, dict) for s in listed):
        return None
    others = [s for s in listed if s.get("Sid") != statement["Sid"]]
    return {**policy, "Statement": [*others, statement]}


def _of(statement: Statement, bucket: str, account: Account) -> Statement:
    arn = f"arn:{account.partition}:s3:::{bucket}"
    return {**statement, "Resource": [arn, f"{arn}/*"]}


def _step(
    account: Account, bucket: str, region: str, held: object, policy: Mapping[str, Any], statement: Statement, result: Result, item: Item
) -> Step:  # fmt: skip
    undo = (
        ("s3:PutBucketPolicy", {"Bucket": bucket, "Policy": held})
        if held is not None
        else ("s3:DeleteBucketPolicy", {"Bucket": bucket})
    )
    return changes.step(
        f"deny data of bucket {bucket} to unexpected networks",
        f"arn:{account.partition}:s3:::{bucket}",
        [("s3:PutBucketPolicy", {"Bucket": bucket, "Policy": text(policy)})],
        account=account.id,
        region=region,
        read=changes.reading(
            account.id,
            "s3:GetBucketPolicy",
            {"Bucket": bucket},
            region=region,
            absent=("NoSuchBucketPolicy",),
        ),
        before=None if held is None else {"Policy": held},
        undo=[undo],
        after=[has("Policy.Statement[]", {"Sid": statement["Sid"], "Effect": "Deny"})],
        breaks=("whoever reads it from elsewhere is refused: other accounts and partners too",),
        results=[result],
        why=[item.why],
    )


def _files(
    control: str, account: Account, bucket: str, region: str, held: str, policy: Mapping[str, Any], number: int
) -> Iterator[Artefact]:  # fmt: skip
    """The policy with the statement, and the one before: a stack can't take on a policy that is there, nor give it back."""
    name, before = (
        changes.file_name(control, account, "policy", region=region, part=f"bucket-{number}{more}")
        for more in ("", ".before")
    )
    put = shlex.join(
        ["aws", "s3api", "put-bucket-policy", "--region", region, "--bucket", bucket, "--policy"]
    )
    yield Artefact(
        control=control, name=name, format="policy", about=f"the policy of bucket {bucket}, as it is with the statement added",
        text=indented(policy), deploy=f"{put} file://{name}", undo=f"{put} file://{before}",
    )  # fmt: skip
    yield Artefact(control=control, name=before, format="policy", about=BEFORE, text=held)


def _artefacts(
    control: str, account: Account, region: str, policies: Mapping[str, Mapping[str, Any]], options: Options
) -> Iterator[Artefact]:
    about = f"a policy for each of the {len(policies)} buckets in {region} that have none"
    notes = ("it states each bucket's whole policy: deploy it only where nothing else has made one since",)
    if options.wants("cloudformation"):
        name = changes.file_name(control, account, "cloudformation", region=region, part="buckets")
        deploy, undo = changes.stack_commands(f"{options.prefix}-bucket-networks", name, region)
        resources = {
            f"Policy{n}": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": bucket, "PolicyDocument": policy},
            }
            for n, (bucket, policy) in enumerate(sorted(policies.items()), 1)
        }
        yield Artefact(
            control=control, name=name, format="cloudformation", about=about, deploy=deploy, undo=undo, notes=notes,
            text=to_yaml(template(f"Bucket policies with the network perimeter in {region}", resources)),
        )  # fmt: skip
    if options.wants("terraform"):
        deploy, undo = changes.TERRAFORM
        named = {
            f"policy_{n}": {"bucket": bucket, "policy": text(policy)}
            for n, (bucket, policy) in enumerate(sorted(policies.items()), 1)
        }
        provider = {"aws": {"region": region, "allowed_account_ids": [account.id]}}
        yield Artefact(
            control=control, name=changes.file_name(control, account, "terraform", region=region, part="buckets"), format="terraform",
            about=about, deploy=deploy, undo=undo, notes=notes, text=to_json(configuration(provider, {"aws_s3_bucket_policy": named})),
        )  # fmt: skip
