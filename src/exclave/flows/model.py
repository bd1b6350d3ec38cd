"""Flow records and what is made of them: a row, a part (one file's sums), and the totals of all parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW = 3600  # seconds of a window
MOST = 1 << 50  # bytes of one record, and
LATEST = 1 << 34  # seconds since the epoch, that are believed


class Row(NamedTuple):
    """One record of any provider's flow logs. Times in seconds since the epoch; "" where the log doesn't say.

    `src` and `dst` are the ends of the packets, not of a translation between them. `interface` is where it
    was seen: a network interface, a MAC address, or a reporter; a flow seen at both ends is recorded twice.
    `service` is what the provider calls a destination of its own, `peer` the account or project of the
    destination, `peer_vpc` its network. `out` says whether it left the interface, None if nothing does. `own` is
    the interface's own address where it may be neither end: a gateway's passes on the packets of others.
    """

    interface: str
    src: str
    dst: str
    start: int
    bytes: int
    service: str = ""
    peer: str = ""
    peer_vpc: str = ""
    account: str = ""
    vpc: str = ""
    subnet: str = ""
    out: bool | None = None
    own: str = ""


# the columns of a part's sums; HOURS are lists: windows, and bytes in them, perhaps several of one window
PAIR = ("interface", "src", "dst", "service", "peer", "peer_vpc")
SUMS = ("bytes", "records", "first", "last")
HOURS = ("hours", "sizes")


class PairRow(NamedTuple):
    """PAIR + SUMS + HOURS. An end is "" for any address of the internet: see addresses.near."""

    interface: str
    src: str
    dst: str
    service: str
    peer: str
    peer_vpc: str
    bytes: int
    records: int
    first: int
    last: int
    hours: tuple[int, ...]
    sizes: tuple[int, ...]


OwnerRow = tuple[str, str, str, str, str]  # address, interface, account, vpc, subnet


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPart:
    """The flows of one or a few files, summed by interface and ends, and by window beside. Picklable.

    `pairs` are Arrow IPC bytes where Polars is installed, else rows; `height` says how many.
    """

    files: tuple[str, ...]
    cloud: Cloud
    pairs: bytes | tuple[PairRow, ...]
    owners: tuple[OwnerRow, ...]
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """An address that an interface of ours has, and the network it lies in."""

    address: str
    interface: str
    cloud: Cloud
    account: str = ""
    vpc: str = ""
    subnet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one address sent to another, at the interface that saw most of it."""

    cloud: Cloud
    src: str
    dst: str
    service: str
    peer: str
    peer_vpc: str
    bytes: int
    records: int
    first: int
    last: int
    interface: str

    @property
    def key(self) -> PairKey:
        """What tells it from other pairs."""
        return (self.cloud, self.src, self.dst, self.service, self.peer, self.peer_vpc, self.interface)


PairKey = tuple[Cloud, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All flows summed: the pairs that moved much, and what says whether their ends are known.

    Keys are a cloud and what it names. `prefixes`: private network (/24, /64) → when it was first seen;
    `interfaces` likewise. Times in seconds since the epoch.
    """

    pairs: tuple[Pair, ...] = ()
    owners: Mapping[tuple[Cloud, str], Owner] = field(default_factory=dict)
    prefixes: Mapping[tuple[Cloud, str], int] = field(default_factory=dict)
    interfaces: Mapping[tuple[Cloud, str], int] = field(default_factory=dict)
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Of some pairs: bytes by window; what their sources sent to all, by window; files of the largest."""

    hours: Mapping[PairKey, Mapping[int, int]] = field(default_factory=dict)
    sent: Mapping[tuple[Cloud, str], Mapping[int, int]] = field(default_factory=dict)
    files: Mapping[PairKey, tuple[str, ...]] = field(default_factory=dict)
