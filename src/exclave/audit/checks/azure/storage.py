"""Storage accounts tied to our networks, and closed to what no network stops.

Properties and their defaults: https://learn.microsoft.com/rest/api/storagerp/storage-accounts/get-properties
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, properties, subscription_of
from exclave.audit.checks.azure.moments import moment
from exclave.audit.judging import judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.model import OURS, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

ACCOUNTS = "arg.StorageAccounts"
SCOPES = frozenset({"aad", "privatelink"})
# https://learn.microsoft.com/azure/storage/blobs/object-replication-prevent-cross-tenant-policies: from then on not allowed by default
CLOSED_SINCE = datetime(2023, 12, 15, tzinfo=UTC)
_LOGS = ("logging", "metrics")
Reasons = list[tuple[Status, str]]


def storage_vnet(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per storage account."""
    checks: list[Check] = []
    for answer in inventory.answers(ACCOUNTS):
        if answer.error is not None:
            items = [unseen(answer)]
        else:
            items = [
                _account(a, answer.scope.account, perimeter, answer.where)
                for a in answer.items
                if isinstance(a, dict)
            ]
        checks.append(judged(answer.scope, items, "storage accounts"))
    return checks


def _account(account: Mapping[str, Any], scope: str, perimeter: Perimeter, where: str) -> Item:
    held = properties(account)
    name = str(account.get("name"))
    reasons = [*network(held, scope, perimeter), *data(held)]
    sku = account.get("sku")
    facts = (
        ("name", name), ("location", str(account.get("location"))), ("kind", str(account.get("kind"))),
        ("sku", str(sku.get("name")) if isinstance(sku, dict) else ""),
    )  # fmt: skip
    identifier = str(account.get("id"))
    if not reasons:
        return passed(identifier, facts=facts, where=where)
    status = max((s for s, _ in reasons), key=lambda s: s.rank)
    said = f"{name}: " + "; ".join(why for _, why in sorted(reasons, key=lambda r: -r[0].rank))
    return Item(resource=identifier, status=status, why=said, facts=facts, where=where)


def network(held: Mapping[str, Any], scope: str, perimeter: Perimeter) -> Reasons:
    """What is wrong with who can reach an account."""
    reasons: Reasons = []
    endpoints = listed(held, "privateEndpointConnections")
    approved = [properties(e) for e in endpoints if _state(properties(e)) == "approved"]
    for endpoint in approved:
        identifier = (endpoint.get("privateEndpoint") or {}).get("id")
        if not _ours(subscription_of(identifier), scope, perimeter):
            reasons.append(
                (Status.FAIL, f"a private endpoint of subscription {subscription_of(identifier)} is approved")
            )
    access = str(held.get("publicNetworkAccess") or "Enabled").lower()
    if access == "disabled":
        return reasons
    if access == "securedbyperimeter":
        reasons.append(
            (Status.PARTIAL, "a network security perimeter decides, whose rules are not looked at")
        )
        return reasons
    rules = held.get("networkAcls")
    rules = rules if isinstance(rules, dict) else {}
    if str(rules.get("defaultAction") or "Allow").lower() != "deny":
        reasons.append((Status.FAIL, "its default action lets every network in"))
        return reasons
    networks = _networks(rules, scope, perimeter, reasons)
    ranges = _ranges(rules, scope, perimeter, reasons)
    _resources(rules, scope, perimeter, reasons)
    bypass = {b.strip().lower() for b in str(rules.get("bypass") or "").split(",")}
    if bypass & set(_LOGS):
        reasons.append((Status.PARTIAL, "its logs or metrics can be read from every network"))
    if ranges and not networks and not approved:
        reasons.append((
            Status.PARTIAL,
            "it is tied to no virtual network: address rules don't hold for traffic inside its region",
        ))  # fmt: skip
    return reasons


def _networks(rules: Mapping[str, Any], scope: str, perimeter: Perimeter, reasons: Reasons) -> int:
    working = 0
    for rule in listed(rules, "virtualNetworkRules"):
        subscription = subscription_of(rule.get("id"))
        if not _ours(subscription, scope, perimeter):
            reasons.append((Status.FAIL, f"a network of subscription {subscription or 'nobody'} is let in"))
        elif str(rule.get("state") or "Succeeded").lower() in (
            "networksourcedeleted",
            "failed",
            "deprovisioning",
        ):
            reasons.append(
                (Status.PARTIAL, f"a rule for {rule.get('id')} has no effect: {rule.get('state')}")
            )
        else:
            working += 1
    return working


def _resources(rules: Mapping[str, Any], scope: str, perimeter: Perimeter, reasons: Reasons) -> None:
    for rule in listed(rules, "resourceAccessRules"):
        tenant, owner = str(rule.get("tenantId") or "").lower(), subscription_of(rule.get("resourceId"))
        destination = Destination(kind=Kind.TENANT, id=tenant, cloud=Cloud.AZURE)
        if tenant and perimeter.judge(destination, scope).verdict not in OURS:
            reasons.append((Status.FAIL, f"resources of tenant {tenant} are let in"))
        elif owner not in ("", "*") and not _ours(owner, scope, perimeter):
            reasons.append((Status.FAIL, f"resources of subscription {owner} are let in"))


def _ranges(rules: Mapping[str, Any], scope: str, perimeter: Perimeter, reasons: Reasons) -> int:
    found = listed(rules, "ipRules") + listed(rules, "ipv6Rules")
    for rule in found:
        value = str(rule.get("value") or "")
        if any(
            perimeter.judge(Destination(kind=Kind.IP_RANGE, id=one, cloud=Cloud.AZURE), scope).verdict
            not in OURS
            for one in _blocks(value)
        ):
            reasons.append((Status.FAIL, f"addresses {value} are let in, which are not in the perimeter"))
    return len(found)


def _blocks(value: str) -> list[str]:
    """An address rule as blocks: of one, or of `first-last`, which the interface takes too; itself when it is neither."""
    first, dash, last = (p.strip() for p in value.partition("-"))
    try:
        if not dash:
            return [str(ipaddress.ip_network(value, strict=False))]
        ends = ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)
        return [str(b) for b in ipaddress.summarize_address_range(*ends)]
    except ValueError:
        return [value]


def data(held: Mapping[str, Any]) -> Reasons:
    """What lets data go whatever the network: what isn't said counts as its permissive default."""
    reasons: Reasons = []
    if held.get("allowBlobPublicAccess") is not False:
        reasons.append((Status.FAIL, "containers may be made public"))
    if held.get("allowCrossTenantReplication") is not False and not (
        held.get("allowCrossTenantReplication") is None and _young(held)
    ):
        reasons.append((Status.FAIL, "objects may be replicated to other tenants"))
    if str(held.get("allowedCopyScope") or "").lower() not in SCOPES:
        reasons.append((Status.FAIL, "data may be copied from accounts anywhere: no allowedCopyScope"))
    if held.get("allowSharedKeyAccess") is not False:
        reasons.append((Status.FAIL, "its shared keys, and what they sign, give access"))
    return reasons


def _young(held: Mapping[str, Any]) -> bool:
    made = moment(held.get("creationTime"))
    return made is not None and made >= CLOSED_SINCE


def _ours(subscription: str, scope: str, perimeter: Perimeter) -> bool:
    if subscription == scope.lower():
        return True
    destination = Destination(kind=Kind.SUBSCRIPTION, id=subscription, cloud=Cloud.AZURE)
    return bool(subscription) and perimeter.judge(destination, scope).verdict in OURS


def _state(held: Mapping[str, Any]) -> str:
    state = held.get("privateLinkServiceConnectionState")
    return str(state.get("status", "")).lower() if isinstance(state, dict) else ""
