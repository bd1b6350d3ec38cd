"""Network ACLs of subnets: which traffic they let through, rule by rule in the order that AWS applies them.

Rules are read from the lowest number up; the first that fits decides, so an allow can be shadowed by an
earlier deny, and a deny by an earlier allow. What no rule fits is denied (rule `*`, 32767).
Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from exclave.audit.judging import failed, failures, judged, passed
from exclave.model import OURS, Destination, Kind
from exclave.perimeter import private
from exclave.perimeter.ranges import Network, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from exclave.audit.model import Check, Item, Settings
    from exclave.inventory import Inventory, Scope
    from exclave.perimeter import Perimeter

ACLS, SUBNETS, VPCS = "ec2.DescribeNetworkAcls", "ec2.DescribeSubnets", "ec2.DescribeVpcs"
MAX_PIECES = 4096  # pieces an address range is cut into by denies; beyond it a range counts as let through
ALL, ANY_ICMP, MAX_PORT = "-1", -1, 65535
_PORTED = ("6", "17")


def network_acl(inventory: Inventory, perimeter: Perimeter, _settings: Settings) -> list[Check]:
    """One item per subnet: its ACL may let through only what is ours."""
    checks: list[Check] = []
    for subnets in inventory.answers(SUBNETS):
        scope = subnets.scope
        acls = inventory.one(ACLS, scope.account, scope.region)
        vpcs = inventory.one(VPCS, scope.account, scope.region)
        items = failures([subnets, acls, vpcs] if subnets.items else [subnets, acls])
        if not items:
            own = own_ranges(vpcs.items)
            items = _subnets(scope, subnets.items, acls.items, perimeter, own, acls.where)
        checks.append(judged(scope, items, "subnets"))
    return checks


def _subnets(
    scope: Scope,
    subnets: Sequence[Any],
    acls: Sequence[Any],
    perimeter: Perimeter,
    own: Mapping[str, list[Network]],
    where: str,
) -> list[Item]:
    of = {
        str(a.get("SubnetId")): acl
        for acl in acls
        for a in acl.get("Associations") or ()
        if a.get("SubnetId")
    }
    items: list[Item] = []
    wide: dict[str, list[str]] = {}
    for subnet in subnets:
        name = str(subnet.get("SubnetId"))
        acl = of.get(name)
        if acl is None:
            items.append(failed(name, "no network ACL of this subnet is in the inventory", where=where))
            continue
        identifier = str(acl.get("NetworkAclId"))
        if identifier not in wide:
            ranges = own.get(str(acl.get("VpcId")), [])
            wide[identifier] = too_wide(acl, scope.account, perimeter, ranges)
        facts = (
            ("acl", identifier),
            ("default", str(bool(acl.get("IsDefault"))).lower()),
            ("vpc", str(acl.get("VpcId"))),
        )
        if wide[identifier]:
            items.append(failed(name, f"ACL {identifier}: " + "; ".join(wide[identifier][:6]), facts, where))
        else:
            items.append(passed(name, facts=facts, where=where))
    return items


def own_ranges(vpcs: Iterable[Any]) -> dict[str, list[Network]]:
    """The address ranges of each VPC: traffic inside it is ours."""
    out: dict[str, list[Network]] = {}
    for vpc in vpcs:
        texts = [vpc.get("CidrBlock")]
        for kind in ("CidrBlock", "Ipv6CidrBlock"):
            held = [a for a in vpc.get(f"{kind}AssociationSet") or () if _associated(a.get(f"{kind}State"))]
            texts += [a.get(kind) for a in held]
        out[str(vpc.get("VpcId"))] = [n for t in texts if (n := _network(t)) is not None]
    return out


def _associated(state: Mapping[str, Any] | None) -> bool:
    return str((state or {}).get("State", "associated")).lower().startswith("associat")


def too_wide(acl: Mapping[str, Any], account: str, perimeter: Perimeter, own: Sequence[Network]) -> list[str]:
    """What the ACL lets through that isn't ours, a line for each rule that does."""
    lines: list[str] = []
    for egress, word in ((False, "in from"), (True, "out to")):
        rules = sorted(
            (r for r in acl.get("Entries") or () if bool(r.get("Egress")) is egress),
            key=lambda r: int(r.get("RuleNumber") or 0),
        )
        denies: list[Mapping[str, Any]] = []
        for rule in rules:
            if str(rule.get("RuleAction")).lower() != "allow":
                denies.append(rule)
                continue
            network = _network(rule.get("CidrBlock") or rule.get("Ipv6CidrBlock"))
            if network is None:
                continue
            left = [n for n in _let_through(network, rule, denies) if not _ours(n, account, perimeter, own)]
            if left:
                lines.append(
                    f"rule {rule.get('RuleNumber')} lets {_traffic(rule)} {word} {left[0]}{_more(left)}"
                )
    return lines


def _more(left: Sequence[Network]) -> str:
    return f" and {len(left) - 1} more ranges" if len(left) > 1 else ""


def _let_through(
    network: Network, rule: Mapping[str, Any], denies: Sequence[Mapping[str, Any]]
) -> list[Network]:
    """What is left of a range once the denies before it took theirs: each its addresses, of its ports."""
    pieces = [(network, *_ports(rule))]
    for deny in denies:
        taken = _network(deny.get("CidrBlock") or deny.get("Ipv6CidrBlock"))
        if taken is None or taken.version != network.version or not _covers_traffic(deny, rule):
            continue
        first, last = (0, MAX_PORT) if str(deny.get("Protocol")) == ALL else _ports(deny)
        left: list[tuple[Network, int, int]] = []
        for piece, low, high in pieces:
            if last < low or first > high or not piece.overlaps(taken):
                left.append((piece, low, high))
                continue
            left += [(other, low, high) for other in without(piece, taken)]
            inside = piece if piece.prefixlen >= taken.prefixlen else taken
            left += [(inside, low, first - 1)] if low < first else []
            left += [(inside, last + 1, high)] if last < high else []
        pieces = left
        if len(pieces) > MAX_PIECES:
            return [network]
    return list(dict.fromkeys(piece for piece, _, _ in pieces))


def _covers_traffic(deny: Mapping[str, Any], rule: Mapping[str, Any]) -> bool:
    """Whether the deny is of the rule's protocol, and of ICMP all that the rule lets through."""
    protocol = str(deny.get("Protocol"))
    if protocol == ALL:
        return True
    if protocol != str(rule.get("Protocol")):
        return False
    if protocol in _PORTED:
        return True
    mine, theirs = (r.get("IcmpTypeCode") or {} for r in (deny, rule))
    return all(mine.get(k, ANY_ICMP) in (ANY_ICMP, theirs.get(k, ANY_ICMP)) for k in ("Type", "Code"))


def _ports(rule: Mapping[str, Any]) -> tuple[int, int]:
    ports = rule.get("PortRange") or {}
    first, last = ports.get("From"), ports.get("To")
    return int(first) if first is not None else 0, int(last) if last is not None else MAX_PORT


def _traffic(rule: Mapping[str, Any]) -> str:
    protocol = {"6": "TCP", "17": "UDP", "1": "ICMP", "58": "ICMPv6", ALL: "all traffic"}.get(
        str(rule.get("Protocol"))
    )
    name = protocol or f"protocol {rule.get('Protocol')}"
    first, last = _ports(rule)
    if str(rule.get("Protocol")) not in _PORTED or (first, last) == (0, MAX_PORT):
        return name
    return f"{name} {first}" if first == last else f"{name} {first}-{last}"


def _network(text: object) -> Network | None:
    try:
        return ipaddress.ip_network(str(text), strict=False) if text else None
    except ValueError:
        return None


def _ours(network: Network, account: str, perimeter: Perimeter, own: Sequence[Network]) -> bool:
    if any(network.version == o.version and network.subnet_of(o) for o in own):  # type: ignore[arg-type]
        return True
    # who lists private ranges lists those that are his: another VPC has some too
    note = "a private range, and none of those that are listed" if _lists_private(perimeter) else ""
    judged_ = perimeter.judge(Destination(kind=Kind.IP_RANGE, id=str(network), note=note), account)
    return judged_.verdict in OURS


def _lists_private(perimeter: Perimeter) -> bool:
    listed = [n for e in perimeter.entries if e.kind == "cidr" and (n := _network(e.id)) is not None]
    return any(n.version == p.version and n.subnet_of(p) for n in listed for p in private.RANGES)  # type: ignore[arg-type]
