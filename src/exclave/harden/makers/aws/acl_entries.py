"""What a network ACL's entries become when they let through no more than the VPC's and the perimeter's ranges.

Entries are read as AWS reads them, from the lowest number up, and the first that fits decides. An entry that is
too wide is replaced by one for each range of ours inside it, at numbers before the next deny, so that what a
deny takes away stays taken away.
Source: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.aws.network_acl import too_wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from exclave.perimeter import Perimeter
    from exclave.perimeter.ranges import Network

LAST = 32766  # the highest number of an entry that one can make
DEFAULTS = 32767  # and from here on AWS's own
QUOTA = 20  # entries of one direction, unless raised: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html

Entry = dict[str, Any]
Key = tuple[bool, int]  # direction (outbound is True), number


class NoRoomError(Exception):
    """An ACL has no free numbers where entries would have to stand."""


def entries(acl: Mapping[str, Any]) -> dict[Key, Entry]:
    """An ACL's own entries by direction and number, as the calls take them."""
    found: dict[Key, Entry] = {}
    for raw in acl.get("Entries") or ():
        number = int(raw.get("RuleNumber") or 0)
        if number < DEFAULTS:
            kept = {k: v for k, v in raw.items() if v is not None and k != "NetworkAclId"}
            found[bool(raw.get("Egress")), number] = kept
    return dict(sorted(found.items()))


def narrowed(
    acl: Mapping[str, Any],
    account: str,
    perimeter: Perimeter,
    own: Sequence[Network],
    ours: Sequence[Network],
) -> dict[Key, Entry]:
    """The entries as they should be.

    Args:
        acl: as it was read.
        account: whose it is.
        perimeter: the judge of ranges.
        own: ranges of the VPC.
        ours: ranges that traffic may come from and go to: the VPC's and the perimeter's.

    Raises:
        NoRoomError: there are not enough numbers between two entries.
    """
    before = entries(acl)
    after = dict(before)
    for (egress, number), entry in before.items():
        if not _is_wide(acl, (egress, number), account, perimeter, own):
            continue
        ranges = list(_inside(entry, ours))
        del after[egress, number]
        if not ranges:
            continue
        for free, network in zip(_numbers(after, egress, number, len(ranges)), ranges, strict=True):
            made = {k: v for k, v in entry.items() if k not in ("CidrBlock", "Ipv6CidrBlock", "RuleNumber")}
            made["CidrBlock" if network.version == 4 else "Ipv6CidrBlock"] = str(network)  # noqa: PLR2004 - IPv4
            after[egress, free] = {**made, "RuleNumber": free}
    return dict(sorted(after.items()))


def _is_wide(
    acl: Mapping[str, Any], key: Key, account: str, perimeter: Perimeter, own: Sequence[Network]
) -> bool:
    """Whether the audit finds this entry too wide, with what stands before it."""
    egress, number = key
    shown = [
        r
        for r in acl.get("Entries") or ()
        if bool(r.get("Egress")) is egress
        and (
            int(r.get("RuleNumber") or 0) == number
            or (int(r.get("RuleNumber") or 0) < number and str(r.get("RuleAction")).lower() != "allow")
        )
    ]
    return bool(too_wide({**acl, "Entries": shown}, account, perimeter, own))


def _inside(entry: Mapping[str, Any], ours: Sequence[Network]) -> Iterator[Network]:
    """The ranges of ours that an entry lets through, the larger of two that overlap."""
    text = str(entry.get("CidrBlock") or entry.get("Ipv6CidrBlock"))
    wide = ipaddress.ip_network(text, strict=False)
    mine = [n for n in ours if n.version == wide.version]
    cut = [n if n.subnet_of(wide) else wide for n in mine if n.overlaps(wide)]  # type: ignore[arg-type]
    yield from ipaddress.collapse_addresses(cut)  # type: ignore[type-var]


def _numbers(taken: Mapping[Key, Entry], egress: bool, first: int, count: int) -> list[int]:
    """Free numbers from `first` on, before the next deny."""
    mine = {n: e for (way, n), e in taken.items() if way is egress}
    denies = [n for n, e in mine.items() if n > first and str(e.get("RuleAction")).lower() != "allow"]
    found = [n for n in range(first, min([*denies, LAST + 1])) if n not in mine][:count]
    if len(found) < count:
        raise NoRoomError(f"there are fewer than {count} free numbers from {first} on before the next deny")
    return found
