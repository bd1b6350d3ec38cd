"""Storage accounts closed: default deny with our own networks, no public containers, no other tenants, no shared keys.

https://learn.microsoft.com/rest/api/storagerp/storage-accounts/update
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import group_of, listed, name_of, properties, subscription_of
from exclave.audit.checks.azure.storage import ACCOUNTS, SCOPES, data, network
from exclave.audit.model import Status
from exclave.change.model import equals, gone
from exclave.harden.makers.azure import changes
from exclave.harden.makers.azure.account_template import API, CHECK, both
from exclave.harden.makers.azure.arm import Template
from exclave.harden.makers.azure.limits import CONTROL as LIMITS
from exclave.harden.makers.azure.limits import limits
from exclave.harden.model import Artefact, Made
from exclave.harden.results import by_account
from exclave.model import OURS, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.audit.model import Result
    from exclave.change.model import Step
    from exclave.harden.makers.azure.arm import Resource
    from exclave.harden.model import Options
    from exclave.inventory import Inventory
    from exclave.perimeter import Perimeter

CONTROL = "azure.network.storage-vnet"
ACCESS = "properties.networkAcls"
KEEP = (
    "properties.publicNetworkAccess", "properties.allowBlobPublicAccess", "properties.allowCrossTenantReplication",
    "properties.allowedCopyScope", "properties.allowSharedKeyAccess", f"{ACCESS}.defaultAction", f"{ACCESS}.bypass",
    f"{ACCESS}.virtualNetworkRules[].id", f"{ACCESS}.ipRules[].value", f"{ACCESS}.resourceAccessRules",
)  # fmt: skip
NETWORKS = (
    "name the subnets that need the accounts by --set subnets=ID,ID (with the service endpoint Microsoft.Storage), or give "
    "them private endpoints: whoever comes from anywhere else is cut off"
)
KEYS = "applications that use the account's keys or URLs signed by them stop working: give them roles (Storage Blob Data ...) first"
PERIMETER = (
    "an account secured by a network security perimeter is left as it is: look at the perimeter's rules"
)


def make(results: Sequence[Result], inventory: Inventory, perimeter: Perimeter, options: Options) -> Made:
    """One change for each account, and a template for each resource group."""
    artefacts: list[Artefact] = []
    steps: list[Step] = []
    notes = [NETWORKS, KEYS]
    subnets = asked_subnets(options)
    for subscription, mine in by_account(results).items():
        bad = {i.resource for r in mine for i in r.check.items if i.status in (Status.FAIL, Status.PARTIAL)}
        groups: dict[str, list[tuple[Resource, Resource]]] = {}
        for store in inventory.one(ACCOUNTS, subscription).items:
            if not isinstance(store, dict) or str(store.get("id")) not in bad:
                continue
            identifier = str(store.get("id"))
            if str(properties(store).get("publicNetworkAccess")).lower() == "securedbyperimeter":
                notes.append(PERIMETER)
            wish = wanted(properties(store), subscription, perimeter, subnets)
            steps += _endpoints(store, subscription, perimeter, mine)
            if wish:
                steps.append(_step(identifier, store, wish, subscription, mine))
                pairs = groups.setdefault(group_of(identifier), [])
                also = (
                    limits(properties(store), options.settings.key_days) if LIMITS in options.controls else {}
                )
                pairs.append(both(store, {**also, **wish}, old(properties(store), wish), len(pairs) + 1))
        for group, pairs in sorted(groups.items()):
            new, before = (Template(resources=tuple(each)) for each in zip(*pairs, strict=True))
            artefacts += changes.templates(
                CONTROL, subscription, new, options, about=f"{len(pairs)} storage accounts closed", group=group, part=group, back=before,
                notes=(KEYS, NETWORKS, CHECK),
            )  # fmt: skip
    return Made(artefacts=tuple(artefacts), steps=tuple(steps), notes=tuple(dict.fromkeys(notes)))


def asked_subnets(options: Options) -> list[str]:
    """The subnets that `--set subnets=` names."""
    return [s for s in options.value("subnets").split(",") if subscription_of(s)]


def wanted(
    held: Mapping[str, Any], account: str, perimeter: Perimeter, subnets: Sequence[str] = ()
) -> dict[str, Any]:
    """The properties that must change; what is right stays unnamed. Rules of ours are kept, others left out."""
    wish: dict[str, Any] = {}
    if data(held):
        for name in ("allowBlobPublicAccess", "allowCrossTenantReplication", "allowSharedKeyAccess"):
            if held.get(name) is not False:
                wish[name] = False
        if str(held.get("allowedCopyScope") or "").lower() not in SCOPES:
            wish["allowedCopyScope"] = "AAD"
    about_rules = {**held, "privateEndpointConnections": []}
    access = str(held.get("publicNetworkAccess") or "Enabled").lower()
    if access == "enabled" and (network(about_rules, account, perimeter) or subnets):
        wish["networkAcls"] = _rules(held, account, perimeter, subnets)
    return wish


def _rules(
    held: Mapping[str, Any], account: str, perimeter: Perimeter, subnets: Sequence[str]
) -> dict[str, Any]:
    now = held.get("networkAcls")

    def ours(kind: Kind, identifier: str) -> bool:
        return (
            perimeter.judge(Destination(kind=kind, id=identifier, cloud=Cloud.AZURE), account).verdict in OURS
        )

    networks = [
        str(r.get("id"))
        for r in listed(now, "virtualNetworkRules")
        if ours(Kind.SUBSCRIPTION, subscription_of(r.get("id")))
        and str(r.get("state") or "Succeeded").lower() == "succeeded"
    ]
    ranges = [str(r.get("value")) for r in listed(now, "ipRules") if ours(Kind.IP_RANGE, str(r.get("value")))]
    resources = [
        {k: r[k] for k in ("tenantId", "resourceId") if k in r}
        for r in listed(now, "resourceAccessRules")
        if ours(Kind.TENANT, str(r.get("tenantId") or "").lower())
    ]
    return {
        "defaultAction": "Deny",
        "bypass": "AzureServices",
        "virtualNetworkRules": [{"id": i, "action": "Allow"} for i in dict.fromkeys((*networks, *subnets))],
        "ipRules": [{"value": v, "action": "Allow"} for v in ranges],
        "resourceAccessRules": resources,
    }


def old(held: Mapping[str, Any], wish: Mapping[str, Any]) -> dict[str, Any]:
    """What the properties of a wish are now; what isn't said counts as its permissive default."""
    found: dict[str, Any] = {}
    for name in wish:
        value = held.get(name)
        if name == "networkAcls":
            found[name] = {
                "defaultAction": "Allow", "bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [],
                **{k: v for k, v in (value or {}).items() if k != "ipv6Rules" and v is not None},
            }  # fmt: skip
        elif name != "allowedCopyScope":
            found[name] = True if value is None else value
        elif value is not None:
            found[name] = value
    return found


def _step(
    identifier: str,
    store: Mapping[str, Any],
    wish: Mapping[str, Any],
    account: str,
    results: Sequence[Result],
) -> Step:
    was = old(properties(store), wish)
    simple = [n for n in wish if n != "networkAcls"]
    undone = [equals(f"properties.{n}", was[n]) for n in simple if n in was]
    after = [equals(f"properties.{n}", wish[n]) for n in simple]
    if "networkAcls" in wish:
        after.append(equals(f"{ACCESS}.defaultAction", "Deny"))
        undone.append(equals(f"{ACCESS}.defaultAction", was["networkAcls"]["defaultAction"]))
    breaks = [KEYS] if "allowSharedKeyAccess" in wish else []
    if "networkAcls" in wish:
        breaks.append("whoever reaches it from a network that isn't named is cut off")
    if "allowedCopyScope" in wish and "allowedCopyScope" not in was:
        breaks.append("the undo leaves allowedCopyScope as it was set, for Azure has no value for none")
    return changes.step(
        f"close the storage account {name_of(identifier)}: {', '.join(wish)}",
        identifier,
        account,
        [changes.call("PATCH", identifier, API, account, {"properties": dict(wish)})],
        read=changes.reading(identifier, API, account, KEEP),
        before=store,
        undo=[changes.call("PATCH", identifier, API, account, {"properties": was})],
        after=after,
        undone=undone,
        breaks=breaks,
        results=results,
        why=[i.why for r in results for i in r.check.items if i.resource == identifier],
    )


def _endpoints(
    store: Mapping[str, Any], account: str, perimeter: Perimeter, results: Sequence[Result]
) -> list[Step]:
    """Approved private endpoints of others, taken away."""
    steps: list[Step] = []
    for connection in listed(properties(store), "privateEndpointConnections"):
        alone = {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [connection]}
        identifier = str(connection.get("id") or "")
        if network(alone, account, perimeter) and identifier:
            steps.append(
                changes.step(
                    f"take away the private endpoint connection {name_of(identifier)}", identifier, account,
                    [changes.call("DELETE", identifier, API, account)],
                    read=changes.reading(identifier, API, account, ("properties.privateEndpoint.id",)), before=connection, after=[gone()],
                    breaks=("it can't be undone: its owner must ask again", "whoever came through it is cut off"), results=results,
                )
            )  # fmt: skip
    return steps
