"""Organisation policies: set at the organisation, and in projects whose own policy says otherwise.

Sources: https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies,
https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/org_policy_policy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import mappings
from exclave.change.model import equals
from exclave.harden.makers.gcp import changes
from exclave.harden.makers.gcp.place import label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.gcp.place import Place
    from exclave.harden.makers.gcp.script import Script
    from exclave.inventory import Inventory

HOME, OWN = "orgpolicy.ListHomePolicies", "orgpolicy.ListPolicies"
URL = "https://orgpolicy.googleapis.com/v2"
NO_ORGANIZATION = "organisation policies need an organisation: the projects are in none"
Rules = list[dict[str, Any]]


def parents(inventory: Inventory, place: Place, wanted: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Constraint and parent of each policy to set, for constraints by the projects in which they do not hold."""
    out: list[tuple[str, str]] = []
    for constraint, projects in wanted.items():
        own = [p for p in projects if _set(inventory, f"projects/{p}", constraint) is not None]
        if len(own) < len(projects):
            out.append((constraint, place.home))
        out += [(constraint, f"projects/{p}") for p in own]
    return out


def step(
    inventory: Inventory, constraint: str, parent: str, rules: Rules, breaks: Sequence[str], results: Sequence[Result]
) -> Step:  # fmt: skip
    """Set one policy. What was set before is what undo sets again."""
    name = f"{parent}/policies/{constraint}"
    url = f"{URL}/{name}"
    there = _set(inventory, parent, constraint)
    body = {"name": name, "spec": {"rules": rules}}
    change: changes.Call
    undo: changes.Call
    before: dict[str, Any] | None
    if there is None:
        before = None
        change, undo = (f"POST {URL}/{parent}/policies", body), (f"DELETE {url}", {})
    else:
        old = _old(there)
        before = {"spec": old} if old else {}
        change = (f"PATCH {url}?updateMask=spec", body)
        undo = (f"PATCH {url}?updateMask=spec", {"name": name, "spec": old})
    return changes.step(
        f"set {constraint} at {parent}",
        name,
        [change],
        account=parent.removeprefix("projects/"),
        read=changes.reading(
            parent.removeprefix("projects/"),
            f"GET {url}",
            keep=("spec.rules", "spec.inheritFromParent", "spec.reset"),
        ),
        before=before,
        undo=[undo],
        after=[equals("spec", {"rules": rules})],
        breaks=breaks,
        results=results,
    )


def script_lines(
    script: Script, undo: Script, constraint: str, parent: str, rules: Rules, inventory: Inventory
) -> None:
    """The same by gcloud."""
    name = f"{parent}/policies/{constraint}"
    script.run_with(
        script.file({"name": name, "spec": {"rules": rules}}), "gcloud", "org-policies", "set-policy", ""
    )
    there = _set(inventory, parent, constraint)
    if there is None:
        kind, _, identifier = parent.partition("/")
        undo.run("gcloud", "org-policies", "delete", constraint, f"--{kind[:-1]}={identifier}")
    else:
        undo.run_with(
            undo.file({"name": name, "spec": _old(there)}), "gcloud", "org-policies",
            "set-policy", "",
        )  # fmt: skip


def resource(constraint: str, parent: str, rules: Rules) -> tuple[str, dict[str, Any]]:
    """The same as a resource of Terraform's, with its name."""
    written = [
        {
            **({"enforce": "TRUE" if r["enforce"] else "FALSE"} if "enforce" in r else {}),
            **({"values": {"allowed_values": r["values"]["allowedValues"]}} if "values" in r else {}),
        }
        for r in rules
    ]
    name = f"{parent}/policies/{constraint}"
    return label(f"{constraint}_{parent}"), {"name": name, "parent": parent, "spec": {"rules": written}}


def _old(policy: Mapping[str, Any]) -> dict[str, Any]:
    """What a policy says, without what Google adds."""
    found = policy.get("spec")
    kept = ("rules", "inheritFromParent", "reset")
    return {k: v for k, v in found.items() if k in kept} if isinstance(found, dict) else {}


def is_set(inventory: Inventory, parent: str, constraint: str) -> bool:
    """Whether a parent has the policy: Terraform can't make it then, and would delete it for an undo."""
    return _set(inventory, parent, constraint) is not None


def _set(inventory: Inventory, parent: str, constraint: str) -> Mapping[str, Any] | None:
    """The policy that is set on a parent itself, as recorded."""
    call, account = (
        (OWN, parent.removeprefix("projects/")) if parent.startswith("projects/") else (HOME, parent)
    )
    for answer in inventory.each(call, account=account):
        for policy in mappings(answer.items):
            if str(policy.get("name")).rpartition("/policies/")[2] == constraint:
                return policy
    return None
