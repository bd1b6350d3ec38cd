"""The steps of smaller policies: a new default version, an inline policy put again, a Deny attached."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exclave.audit.ids import digest
from exclave.change.model import equals, has, lacks
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.documents import MAX_MANAGED, deny, packed, text
from exclave.harden.makers.aws.smaller import SID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account

BREAKS = "whoever comes to need what is taken away is refused: an undo gives it back"


def edited_managed(
    account: Account, arn: str, version: str, after: Mapping[str, Any], results: Sequence[Result]
) -> Step:
    """A smaller default version of a customer's policy. The old one stays, and the undo makes it the default again."""
    create = {"PolicyArn": arn, "PolicyDocument": text(after), "SetAsDefault": True}
    return changes.step(
        f"make policy {arn.rpartition('/')[2]} smaller",
        arn,
        [("iam:CreatePolicyVersion", create)],
        account=account.id,
        read=changes.reading(
            account.id, "iam:GetPolicy", {"PolicyArn": arn}, keep=("Policy.DefaultVersionId",)
        ),
        before={"Policy": {"DefaultVersionId": version}},
        undo=[
            ("iam:SetDefaultPolicyVersion", {"PolicyArn": arn, "VersionId": version}),
            ("iam:DeletePolicyVersion", {"PolicyArn": arn, "VersionId": {"$now": "Policy.DefaultVersionId"}}),
        ],
        after=[lacks("Policy.DefaultVersionId", version)],
        breaks=(BREAKS,),
        results=results,
        why=[w for r in results for w in r.check.why],
    )


def edited_inline(
    account: Account, kind: str, name: str, policy: str, before: Any, after: Mapping[str, Any], result: Result
) -> Step:
    """A smaller inline policy of a user or role."""
    owner = {"UserName" if kind == "user" else "RoleName": name}
    put, get = (f"iam:{verb}{kind.title()}Policy" for verb in ("Put", "Get"))
    old = before if isinstance(before, str) else json.dumps(before)
    return changes.step(
        f"make inline policy {policy} of {kind} {name} smaller",
        f"{account.arn('iam', f'{kind}/{name}')} {policy}",
        [(put, {**owner, "PolicyName": policy, "PolicyDocument": text(after)})],
        account=account.id,
        read=changes.reading(
            account.id,
            get,
            {**owner, "PolicyName": policy},
            absent=("NoSuchEntity",),
            keep=("PolicyDocument",),
        ),
        before={"PolicyDocument": before},
        undo=[(put, {**owner, "PolicyName": policy, "PolicyDocument": old})],
        after=[equals("PolicyDocument", after)],
        breaks=(BREAKS,),
        results=[result],
        why=result.check.why,
    )


def denied(
    account: Account,
    kind: str,
    name: str,
    arn: str,
    actions: Sequence[str],
    attached: Sequence[Any],
    result: Result,
) -> Iterator[Step]:
    """Policies that deny the actions, attached to one user or role. Two that lack the same share them."""
    for document in packed([deny(SID, actions)], MAX_MANAGED):
        called = f"exclave-unused-sharing-{digest(text(document))[:8]}"
        policy_arn = account.arn("iam", f"policy/{called}")
        yield changes.step(
            f"make policy {called}, which denies unused sharing",
            policy_arn,
            [("iam:CreatePolicy", {"PolicyName": called, "PolicyDocument": text(document)})],
            account=account.id,
            read=changes.reading(account.id, "iam:GetPolicy", {"PolicyArn": policy_arn}, absent=("NoSuchEntity",), keep=("Policy.Arn",)),
            undo=[("iam:DeletePolicy", {"PolicyArn": policy_arn})],
            after=[equals("Policy.Arn", policy_arn)],
            results=[result],
        )  # fmt: skip
        owner = {"UserName" if kind == "user" else "RoleName": name}
        word = kind.title()
        keep = ("AttachedPolicies[].PolicyArn",)
        yield changes.step(
            f"deny {kind} {name} what it can share and doesn't ({len(actions)} actions)",
            f"{arn} {called}",
            [(f"iam:Attach{word}Policy", {**owner, "PolicyArn": policy_arn})],
            account=account.id,
            read=changes.reading(
                account.id, f"iam:ListAttached{word}Policies", owner, keep=keep, where={"AttachedPolicies[]": {"PolicyArn": policy_arn}}
            ),
            before={"AttachedPolicies": [{"PolicyArn": policy_arn}] if any(a.get("PolicyArn") == policy_arn for a in attached) else []},
            undo=[(f"iam:Detach{word}Policy", {**owner, "PolicyArn": policy_arn})],
            after=[has("AttachedPolicies[].PolicyArn", policy_arn)],
            breaks=(BREAKS,),
            results=[result],
            why=result.check.why,
        )  # fmt: skip
