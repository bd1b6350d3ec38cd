"""Basic roles replaced by predefined ones, where IAM Recommender or hunted logs say which; the rest is for people."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from exclave.change.model import has
from exclave.harden.makers.gcp import bindings
from exclave.harden.makers.gcp.place import gcloud, label, terraform
from exclave.harden.makers.gcp.script import Script
from exclave.harden.model import Artefact, Made
from exclave.harden.results import fact, facts, items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Expect, Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "gcp.least-privilege"
ABOUT = "gives predefined roles in place of basic ones"
BY_HAND = (
    "{}: nothing says what it is used for; give it a predefined role, watch, then take the basic one away"
)
TERRAFORM = "Terraform adds the predefined roles only; take the basic ones away by the script, or where your code gives them"


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """One step for each project or organisation: the recommended roles in, the wide ones out."""
    script, undo = Script(CONTROL, ABOUT), Script(CONTROL, "takes away what the script made")
    by_parent: dict[str, list[tuple[Result, Item]]] = {}
    notes: list[str] = []
    for result, item in items_of(results):
        known = facts(item, "recommended") or fact(item, "unused")
        parent = _parent(fact(item, "resource"), result.check.scope.account)
        if not known or parent is None:
            notes.append(BY_HAND.format(item.resource))
        else:
            by_parent.setdefault(parent, []).append((result, item))
    steps: list[Step] = []
    resources: dict[str, dict[str, Any]] = {}
    for parent, found in by_parent.items():
        policy = bindings.policy_of(inventory, parent)
        if policy is None:
            notes.append(f"{parent}: its policy could not be read, so nothing is planned")
            continue
        steps.append(_step(parent, policy, found))
        for _, item in found:
            _lines(script, undo, parent, policy, item)
            if parent.startswith("projects/"):
                for role in _given(policy, item):
                    member = fact(item, "member")
                    block = {"project": parent.removeprefix("projects/"), "role": role, "member": member}
                    resources.setdefault("google_project_iam_member", {})[_label(parent, member, role)] = (
                        block
                    )
    artefacts: list[Artefact] = []
    if options.wants("gcloud") and not script.empty:
        artefacts += gcloud(script, undo, ABOUT)
    if options.wants("terraform") and resources:
        artefacts.append(terraform(CONTROL, resources, ABOUT, [TERRAFORM]))
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(notes))


def _given(policy: Any, item: Item) -> list[str]:
    """The roles that the member does not have yet."""
    return [r for r in facts(item, "recommended") if not bindings.held(policy, fact(item, "member"), r)]


def _label(parent: str, member: str, role: str) -> str:
    """Of this project, member and role alone, although letters are all that it may hold."""
    digest = hashlib.sha256(f"{parent} {member} {role}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{label(f'{member}_{role}')}_{digest[:8]}"


def _parent(resource: str, account: str) -> str | None:
    if resource.startswith("organizations/"):
        return resource
    if resource.startswith("folders/"):
        return None
    return f"projects/{account}" if "/" not in account else None


def _step(parent: str, policy: Any, found: list[tuple[Result, Item]]) -> Step:
    wanted = policy.get("bindings")
    after: list[Expect] = []
    lost = []
    for _, item in found:
        member, role = fact(item, "member"), fact(item, "role")
        for given in facts(item, "recommended"):
            wanted = bindings.with_member(wanted, member, given)
            after.append(has("bindings[]", {"role": given, "members": member}))
        wanted = bindings.without_member(wanted, member, role)
        lost.append(f"{member} loses {role}: what it did and nobody saw stops working")
    return bindings.step(
        parent,
        policy,
        wanted,
        f"narrow the roles of {len(found)} members on {parent}",
        after,
        lost,
        [r for r, _ in found],
    )


def _lines(script: Script, undo: Script, parent: str, policy: Any, item: Item) -> None:
    member, role = fact(item, "member"), fact(item, "role")
    kind, _, identifier = parent.partition("/")
    group = ("gcloud", kind) if kind == "organizations" else ("gcloud", "projects")
    common = (f"--member={member}", "--condition=None", "--quiet")
    new = _given(policy, item)
    for given in new:
        script.run(*group, "add-iam-policy-binding", identifier, f"--role={given}", *common)
    script.run(*group, "remove-iam-policy-binding", identifier, f"--role={role}", *common)
    undo.run(*group, "add-iam-policy-binding", identifier, f"--role={role}", *common)
    for given in new:
        undo.run(*group, "remove-iam-policy-binding", identifier, f"--role={given}", *common)
