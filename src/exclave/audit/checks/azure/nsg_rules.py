"""Rules of network security groups: what they let through, in the order that Azure applies them.

The lowest priority number that fits decides: an allow can be shadowed by an earlier deny, and a deny by an
earlier allow. The default rules come last, and let everything out to the internet:
https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.azure.ids import listed, properties, texts
from exclave.audit.checks.azure.ranges import EVERYBODYS, INTERNET, VNET, Remote, cut, is_shared, remote
from exclave.audit.model import Status
from exclave.model import OURS, Cloud, Destination, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exclave.perimeter import Perimeter

Wide = list[tuple[Status, str, str]]  # status, the rule's name, and why
_DEFAULTS = (
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
)
_EVERY = "*"
_FIRST, _LAST = 0, 65535
MAX_PARTS = 256


def too_wide(
    group: Mapping[str, Any], account: str, perimeter: Perimeter, own: Iterable[str] = (), peered: str = ""
) -> Wide:
    """What a group lets through that isn't ours: status, the rule's name, and why.

    `own`: the network's addresses. `peered`: a network that isn't ours and is peered with it, which the tag VirtualNetwork
    has, too; then no name, for it isn't the rule that is wrong.
    """
    found: Wide = []
    mine = remote(list(own))
    for direction, word in (("inbound", "in from"), ("outbound", "out to")):
        denies: list[Mapping[str, Any]] = []
        for name, rule in _ordered(group, direction):
            if str(rule.get("access", "")).lower() == "deny":
                denies.append(rule)
                continue
            left = _left(rule, denies, direction, mine)
            left = cut(left, Remote(mine.ranges))
            said = f"rule {name} ({rule.get('priority')}) lets {traffic(rule)} {word}"
            if peered and VNET in left.tags:
                why = f"{said} {peered}, which is peered and not ours: end the peering, or deny its addresses"
                found.append((Status.FAIL, "", why))
            if (strange := outside(left, account, perimeter)) is not None:
                status, where = strange
                found.append((status, name, f"{said} {where}"))
    return found


def _left(
    rule: Mapping[str, Any], denies: Sequence[Mapping[str, Any]], direction: str, mine: Remote
) -> Remote:
    """The other end's addresses that an allow still lets through on some port, after the denies before it."""
    side = _side(rule, direction)
    ports = texts(rule, "destinationPortRange", "destinationPortRanges") or [_EVERY]
    found: list[Remote] = []
    for part in _parts([_range(p) for p in ports], denies):
        one = {**rule, "destinationPortRange": f"{part[0]}-{part[1]}", "destinationPortRanges": None}
        left = side
        for deny in denies:
            if _covers(deny, one, direction, mine):
                left = cut(left, _side(deny, direction))
        found.append(left)
    return Remote(
        tuple(dict.fromkeys(r for f in found for r in f.ranges)),
        frozenset().union(*(f.tags for f in found)),
        tuple(dict.fromkeys(u for f in found for u in f.unknown)),
    )


def _parts(ports: list[tuple[int, int]], denies: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Ranges of ports, cut where a deny begins or ends; uncut when these are very many."""
    taken = [_range(t) for d in denies for t in texts(d, "destinationPortRange", "destinationPortRanges")]
    edges = sorted({e for low, high in taken for e in (low, high + 1)})
    if len(edges) * len(ports) > MAX_PARTS:
        return ports
    found = []
    for low, high in ports:
        cuts = [low, *(e for e in edges if low < e <= high), high + 1]
        found += [(a, b - 1) for a, b in pairwise(cuts)]
    return found


def _ordered(group: Mapping[str, Any], direction: str) -> list[tuple[str, Mapping[str, Any]]]:
    held = properties(group)
    rules = [(str(r.get("name")), properties(r)) for r in listed(held, "securityRules")]
    defaults = [(str(r.get("name")), properties(r)) for r in listed(held, "defaultSecurityRules")]
    if not defaults:
        defaults = [
            (
                name,
                {
                    "priority": priority, "direction": way, "access": access, "protocol": "*", "sourcePortRange": "*",
                    "destinationPortRange": "*", "sourceAddressPrefix": source, "destinationAddressPrefix": target,
                },
            )
            for name, priority, way, access, source, target in _DEFAULTS
        ]  # fmt: skip
    mine = [r for r in rules + defaults if str(r[1].get("direction", "")).lower() == direction]
    return sorted(mine, key=lambda r: _number(r[1].get("priority")))


def _number(value: object) -> int:
    return (
        value
        if isinstance(value, int)
        else int(value)
        if isinstance(value, str) and value.isdigit()
        else 1 << 20
    )


def _prefixes(rule: Mapping[str, Any], side: str) -> list[str]:
    return texts(rule, f"{side}AddressPrefix", f"{side}AddressPrefixes")


def _side(rule: Mapping[str, Any], direction: str) -> Remote:
    """The other end's addresses. Application security groups are machines of our own networks."""
    return remote(_prefixes(rule, "source" if direction == "inbound" else "destination"))


def _covers(deny: Mapping[str, Any], allow: Mapping[str, Any], direction: str, own: Remote) -> bool:
    """Whether a deny has all the traffic of an allow, but for the other end's addresses. `own`: those of the network."""
    near = "destination" if direction == "inbound" else "source"
    if listed(deny, f"{near}ApplicationSecurityGroups") or not _near(deny, allow, near, own):
        return False
    if deny.get("protocol") not in (_EVERY, None) and not _same(deny.get("protocol"), allow.get("protocol")):
        return False
    return all(_ports(deny, side, allow) for side in ("source", "destination"))


def _near(deny: Mapping[str, Any], allow: Mapping[str, Any], near: str, own: Remote) -> bool:
    mine = _prefixes(deny, near)
    if any(p.lower() in ("*", "any", "0.0.0.0/0", VNET) for p in mine):
        return True
    if own.ranges and not cut(own, remote(mine)).ranges:
        return True  # this end is always a machine of the network
    wanted = remote(_prefixes(allow, near))
    if listed(allow, f"{near}ApplicationSecurityGroups") or not wanted.ranges:
        return False
    left = cut(wanted, remote(mine))
    return not left.ranges and not left.tags and not left.unknown


def _same(one: object, other: object) -> bool:
    return str(one).lower() == str(other).lower()


def _ports(deny: Mapping[str, Any], side: str, allow: Mapping[str, Any]) -> bool:
    taken = [_range(t) for t in texts(deny, f"{side}PortRange", f"{side}PortRanges")]
    wanted = [_range(t) for t in texts(allow, f"{side}PortRange", f"{side}PortRanges")] or [(_FIRST, _LAST)]
    return not taken or all(any(a <= low and high <= b for a, b in taken) for low, high in wanted)


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not first.strip().isdigit():
        return _FIRST, _LAST
    return int(first), int(last) if last.strip().isdigit() else int(first)


def outside(left: Remote, account: str, perimeter: Perimeter) -> tuple[Status, str] | None:
    """What of a rule's other end isn't ours."""
    wide = [
        r
        for r in left.ranges
        if perimeter.judge(Destination(kind=Kind.IP_RANGE, id=str(r), cloud=Cloud.AZURE), account).verdict
        not in OURS
    ]
    if wide:
        whole = max(wide, key=lambda r: r.num_addresses)
        name = INTERNET.capitalize() if len(wide) > 8 else str(whole)  # noqa: PLR2004 - the pieces that the tag is made of
        return Status.FAIL, f"{name}{f' and {len(wide) - 1} more ranges' if 1 < len(wide) <= 8 else ''}"  # noqa: PLR2004
    if left.unknown:
        return Status.FAIL, f"{left.unknown[0]!r}, which is no address"
    shared = sorted(t for t in left.tags if is_shared(t))
    if every := next((t for t in shared if t.partition(".")[0] == EVERYBODYS), ""):
        return Status.FAIL, f"{every}, which has the machines of every customer"
    if shared:
        return Status.PARTIAL, f"{', '.join(shared)}, where other customers' data stands too"
    return None


def traffic(rule: Mapping[str, Any]) -> str:
    """Protocol and ports of a rule, in words."""
    protocol = str(rule.get("protocol") or _EVERY)
    ports = texts(rule, "destinationPortRange", "destinationPortRanges")
    name = "all traffic" if protocol == _EVERY else protocol.upper()
    return name if not ports or _EVERY in ports else f"{name} {', '.join(ports[:3])}"
