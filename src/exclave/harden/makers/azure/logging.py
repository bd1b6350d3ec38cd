"""The activity log's diagnostic setting: every category, to a workspace or storage account that keeps it.

https://learn.microsoft.com/rest/api/monitor/subscription-diagnostic-settings/create-or-update
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import norm, properties, subscription_of
from exclave.audit.checks.azure.logging import CATEGORIES, LEAST_DAYS, SETTINGS, WORKSPACES
from exclave.change.model import equals, there
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.arm import Resource, Template
from exclave.harden.makers.azure.telling import GROUP_API
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.model import OURS, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.logging.activity-all-regions"
TYPE, API = "Microsoft.Insights/diagnosticSettings", "2021-05-01-preview"
WORKSPACE, WORKSPACE_API = "Microsoft.OperationalInsights/workspaces", "2022-10-01"
DAYS = 365
ELSEWHERE = "keep the log in another subscription than the one that it is of: --set log-workspace=ID or --set log-storage=ID"
COSTS = "a workspace costs by what it takes in and keeps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the log goes: the setting's member, the id, and what makes it."""

    member: str
    id: str
    steps: tuple[Step, ...] = ()
    resource: Resource | None = None
    group: str = ""


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """One setting for each subscription."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    for account, mine in by_account(results).items():
        place = _place(inventory, account, perimeter, options, mine)
        steps += place.steps
        name = f"{options.prefix}-activity"
        identifier = f"/subscriptions/{account}/providers/{TYPE}/{name}"
        body = setting(place)
        before = next(
            (
                s
                for s in inventory.one(SETTINGS, account).items
                if isinstance(s, dict) and s.get("name") == name
            ),
            None,
        )
        undo = changes.call("DELETE", identifier, API, account)
        if before is not None:
            undo = changes.call("PUT", identifier, API, account, {"properties": dict(properties(before))})
        steps.append(
            changes.step(
                f"export the activity log to {place.id}", identifier, account,
                [changes.call("PUT", identifier, API, account, body)],
                read=changes.reading(identifier, API, account, ("properties.workspaceId", "properties.storageAccountId", "properties.logs")),
                before=before, undo=[undo],
                after=[equals(f"properties.{place.member}", place.id), there("properties.logs")], results=mine, why=changes.why(mine),
            )
        )  # fmt: skip
        artefacts += _artefacts(account, place, name, body, options)
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=(ELSEWHERE, COSTS))


def setting(place: Place) -> dict[str, Any]:
    """The setting's body."""
    logs = [{"category": c, "enabled": True} for c in CATEGORIES]
    return {"properties": {place.member: place.id, "logs": logs}}


def _place(
    inventory: Inventory, account: str, perimeter: Perimeter, options: Options, results: Sequence[Result]
) -> Place:
    """What `--set` says, else a workspace of ours that keeps the log long enough, else a new one."""
    if chosen := options.value("log-workspace"):
        return Place(member="workspaceId", id=chosen)
    if chosen := options.value("log-storage"):
        return Place(member="storageAccountId", id=chosen)
    group = options.value("resource-group", f"{options.prefix}-logs")
    mine = f"/subscriptions/{account}/resourceGroups/{group}/providers/{WORKSPACE}/{options.prefix}-activity"
    fit = sorted(
        str(w.get("id"))
        for _, w in inventory.items(WORKSPACES)
        if isinstance(w, dict) and _keeps(w) and _ours(str(w.get("id")), account, perimeter)
    )
    if fit:
        other = [f for f in fit if subscription_of(f) != account]
        own = [f for f in fit if norm(f) == norm(mine)]
        return Place(member="workspaceId", id=(other or own or fit)[0])
    location = options.value("location", "westeurope")
    body = {"location": location, "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": DAYS}}
    before = next(
        (
            w
            for _, w in inventory.items(WORKSPACES)
            if isinstance(w, dict) and norm(w.get("id")) == norm(mine)
        ),
        None,
    )
    undo = changes.call("DELETE", mine, WORKSPACE_API, account)
    if before is not None:
        undo = changes.call(
            "PATCH",
            mine,
            WORKSPACE_API,
            account,
            {"properties": {"retentionInDays": properties(before).get("retentionInDays")}},
        )
    step = changes.step(
        f"make the workspace {options.prefix}-activity, which keeps logs {DAYS} days", mine, account,
        [
            changes.call("PUT", f"/subscriptions/{account}/resourceGroups/{group}", GROUP_API, account, {"location": location}),
            changes.call("PUT", mine, WORKSPACE_API, account, body),
        ],
        read=changes.reading(mine, WORKSPACE_API, account, ("properties.retentionInDays",)), before=before, undo=[undo],
        after=[equals("properties.retentionInDays", DAYS)], breaks=("the resource group stays when it is undone",), results=results,
    )  # fmt: skip
    resource = Resource(
        symbol="workspace", type=WORKSPACE, api=WORKSPACE_API, name=f"{options.prefix}-activity", body=body
    )
    return Place(member="workspaceId", id=mine, steps=(step,), resource=resource, group=group)


def _keeps(workspace: dict[str, Any]) -> bool:
    days = properties(workspace).get("retentionInDays")
    return isinstance(days, int) and days >= LEAST_DAYS


def _ours(identifier: str, account: str, perimeter: Perimeter) -> bool:
    owner = subscription_of(identifier)
    destination = Destination(kind=Kind.SUBSCRIPTION, id=owner, cloud=Cloud.AZURE)
    return owner == account or perimeter.judge(destination, account).verdict in OURS


def _artefacts(
    account: str, place: Place, name: str, body: dict[str, Any], options: Options
) -> list[Artefact]:
    found: list[Artefact] = []
    if place.resource is not None:
        undo = f"az monitor log-analytics workspace delete --resource-group {shlex.quote(place.group)} --workspace-name {place.resource.name}"
        found += changes.templates(
            CONTROL, account, Template(resources=(place.resource,)), options, about="the workspace that keeps the log", group=place.group,
            part="workspace", undo=undo, notes=(f"deploy it first; make the group before: az group create --name {place.group} --location LOCATION",),
        )  # fmt: skip
    resource = Resource(symbol="setting", type=TYPE, api=API, name=name, body=body)
    undo = f"az monitor diagnostic-settings subscription delete --name {name} --subscription {account}"
    found += changes.templates(
        CONTROL, account, Template(resources=(resource,), where="subscription"), options, undo=undo,
        about="the setting that exports every category of the activity log",
    )  # fmt: skip
    return found
