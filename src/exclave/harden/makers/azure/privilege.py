"""Roles without the catalogue's sharing actions, in place of those that have them at a wide scope.

https://learn.microsoft.com/rest/api/authorization/role-definitions/create-or-update and .../role-assignments
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import name_of, norm, properties
from exclave.audit.checks.azure.privilege import ASSIGNMENTS, DEFINITIONS, DELEGATIONS, ELIGIBLE
from exclave.audit.checks.azure.roles import READS, role_of, sharing_actions
from exclave.audit.model import Status
from exclave.change.model import gone, there
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.arm import Resource, Template
from exclave.harden.markdown import table
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.checks.azure.roles import Role
    from exclave.audit.model import Item, Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.least-privilege"
API, DELEGATION_API, ELIGIBLE_API = "2022-04-01", "2022-10-01", "2020-10-01"
DEFINITION, ASSIGNMENT = "Microsoft.Authorization/roleDefinitions", "Microsoft.Authorization/roleAssignments"
SPACE = uuid.UUID("6c1f0f9e-52d8-5f0b-9a41-3d1f5a2c7e10")  # names of ours, the same in every run
REQUEST = "Microsoft.Authorization/roleEligibilityScheduleRequests"
KEPT = (
    "who must share data keeps it by being named in perimeter.toml ([[principal]] with the object id), or by a role on the one "
    "resource group; keep a break-glass account so named"
)
BACK = "whoever may assign roles can give himself the rights back: watch roleAssignments/write (azure.alert.activity)"
ABOVE = "{} stands above the subscription: change it there"


def make(results: Sequence[Result], inventory: Inventory, _perimeter: Perimeter, options: Options) -> Made:
    """For each assignment: a narrower role in its place, or for outsiders its end; a table for people."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes = [KEPT, BACK]
    for account, mine in by_account(results).items():
        bad = [i for r in mine for i in r.check.items if i.status is Status.FAIL]
        if options.wants("text"):
            artefacts.append(_table(account, bad))
        there_now, eligible = (
            {norm(a.get("id")): a for a in inventory.one(call, account).items if isinstance(a, dict)}
            for call in (ASSIGNMENTS, ELIGIBLE)
        )
        roles = {
            r.id: r
            for d in inventory.one(DEFINITIONS, account).items
            if isinstance(d, dict)
            for r in (role_of(d),)
        }
        made: dict[str, Resource] = {}
        for item in bad:
            activated = eligible.get(norm(item.resource))
            assignment = there_now.get(norm(item.resource), activated)
            if "tenant" in dict(item.facts):
                steps.append(_delegation(item, inventory, account, mine))
            elif assignment is not None and not _below(item, account):
                notes.append(ABOVE.format(item.resource))
            elif activated is not None:
                steps.append(_inactive(item, activated, account, mine))
            elif assignment is not None:
                steps += _narrower(item, assignment, roles, made, account, options, mine)
        if made:
            artefacts += changes.templates(
                CONTROL, account, Template(resources=tuple(made.values()), where="subscription"), options,
                about=f"{len(made)} roles without the sharing actions", undo=" && ".join(_deletion(str(r.name), account) for r in made.values()),
                notes=(KEPT, BACK),
            )  # fmt: skip
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def _deletion(role: str, account: str) -> str:
    """The command that deletes a role; Azure refuses while somebody has it."""
    return f"az role definition delete --custom-role-only true --name {role} --scope /subscriptions/{account}"


def _below(item: Item, account: str) -> bool:
    return f"{norm(dict(item.facts)['scope'])}/".startswith(f"{norm(f'/subscriptions/{account}')}/")


def _narrower(
    item: Item, assignment: Mapping[str, Any], roles: Mapping[str, Role], made: dict[str, Resource], account: str,
    options: Options, results: Sequence[Result],
) -> list[Step]:  # fmt: skip
    """What takes the place of one assignment; a custom role that it needs is noted in `made`."""
    if _outsider(item):
        return [_ended(item, assignment, account, results)]
    facts = dict(item.facts)
    role = roles.get(name_of(facts["definition"]).lower())
    if role is None:
        return []
    better = next((r for r in roles.values() if r.name == facts.get("better")), None)
    if better is None:
        made.setdefault(role.id, _resource(role, account, options, len(made) + 1))
    return [_replaced(item, assignment, role, better, account, options, results)]


def narrowed(role: Role, account: str, options: Options) -> tuple[str, dict[str, Any]]:
    """A custom role like another, but for the sharing actions: its name (a GUID) and properties."""
    whole = f"/subscriptions/{account}"
    permissions = [
        {
            "actions": list(yes),
            "notActions": list(
                dict.fromkeys((*no, *(a for a in sharing_actions() if _gives(yes, no, role, a))))
            ),
            "dataActions": [],
            "notDataActions": [],
        }
        for yes, no in role.pairs
    ]
    name = f"{options.prefix}: {role.name} without sharing"
    body = {
        "roleName": name, "type": "CustomRole", "description": "As its namesake, without the actions that share data with others.",
        "assignableScopes": [whole], "permissions": permissions,
    }  # fmt: skip
    return str(uuid.uuid5(SPACE, f"{whole} {role.id} {options.prefix}")), body


def _gives(yes: Sequence[str], no: Sequence[str], role: Role, action: str) -> bool:
    return type(role)(role.id, role.name, role.built_in, ((tuple(yes), tuple(no)),)).allows(action)


def _outsider(item: Item) -> bool:
    return item.why.startswith(("a group of another tenant", "the guest", "the application of tenant"))


def _replaced(
    item: Item, assignment: Mapping[str, Any], role: Role, better: Role | None, account: str, options: Options, results: Sequence[Result]
) -> Step:  # fmt: skip
    """The narrower role given, then the wide one taken: nobody is without a role in between."""
    held = properties(assignment)
    whole, scope = f"/subscriptions/{account}", str(held.get("scope"))
    change = []
    undo = []
    if better is not None:
        definition = f"{whole}/providers/{DEFINITION}/{better.id}"
    else:
        name, body = narrowed(role, account, options)
        definition = f"{whole}/providers/{DEFINITION}/{name}"
        change.append(changes.call("PUT", definition, API, account, {"properties": body}))
    new = f"{scope}/providers/{ASSIGNMENT}/{uuid.uuid5(SPACE, f'{item.resource} {definition}')}"
    given = {
        "roleDefinitionId": definition,
        "principalId": held.get("principalId"),
        "principalType": held.get("principalType"),
    }
    change.append(
        changes.call("PUT", new, API, account, {"properties": {k: v for k, v in given.items() if v}})
    )
    change.append(changes.call("DELETE", item.resource, API, account))
    undo += [_back(item.resource, held, account), changes.call("DELETE", new, API, account)]
    title = f"give {dict(item.facts).get('principal')} {better.name if better else role.name + ' without sharing'} in place of {role.name}"
    return changes.step(
        title, item.resource, account, change, read=_reading(item.resource, account), before=assignment, undo=undo, after=[gone()],
        breaks=(_breaks(item),), results=results, why=(item.why,),
    )  # fmt: skip


def _breaks(item: Item) -> str:
    reads = set(dict(item.facts).get("shares", "").split(", ")) & set(READS)
    shared = "what it shared with others until now, it can't share any more"
    return (
        f"{shared}, nor read the data that it read: give it the role on the accounts that it needs"
        if reads
        else shared
    )


def _ended(item: Item, assignment: Mapping[str, Any], account: str, results: Sequence[Result]) -> Step:
    held = properties(assignment)
    return changes.step(
        f"take {dict(item.facts)['role']} from {dict(item.facts)['principal']}, who is from outside", item.resource, account,
        [changes.call("DELETE", item.resource, API, account)], read=_reading(item.resource, account), before=assignment,
        undo=[_back(item.resource, held, account)], after=[gone()], breaks=("he can't do any more what the role let him do",),
        results=results, why=(item.why,),
    )  # fmt: skip


def _inactive(item: Item, eligible: Mapping[str, Any], account: str, results: Sequence[Result]) -> Step:
    """The end of what somebody from outside may activate: it is asked for by a request of an administrator.

    https://learn.microsoft.com/rest/api/authorization/role-eligibility-schedule-requests/create
    """
    held, facts = properties(eligible), dict(item.facts)
    who = {k: held.get(k) for k in ("principalId", "roleDefinitionId")}
    ends = held.get("endDateTime")
    lasts = {"type": "AfterDateTime", "endDateTime": ends} if ends else {"type": "NoExpiration"}
    again = {k: held[k] for k in ("condition", "conditionVersion") if held.get(k)}

    def request(kind: str, **more: Any) -> Any:
        name = uuid.uuid5(SPACE, f"{item.resource} {held.get('startDateTime')} {kind}")
        body = {**who, "requestType": kind, **more}
        where = f"{held.get('scope')}/providers/{REQUEST}/{name}"
        return changes.call("PUT", where, ELIGIBLE_API, account, {"properties": body})

    return changes.step(
        f"end that {facts['principal']}, who is from outside, may activate {facts['role']}", item.resource, account,
        [request("AdminRemove")], read=changes.reading(item.resource, ELIGIBLE_API, account, ("properties.principalId",)),
        before=eligible, undo=[request("AdminAssign", scheduleInfo={"expiration": lasts}, **again)], after=[gone()],
        undone=[there("properties.principalId")], breaks=("he can't activate the role any more",), results=results, why=(item.why,),
    )  # fmt: skip


def _delegation(item: Item, inventory: Inventory, account: str, results: Sequence[Result]) -> Step:
    found = next(
        (
            d
            for d in inventory.one(DELEGATIONS, account).items
            if isinstance(d, dict) and str(d.get("id")) == item.resource
        ),
        {},
    )
    definition = properties(found).get("registrationDefinitionId")
    back = {"properties": {"registrationDefinitionId": definition}}
    return changes.step(
        f"end the delegation to tenant {dict(item.facts)['tenant']}", item.resource, account,
        [changes.call("DELETE", item.resource, DELEGATION_API, account)],
        read=changes.reading(item.resource, DELEGATION_API, account, ("properties.registrationDefinitionId",)), before=found or None,
        undo=[changes.call("PUT", item.resource, DELEGATION_API, account, back)] if definition else [], after=[gone()],
        breaks=("the tenant's people lose their way in",), results=results, why=(item.why,),
    )  # fmt: skip


def _reading(identifier: str, account: str) -> Any:
    return changes.reading(
        identifier,
        API,
        account,
        ("properties.roleDefinitionId", "properties.principalId", "properties.scope"),
    )


def _back(identifier: str, held: Mapping[str, Any], account: str) -> Any:
    names = (
        "roleDefinitionId",
        "principalId",
        "principalType",
        "condition",
        "conditionVersion",
        "description",
    )
    return changes.call(
        "PUT", identifier, API, account, {"properties": {k: held[k] for k in names if held.get(k)}}
    )


def _resource(role: Role, account: str, options: Options, number: int) -> Resource:
    name, body = narrowed(role, account, options)
    return Resource(symbol=f"role{number}", type=DEFINITION, api=API, name=name, body={"properties": body})


def _table(account: str, bad: Sequence[Item]) -> Artefact:
    rows = [
        (str(dict(i.facts).get("principal") or dict(i.facts).get("tenant", "")), str(dict(i.facts).get("role") or dict(i.facts).get("roles", "")),
         str(dict(i.facts).get("scope", "")), str(dict(i.facts).get("better", "")), str(dict(i.facts).get("unused", "")))
        for i in bad
    ]  # fmt: skip
    head = ("who", "role", "scope", "what was done needs", "granted, not used")
    text = f"# Who can share data of the whole subscription\n\n{table(head, rows)}"
    return Artefact(
        control=CONTROL, name=changes.file_name(CONTROL, account, "text"), format="text", text=text,
        about="who holds which role, and the smallest one for what was really done", undo="# nothing to undo",
    )  # fmt: skip
