"""Basic roles where predefined ones serve, service accounts that hold them, and roles that Google sees unused.

Sources: https://cloud.google.com/iam/docs/roles-overview#basic, https://cloud.google.com/policy-intelligence/docs/role-recommendations-overview
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.customroles import CustomRoles, custom_roles, sharing
from exclave.audit.checks.gcp.denies import denies, kept
from exclave.audit.checks.gcp.predefined import Advice, advice, roles_for
from exclave.audit.checks.gcp.scopes import (
    HOME_POLICY,
    POLICY,
    ancestors,
    home_of,
    mappings,
    moment,
    number_of,
    organisation_answer,
    part,
    projects,
    texts,
)  # fmt: skip
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Item, Status
from exclave.inventory.model import Scope
from exclave.model import Cloud
from exclave.perimeter.google import bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.audit.model import Check, Settings
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

BASIC = ("roles/owner", "roles/editor", "roles/viewer", "roles/writer", "roles/reader", "roles/admin")
SEARCH, RECOMMENDED = "cloudasset.SearchAllIamPolicies", "recommender.ListIamRecommendations"
_UNTIL = re.compile(r"request\.time\s*<=?\s*timestamp\(\s*[\"']([^\"']+)[\"']\s*\)")
_EVERYBODY = {"allUsers": "anybody", "allAuthenticatedUsers": "anybody with an account at Google"}
_DENIED = "deny policies keep it from sharing data"
_AGENT = "@cloudservices.gserviceaccount.com"  # Google's own in a project, whose Editor role must stay


def least_privilege(inventory: Inventory, perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per member with a basic role, and per role that Google recommends to narrow or take away."""
    del perimeter
    checks = []
    for scope in projects(inventory):
        answer = inventory.one(POLICY, scope.account)
        recommended = inventory.one(RECOMMENDED, scope.account)
        found = advice(recommended) if recommended.error is None else []
        items: list[Item] = [unseen(answer, "bindings")] if answer.error is not None else []
        if answer.error is None:
            above = ancestors(inventory, scope.account)  # none: they could not be read
            outside = bool(above) and not any(kind == "organization" for kind, _ in above)
            bindings = part(answer.answer, "bindings")
            number = number_of(inventory, scope.account)
            denied, unread = denies(inventory, scope.account)
            roles = custom_roles(inventory, scope.account, home_of(inventory, scope.account), denied)
            items += _bindings(
                bindings, scope.account, found, settings, answer.where, roles, alone=outside, number=number
            )
            items += _others(bindings, found, recommended.where)
            if unread is not None and any(i.status is not Status.PASS for i in items):
                items.append(unseen(unread, "what deny policies take away"))
        if recommended.error is not None:
            items.append(unseen(recommended, "IAM Recommender"))
        checks.append(judged(scope, items, "members' roles"))
    return [*checks, *_above(inventory, settings)]


def _above(inventory: Inventory, settings: Settings) -> list[Check]:
    """The same for the organisation and its folders."""
    home = home_of(inventory)
    answer = organisation_answer(inventory, SEARCH, home)
    if answer is None:
        return []
    scope = Scope(cloud=Cloud.GCP, account=home)
    roles = custom_roles(inventory, "", home)
    items: list[Item] = []
    if answer.error is not None:
        items.append(unseen(answer, "bindings of the organisation and its folders"))
    for found in mappings(answer.items):
        kind = str(found.get("assetType")).rpartition("/")[2]
        if kind in ("Organization", "Folder"):
            name = str(found.get("resource")).removeprefix("//cloudresourcemanager.googleapis.com/")
            items += _bindings(part(found, "policy", "bindings"), name, [], settings, answer.where, roles)
    if answer.error is not None:
        own = inventory.one(HOME_POLICY, home)
        if own.error is None:
            items += _bindings(part(own.answer, "bindings"), home, [], settings, own.where, roles)
    return [judged(scope, items, "members' roles", none_why="nobody has a role on it")]


def _bindings(
    bindings: Any,
    where: str,
    found: list[Advice],
    settings: Settings,
    document: str,
    roles: CustomRoles,
    *,
    alone: bool = False,
    number: str = "",
) -> Iterator[Item]:
    owners = [
        m for b in mappings(bindings) if b.get("role") == "roles/owner" for m in texts(b.get("members"))
    ]
    for binding in mappings(bindings):
        role = str(binding.get("role"))
        for member in texts(binding.get("members")):
            name = f"{member} {role} on {where}"
            agent = member == f"serviceAccount:{number}{_AGENT}" if number else member.endswith(_AGENT)
            spared = agent or member.startswith("deleted:") or _over(binding, settings)
            spared = spared or (alone and owners == [member] and role == "roles/owner")
            if member in _EVERYBODY and not _over(binding, settings):
                facts = (("member", member), ("role", role), ("resource", where), ("unused", "yes"))
                yield failed(
                    name, f"{_EVERYBODY[member]} holds {role} on {where} ({member})", facts, document
                )
            elif spared:
                yield passed(name, where=document)
            elif (refused := roles.unseen(role)) is not None:
                yield unseen(refused, f"what {role} gives {member} on {where}")
            elif services := roles.wide(role, member):
                yield _custom(member, role, where, services, document)
            elif role not in BASIC:
                yield passed(name, where=document)
            else:
                item = _basic(member, role, where, found, settings, document)
                # what it can't share is not its worst any more, but it has all the rest
                shares = not roles.denied or kept(sharing(), roles.denied, member)
                yield item if shares else replace(item, status=Status.PARTIAL, why=f"{item.why}; {_DENIED}")


def _over(binding: Mapping[str, Any], settings: Settings) -> bool:
    """Whether a binding has ended, by a condition as the console writes it."""
    found = _UNTIL.fullmatch(str(part(binding, "condition", "expression") or "").strip())
    ended = moment(found[1]) if found else None
    return ended is not None and ended <= settings.now


def _basic(
    member: str, role: str, where: str, found: list[Advice], settings: Settings, document: str
) -> Item:
    stated = next((a for a in found if a.member == member and a.role == role), None)
    done = settings.hunted.get(bare(member), frozenset())
    known, rest = roles_for(a for a in done if ".googleapis.com:" in a)
    instead: tuple[str, ...] = ()
    if stated is not None:
        instead = stated.instead
        basis = "IAM Recommender: " + (", ".join(instead) if instead else "it is not used, take it away")
    elif known:
        instead = known
        basis = f"what was seen in the logs needs {', '.join(known)}" + (
            f", and a role for {', '.join(rest[:5])}" if rest else ""
        )
    else:
        basis = "no use of it is known: name a predefined role, or take it away"
    who = "the service account " if member.startswith("serviceAccount:") else ""
    if member.startswith(("group:", "domain:")):
        basis += f"; who is in the {member.partition(':')[0]} is not looked at"
    facts = [("member", member), ("role", role), ("resource", where)]
    facts += [("recommended", r) for r in instead]
    facts += [("unused", "yes")] if stated is not None and not instead else []
    return failed(
        f"{member} {role} on {where}",
        f"{who}{member} holds the basic role {role} on {where}; {basis}",
        tuple(facts),
        document,
    )


def _custom(member: str, role: str, where: str, services: Sequence[str], document: str) -> Item:
    facts = (("member", member), ("role", role), ("resource", where))
    told = f"{', '.join(services[:4])}{' and others' if len(services) > 4 else ''}"  # noqa: PLR2004
    why = f"{member} holds {role} on {where}, a custom role as wide as a basic one: it can share data of {len(services)} services ({told})"
    return failed(f"{member} {role} on {where}", why, facts, document)


def _others(bindings: Any, found: list[Advice], document: str) -> Iterator[Item]:
    """Roles that are not basic, and that Google sees unused in whole or in part."""
    held = {(m, str(b.get("role"))) for b in mappings(bindings) for m in texts(b.get("members"))}
    for one in found:
        if one.role in BASIC or (one.member, one.role) not in held:
            continue
        what = f"{', '.join(one.instead)} would do" if one.instead else "it is not used"
        facts = [("member", one.member), ("role", one.role), ("resource", one.resource)]
        facts += [("recommended", r) for r in one.instead]
        yield failed(
            f"{one.member} {one.role} (recommendation)",
            f"{one.member} holds {one.role}; IAM Recommender: {what}",
            tuple(facts),
            document,
        )
