"""Rights to share that nobody uses, taken away: smaller policies as a diff and as steps, and a Deny where AWS's own policies grant them.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html (five versions) and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.privilege import DETAILS
from exclave.harden.makers.aws import changes
from exclave.harden.makers.aws.account import Account, account_of
from exclave.harden.makers.aws.documents import MAX_MANAGED, deny, indented, packed
from exclave.harden.makers.aws.privilege_steps import denied, edited_inline, edited_managed
from exclave.harden.makers.aws.smaller import SID, difference, smaller
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account, fact, items_of
from exclave.outputs.neutralise import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "aws.least-privilege"
NOTE = (
    "what was not used in 90 days may be needed once a year: read the diff with who owns the role; "
    "rights that nothing tracks are left as they are"
)
FULL = "policy {} has five versions already: delete one that isn't the default"
_KINDS = (("UserDetailList", "UserPolicyList", "user"), ("RoleDetailList", "RolePolicyList", "role"))
Edit = tuple[str, Any, dict[str, Any]]  # name of the policy, document before, document after


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """The smaller policies of each account."""
    steps: list[Step] = []
    artefacts: list[Artefact] = []
    notes: list[str] = []
    for account_id, mine in by_account(results).items():
        account = account_of(inventory, account_id, options)
        details = inventory.one(DETAILS, account_id)
        unused = {
            i.resource: (r, i)
            for r, i in items_of(mine)
            if fact(i, "unused") and not _spared(i.resource, options)
        }
        if details.error is not None or not unused:
            continue
        work = _Work(account, details.answer or {}, unused)
        steps += work.steps
        notes += work.notes
        artefacts += _artefacts(account, work, options)
    return Made(
        artefacts=tuple(artefacts), steps=tuple(steps), notes=(NOTE, *notes) if artefacts or steps else ()
    )


def _spared(arn: str, options: Options) -> bool:
    from fnmatch import fnmatchcase

    return any(fnmatchcase(arn, pattern) for pattern in options.break_glass)


class _Work:
    """The edits of one account: inline policies, managed ones that nobody else needs as they are, and what is left to deny."""

    def __init__(
        self, account: Account, details: Mapping[str, Any], unused: Mapping[str, tuple[Result, Item]]
    ) -> None:
        self.account, self.edits, self.denies = account, list[Edit](), dict[str, tuple[str, ...]]()
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self._unused = {arn: frozenset(fact(i, "unused").split(", ")) for arn, (_, i) in unused.items()}
        self._found, self._details = unused, details
        managed = self._managed()
        for principal, inline, kind in self._principals():
            self._of(principal, inline, kind, managed)

    def _principals(self) -> Iterator[tuple[Mapping[str, Any], str, str]]:
        for listed, inline, kind in _KINDS:
            for principal in self._details.get(listed) or ():
                if str(principal.get("Arn")) in self._unused:
                    yield principal, inline, kind

    def _managed(self) -> dict[str, frozenset[str]]:
        """Customer-managed policies that can be edited: ARN → actions taken out, which every holder leaves unused."""
        holders: dict[str, list[str]] = {}
        for listed in ("UserDetailList", "RoleDetailList", "GroupDetailList"):
            for principal in self._details.get(listed) or ():
                for attached in principal.get("AttachedManagedPolicies") or ():
                    holders.setdefault(str(attached.get("PolicyArn")), []).append(str(principal.get("Arn")))
        done: dict[str, frozenset[str]] = {}
        for policy in self._details.get("Policies") or ():
            arn = str(policy.get("Arn"))
            mine = holders.get(arn, [])
            if f":{self.account.id}:" not in arn or not mine or not all(h in self._unused for h in mine):
                continue
            common = frozenset.intersection(*(self._unused[h] for h in mine))
            versions = policy.get("PolicyVersionList") or ()
            default: Mapping[str, Any] = next((v for v in versions if v.get("IsDefaultVersion")), {})
            after = smaller(default.get("Document"), common)
            if after is None:
                continue
            if len(versions) >= 5:  # noqa: PLR2004 - AWS keeps five
                self.notes.append(FULL.format(arn))
                continue
            self.edits.append((arn, default.get("Document"), after))
            found = [self._found[h][0] for h in mine]
            self.steps.append(edited_managed(self.account, arn, str(default.get("VersionId")), after, found))
            done[arn] = common
        return done

    def _of(
        self, principal: Mapping[str, Any], inline: str, kind: str, managed: Mapping[str, frozenset[str]]
    ) -> None:
        arn = str(principal.get("Arn"))
        name = str(principal.get("UserName") or principal.get("RoleName"))
        unused, result = self._unused[arn], self._found[arn][0]
        for policy in principal.get(inline) or ():
            after = smaller(policy.get("PolicyDocument"), unused)
            if after is not None:
                called = str(policy.get("PolicyName"))
                self.edits.append((f"{arn} {called}", policy.get("PolicyDocument"), after))
                self.steps.append(
                    edited_inline(
                        self.account, kind, name, called, policy.get("PolicyDocument"), after, result
                    )
                )
        left = self._still(principal, unused, managed)
        if left:
            self.denies[arn] = left
            attached = principal.get("AttachedManagedPolicies") or ()
            self.steps += denied(self.account, kind, name, arn, left, attached, result)

    def _still(
        self, principal: Mapping[str, Any], unused: frozenset[str], managed: Mapping[str, frozenset[str]]
    ) -> tuple[str, ...]:
        """What groups, AWS's own policies and shared ones still grant: a Deny for the principal takes it."""
        groups = bool(principal.get("GroupList"))
        others = [
            str(a.get("PolicyArn"))
            for a in principal.get("AttachedManagedPolicies") or ()
            if str(a.get("PolicyArn")) not in managed
        ]
        partly = [
            unused - managed[str(a.get("PolicyArn"))]
            for a in principal.get("AttachedManagedPolicies") or ()
            if str(a.get("PolicyArn")) in managed
        ]
        if groups or others:
            return tuple(sorted(unused))
        return tuple(sorted(frozenset().union(*partly)))


def _artefacts(account: Account, work: _Work, options: Options) -> Iterator[Artefact]:
    undo = "# the versions and documents before are in the inventory; --apply keeps them in its undo file"
    if work.edits and options.wants("diff"):
        text = "".join(
            difference(visible(name), before, after)
            for name, before, after in sorted(work.edits, key=lambda e: e[0])
        )
        yield Artefact(
            control=CONTROL, name=changes.file_name(CONTROL, account, "diff"), format="diff", undo=undo, notes=(NOTE,),
            about=f"{len(work.edits)} policies made smaller", text=text,
        )  # fmt: skip
    if options.wants("policy"):
        for number, (actions, arns) in enumerate(sorted(_shared(work.denies).items()), 1):
            for part, document in enumerate(packed([deny(SID, actions)], MAX_MANAGED), 1):
                yield Artefact(
                    control=CONTROL, name=changes.file_name(CONTROL, account, "policy", part=f"deny-{number}-{part}"), format="policy",
                    about=f"denies {len(actions)} unused actions: for {len(arns)} users and roles whose other policies can't be edited",
                    text=indented(document), undo="# detach and delete the policy", notes=(NOTE,),
                )  # fmt: skip


def _shared(denies: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for arn, actions in denies.items():
        found.setdefault(actions, []).append(arn)
    return found
