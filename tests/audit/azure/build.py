"""Hand-made answers of Azure: `sub` of a subscription, `ten` of the tenant, and the resources in them."""

from __future__ import annotations

from datetime import date

from exclave.model import Kind, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter
from tests.audit import build

SUB, OTHER_SUB, FOREIGN_SUB = (
    "11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-111111111112", "99999999-9999-4999-8999-999999999999",
)  # fmt: skip
TENANT, FOREIGN_TENANT = "22222222-2222-4222-8222-222222222222", "88888888-8888-4888-8888-888888888888"
RG = f"/subscriptions/{SUB}/resourceGroups/rg"
why, status, look = build.why, build.status, build.look


def sub(call, items=(), *, key="", account=SUB, **more):
    """An answer of a subscription; `items` is the list that it holds."""
    answer = None if more.get("error") or more.get("absent") else _answer(call, items)
    return build.doc(call, answer, key=key, account=account, cloud="azure", **more)


def ten(call, items=(), **more):
    answer = None if more.get("error") or more.get("absent") else _answer(call, items)
    return build.doc(call, answer, account=TENANT, region="tenant", cloud="azure", **more)


def refused(permission):
    return {"code": "AuthorizationFailed", "message": "no", "permission": permission}


def _answer(call, items):
    if isinstance(items, dict):
        return items
    return {"data" if call.startswith("arg.") else "value": list(items)}


def resource(type_, name, properties=None, **more):
    return {
        "id": f"{RG}/providers/{type_}/{name}", "name": name, "type": type_.lower(), "location": "westeurope", "resourceGroup": "rg",
        "properties": properties or {}, **more,
    }  # fmt: skip


def ours(*cidrs):
    """A perimeter of both subscriptions and the tenant, and some address ranges."""
    entries = [(EntryKind.SUBSCRIPTION, SUB), (EntryKind.SUBSCRIPTION, OTHER_SUB), (EntryKind.TENANT, TENANT)]
    entries += [(EntryKind.CIDR, c) for c in cidrs]
    return Perimeter(
        entries=tuple(Entry(kind=k, id=i, verdict=Verdict.SELF, where="perimeter.toml") for k, i in entries),
        seen={Kind.SUBSCRIPTION: {SUB: "collected"}, Kind.DOMAIN: {"ours.example": "ours"}}, today=date(2026, 3, 2),
    )  # fmt: skip


def group(name="ops", **properties):
    held = {
        "enabled": True,
        "emailReceivers": [{"name": "ops", "emailAddress": "o@ours.example", "status": "Enabled"}],
    }
    return resource("microsoft.insights/actionGroups", name, held | properties)


GROUP = group()["id"]
NO_RULES = sub("alertsmanagement.ActionRules")
