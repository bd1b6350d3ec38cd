"""Whom alerts tell: an action group that is there and works, or one that is made.

https://learn.microsoft.com/rest/api/monitor/action-groups/create-or-update
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import group_of, norm, properties, subscription_of
from exclave.audit.checks.azure.receivers import groups, receivers
from exclave.change.model import there
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.arm import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Request, Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory

TYPE, API, GROUP_API = "Microsoft.Insights/actionGroups", "2023-01-01", "2021-04-01"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"  # https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
MOST_SHORT = 12  # characters of the name that mails show
_PHONE = re.compile(r"\+(1|7|[2-9]\d{1,2})(\d{4,})")
OWNERS = "no --notify was given: the subscription's owners get mails; name who reads them by --notify ADDRESS"
STAYS = "the resource group stays, for others may have put something into it: delete it when it is empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An action group: its id, and what makes it where it isn't there yet."""

    id: str
    group: str  # the resource group in which alerts are made
    location: str
    resource: Resource | None = None
    first: tuple[Request, ...] = ()  # calls that make the resource group, where no step does
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


def telling(inventory: Inventory, account: str, options: Options, results: Sequence[Result]) -> Telling:
    """The action group for a subscription's alerts: that of `--set action-group=ID`, one that works, or a new one."""
    asked, location = options.value("resource-group"), options.value("location", "westeurope")
    group = asked or f"{options.prefix}-alerts"
    known = groups(inventory)
    mine = f"/subscriptions/{account}/resourceGroups/{group}/providers/{TYPE}/{options.prefix}"
    there_is = options.value("action-group")
    if not there_is and not options.notify:
        working = sorted(
            str(g.get("id"))
            for i, g in known.found.items()
            if subscription_of(i) == account and properties(g).get("enabled") is not False and receivers(g)
        )
        there_is = next((w for w in working if norm(w) == norm(mine)), next(iter(working), ""))
    if there_is:
        # beside the action group, for its resource group is there
        beside = group_of(there_is) if subscription_of(there_is) == account else ""
        place = changes.call(
            "PUT",
            f"/subscriptions/{account}/resourceGroups/{group}",
            GROUP_API,
            account,
            {"location": location},
        )
        return Telling(
            id=there_is, group=asked or beside or group, location=location, first=() if beside and not asked else (place,),
            notes=(f"alerts tell the action group {there_is}, which is there",),
        )  # fmt: skip
    held, notes = _receivers(options)
    body = {
        "location": "Global",
        "properties": {"groupShortName": options.prefix[:MOST_SHORT], "enabled": True, **held},
    }
    there_now = known.found.get(norm(mine))
    keep = ("location", "properties.enabled", *(f"properties.{k}" for k in held))
    step = changes.step(
        f"make the action group {options.prefix} in {group}",
        mine,
        account,
        [
            changes.call(
                "PUT",
                f"/subscriptions/{account}/resourceGroups/{group}",
                GROUP_API,
                account,
                {"location": location},
            ),
            changes.call("PUT", mine, API, account, body),
        ],
        read=changes.reading(mine, API, account, keep),
        before=there_now,
        undo=[_undo(mine, account, there_now)],
        after=[there("properties")],
        breaks=(STAYS,),
        results=results,
    )
    resource = Resource(symbol="actionGroup", type=TYPE, api=API, name=options.prefix, body=body)
    return Telling(
        id=mine, group=group, location=location, resource=resource, steps=(step,), notes=tuple(notes)
    )


def _undo(identifier: str, account: str, before: Mapping[str, Any] | None) -> Any:
    if before is None:
        return changes.call("DELETE", identifier, API, account)
    body = {k: before[k] for k in ("location", "tags", "properties") if before.get(k) is not None}
    return changes.call("PUT", identifier, API, account, body)


def _receivers(options: Options) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """The lists of receivers for whom the user named, and what could not be made of them."""
    made: dict[str, list[dict[str, Any]]] = {}
    notes: list[str] = []
    for number, who in enumerate(options.notify, 1):
        name = f"{options.prefix}-{number}"
        if who.startswith("https://"):
            made.setdefault("webhookReceivers", []).append(
                {"name": name, "serviceUri": who, "useCommonAlertSchema": True}
            )
        elif who.startswith("+") and (phone := _PHONE.fullmatch(who)):
            made.setdefault("smsReceivers", []).append(
                {"name": name, "countryCode": phone[1], "phoneNumber": phone[2]}
            )
        elif "@" in who:
            made.setdefault("emailReceivers", []).append(
                {"name": name, "emailAddress": who, "useCommonAlertSchema": True}
            )
        else:
            notes.append(
                f"--notify {who} can't be told by Azure: give a mail address, a phone number or an https:// URL"
            )
    if not made:
        made["armRoleReceivers"] = [{"name": "owners", "roleId": OWNER, "useCommonAlertSchema": True}]
        notes.append(OWNERS)
    if made.get("emailReceivers") or made.get("smsReceivers"):
        notes.append("Azure writes to each new receiver that he was added: see that it arrives")
    return made, notes
