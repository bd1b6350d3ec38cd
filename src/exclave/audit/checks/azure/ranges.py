"""The remote side of security rules as address ranges and service tags: what an allow lets through after earlier denies.

Service tags: https://learn.microsoft.com/azure/virtual-network/service-tags-overview
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache

from exclave.perimeter.ranges import Network, without

MAX_PIECES = 4096  # pieces a range is cut into by denies; beyond it a range counts as let through
ANY = frozenset({"*", "any", "0.0.0.0/0", "::/0"})
EVERYBODYS = "azurecloud"  # every public address of Azure, other customers' machines too
INTERNET, VNET = "internet", "virtualnetwork"
# Tags behind which other customers' data may stand, too.
SHARED_TAGS = frozenset(
    {
        "azurecloud", "storage", "sql", "azurecosmosdb", "eventhub", "servicebus", "azurecontainerregistry", "azurekeyvault",
        "appservice", "azuredataexplorermanagement", "datafactory", "azuredatabricks", "azurefrontdoor", "azuredevops",
        "azurebackup", "azuredatalake", "azuremonitor", "azuremachinelearning", "azureiothub", "azuresignalr", "azurecognitivesearch",
        "azureeventgrid", "azureconnectors", "azuredigitaltwins", "azureopendatasets", "azurebotservice", "azurewebpubsub",
        "azurespringcloud", "azurehealthcareapis", "appconfiguration", "storagesyncservice", "kustoanalytics", "powerqueryonline",
        "logicapps", "powerbi", "powerplatforminfra", "azurearcinfrastructure", "apimanagement", "azuresiterecovery",
    }
)  # fmt: skip
# What the tag Internet leaves out: https://learn.microsoft.com/azure/virtual-network/service-tags-overview
_INSIDE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32",
    "224.0.0.0/4", "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remote:
    """Address ranges, and tags for which there are none."""

    ranges: tuple[Network, ...] = ()
    tags: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


def remote(prefixes: list[str]) -> Remote:
    """What a rule's prefixes stand for."""
    ranges: list[Network] = []
    tags: set[str] = set()
    unknown: list[str] = []
    for prefix in prefixes:
        lower = prefix.strip().lower()
        if lower in ("*", "any"):
            ranges += [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
        elif lower == INTERNET:
            ranges += internet()
        elif not lower[:1].isalpha() or ":" in lower:
            try:
                ranges.append(ipaddress.ip_network(lower, strict=False))
            except ValueError:
                unknown.append(prefix)
        else:
            tags.add(lower)
    return Remote(tuple(ranges), frozenset(tags), tuple(unknown))


@cache
def internet() -> tuple[Network, ...]:
    """Every address that the tag Internet has."""
    pieces: list[Network] = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    for inside in _INSIDE:
        taken = ipaddress.ip_network(inside)
        pieces = [left for piece in pieces for left in without(piece, taken)]
    return tuple(pieces)


def cut(allowed: Remote, denied: Remote) -> Remote:
    """What is left of an allow once a deny of the same traffic took its part."""
    pieces = list(allowed.ranges)
    for taken in denied.ranges:
        pieces = [left for piece in pieces for left in without(piece, taken)]
        if len(pieces) > MAX_PIECES:
            pieces = list(allowed.ranges)
            break
    # every service tag but VirtualNetwork and the like is of public addresses
    public = _covers_internet(denied)
    every = {"0.0.0.0/0", "::/0"} <= {str(r) for r in denied.ranges}
    tags = {
        t for t in allowed.tags if not every and not (public and is_shared(t)) and not _under(t, denied.tags)
    }
    return Remote(tuple(pieces), frozenset(tags), allowed.unknown)


def is_shared(tag: str) -> bool:
    """Whether other customers' data may stand behind a tag (`Storage.WestEurope` as `Storage`)."""
    return tag.partition(".")[0] in SHARED_TAGS


def _covers_internet(denied: Remote) -> bool:
    left = list(internet())
    for taken in denied.ranges:
        left = [p for piece in left for p in without(piece, taken)]
        if len(left) > MAX_PIECES:
            return False
    return not [p for p in left if p.version == 4]  # noqa: PLR2004 - the tags' IPv6 part is behind the same services


def _under(tag: str, denied: frozenset[str]) -> bool:
    return tag in denied or tag.partition(".")[0] in denied or ("azurecloud" in denied and is_shared(tag))
