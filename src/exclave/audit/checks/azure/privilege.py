"""Who can export or share data, and at how wide a scope: role assignments, guests, delegations to other tenants.

https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-subscription
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.denies import Deny, denies, kept
from exclave.audit.checks.azure.ids import listed, name_of, norm, properties
from exclave.audit.checks.azure.roles import (
    ASSIGN,
    READS,
    Role,
    given_by,
    gives_roles,
    role_of,
    sharing,
    smallest,
)
from exclave.audit.judging import failed, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.inventory.model import NOT_RECORDED
from exclave.model import OURS, Cloud, Destination, Kind, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.inventory import Inventory
    from exclave.inventory.model import Answer
    from exclave.perimeter import Perimeter

ASSIGNMENTS, DEFINITIONS = "authorization.RoleAssignments", "authorization.RoleDefinitions"
DELEGATIONS, GUESTS, PRINCIPALS = (
    "managedservices.RegistrationAssignments",
    "graph.Guests",
    "graph.ServicePrincipals",
)
ELIGIBLE, ACTIVATE = "authorization.RoleEligibilities", "may activate"  # by Privileged Identity Management
DENIED = "authorization.DenyAssignments"
MEMBERS = ("graph.GroupMembers", "graph.EligibleGroupMembers")
JOINING = ("graph.GroupEligibilities", "graph.EligibleGroupEligibilities")  # by PIM for groups
FOREIGN_GROUP = "foreigngroup"
# The tenants of Microsoft's own applications: https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
MICROSOFT = frozenset({"f8cdef31-a31e-4b4a-93e4-5f571e91255a", "72f988bf-86f1-41af-91ab-2d7cd011db47"})
SHOWN = 4


@dataclass(frozen=True, slots=True)
class People:
    """What the directory says of principals: guests, applications of other tenants, names."""

    guests: Mapping[str, str] = field(default_factory=dict)
    applications: Mapping[str, str] = field(default_factory=dict)  # id → owner's tenant
    names: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # id → how logs name it
    members: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # of a group, those of groups in it too
    joining: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # who may become a member or owner

    def behind(self, principal: str) -> tuple[str, ...]:
        """Who is in a group, and who may come into it."""
        return (*self.members.get(principal, ()), *self.joining.get(principal, ()))

    def entered(self, principal: str) -> bool:
        """Whether a group is known to be empty until somebody activates his membership."""
        return self.members.get(principal) == () and bool(self.joining.get(principal))


def least_privilege(inventory: Inventory, perimeter: Perimeter, settings: Settings) -> list[Check]:
    """One item per role assignment that reaches the subscription, or may be activated on it, and per delegation."""
    people = _people(inventory)
    checks: list[Check] = []
    for answer in inventory.answers(ASSIGNMENTS):
        account = answer.scope.account
        definitions = inventory.one(DEFINITIONS, account)
        items = [unseen(a) for a in (answer, definitions) if a.error is not None]
        if not items:
            roles = {r.id: r for d in definitions.items if isinstance(d, Mapping) for r in (role_of(d),)}
            taken = inventory.one(DENIED, account)
            denied = denies(taken.items)
            items = [
                _assignment(a, roles, people, account, perimeter, settings, answer.where, denied)
                for a in answer.items
                if isinstance(a, Mapping)
            ]
            eligible = inventory.one(ELIGIBLE, account)
            items += [unseen(eligible, "eligible assignments")] if eligible.error is not None else [
                _assignment(a, roles, people, account, perimeter, settings, eligible.where, denied, has=ACTIVATE)
                for a in eligible.items
                if isinstance(a, Mapping)
            ]  # fmt: skip
            if (
                taken.error is not None
                and taken.error.code != NOT_RECORDED
                and any(i.status is not Status.PASS for i in items)
            ):
                items.append(unseen(taken, "what deny assignments take away"))
            items += _delegations(inventory.one(DELEGATIONS, account), roles, account, perimeter)
            groups = [a for call in (*MEMBERS, *JOINING) for a in inventory.each(call, account=account)]
            directory = [a for call in (GUESTS, PRINCIPALS) for a in inventory.answers(call)]
            items += [unseen(a) for a in (*directory, *groups) if a.error is not None]
        checks.append(judged(answer.scope, items, "role assignments"))
    return checks


def _assignment(
    assignment: Mapping[str, Any],
    roles: Mapping[str, Role],
    people: People,
    account: str,
    perimeter: Perimeter,
    settings: Settings,
    where: str,
    denied: Sequence[Deny],
    *,
    has: str = "holds",
) -> Item:
    held = properties(assignment)
    identifier, principal = str(assignment.get("id")), str(held.get("principalId") or "").lower()
    role = roles.get(name_of(held.get("roleDefinitionId")).lower())
    facts = [
        ("principal", principal), ("type", str(held.get("principalType"))), ("scope", str(held.get("scope"))),
        ("role", role.name if role else name_of(held.get("roleDefinitionId"))),
        ("definition", str(held.get("roleDefinitionId"))),
    ]  # fmt: skip
    if role is None:
        why = f"the role of {identifier} is not among the definitions"
        return Item(
            resource=identifier, status=Status.COULD_NOT_LOOK, why=why, facts=tuple(facts), where=where
        )
    has = ACTIVATE if people.entered(principal) else has
    # a deny may spare one who comes in later
    members = {**people.members, principal: people.behind(principal)}
    place = (principal, str(held.get("scope")), account, members)
    shares = kept(sharing(role), denied, *place)
    name = people.names.get(principal, principal)
    condition = str(held.get("condition") or "")
    giving = gives_roles(role) and kept((ASSIGN,), denied, *place)
    given = given_by(role, condition, roles.values()) if giving else []
    if not shares and not given:
        return passed(identifier, facts=tuple(facts), where=where)
    can = _can(shares) if shares else _gives(given, bound=bool(condition or "" not in role.conditions))
    facts.append(("shares", ", ".join(shares)))
    if stranger := _stranger(held, principal, people, perimeter, account):
        why = f"{stranger} {has} {role.name} on {held.get('scope')}, and with it can {can}"
        return failed(identifier, why, tuple(facts), where)
    width = _wide(str(held.get("scope")), account)
    if not width:
        return passed(identifier, facts=tuple(facts), where=where)
    named = Destination(kind=Kind.PRINCIPAL, id=principal, cloud=Cloud.AZURE)
    judgement = perimeter.judge(named, account)
    if judgement.verdict in OURS and judgement.verdict is not Verdict.ORGANIZATION:
        return passed(
            identifier, f"named in the perimeter: {judgement.reason}", facts=tuple(facts), where=where
        )
    if not shares:
        why = f"{name} {has} {role.name} on {width}: it can {can}, himself too"
        return Item(resource=identifier, status=Status.PARTIAL, why=why, facts=tuple(facts), where=where)
    done = _done(principal, people, settings)
    if condition and set(shares) <= set(READS):
        why = f"{name} {has} {role.name} on {width}: it can {_can(shares)}, under a condition that is not followed here"
        return Item(resource=identifier, status=Status.PARTIAL, why=why, facts=tuple(facts), where=where)
    item = _used(identifier, f"{name} {has}", role, shares, width, roles, done, facts, settings, where)
    # to be activated for a while is what is advised: it is told, no more
    return replace(item, status=Status.PARTIAL) if has == ACTIVATE and item.status is Status.FAIL else item


def _can(shares: Sequence[str]) -> str:
    return "read out data" if set(shares) <= set(READS) else "share data"


def _gives(given: list[Role], *, bound: bool) -> str:
    """Which roles somebody can give, in words."""
    if not bound:
        return "give anybody any role"
    more = f" and {len(given) - SHOWN} more" if len(given) > SHOWN else ""
    return (
        f"give anybody {', '.join(r.name for r in given[:SHOWN])}{more}, for its condition lets these through"
    )


def _used(
    identifier: str, who: str, role: Role, shares: Sequence[str], width: str, roles: Mapping[str, Role],
    done: frozenset[str], facts: list[tuple[str, str]], settings: Settings, where: str,
) -> Item:  # fmt: skip
    """What of the rights was really used, by the hunted logs, and the smallest role for that."""
    used = [s for s in shares if s.lower() in done]
    unused = [s for s in shares if s.lower() not in done]
    facts = [*facts, ("used", ", ".join(used)), ("unused", ", ".join(unused))]
    told = ", ".join(unused[:SHOWN]) + (f" and {len(unused) - SHOWN} more" if len(unused) > SHOWN else "")
    better = smallest(roles.values(), used) if used else None
    if better is not None:
        facts.append(("better", better.name))
    if used and (better is None or better.id == role.id or better.wide >= role.wide):
        return passed(identifier, "it does what its role is for", facts=tuple(facts), where=where)
    seen = (
        "and did not"
        if settings.hunted
        else "and nothing shows that it does (no hunt was given by --findings)"
    )
    if better is not None:
        why = f"{who} {role.name} on {width}; what it did needs only {better.name}: unused {told}"
    else:
        why = f"{who} {role.name} on {width}: it can {_can(shares)} {seen}: {told}"
    return failed(identifier, why, tuple(facts), where)


def _wide(scope: str, account: str) -> str:
    """A wide scope in words; "" for a resource group or less."""
    whole = norm(scope)
    if whole in ("", "/"):
        return "the whole tenant"
    if whole.startswith("/providers/microsoft.management/managementgroups/"):
        return f"management group {name_of(scope)}"
    return "the whole subscription" if whole == norm(f"/subscriptions/{account}") else ""


def _stranger(
    held: Mapping[str, Any], principal: str, people: People, perimeter: Perimeter, account: str
) -> str:
    """Who has a role and is from outside: its principal, or a member of it."""
    if str(held.get("principalType", "")).lower() == FOREIGN_GROUP:
        return f"a group of another tenant, {people.names.get(principal, principal)}"
    inside = people.members.get(principal, ())
    for one in (principal, *people.behind(principal)):
        if found := _outside(one, people, perimeter, account):
            how = "a member" if one in inside else "who may become a member"
            return found if one == principal else f"{found}, {how} of group {principal},"
    return ""


def _outside(principal: str, people: People, perimeter: Perimeter, account: str) -> str:
    if mail := people.guests.get(principal):
        guest = Destination(kind=Kind.PRINCIPAL, id=mail, cloud=Cloud.AZURE)
        return "" if perimeter.judge(guest, account).verdict in OURS else f"the guest {mail}"
    if owner := people.applications.get(principal):
        tenant = Destination(kind=Kind.TENANT, id=owner, cloud=Cloud.AZURE)
        if owner not in MICROSOFT and perimeter.judge(tenant, account).verdict not in OURS:
            return f"the application of tenant {owner} {people.names.get(principal, principal)}"
    return ""


def _delegations(answer: Answer, roles: Mapping[str, Role], account: str, perimeter: Perimeter) -> list[Item]:
    if answer.error is not None:
        return [unseen(answer, "delegations to other tenants")]
    items: list[Item] = []
    for one in answer.items:
        held = properties(properties(one).get("registrationDefinition"))
        tenant = str(held.get("managedByTenantId") or held.get("managedByTenant") or "").lower()
        identifier = str(one.get("id")) if isinstance(one, Mapping) else ""
        given = [
            name_of(a.get("roleDefinitionId")).lower()
            for kind in ("authorizations", "eligibleAuthorizations")
            for a in listed(held, kind)
        ]
        facts = (("tenant", tenant), ("roles", ", ".join(roles[g].name if g in roles else g for g in given)))
        destination = Destination(kind=Kind.TENANT, id=tenant, cloud=Cloud.AZURE)
        if perimeter.judge(destination, account).verdict in OURS:
            items.append(passed(identifier, facts=facts, where=answer.where))
        elif any(g not in roles or sharing(roles[g]) or gives_roles(roles[g]) for g in given):
            why = f"tenant {tenant} is delegated {facts[1][1]}, and with it can share data or give roles"
            items.append(failed(identifier, why, facts, answer.where))
        else:
            items.append(
                passed(identifier, "only roles that cannot share data", facts=facts, where=answer.where)
            )
    return items


def _people(inventory: Inventory) -> People:
    guests: dict[str, str] = {}
    applications: dict[str, str] = {}
    names: dict[str, str] = {}
    aliases: dict[str, tuple[str, ...]] = {}
    for _, user in inventory.items(GUESTS):
        if isinstance(user, Mapping) and user.get("id"):
            principal = str(user["id"]).lower()
            guests[principal] = str(user.get("mail") or user.get("userPrincipalName") or principal).lower()
            names[principal] = guests[principal]
            aliases[principal] = (str(user.get("userPrincipalName") or ""),)
    for _, one in inventory.items(PRINCIPALS):
        if isinstance(one, Mapping) and one.get("id"):
            principal = str(one["id"]).lower()
            names[principal] = str(one.get("displayName") or principal)
            aliases[principal] = (str(one.get("appId") or ""),)
            if owner := one.get("appOwnerOrganizationId"):
                applications[principal] = str(owner).lower()
    members: dict[str, tuple[str, ...]] = {}
    for answer in (a for call in MEMBERS for a in inventory.each(call) if a.error is None):
        found = [i for i in answer.items if isinstance(i, Mapping) and i.get("id")]
        members[answer.key.lower()] = tuple(str(i["id"]).lower() for i in found)
        for one in found:
            aliases.setdefault(str(one["id"]).lower(), (str(one.get("userPrincipalName") or ""),))
    joining = {
        answer.key.lower(): tuple(
            str(i["principalId"]).lower()
            for i in answer.items
            if isinstance(i, Mapping) and i.get("principalId")
        )
        for call in JOINING
        for answer in inventory.each(call)
        if answer.error is None
    }
    return People(guests, applications, names, aliases, members, joining)


def _done(principal: str, people: People, settings: Settings) -> frozenset[str]:
    """What the hunted logs show the principal, or a member of it, to have done, as actions in lower case."""
    who_ = (principal, *people.behind(principal))
    wanted = {*who_, *(a.lower() for w in who_ for a in people.aliases.get(w, ()) if a)}
    return frozenset(
        action.partition(":")[2] or action
        for who, actions in settings.hunted.items()
        if who.lower() in wanted
        for action in actions
    )
