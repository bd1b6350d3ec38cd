"""Changes of a project's or organisation's IAM policy: one step for each, with the etag of the moment.

Source: https://cloud.google.com/resource-manager/reference/rest/v3/projects/setIamPolicy (the update mask keeps what it leaves out)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from exclave.audit.checks.gcp.scopes import HOME_POLICY, POLICY, mappings, part, texts
from exclave.change.model import step_id
from exclave.harden.makers.gcp import changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Expect, Request, Step
    from exclave.inventory import Inventory

URL = "https://cloudresourcemanager.googleapis.com/v3"
OPTIONS = {"options": {"requestedPolicyVersion": 3}}
ETAG = {"$first": "etag"}


def policy_of(inventory: Inventory, parent: str) -> Any:
    """The recorded policy of `projects/p` or `organizations/1`; None where it could not be read, or is none."""
    if parent.startswith("projects/"):
        answer = inventory.one(POLICY, parent.removeprefix("projects/"))
    else:
        answer = inventory.one(HOME_POLICY, parent)
    return answer.answer if answer.error is None and isinstance(answer.answer, dict) else None


def held(policy: Any, member: str, role: str) -> bool:
    """Whether a member has a role without a condition already: then nothing gives it, and no undo takes it away."""
    given = mappings(part(policy, "bindings"))
    return any(
        b.get("role") == role and not b.get("condition") and member in texts(b.get("members")) for b in given
    )


def reading(parent: str, keep: str) -> Request:
    """The call that reads a part of a policy. The etag is a reading of its own: another step on the policy changes it."""
    return changes.reading(_account(parent), f"POST {URL}/{parent}:getIamPolicy", args=OPTIONS, keep=(keep,))


def step(
    parent: str, policy: Any, bindings: list[dict[str, Any]], title: str, after: Sequence[Expect], breaks: Sequence[str],
    results: Sequence[Result],
) -> Step:  # fmt: skip
    """Give a parent other bindings."""
    before = list(mappings(part(policy, "bindings")))
    call = f"POST {URL}/{parent}:setIamPolicy"

    def body(found: Sequence[Any]) -> dict[str, Any]:
        return {
            "policy": {"version": 3, "bindings": list(found), "etag": ETAG},
            "updateMask": "bindings,etag,version",
        }

    return changes.step(
        title,
        parent,
        [(call, body(bindings))],
        account=_account(parent),
        first=reading(parent, "etag"),
        read=reading(parent, "bindings"),
        before=_kept(policy, "bindings"),
        undo=[(call, body(before))],
        after=after,
        undone=[*_same(before, bindings)],
        breaks=breaks,
        results=results,
    )


def audit_step(
    parent: str, policy: Any, configs: list[dict[str, Any]], after: Sequence[Expect], results: Sequence[Result]
) -> Step:  # fmt: skip
    """Give a parent another audit configuration; its bindings stay."""
    from exclave.change.model import equals, gone

    before = list(mappings(part(policy, "auditConfigs")))
    call = f"POST {URL}/{parent}:setIamPolicy"

    def body(found: Sequence[Any]) -> dict[str, Any]:
        return {"policy": {"auditConfigs": list(found), "etag": ETAG}, "updateMask": "auditConfigs,etag"}

    return changes.step(
        f"switch on Data Access logs of everything at {parent}",
        parent,
        [(call, body(configs))],
        account=_account(parent),
        first=reading(parent, "etag"),
        read=reading(parent, "auditConfigs"),
        before=_kept(policy, "auditConfigs"),
        undo=[(call, body(before))],
        after=after,
        undone=[equals("auditConfigs", before) if before else gone("auditConfigs[]")],
        breaks=["Data Access logs are charged for by volume"],
        results=results,
    )


def chained(steps: Sequence[Step]) -> list[Step]:
    """Steps of one parent's bindings, each starting from what the one before it leaves; other steps as they are."""
    out: list[Step] = []
    last: dict[str, Step] = {}
    for step in steps:
        call = step.change[0].call
        bindings = _bindings(step)
        if bindings is None:
            out.append(step)
            continue
        found = step if call not in last else _after(last[call], step)
        last[call] = found
        out.append(found)
    return out


def _bindings(step: Step) -> list[Any] | None:
    """The bindings that a step gives; None when it is about something else."""
    found = part(step.change[0].args, "policy", "bindings")
    return found if isinstance(found, list) else None


def _after(earlier: Step, step: Step) -> Step:
    left = _bindings(earlier) or []
    had, got = _members(part(step.before, "bindings")), _members(_bindings(step))
    wanted = left
    for role, member, condition in got:
        if (role, member, condition) not in had:
            wanted = with_member(wanted, member, role)
    for role, member, condition in had:
        if (role, member, condition) not in got:
            wanted = without_member(wanted, member, role)

    def giving(requests: Sequence[Request], found: list[Any]) -> tuple[Request, ...]:
        return tuple(
            replace(r, args={**r.args, "policy": {**r.args["policy"], "bindings": found}}) for r in requests
        )

    change = giving(step.change, wanted)
    return replace(
        step,
        id=step_id(*change),
        before={"bindings": left},
        change=change,
        undo=giving(step.undo, left),
        undone=tuple(_same(left, wanted)),
    )


def _members(bindings: Any) -> list[tuple[str, str, str]]:
    return [
        (str(b.get("role")), m, str(b.get("condition") or "")) for b in mappings(bindings) for m in texts(b.get("members"))
    ]  # fmt: skip


def with_member(bindings: Any, member: str, role: str) -> list[dict[str, Any]]:
    """Bindings with one more member, in the binding of the role that has no condition."""
    out = [dict(b) for b in mappings(bindings)]
    for one in out:
        if one.get("role") == role and not one.get("condition"):
            if member not in texts(one.get("members")):
                one["members"] = [*texts(one.get("members")), member]
            return out
    return [*out, {"role": role, "members": [member]}]


def without_member(bindings: Any, member: str, role: str) -> list[dict[str, Any]]:
    """Bindings without a member in one role; what is left empty goes."""
    out = []
    for one in mappings(bindings):
        if one.get("role") == role:
            left = [m for m in texts(one.get("members")) if m != member]
            if left:
                out.append({**one, "members": left})
        else:
            out.append(dict(one))
    return out


def _account(parent: str) -> str:
    return parent.removeprefix("projects/")


def _kept(policy: Any, name: str) -> dict[str, Any]:
    return {k: policy[k] for k in (name,) if k in policy} if isinstance(policy, dict) else {}


def _same(before: Sequence[Any], after: Sequence[Any]) -> list[Expect]:
    """What stands there again after an undo, whatever the new etag."""
    from exclave.change.model import has, lacks

    had = {(str(b.get("role")), m) for b in before for m in texts(b.get("members"))}
    got = {(str(b.get("role")), m) for b in after for m in texts(b.get("members"))}
    back = [has("bindings[]", {"role": r, "members": m}) for r, m in sorted(had - got)]
    roles = {r for r, _ in had}
    return [*back, *(lacks("bindings[].role", r) for r in sorted({r for r, _ in got - had} - roles))]
