"""The organisation's policies that reach an account: attached to it, to a unit above it, or to the root.

The management account is bound by neither SCPs nor RCPs.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.audit.judging import failures
from exclave.inventory.model import NOT_RECORDED
from exclave.policy.document import Malformed, Policy, parse

if TYPE_CHECKING:
    from exclave.audit.model import Item
    from exclave.inventory import Answer, Inventory

_ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ALLOW_ALL = parse({"Version": "2012-10-17", "Statement": [_ANYTHING]})
ALLOW_ANYBODY = parse({"Version": "2012-10-17", "Statement": [{**_ANYTHING, "Principal": "*"}]})
LEVELS = (
    "organizations.ListParents.1",
    "organizations.ListParents.2",
    "organizations.ListParents.3",
    "organizations.ListParents.4",
    "organizations.ListParents.5",
)  # of five units, the last is in the root, which there is one of
_TYPES = {
    "scp": "SERVICE_CONTROL_POLICY",
    "rcp": "RESOURCE_CONTROL_POLICY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """The policies of one type that reach an account.

    `levels`: as policy/evaluate takes them, one for the account and for each unit above it. `why_not` says why none can; `unseen` are items for what could not be looked at.
    """

    levels: tuple[tuple[Policy | Malformed, ...], ...] = ()
    names: tuple[str, ...] = ()
    why_not: str = ""
    unseen: tuple[Item, ...] = field(default=())

    @property
    def documents(self) -> tuple[Policy | Malformed, ...]:
        """All of them."""
        return tuple(document for level in self.levels for document in level)


def reaching(inventory: Inventory, kind: str, account: str) -> Reaching:
    """The SCPs (`scp`) or RCPs (`rcp`) that reach an account."""
    organization = _answers(inventory, "organizations.DescribeOrganization")
    listed = _answers(inventory, f"organizations.ListPolicies.{kind}")
    roots = _answers(inventory, "organizations.ListRoots")
    if blind := failures([*organization, *listed, *roots]):
        return Reaching(unseen=tuple(blind))
    if not organization or not listed:
        return Reaching(
            unseen=tuple(failures([inventory.one(f"organizations.ListPolicies.{kind}", account)]))
        )
    if all(a.absent for a in organization):
        return Reaching(why_not="the account is in no organisation, so no policy above it can bind it")
    if account in {
        str(a.text("Organization.MasterAccountId", "Organization.ManagementAccountId")) for a in organization
    }:
        return Reaching(
            why_not="this is the management account, which SCPs and RCPs do not bind: keep no data in it"
        )
    if all(a.absent for a in listed) or not _enabled(inventory, kind):
        return Reaching(why_not=f"policies of type {_TYPES[kind]} are not enabled in the organisation")
    return _attached(inventory, kind, account)


def _attached(inventory: Inventory, kind: str, account: str) -> Reaching:
    above, blind = _above(inventory, account)
    targets = _answers(inventory, f"organizations.ListTargetsForPolicy.{kind}")
    described = _answers(inventory, f"organizations.DescribePolicy.{kind}")
    blind += failures([*targets, *described])
    at: dict[str, set[str]] = {}
    for answer in targets:
        for item in answer.items:
            at.setdefault(str(item.get("TargetId")), set()).add(answer.key)
    documents = {a.key: parse(a.answer["Policy"]["Content"]) for a in described if _content(a)}
    reached = {key for place in above for key in at.get(place, ())}
    return Reaching(
        levels=tuple(_level([documents.get(k) for k in sorted(at.get(place, ()))]) for place in above),
        names=tuple(
            a.text("Policy.PolicySummary.Name") or a.key
            for a in described
            if a.key in reached and _content(a)
        ),
        unseen=tuple(blind),
    )


def _level(documents: list[Policy | Malformed | None]) -> tuple[Policy | Malformed, ...]:
    """One level. Where nothing allows, or something was not recorded, only what is denied counts."""
    found = [d for d in documents if d is not None]
    lists = any(isinstance(d, Policy) and any(s.allow for s in d.statements) for d in found)
    return tuple(found) if lists and len(found) == len(documents) else (ALLOW_ALL, *found)


def _content(answer: Answer) -> bool:
    return isinstance(answer.answer, dict) and isinstance(
        (answer.answer.get("Policy") or {}).get("Content"), str
    )


def _above(inventory: Inventory, account: str) -> tuple[list[str], list[Item]]:
    """Ids of the account, the units above it and the root."""
    found, current = [account], account
    blind: list[Item] = []
    for level in LEVELS:
        answers = [
            a for a in _answers(inventory, level) if a.key == current or (a.error is not None and not a.key)
        ]
        blind += failures(answers)
        parent = next((str(i.get("Id")) for a in answers for i in a.items), "")
        if not parent:
            break
        found.append(parent)
        current = parent
    roots = [str(i.get("Id")) for a in _answers(inventory, "organizations.ListRoots") for i in a.items]
    return list(dict.fromkeys([*found, *roots])), blind


def _enabled(inventory: Inventory, kind: str) -> bool:
    roots = [i for a in _answers(inventory, "organizations.ListRoots") for i in a.items]
    if not any("PolicyTypes" in root for root in roots):
        return True  # nothing says
    types = [t for root in roots for t in root.get("PolicyTypes") or ()]
    return any(t.get("Type") == _TYPES[kind] and t.get("Status") == "ENABLED" for t in types)


def own_organizations(inventory: Inventory) -> list[str]:
    """Ids of the organisations that the inventory's accounts are in."""
    return [
        i
        for a in _answers(inventory, "organizations.DescribeOrganization")
        if (i := a.text("Organization.Id"))
    ]


def _answers(inventory: Inventory, call: str) -> list[Answer]:
    """What was recorded; the organisation is asked from one account only, so elsewhere nothing is missing."""
    return [a for a in inventory.answers(call) if a.error is None or a.error.code != NOT_RECORDED or a.key]
