"""Network security groups of subnets: each has one, and it lets through only what is ours.

https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.admin_rules import always_allowed
from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, subscription_of, texts
from exclave.audit.checks.azure.nsg_rules import Wide, too_wide
from exclave.audit.judging import failed, failures, judged, passed, unseen
from exclave.audit.model import Check, Item, Settings, Status
from exclave.model import OURS, Cloud, Destination, Kind

if TYPE_CHECKING:
    from exclave.inventory import Inventory
    from exclave.inventory.model import Answer
    from exclave.perimeter import Perimeter

NETWORKS, GROUPS, INTERFACES = "arg.VirtualNetworks", "arg.NetworkSecurityGroups", "arg.NetworkInterfaces"
# https://learn.microsoft.com/azure/virtual-network/virtual-network-for-azure-services: subnets without a group
WITHOUT = frozenset(
    {"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "routeserversubnet"}
)


def nsg(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per subnet: it has a group, and the group lets only traffic with what is ours through."""
    groups = {
        norm(g.get("id")): (g, answer) for answer, g in inventory.items(GROUPS) if isinstance(g, Mapping)
    }
    interfaces = {
        norm(i.get("id")): norm((properties(i).get("networkSecurityGroup") or {}).get("id"))
        for _, i in inventory.items(INTERFACES)
        if isinstance(i, Mapping)
    }
    checks: list[Check] = []
    for answer in inventory.answers(NETWORKS):
        mine = inventory.one(GROUPS, answer.scope.account)
        items = failures([answer]) or _subnets(answer, mine, groups, interfaces, perimeter)
        own = [t for n in answer.items for t in texts(properties(n).get("addressSpace"), "addressPrefixes")]
        items += always_allowed(inventory, answer.scope.account, perimeter, own) if items else []
        checks.append(judged(answer.scope, items, "subnets"))
    return checks


def _subnets(
    networks: Answer,
    mine: Answer,
    groups: Mapping[str, tuple[Mapping[str, Any], Answer]],
    interfaces: Mapping[str, str],
    perimeter: Perimeter,
) -> list[Item]:
    items: list[Item] = []
    wide: dict[tuple[str, tuple[str, ...]], Wide] = {}
    account = networks.scope.account

    def of(group: str, own: Sequence[str], peered: str) -> Wide:
        place = (group, (*own, peered))
        if place not in wide:
            wide[place] = too_wide(groups[group][0], account, perimeter, own, peered)
        return wide[place]

    for network in networks.items:
        own = texts(properties(network).get("addressSpace"), "addressPrefixes")
        peered = _peered(network, account, perimeter)
        for subnet in listed(properties(network), "subnets"):
            identifier = str(subnet.get("id") or subnet.get("name"))
            if name_of(identifier).lower() in WITHOUT:
                continue
            held = properties(subnet)
            facts = [("network", str(network.get("id"))), ("location", str(network.get("location")))]
            group = held.get("networkSecurityGroup")
            wanted = norm(group.get("id")) if isinstance(group, Mapping) else ""
            inside = _interfaces(held, interfaces, groups)
            bound = bool(inside) and not any(
                s is Status.FAIL for g in inside for s, _, _ in of(g, own, peered)
            )
            if not wanted:
                why = f"subnet {name_of(identifier)} has no network security group"
                items.append(_held(failed(identifier, why, tuple(facts), networks.where), bound, len(inside)))
                continue
            facts.append(("group", wanted))
            if wanted not in groups:
                items.append(_missing(mine, identifier, wanted, tuple(facts)))
                continue
            item = _judged(identifier, wanted, of(wanted, own, peered), facts, groups[wanted][1].where)
            items.append(_held(item, bound, len(inside)))
    return items


def _interfaces(
    subnet: Mapping[str, Any], interfaces: Mapping[str, str], groups: Mapping[str, object]
) -> list[str]:
    """The group of each interface in a subnet; none where not all in it are known, or something else is in it, too."""
    inside = {
        norm(c.get("id")).partition("/ipconfigurations/")[0] for c in listed(subnet, "ipConfigurations")
    }
    others = any(
        subnet.get(k)
        for k in ("delegations", "serviceAssociationLinks", "applicationGatewayIPConfigurations")
    )
    found = [interfaces.get(i, "") for i in sorted(inside)]
    return [] if others or not all(g in groups for g in found) else found


def _held(item: Item, bound: bool, interfaces: int) -> Item:
    """What is open at the subnet, but not at any machine in it, is told of, no more: traffic has to pass both groups."""
    if item.status is not Status.FAIL or not bound:
        return item
    why = f"{item.why}; the groups of its {interfaces} interfaces let no more through than they should, but a new one may have none"
    return replace(item, status=Status.PARTIAL, why=why)


def _judged(subnet: str, group: str, wide: Wide, facts: list[tuple[str, str]], where: str) -> Item:
    if not wide:
        return passed(subnet, facts=tuple(facts), where=where)
    status = max((s for s, _, _ in wide), key=lambda s: s.rank)
    told = [("rules", Status.FAIL), ("shared", Status.PARTIAL)]
    facts = [
        *facts,
        *((name, "\n".join(rule for s, rule, _ in wide if s is st and rule)) for name, st in told),
    ]
    said = "; ".join(why for _, _, why in sorted(wide, key=lambda w: -w[0].rank)[:6])
    return Item(
        resource=subnet, status=status, why=f"group {name_of(group)}: {said}", facts=tuple(facts), where=where
    )


def _missing(mine: Answer, subnet: str, group: str, facts: tuple[tuple[str, str], ...]) -> Item:
    if mine.error is not None:
        return unseen(mine, subnet)
    why = f"its group {name_of(group)} is not in the inventory"
    return Item(resource=subnet, status=Status.COULD_NOT_LOOK, why=why, facts=facts, where=mine.where)


def _peered(network: Mapping[str, Any], account: str, perimeter: Perimeter) -> str:
    """A network of somebody else that a network is peered with; "" for none."""
    for peering in listed(properties(network), "virtualNetworkPeerings"):
        held = properties(peering)
        far = held.get("remoteVirtualNetwork")
        identifier = str(far.get("id") or "") if isinstance(far, Mapping) else ""
        owner = subscription_of(identifier)
        target = Destination(kind=Kind.SUBSCRIPTION, id=owner, cloud=Cloud.AZURE)
        if not owner or owner == account.lower() or held.get("allowVirtualNetworkAccess") is False:
            continue
        if perimeter.judge(target, account).verdict not in OURS:
            return f"network {name_of(identifier)} of subscription {owner}"
    return ""
