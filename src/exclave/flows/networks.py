"""What the control plane says of networks: which were made, and where routes over peerings and gateways lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.flows.addresses import Network, inside, network
from exclave.model import Destination, Kind, Signal, SignalKind

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAKES = (
    ":createvpc", ":createdefaultvpc", ":associatevpccidrblock", "microsoft.network/virtualnetworks/write", "compute.networks.insert",
)  # fmt: skip
_PARTS = (":createsubnet", "microsoft.network/virtualnetworks/subnets/write", "compute.subnetworks.insert")
_RANGES = ("range", "ranges", "cidr", "address_space", "addressSpace")
_SOMEBODY = frozenset({Kind.ACCOUNT, Kind.PROJECT, Kind.SUBSCRIPTION, Kind.TENANT, Kind.ORGANIZATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A network that was made while the logs were written, as far as its range is known."""

    id: str
    signal: Signal
    ranges: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Addresses that a route leads to somebody: over a peering, a gateway, an endpoint."""

    range: Network
    destination: Destination
    via: str
    signal: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """Networks made, and routes, most specific first."""

    made: tuple[Made, ...] = ()
    routes: tuple[Route, ...] = ()
    changes: tuple[Signal, ...] = field(default=())

    def made_at(self, address: str) -> Made | None:
        """The network made in these logs that an address lies in."""
        fitting = [(r.prefixlen, m) for m in self.made for r in m.ranges if inside(address, r)]
        return max(fitting, key=lambda pair: pair[0])[1] if fitting else None

    def made_as(self, identifier: str) -> Made | None:
        """The network made in these logs that has an id."""
        wanted = identifier.lower()
        return next((m for m in self.made if wanted and m.id.lower() == wanted), None)

    def route_to(self, address: str) -> Route | None:
        """The route that an address is reached by, if it leads to somebody who is named."""
        return next((r for r in self.routes if inside(address, r.range)), None)


def control_plane(signals: Iterable[Signal]) -> ControlPlane:
    """What signals say of networks. Failed calls changed nothing."""
    changes = [s for s in signals if not s.failed and s.signal is SignalKind.NETWORK_CHANGE]
    return ControlPlane(made=tuple(_made(changes)), routes=tuple(_routes(changes)), changes=tuple(changes))


def _made(changes: list[Signal]) -> list[Made]:
    out: dict[str, Made] = {}
    for change in changes:
        if change.action.lower().endswith(_MAKES) and change.source.id:
            known = out.get(change.source.id)
            # The maker is who made it, not who gave it a further range.
            first = known.signal if known else change
            out[change.source.id] = Made(
                id=change.source.id, signal=first, ranges=(*(known.ranges if known else ()), *_ranges(change))
            )
    for change in changes:
        if change.action.lower().endswith(_PARTS):
            for value in (change.source.id, *(v for _, v in change.facts)):
                whole = next(
                    (
                        i
                        for i in out
                        if value.lower() == i.lower() or value.lower().startswith(i.lower() + "/subnets/")
                    ),
                    "",
                )
                if whole:
                    out[whole] = Made(
                        id=whole, signal=out[whole].signal, ranges=(*out[whole].ranges, *_ranges(change))
                    )
                    break
    return list(out.values())


def _routes(changes: list[Signal]) -> list[Route]:
    somebody: dict[str, Destination] = {}
    for change in changes:
        if change.destination is not None and change.destination.kind in _SOMEBODY and change.destination.id:
            for name in (
                change.source.id if change.source.kind != "vpc" else "",
                *(v for _, v in change.facts),
            ):
                if name and "/" not in name:  # a range is no name
                    somebody.setdefault(name, change.destination)
    out: list[Route] = []
    for change in changes:
        for range_ in _ranges(change):
            via = next((v for _, v in change.facts if v in somebody), "")
            if via and not change.action.lower().endswith(_MAKES):
                out.append(Route(range=range_, destination=somebody[via], via=via, signal=change))
    return sorted(out, key=lambda r: (-r.range.prefixlen, str(r.range), r.via))


def _ranges(change: Signal) -> list[Network]:
    found = [
        n
        for key, value in change.facts
        if key in _RANGES
        for part in value.split(",")
        if (n := network(part)) is not None
    ]
    return [n for n in found if n.prefixlen]
