"""AWS flow logs of VPCs (versions 2 to 8, default and custom formats) and transit gateways: what fields mean.

Sources: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html and
https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html. Parquet has underscores for dashes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.flows.model import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT = tuple(
    b"version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    b" log-status"
    .decode().split()
)  # fmt: skip
# of a transit gateway, whose logs have all fields unless told otherwise
TRANSIT = tuple(
    b"version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id"
    b" tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id"
    b" tgw-dst-az-id tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end"
    b" log-status type packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded"
    b" packets-lost-ttl-expired tcp-flags region flow-direction pkt-src-aws-service pkt-dst-aws-service"
    .decode().split()
)  # fmt: skip
# canonical name → fields that give it, the first that the log has
MEANT = {
    "interface": ("interface-id",),
    "attachment": ("tgw-attachment-id",),
    "src": ("pkt-srcaddr", "srcaddr"),
    "dst": ("pkt-dstaddr", "dstaddr"),
    "src_near": ("srcaddr",),  # of the interface, where the packets' own is not said
    "dst_near": ("dstaddr",),
    "bytes": ("bytes",),
    "start": ("start",),
    "action": ("action",),
    "service": ("pkt-dst-aws-service",),
    "peer": ("tgw-dst-vpc-account-id",),
    "peer_vpc": ("tgw-dst-vpc-id",),
    "account": ("account-id",),
    "vpc": ("vpc-id",),
    "subnet": ("subnet-id",),
    "direction": ("flow-direction",),
}
NEEDED = ("src", "dst", "bytes", "start")
_HEADER = re.compile(
    rb"(?:[a-z][a-z0-9_-]*[ \t]+)*?(?:srcaddr|dstaddr|pkt[-_](?:src|dst)addr)"
    rb"(?:[ \t]+[a-z][a-z0-9_-]*)*[ \t]*\r?$"
)
_DEFAULT_LINE = re.compile(
    rb"\d+ (?:\d{12}|unknown) eni-[0-9a-f]+ (?:[0-9a-fA-F.:]+ [0-9a-fA-F.:]+"
    rb" \d+ \d+ \d+ \d+ \d+ \d+ \d+ (?:ACCEPT|REJECT) OK"
    rb"|- - - - - - - \d+ \d+ - (?:NODATA|SKIPDATA))\s*$"
)
_TRANSIT_LINE = re.compile(rb"\d+ TransitGateway \d{12} tgw-[0-9a-f]+ tgw-attach-[0-9a-f]+ ")
_LOOKS = re.compile(rb"(?:^| )(?:eni-[0-9a-f]{8,17}|tgw-attach-[0-9a-f]+)(?: |$)")
_CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ")


def is_header(line: bytes) -> bool:
    """Whether a line names the fields of the lines below it."""
    return len(line) < 4096 and bool(_HEADER.match(line)) and b"bytes" in line  # noqa: PLR2004


def default_of(line: bytes) -> tuple[str, ...]:
    """The fields of a line that is a record of a default format; none for another line."""
    if _DEFAULT_LINE.match(line):
        return DEFAULT
    return TRANSIT if _TRANSIT_LINE.match(line) and line.count(b" ") == len(TRANSIT) - 1 else ()


def looks_like(line: bytes) -> bool:
    """Whether a line may be a record of some format: an interface or attachment among plain fields."""
    return len(line) < 4096 and b"{" not in line and bool(_LOOKS.search(line))  # noqa: PLR2004


def without_clock(line: bytes) -> bytes:
    """A line as an export from CloudWatch Logs has it, without the time in front."""
    found = _CLOCK.match(line)
    return line[found.end() :] if found else line


def fields_of(header: Sequence[str]) -> dict[str, str]:
    """Canonical name → the field of this log that gives it, as the log spells it.

    A record of a transit gateway tells of two networks and of neither's interface: what a direction, a network or a
    subnet says of an interface's own address is not said there.
    """
    spelt = {name.strip().lower().replace("_", "-"): name for name in header}
    out = {
        meant: spelt[found]
        for meant, names in MEANT.items()
        if (found := next((n for n in names if n in spelt), ""))
    }
    if "attachment" in out:
        out = {name: field for name, field in out.items() if name not in ("direction", "vpc", "subnet")}
        out["interface"] = out["attachment"]
    return out


def is_transit(fields: Mapping[str, str]) -> bool:
    """Whether fields are those of a transit gateway's log."""
    return "attachment" in fields


def row(values: Sequence[str], at: dict[str, int]) -> Row | None:
    """One record; None for one that was rejected.

    `at` is the place of each canonical field. Raises ValueError for a record without data, or unreadable.
    """

    def text(name: str) -> str:
        place = at.get(name)
        value = values[place] if place is not None and place < len(values) else ""
        return "" if value == "-" else value

    if text("action") == "REJECT":
        return None
    if len(values) <= max(at.values()):
        raise ValueError("too few fields")
    start, way = int(text("start")), text("direction")
    src, dst = text("src") or text("src_near"), text("dst") or text("dst_near")
    if not src or not dst:
        raise ValueError("no addresses")
    return Row(
        interface=text("interface"),
        src=src,
        dst=dst,
        start=start,
        bytes=int(text("bytes")),
        service=text("service"),
        peer=text("peer"),
        peer_vpc=text("peer_vpc"),
        account=text("account"),
        vpc=text("vpc"),
        subnet=text("subnet"),
        out=None if not way else way == "egress",
        own=text("src_near") if way == "egress" else text("dst_near") if way else "",
    )
