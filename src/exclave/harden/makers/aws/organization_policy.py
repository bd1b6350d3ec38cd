"""Policies of the organisation (SCP, RCP, declarative): made, attached to the accounts that lack them, and as artefacts.

Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html, API_AttachPolicy.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-organizations-policy.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.change.checking import pruned
from exclave.change.model import Expect, has
from exclave.harden.cloudformation import template, to_yaml
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.documents import text
from exclave.harden.model import Artefact
from exclave.harden.terraform import Reference, configuration, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.aws.account import Account
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

TYPES = {
    "scp": "SERVICE_CONTROL_POLICY",
    "rcp": "RESOURCE_CONTROL_POLICY",
    "ec2": "DECLARATIVE_POLICY_EC2",
    "s3": "S3_POLICY",
}
MADE, NOW = {"$made": "Policy.PolicySummary.Id"}, {"$now": "Policies[].Id"}
TEST_FIRST = (
    "attach it to a test unit or account first (--set policy-target=ou-...), and look in CloudTrail for errorCode AccessDenied "
    "with 'explicit deny in a service (or resource) control policy' before you attach it wider"
)
BREAK_GLASS = (
    "no break-glass role is spared: name one (--break-glass arn:aws:iam::*:role/NAME, or [[principal]] with "
    'name = "break-glass" in perimeter.toml), so that somebody can still act when the policy is wrong'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy to make. `kind` is scp, rcp or ec2 (declarative)."""

    kind: str
    name: str
    about: str
    document: Mapping[str, Any]


def targets(accounts: Sequence[Account], options: Options) -> list[str]:
    """What policies are attached to: the accounts that lack them, unless the user names a unit or the root."""
    chosen = options.value("policy-target")
    return [chosen] if chosen else sorted(a.id for a in accounts)


def notes(options: Options) -> tuple[str, ...]:
    """What to do before a policy is attached."""
    return (TEST_FIRST,) if options.break_glass else (TEST_FIRST, BREAK_GLASS)


def steps(
    policies: Sequence[Policy], to: Sequence[str], management: str, inventory: Inventory, results: Sequence[Result],
    options: Options,
) -> Iterator[Step]:  # fmt: skip
    """Policies made and attached from the management account, after their type is enabled."""
    for kind in dict.fromkeys(p.kind for p in policies):
        yield from _enabled(kind, management, inventory, results)
    for policy in policies:
        existing = _existing(policy, inventory)
        if existing is None:
            yield _made(policy, to, management, results, options)
        else:
            yield from _renewed(policy, existing, to, management, inventory, results, options)


def _enabled(kind: str, management: str, inventory: Inventory, results: Sequence[Result]) -> Iterator[Step]:
    for answer in inventory.answers("organizations.ListRoots"):
        for root in answer.items:
            types = root.get("PolicyTypes") or ()
            if any(t.get("Type") == TYPES[kind] and t.get("Status") == "ENABLED" for t in types):
                continue
            args = {"RootId": str(root.get("Id")), "PolicyType": TYPES[kind]}
            keep, where = (
                ("Roots[].Id", "Roots[].PolicyTypes"),
                {"Roots[].PolicyTypes[]": {"Type": TYPES[kind]}},
            )
            yield changes.step(
                f"enable policies of type {TYPES[kind]} in the organisation",
                str(root.get("Id")),
                [("organizations:EnablePolicyType", args)],
                account=management,
                read=changes.reading(management, "organizations:ListRoots", {}, keep=keep, where=where),
                before=pruned(answer.answer, keep, where),
                undo=[("organizations:DisablePolicyType", args)],
                after=[
                    Expect(
                        what="has",
                        path="Roots[].PolicyTypes[]",
                        value={"Type": TYPES[kind], "Status": "ENABLED"},
                    )
                ],
                breaks=("an undo detaches every policy of this type from everything",),
                results=results,
            )


def _existing(policy: Policy, inventory: Inventory) -> dict[str, Any] | None:
    """Our own policy of an earlier run, by name."""
    for _, item in inventory.items(f"organizations.ListPolicies.{policy.kind}"):
        if item.get("Name") == policy.name and item.get("Id"):
            return dict(item)
    return None


def _made(
    policy: Policy, to: Sequence[str], management: str, results: Sequence[Result], options: Options
) -> Step:
    create = {
        "Name": policy.name, "Description": policy.about, "Type": TYPES[policy.kind], "Content": text(policy.document),
    }  # fmt: skip
    attach = [("organizations:AttachPolicy", {"PolicyId": MADE, "TargetId": target}) for target in to]
    detach = [("organizations:DetachPolicy", {"PolicyId": NOW, "TargetId": target}) for target in to]
    return changes.step(
        f"make {policy.name} ({policy.kind.upper()}) and attach it to {', '.join(to)}",
        policy.name,
        [("organizations:CreatePolicy", create), *attach],
        account=management,
        read=changes.reading(
            management,
            "organizations:ListPolicies",
            {"Filter": TYPES[policy.kind]},
            where={"Policies[]": {"Name": policy.name}},
            keep=("Policies[].Id", "Policies[].Name"),
        ),
        before={"Policies": []},
        undo=[*detach, ("organizations:DeletePolicy", {"PolicyId": NOW})],
        after=[has("Policies[].Name", policy.name)],
        breaks=(policy.about, *notes(options)),
        results=results,
    )


def _renewed(
    policy: Policy, existing: Mapping[str, Any], to: Sequence[str], management: str, inventory: Inventory,
    results: Sequence[Result], options: Options,
) -> Iterator[Step]:  # fmt: skip
    identifier = str(existing["Id"])
    described = next(
        (a for a in inventory.each(f"organizations.DescribePolicy.{policy.kind}") if a.key == identifier),
        None,
    )
    held = described.answer if described is not None and described.error is None else None
    if isinstance(held, dict) and (content := (held.get("Policy") or {}).get("Content")) != text(
        policy.document
    ):
        call = "organizations:UpdatePolicy"
        yield changes.step(
            f"renew {policy.name} ({policy.kind.upper()})",
            policy.name,
            [(call, {"PolicyId": identifier, "Content": text(policy.document)})],
            account=management,
            read=changes.reading(management, "organizations:DescribePolicy", {"PolicyId": identifier}),
            before=held,
            undo=[(call, {"PolicyId": identifier, "Content": content})],
            after=[Expect(what="equals", path="Policy.Content", value=text(policy.document))],
            breaks=(policy.about, *notes(options)),
            results=results,
        )
    listed = next(
        (
            a
            for a in inventory.each(f"organizations.ListTargetsForPolicy.{policy.kind}")
            if a.key == identifier
        ),
        None,
    )
    attached = {str(t.get("TargetId")) for t in listed.items} if listed is not None else set()
    for target in to:
        if target not in attached:
            args = {"PolicyId": identifier, "TargetId": target}
            yield changes.step(
                f"attach {policy.name} to {target}",
                target,
                [("organizations:AttachPolicy", args)],
                account=management,
                read=changes.reading(
                    management, "organizations:ListTargetsForPolicy", {"PolicyId": identifier}
                ),
                before=listed.answer if listed is not None else None,
                undo=[("organizations:DetachPolicy", args)],
                after=[has("Targets[].TargetId", target)],
                breaks=(policy.about, *notes(options)),
                results=results,
            )


def artefacts(
    control: str,
    account: Account,
    policies: Sequence[Policy],
    to: Sequence[str],
    options: Options,
    part: str = "",
) -> Iterator[Artefact]:
    """The same for the management account, as CloudFormation and Terraform."""
    if not policies:
        return
    kinds = ", ".join(dict.fromkeys(TYPES[p.kind].lower().replace("_", " ") for p in policies))
    about = f"{len(policies)} policies of the organisation ({kinds}) for {', '.join(to)}; deploy in the management account"
    if options.wants("cloudformation"):
        name = changes.file_name(control, account, "cloudformation", part=part)
        deploy, undo = changes.stack_commands(
            "-".join(p for p in (options.prefix, control.replace(".", "-"), part) if p), name, account.home
        )
        yield Artefact(
            control=control, name=name, format="cloudformation", about=about, deploy=deploy, undo=undo, notes=notes(options),
            text=to_yaml(template(f"{control}: policies of the organisation", _cloudformation(policies, to))),
        )  # fmt: skip
    if options.wants("terraform"):
        deploy, undo = changes.TERRAFORM
        yield Artefact(
            control=control, name=changes.file_name(control, account, "terraform", part=part), format="terraform", about=about,
            deploy=deploy, undo=undo, notes=notes(options), text=to_json(_terraform(account, policies, to)),
        )  # fmt: skip


def _cloudformation(policies: Sequence[Policy], to: Sequence[str]) -> dict[str, Any]:
    return {
        f"Policy{number}": {
            "Type": "AWS::Organizations::Policy",
            **({"DependsOn": [f"Policy{number - 1}"]} if number > 1 else {}),  # Organizations takes one change at a time
            "Properties": {
                "Name": p.name, "Description": p.about, "Type": TYPES[p.kind], "Content": p.document, "TargetIds": list(to),
            },
        }
        for number, p in enumerate(policies, 1)
    }  # fmt: skip


def _terraform(account: Account, policies: Sequence[Policy], to: Sequence[str]) -> dict[str, Any]:
    made, attached = {}, {}
    for number, p in enumerate(policies, 1):
        made[f"policy_{number}"] = {
            "name": p.name, "description": p.about, "type": TYPES[p.kind], "content": text(p.document),
        }  # fmt: skip
        for place, target in enumerate(to, 1):
            attached[f"policy_{number}_{place}"] = {
                "policy_id": Reference(f"aws_organizations_policy.policy_{number}.id"), "target_id": target,
            }  # fmt: skip
    provider = {"aws": {"region": account.home, "allowed_account_ids": [account.management]}}
    return configuration(
        provider, {"aws_organizations_policy": made, "aws_organizations_policy_attachment": attached}
    )
