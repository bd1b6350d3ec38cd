"""What the control plane says of networks: which were made, and where routes over peerings lead."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from exclave.flows.addresses import Network, inside, network
from exclave.model import Cloud, Destination, Kind, Signal, SignalKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MAKES = (
    ":createvpc",
    ":createdefaultvpc",
    ":associatevpccidrblock",
    "microsoft.network/virtualnetworks/write",
    "compute.networks.insert",
)
_PARTS = (":createsubnet", "microsoft.network/virtualnetworks/subnets/write", "compute.subnetworks.insert")
_RANGES = ("range", "range6", "addresses")  # facts that say which addresses
_INTERFACES = "interfaces"  # the fact that names an endpoint's own
_WAYS = ("peering", "gateway")  # facts that name what a route goes over
_SOMEBODY = frozenset({Kind.ACCOUNT, Kind.PROJECT, Kind.SUBSCRIPTION, Kind.TENANT, Kind.ORGANIZATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A network that was made while the logs were written, as far as its range is known.

    `joined` is who its peerings and attachments lead to; `before` is how many networks the same hands had made.
    """

    id: str
    signal: Signal
    ranges: tuple[Network, ...] = ()
    joined: tuple[Destination, ...] = ()
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Addresses that a route leads to somebody: over a peering, a gateway, an endpoint."""

    range: Network
    destination: Destination
    via: str
    signal: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """Networks made, routes, most specific first, and whose service an endpoint's interface leads to."""

    made: tuple[Made, ...] = ()
    routes: tuple[Route, ...] = ()
    endpoints: Mapping[tuple[Cloud, str], Destination] = field(default_factory=dict)

    def made_at(self, address: str, cloud: Cloud) -> Made | None:
        """The network of a cloud made in these logs that an address lies in."""
        mine = [m for m in self.made if m.signal.cloud is cloud]
        fitting = [(r.prefixlen, m) for m in mine for r in m.ranges if inside(address, r)]
        return max(fitting, key=lambda pair: pair[0])[1] if fitting else None

    def made_as(self, identifier: str) -> Made | None:
        """The network made in these logs that has an id."""
        wanted = identifier.lower()
        return next((m for m in self.made if wanted and m.id.lower() == wanted), None)

    def route_to(self, address: str, cloud: Cloud) -> Route | None:
        """The route of a cloud that an address is reached by, if it leads to somebody who is named."""
        mine = (r for r in self.routes if r.signal.cloud is cloud)
        return next((r for r in mine if inside(address, r.range)), None)


def control_plane(signals: Iterable[Signal]) -> ControlPlane:
    """What signals say of networks. Failed calls changed nothing."""
    changes = [s for s in signals if not s.failed and s.signal is SignalKind.NETWORK_CHANGE]
    return ControlPlane(
        made=tuple(_made(changes)), routes=tuple(_routes(changes)), endpoints=dict(_endpoints(changes))
    )


def _endpoints(changes: list[Signal]) -> Iterator[tuple[tuple[Cloud, str], Destination]]:
    for change in changes:
        for key, value in change.facts:
            if key == _INTERFACES and change.destination is not None:
                for interface in value.split(","):
                    yield (change.cloud, interface.strip()), change.destination


def _made(changes: list[Signal]) -> list[Made]:
    out: dict[str, Made] = {}
    for change in changes:
        if change.action.lower().endswith(_MAKES) and change.source.id:
            known = out.get(change.source.id)
            # The maker is who made it, not who gave it a further range.
            first = known.signal if known else change
            ranges = (*(known.ranges if known else ()), *_ranges(change))
            out[change.source.id] = Made(id=change.source.id, signal=first, ranges=ranges)
    for change in changes:
        if change.action.lower().endswith(_PARTS):
            named = [change.source.id, *(v for k, v in change.facts if k in ("vpc", "network"))]
            whole = next((m for m in out.values() if any(_is_of(n, m.id) for n in named)), None)
            if whole is not None:
                ranges = (*whole.ranges, *_ranges(change))
                out[whole.id] = Made(id=whole.id, signal=whole.signal, ranges=ranges)
    return [
        replace(m, joined=tuple(_joined(m, changes)), before=_before(m, out.values())) for m in out.values()
    ]


def _joined(made: Made, changes: list[Signal]) -> Iterator[Destination]:
    for change in changes:
        named = (change.source.id, *(v for k, v in change.facts if k in ("vpc", "network")))
        who = change.destination
        if who is not None and who.kind in _SOMEBODY and any(_is_of(n, made.id) for n in named if n):
            yield who


def _before(made: Made, all_of_them: Iterable[Made]) -> int:
    when, hands = made.signal.time, _hands(made.signal)
    if when is None:
        return 0
    return sum(_hands(m.signal) == hands and (m.signal.time or when) < when for m in all_of_them)


def _hands(signal: Signal) -> str:
    return signal.actor.issuer or signal.actor.id


def _is_of(name: str, network_id: str) -> bool:
    """Whether a name is that of a network, of a subnet in it, or its URL."""
    mine, wanted = name.lower(), network_id.lower()
    return mine == wanted or mine.startswith(wanted + "/subnets/") or mine.endswith("/" + wanted)


def _routes(changes: list[Signal]) -> list[Route]:
    somebody: dict[str, Destination] = {}
    for change in changes:
        who = change.destination
        if who is not None and who.kind in _SOMEBODY and who.id:
            for name in (change.source.id, *(v for k, v in change.facts if k in _WAYS)):
                if name and change.source.kind != "vpc":
                    somebody.setdefault(name, who)
    out: list[Route] = []
    for change in changes:
        if change.action.lower().endswith((*_MAKES, *_PARTS)):
            continue
        via = next((v for k, v in change.facts if k in _WAYS and v in somebody), "")
        whom = somebody.get(via)
        if whom is None and change.destination is not None and change.destination.kind in _SOMEBODY:
            # who is joined is said together with the addresses that lead there
            whom, via = change.destination, change.source.id or change.action
        if whom is not None:
            out += [Route(range=r, destination=whom, via=via, signal=change) for r in _ranges(change)]
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
