"""Constraints of organisation policies, as they come to in a project.

Shape: https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies#PolicyRule
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.scopes import mappings, part, texts
from exclave.audit.judging import failed, passed, unseen
from exclave.model import FOREIGN, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from exclave.audit.model import Item
    from exclave.inventory import Answer, Inventory
    from exclave.perimeter import Perimeter

DOMAINS, MEMBERS = "iam.allowedPolicyMemberDomains", "iam.managed.allowedPolicyMembers"
STORAGE_USE = "compute.storageResourceUseRestrictions"


def effective(inventory: Inventory, constraint: str, project: str) -> Answer:
    """What a constraint comes to in a project."""
    return inventory.one(f"orgpolicy.GetEffectivePolicy.{constraint}", project)


def enforced(inventory: Inventory, project: str, *constraints: str) -> Item:
    """Whether one of some constraints (old and managed form) that are on or off is on for everything in a project."""
    answers = [(c, effective(inventory, c, project)) for c in constraints]
    reasons, blind = [], None
    for constraint, answer in answers:
        if answer.error is not None:
            blind = blind or unseen(answer, constraint)
            continue
        why = "there is no such policy" if answer.absent else _off(answer)
        if not why:
            return passed(constraint, where=answer.where, facts=(("constraint", constraint),))
        reasons.append(f"{constraint}: {why}")
    if blind is not None:
        return blind
    # the managed form is only named where it says more than that it isn't there
    telling = [r for r in reasons if not r.endswith(("no such policy", "it is not enforced"))] or reasons[:1]
    return failed(constraints[0], "; ".join(telling), (("constraint", constraints[0]),), answers[0][1].where)


def _off(answer: Answer) -> str:
    """Why a constraint that is on or off isn't on; "" when it is."""
    rules = list(mappings(part(answer.answer, "spec", "rules")))
    plain = [r for r in rules if not r.get("condition")]
    if not any(r.get("enforce") is True for r in plain) or any(r.get("enforce") is False for r in plain):
        if any(r.get("enforce") is True for r in mappings(part(answer.answer, "dryRunSpec", "rules"))):
            return "it is in dry run only"
        if any(r.get("enforce") is True for r in rules):
            return f"it is enforced under a condition only ({_condition(rules)})"
        return "it is not enforced"
    lifted = [r for r in rules if r.get("condition") and r.get("enforce") is not True]
    return f"a condition lifts it ({_condition(lifted)})" if lifted else ""


def _condition(rules: list[Mapping[str, Any]]) -> str:
    return next((str(part(r, "condition", "expression"))[:200] for r in rules if r.get("condition")), "")


def members_bound(inventory: Inventory, project: str, perimeter: Perimeter) -> Item:
    """Whether policies can name only members of ours: by the list of domains, or its managed form."""
    old, new = effective(inventory, DOMAINS, project), effective(inventory, MEMBERS, project)
    reasons = []
    for constraint, answer, read in ((DOMAINS, old, _domains), (MEMBERS, new, _members)):
        if answer.error is not None or answer.absent:
            continue
        wrong = list(read(answer, perimeter))
        if not wrong:
            return passed(DOMAINS, constraint, where=answer.where, facts=(("constraint", constraint),))
        reasons.append((constraint, wrong[0]))
    blind = next((a for a in (old, new) if a.error is not None), None)
    if blind is not None:
        return unseen(blind, DOMAINS)
    telling = [f"{c}: {why}" for c, why in reasons if not why.startswith(("it is not", "it lets"))]
    why = "; ".join(telling or [f"{c}: {why}" for c, why in reasons[:1]])
    return failed(DOMAINS, why, (("constraint", DOMAINS),), old.where)


def _domains(answer: Answer, perimeter: Perimeter) -> Iterator[str]:
    yield from _listed(answer, perimeter, "it lets policies name anybody")


def _members(answer: Answer, perimeter: Perimeter) -> Iterator[str]:
    if why := _off(answer):
        yield why
        return
    for rule in mappings(part(answer.answer, "spec", "rules")):
        given = rule.get("parameters")
        sets = texts(part(given, "allowedPrincipalSets")) + texts(part(given, "allowedMemberSubjects"))
        if not sets and rule.get("enforce") is True:
            yield "it names nobody who is allowed"
        yield from (f"it lets in {v}, not known to be ours" for v in sets if _foreign(v, perimeter))


def storage_bound(inventory: Inventory, project: str, perimeter: Perimeter) -> Item:
    """Whether images, disks and snapshots can be used only by projects of ours."""
    answer = effective(inventory, STORAGE_USE, project)
    if answer.error is not None:
        return unseen(answer, STORAGE_USE)
    facts = (("constraint", STORAGE_USE),)
    wrong = next(_listed(answer, perimeter, "images, disks and snapshots can be used by any project"), "")
    if wrong:
        return failed(STORAGE_USE, f"{STORAGE_USE}: {wrong}", facts, answer.where)
    return passed(STORAGE_USE, where=answer.where, facts=facts)


def _listed(answer: Answer, perimeter: Perimeter, open_: str) -> Iterator[str]:
    """Why a list of what is allowed lets strangers in."""
    rules = list(mappings(part(answer.answer, "spec", "rules")))
    allowed = [v for r in rules for v in texts(part(r, "values", "allowedValues"))]
    closed = any(r.get("denyAll") is True for r in rules)
    plain = [r for r in rules if not r.get("condition")]
    if any(r.get("allowAll") is True for r in plain) or not (allowed or closed):
        dry = list(mappings(part(answer.answer, "dryRunSpec", "rules")))
        yield "it is in dry run only" if dry else open_
        return
    if any(r.get("allowAll") is True for r in rules):
        yield f"a condition lifts it ({_condition([r for r in rules if r.get('allowAll') is True])})"
    if not any(r.get("denyAll") is True or part(r, "values", "allowedValues") for r in plain):
        yield f"it holds under a condition only ({_condition(rules)})"
    for value in allowed:
        if _foreign(value, perimeter):
            yield f"it lets in {value[:200]}, not known to be ours"


def _foreign(value: str, perimeter: Perimeter) -> bool:
    destination = named(value)
    return destination is None or perimeter.judge(destination).verdict in (*FOREIGN,)


def named(value: str) -> Destination | None:
    """Whom a value of a constraint means: a customer, an organisation, a folder, a project or a member."""
    text = value.removeprefix("is:").removeprefix("under:").removeprefix("in:")
    for prefix in ("//cloudresourcemanager.googleapis.com/", "principalSet://iam.googleapis.com/", "principal://iam.googleapis.com/",
                   "principalSet://cloudresourcemanager.googleapis.com/", "principalSet://goog/"):  # fmt: skip
        text = text.removeprefix(prefix)
    if "@" in text:
        mail = text.rpartition(":")[2].rpartition("/")[2]
        return Destination(kind=Kind.PRINCIPAL, id=mail, cloud=Cloud.GCP)
    head, _, tail = text.partition("/")
    kinds = {"organizations": Kind.ORGANIZATION, "folders": Kind.ORG_UNIT, "projects": Kind.PROJECT}
    if head == "public":  # allAuthenticatedUsers and the like
        return Destination(kind=Kind.PUBLIC, id=text, cloud=Cloud.GCP)
    if head == "cloudIdentityCustomerId":
        return Destination(kind=Kind.CUSTOMER, id=tail, cloud=Cloud.GCP)
    if head in kinds and tail:
        return Destination(kind=kinds[head], id=tail.partition("/")[0], cloud=Cloud.GCP)
    if text.startswith("C") and "/" not in text:
        return Destination(kind=Kind.CUSTOMER, id=text, cloud=Cloud.GCP)
    return None
