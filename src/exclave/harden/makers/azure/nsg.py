"""Network security groups: one for each subnet that has none, and rules no wider than the perimeter.

https://learn.microsoft.com/rest/api/virtualnetwork/network-security-groups and .../subnets/create-or-update
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import group_of, listed, name_of, norm, properties
from exclave.audit.checks.azure.nsg import GROUPS, NETWORKS
from exclave.audit.model import Status
from exclave.change.model import equals, has, there
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.arm import IdOf, Resource, Template
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.perimeter import EntryKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Expect, Request, Step
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.network.nsg"
TYPE, API = "Microsoft.Network/networkSecurityGroups", "2023-09-01"
DEFAULT_OUT = "AllowInternetOutBound"
LAST, FIRST = 4096, 100  # the numbers that own rules may have
OURS = 200  # allows of the perimeter's ranges begin here
# What a subnet is written with; the rest is Azure's own.
SUBNET = (
    "addressPrefix", "addressPrefixes", "routeTable", "natGateway", "serviceEndpoints", "serviceEndpointPolicies", "delegations",
    "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies", "defaultOutboundAccess", "applicationGatewayIPConfigurations",
    "ipAllocations", "networkSecurityGroup",
)  # fmt: skip
RULE = (
    "description", "protocol", "sourcePortRange", "sourcePortRanges", "destinationPortRange", "destinationPortRanges",
    "sourceAddressPrefix", "sourceAddressPrefixes", "destinationAddressPrefix", "destinationAddressPrefixes",
    "sourceApplicationSecurityGroups", "destinationApplicationSecurityGroups", "access", "priority", "direction",
)  # fmt: skip
_KEPT = ("priority", "direction", "access", "protocol", "sourceAddressPrefix", "sourceAddressPrefixes", "destinationAddressPrefix", "destinationAddressPrefixes")  # fmt: skip
KEEP = ("properties.securityRules[].name", *(f"properties.securityRules[].properties.{k}" for k in _KEPT))
CUT = (
    "what goes out to the internet is cut off: Azure's own services that the machines need (updates, monitoring, storage) need "
    "private endpoints, service tags of their own before the deny, or a firewall"
)
SHARED = "rules that let a service's whole tag through are left: replace them by private endpoints or service endpoint policies ({})"


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """A group for each bare subnet; in each wide group the wide rules taken away and the internet denied."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes = [CUT]
    allowed = sorted(
        {e.id for e in perimeter.entries if e.kind is EntryKind.CIDR and not e.expired(perimeter.today)}
    )
    for account, mine in by_account(results).items():
        subnets = {
            norm(s.get("id")): (n, s)
            for n in inventory.one(NETWORKS, account).items
            if isinstance(n, dict)
            for s in listed(properties(n), "subnets")
        }
        groups = {norm(g.get("id")): g for _, g in inventory.items(GROUPS) if isinstance(g, dict)}
        templates: dict[str, list[Resource]] = {}
        before: dict[str, list[Resource]] = {}
        bare: dict[str, list[str]] = {}
        done: set[str] = set()
        for item in (i for r in mine for i in r.check.items if i.status in (Status.FAIL, Status.PARTIAL)):
            facts = dict(item.facts)
            if facts.get("shared"):
                notes.append(SHARED.format(facts["shared"].replace("\n", ", ")))
            group = facts.get("group")
            if not group and norm(item.resource) in subnets:
                network, subnet = subnets[norm(item.resource)]
                step, made, was = _bare(network, subnet, allowed, account, options, mine)
                steps.append(step)
                place = group_of(item.resource)
                _add(templates.setdefault(place, []), *made)
                _add(before.setdefault(place, []), was)
                bare.setdefault(place, []).append(str(made[0].name))
            elif group in groups and group not in done and facts.get("rules"):
                done.add(group)
                steps.append(_narrowed(groups[group], facts["rules"].split("\n"), account, options, mine))
                place = group_of(groups[group].get("id"))
                narrow = _narrow_template(groups[group], facts["rules"].split("\n"), options)
                _add(templates.setdefault(place, []), narrow)
                _add(before.setdefault(place, []), _narrow_template(groups[group], (), options))
        for name, resources in sorted(templates.items()):
            artefacts += changes.templates(
                CONTROL, account, Template(resources=tuple(resources)), options, group=name, part=name, notes=(CUT,),
                about="network security groups, and the subnets that get one", back=Template(resources=tuple(before[name])),
                undo=" && ".join(_deletion(account, name, g) for g in bare.get(name, ())),
            )  # fmt: skip
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def deny_out(priority: int = LAST) -> dict[str, Any]:
    """A rule that lets nothing out to the internet."""
    return {
        "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "Internet", "access": "Deny", "priority": priority, "direction": "Outbound",
    }  # fmt: skip


def _own_rules(allowed: Sequence[str], options: Options) -> list[dict[str, Any]]:
    deny = {"name": f"{options.prefix}-no-internet-out", "properties": deny_out()}
    if not allowed:
        return [deny]
    held = {**deny_out(OURS), "access": "Allow", "destinationAddressPrefixes": list(allowed)}
    del held["destinationAddressPrefix"]
    return [{"name": f"{options.prefix}-perimeter-out", "properties": held}, deny]


def _bare(
    network: Mapping[str, Any], subnet: Mapping[str, Any], allowed: Sequence[str], account: str, options: Options,
    results: Sequence[Result],
) -> tuple[Step, tuple[Resource, Resource], Resource]:  # fmt: skip
    """A group made and put on a subnet."""
    identifier, network_id = str(subnet.get("id")), str(network.get("id"))
    name = f"{options.prefix}-{name_of(network_id)}-{name_of(identifier)}"
    group = f"{network_id.partition('/providers/')[0]}/providers/{TYPE}/{name}"
    body = {
        "location": str(network.get("location")),
        "properties": {"securityRules": _own_rules(allowed, options)},
    }
    held = {k: v for k, v in properties(subnet).items() if k in SUBNET and v is not None}
    step = changes.step(
        f"put a new network security group on the subnet {name_of(identifier)}", identifier, account,
        [
            changes.call("PUT", group, API, account, body),
            changes.call("PUT", identifier, API, account, {"properties": {**held, "networkSecurityGroup": {"id": group}}}),
        ],
        read=changes.reading(identifier, API, account, ("properties.addressPrefix", "properties.addressPrefixes", "properties.networkSecurityGroup.id", "properties.routeTable.id")),
        before=subnet,
        undo=[changes.call("PUT", identifier, API, account, {"properties": held}), changes.call("DELETE", group, API, account)],
        after=[equals("properties.networkSecurityGroup.id", group)], breaks=(CUT,), results=results,
        why=(f"subnet {name_of(identifier)} has no network security group",),
    )  # fmt: skip
    made = Resource(symbol="group", type=TYPE, api=API, name=name, body=body)
    was = Resource(
        symbol="subnet", type="Microsoft.Network/virtualNetworks/subnets", api=API, name=f"{name_of(network_id)}/{name_of(identifier)}",
        body={"properties": held},
    )  # fmt: skip
    put_on = replace(
        was, body={"properties": {**held, "networkSecurityGroup": {"id": IdOf("group")}}}, after=("group",)
    )
    return step, (made, put_on), was


def _deletion(account: str, place: str, group: str) -> str:
    """The command that deletes a group, once no subnet has it."""
    return shlex.join(
        [
            "az",
            "network",
            "nsg",
            "delete",
            "--subscription",
            account,
            "--resource-group",
            place,
            "--name",
            group,
        ]
    )


def _add(held: list[Resource], *more: Resource) -> None:
    """Resources added to a template, with symbols of their own."""
    number = len(held) + 1
    for one in more:
        body = {k: _renumbered(v, number) for k, v in one.body.items()}
        after = tuple(f"{s}{number}" for s in one.after)
        held.append(replace(one, symbol=f"{one.symbol}{number}", body=body, after=after))


def _renumbered(value: Any, number: int) -> Any:
    if isinstance(value, IdOf):
        return IdOf(f"{value.symbol}{number}")
    return {k: _renumbered(v, number) for k, v in value.items()} if isinstance(value, dict) else value


def _narrowed(
    group: Mapping[str, Any], wide: Sequence[str], account: str, options: Options, results: Sequence[Result]
) -> Step:
    """A group's wide rules taken away; where the default lets the internet be reached, a deny before it."""
    identifier = str(group.get("id"))
    rules = {str(r.get("name")): properties(r) for r in listed(properties(group), "securityRules")}
    change: list[Request] = []
    undo: list[Request] = []
    after: list[Expect] = [there("properties")]
    for name in wide:
        if name in rules:
            where = f"{identifier}/securityRules/{name}"
            change.append(changes.call("DELETE", where, API, account))
            undo.append(changes.call("PUT", where, API, account, {"properties": _rule(rules[name])}))
    if DEFAULT_OUT in wide:
        name, priority = f"{options.prefix}-no-internet-out", _free(rules, wide)
        where = f"{identifier}/securityRules/{name}"
        change.append(changes.call("PUT", where, API, account, {"properties": deny_out(priority)}))
        undo.insert(0, changes.call("DELETE", where, API, account))
        after.append(has("properties.securityRules[].name", name))
    return changes.step(
        f"narrow the network security group {name_of(identifier)}: {', '.join(wide)}", identifier, account, change,
        read=changes.reading(identifier, API, account, KEEP), before=group, undo=undo, after=after, breaks=(CUT,), results=results,
        why=[i.why for r in results for i in r.check.items if dict(i.facts).get("group") == norm(identifier)][:3],
    )  # fmt: skip


def _narrow_template(group: Mapping[str, Any], wide: Sequence[str], options: Options) -> Resource:
    kept = [
        {"name": str(r.get("name")), "properties": _rule(properties(r))}
        for r in listed(properties(group), "securityRules")
        if str(r.get("name")) not in wide
    ]
    if DEFAULT_OUT in wide:
        rules = {str(r.get("name")): properties(r) for r in listed(properties(group), "securityRules")}
        kept.append({"name": f"{options.prefix}-no-internet-out", "properties": deny_out(_free(rules, wide))})
    tags = {"tags": dict(group["tags"])} if isinstance(group.get("tags"), dict) else {}
    body = {"location": str(group.get("location")), **tags, "properties": {"securityRules": kept}}
    return Resource(symbol="group", type=TYPE, api=API, name=str(group.get("name")), body=body)


def _rule(held: Mapping[str, Any]) -> dict[str, Any]:
    return {k: held[k] for k in RULE if held.get(k) not in (None, [])}


def _free(rules: Mapping[str, Mapping[str, Any]], without: Sequence[str]) -> int:
    """The highest number that no outbound rule has."""
    taken = {
        r.get("priority")
        for name, r in rules.items()
        if str(r.get("direction", "")).lower() == "outbound" and name not in without
    }
    return next(n for n in range(LAST, FIRST, -1) if n not in taken)
