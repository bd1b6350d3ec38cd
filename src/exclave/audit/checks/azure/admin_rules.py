"""Security admin rules of Virtual Network Manager that allow always: they go before every network security group.

https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, name_of, norm, properties, texts
from exclave.audit.checks.azure.nsg_rules import outside, traffic
from exclave.audit.checks.azure.ranges import Remote, cut, remote
from exclave.audit.judging import unseen
from exclave.audit.model import Item, Status
from exclave.inventory.model import NOT_RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

MANAGERS, RULES = "network.NetworkManagers", "network.AdminRules"
_CALLS = (MANAGERS, "network.SecurityAdminConfigurations", "network.AdminRuleCollections", RULES)
ALWAYS = "alwaysallow"


def always_allowed(
    inventory: Inventory, account: str, perimeter: Perimeter, own: Iterable[str]
) -> Iterator[Item]:
    """An item for each admin rule that lets in or out what isn't ours, whatever the groups of a subscription say."""
    for call in _CALLS:
        for answer in inventory.each(call, account=account):
            if answer.error is not None and answer.error.code != NOT_RECORDED:
                yield unseen(answer)
    managers = [m for _, m in inventory.items(MANAGERS) if isinstance(m, Mapping) and _reaches(m, account)]
    mine = remote(list(own)).ranges
    for answer, rule in inventory.items(RULES):
        identifier = norm(rule.get("id")) if isinstance(rule, Mapping) else ""
        manager = next((m for m in managers if identifier.startswith(f"{norm(m.get('id'))}/")), None)
        held = properties(rule)
        if manager is None or str(held.get("access", "")).lower() != ALWAYS:
            continue
        inbound = str(held.get("direction", "")).lower() == "inbound"
        far = [
            t
            for a in listed(held, "sources" if inbound else "destinations")
            for t in texts(a, "addressPrefix")
        ]
        found = outside(cut(remote(far or ["*"]), Remote(mine)), account, perimeter)
        if found is None:
            continue
        said = {
            "protocol": _any(held.get("protocol")),
            "destinationPortRanges": held.get("destinationPortRanges"),
        }
        why = (
            f"network manager {name_of(manager.get('id'))}: where its admin rule {name_of(rule.get('id'))} (AlwaysAllow) is deployed, "
            f"it lets {traffic(said)} {'in from' if inbound else 'out to'} {found[1]}, whatever the groups say"
        )
        yield Item(resource=str(rule.get("id")), status=Status.PARTIAL, why=why, where=answer.where)


def _any(protocol: object) -> object:
    return "*" if str(protocol).lower() == "any" else protocol


def _reaches(manager: Mapping[str, Any], account: str) -> bool:
    """Whether a subscription may be in a manager's scope: by its id, or by a management group."""
    scopes = properties(manager).get("networkManagerScopes")
    named = {norm(s) for s in texts(scopes, "subscriptions")}
    return bool(texts(scopes, "managementGroups")) or norm(f"/subscriptions/{account}") in named
