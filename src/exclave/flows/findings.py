"""Totals → what is told of: large flows to networks that are not ours, or that nobody knew before.

What decides, in this order: the log names an account or project of the destination; the destination is an
interface of ours, whose network is then judged; it lies in a network made within these logs; a route leads to
somebody; else a private network (/24, /64) that was first seen in the logs' own time, far from known ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from exclave.flows.addresses import is_private, prefix
from exclave.flows.model import WINDOW
from exclave.model import OURS, Cloud, Destination, Kind
from exclave.perimeter import EntryKind, Perimeter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.flows.model import Detail, Owner, Pair, Totals
    from exclave.flows.networks import ControlPlane, Made
    from exclave.perimeter.flow_limits import FlowLimits

MAX_FINDINGS = 500
_DAY = 24 * 3600
_SLACK = 600  # seconds that a flow's window may begin before what made it possible
_GIB = 1 << 30
_SERVICE_TIMES = 20.0
_VERY_MUCH = 10  # times the limit of bytes
_ENOUGH = 3  # windows that make a habit
_NEAR_HOURS = 1  # windows that a daily job may begin earlier or later
_LIKE = 4  # how many times smaller than the first day's a later day's volume may be
_JOB_HOURS = 18  # hours of the day that a daily job takes at most; what takes more goes on all the time
_LITTLE = 10  # how many times smaller than the busiest hour one is that doesn't count among them
_WIDE = (16, 48)  # bits of a range that holds networks beside one another
_ROUTINE = 2  # networks made before that show a maker whose business it is
_MANAGED = "-tp"  # projects that Google makes for services it runs in our name
_SHARED = frozenset({"EC2"})
_LEAST_USUAL = 1 << 20  # bytes an hour that anything may send
_KIND = {Cloud.AWS: Kind.ACCOUNT, Cloud.AZURE: Kind.SUBSCRIPTION, Cloud.GCP: Kind.PROJECT}
_FIELD = {
    Kind.ACCOUNT: "account",
    Kind.SUBSCRIPTION: "subscription",
    Kind.PROJECT: "project",
    Kind.TENANT: "tenant",
    Kind.ORGANIZATION: "organization",
    Kind.VPC: "vpc",
    Kind.IP_RANGE: "range",
    Kind.SERVICE: "service",
    Kind.UNKNOWN: "endpoint_service",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """What one source sent to one destination that is not known to be ours.

    `kind` is bulk or service; `reason` says why it is told of; `new` that only its being new, and its volume,
    speak against it; `made` is the making of the network that received.
    """

    kind: str
    pairs: tuple[Pair, ...]
    destination: Destination
    reason: str
    new: bool = False
    made: Made | None = None

    @property
    def bytes(self) -> int:
        """All that was sent."""
        return sum(p.bytes for p in self.pairs)

    @property
    def main(self) -> Pair:
        """The pair that moved most."""
        return max(self.pairs, key=lambda p: (p.bytes, p.src, p.dst))


def suspects(
    totals: Totals, control: ControlPlane, perimeter: Perimeter, limits: FlowLimits
) -> list[Suspect]:
    """Flows that may be told of, largest first: what the destination is, before how usual the volume is.

    Args:
        totals: flows summed.
        control: what the control plane's logs say of networks.
        perimeter: who is ours.
        limits: from which volume on.
    """
    look = _Look(totals, control, perimeter, limits)
    by_both: dict[tuple[str, str, str, str], list[Suspect]] = {}
    for pair in totals.pairs:
        if (seen := look.at(pair)) is not None:
            by_both.setdefault((pair.cloud, pair.src, seen.kind, seen.destination.key), []).append(seen)
    large: list[Suspect] = []
    small: dict[tuple[str, str], list[Suspect]] = {}
    for (_, _, kind, key), found in by_both.items():
        one = _merged(found)
        if one.bytes >= look.least(kind):
            large.append(one)
        else:
            small.setdefault((kind, key), []).append(one)
    tiny: dict[tuple[Cloud, str], list[Suspect]] = {}
    for (kind, _), found in small.items():  # many sources that sent a little each
        one = _merged(found)
        if one.bytes >= look.least(kind):
            large.append(one)
        elif one.new and one.destination.kind is Kind.IP_RANGE and kind == "bulk":
            tiny.setdefault((one.main.cloud, prefix(one.main.dst, *_WIDE)), []).append(one)
    for (cloud, wide), found in tiny.items():  # many networks beside one another that received a little each
        one = _merged(found)
        if one.bytes >= look.least("bulk"):
            reason = f"{len(found)} networks in {wide} are in none that is known; of {one.destination.id}: {one.reason}"
            large.append(
                replace(one, destination=Destination(kind=Kind.IP_RANGE, id=wide, cloud=cloud), reason=reason)
            )
    large.sort(key=lambda s: (-s.bytes, s.main.src, s.destination.key))
    return large[:MAX_FINDINGS]


def _merged(found: list[Suspect]) -> Suspect:
    largest = max(found, key=lambda s: (s.bytes, s.main.src, s.main.dst))
    return replace(largest, pairs=tuple(p for s in found for p in s.pairs))


def summaries(
    found: Sequence[Suspect], totals: Totals, detail: Detail, limits: FlowLimits
) -> Iterator[tuple[Suspect, dict[str, Any]]]:
    """Each suspect that is told of, with its summary as a record (summary.py); two for a network made."""
    for one in found:
        volume = _volume(one, detail)
        if one.new and (not _unusual(one, volume, limits) or _daily(one, totals, detail)):
            continue
        record = _record(one, totals, volume, limits)
        yield one, record
        if one.made is not None:
            yield one, {**record, "kind": "network"}


def _unusual(one: Suspect, volume: _Volume, limits: FlowLimits) -> bool:
    """Whether the volume speaks against what is only new. Very much does by itself, whoever sent it."""
    if one.kind == "service":
        return volume.times >= max(limits.times, _SERVICE_TIMES)
    return volume.times >= limits.times or one.bytes >= _VERY_MUCH * limits.bytes


class _Look:
    """What the whole says of one pair."""

    def __init__(
        self, totals: Totals, control: ControlPlane, perimeter: Perimeter, limits: FlowLimits
    ) -> None:
        self.totals = totals
        self.control = control
        self.perimeter = perimeter
        self.limits = limits
        span = totals.last - totals.first
        learn = limits.learn_hours * 3600 if limits.learn_hours else min(_DAY, span / 8)
        self.learned = totals.first + learn
        self.networks: dict[tuple[Cloud, str], int] = {}  # network of ours → when it was first seen
        self.homes: set[tuple[Cloud, str]] = set()
        for (cloud, address), owner in totals.owners.items():
            first = totals.interfaces.get((cloud, owner.interface), totals.first)
            if owner.vpc:
                self.networks[cloud, owner.vpc] = min(self.networks.get((cloud, owner.vpc), first), first)
            if first < self.learned and is_private(address):
                self.homes.add((cloud, prefix(address, 16, 56)))

    def least(self, kind: str) -> int:
        """Bytes from which on a kind of suspect is told of."""
        return self.limits.service_bytes if kind == "service" else self.limits.bytes

    def at(self, pair: Pair) -> Suspect | None:
        """Why a pair is told of; None where its destination is known."""
        source = self.totals.owners.get((pair.cloud, pair.src))
        if source is None and not is_private(pair.src):
            return None  # what comes in from the internet is no transfer of ours
        mine = source.account if source else ""
        if pair.peer:
            return self._peer(pair, mine)
        owner = self.totals.owners.get((pair.cloud, pair.dst))
        if owner is not None and (found := self._owned(pair, owner, mine)) is not None:
            return found
        if owner is not None and owner.vpc:
            return None
        if is_private(pair.dst) or ":" in pair.dst:
            return self._unowned(pair, owner, mine)
        return self._service(pair) if pair.service else None

    def _peer(self, pair: Pair, mine: str) -> Suspect | None:
        destination = Destination(kind=_KIND[pair.cloud], id=pair.peer, cloud=pair.cloud)
        if self.perimeter.judge(destination, mine).verdict not in OURS and not pair.peer.endswith(_MANAGED):
            return _suspect(
                pair,
                destination,
                f"the flow log names {destination.kind.value} {pair.peer} as the owner of {pair.dst}",
            )
        return (self._network(pair, pair.peer_vpc, mine) if pair.peer_vpc else None) or self._placed(
            pair, mine
        )

    def _owned(self, pair: Pair, owner: Owner, mine: str) -> Suspect | None:
        endpoint = self.control.endpoints.get((pair.cloud, owner.interface))
        if endpoint is not None and self.perimeter.judge(endpoint, mine).verdict not in OURS:
            reason = f"{pair.dst} is an endpoint made within these logs, which leads to {endpoint.id}"
            return _suspect(pair, endpoint, reason)
        if owner.account and owner.account != mine:
            destination = Destination(kind=_KIND[pair.cloud], id=owner.account, cloud=pair.cloud)
            if self.perimeter.judge(destination, mine).verdict not in OURS:
                return _suspect(
                    pair,
                    destination,
                    f"{pair.dst} is an interface of {destination.kind.value} {owner.account}",
                )
        return self._network(pair, owner.vpc, mine) if owner.vpc else None

    def _network(self, pair: Pair, vpc: str, mine: str) -> Suspect | None:
        destination = Destination(kind=Kind.VPC, id=vpc, cloud=pair.cloud)
        if self.perimeter.judge(destination, mine).verdict in OURS:
            return None
        made = self.control.made_as(vpc)
        if made is not None and self._since(made, self.networks.get((pair.cloud, vpc), pair.first)):
            return self._made(pair, made, mine)
        first = self.networks.get((pair.cloud, vpc), self.totals.first)
        if first < self.learned:
            return None
        return _suspect(pair, destination, f"{vpc} was first seen {self._into(first)}", new=True)

    def _unowned(self, pair: Pair, owner: Owner | None, mine: str) -> Suspect | None:
        """An address that no interface in the logs has; of version 6 it may be one that is routed on the internet."""
        if any(
            e.kind is EntryKind.CIDR and e.verdict in OURS and not e.expired(self.perimeter.today)
            for e in self.perimeter.find(pair.dst)
        ):
            return None
        if (made := self._made_at(pair)) is not None:
            return self._placed(pair, mine, made)
        if (route := self.control.route_to(pair.dst, pair.cloud)) is not None:
            if self.perimeter.judge(route.destination, mine).verdict in OURS:
                return None
            reason = f"{pair.dst} lies in {route.range}, which a route leads over {route.via}"
            return _suspect(pair, route.destination, reason)
        near = prefix(pair.dst)
        first = self._first(pair)
        if not is_private(pair.dst) or owner is not None or first < self.learned:
            return None
        if (pair.cloud, prefix(pair.dst, 16, 56)) in self.homes:
            return None
        destination = Destination(kind=Kind.IP_RANGE, id=near, cloud=pair.cloud)
        return _suspect(
            pair,
            destination,
            f"{near} is in no network that is known, and was first seen {self._into(first)}",
            new=True,
        )

    def _first(self, pair: Pair) -> int:
        """When the private network of a destination was first seen; one of the internet, by this pair."""
        unseen = self.totals.first if is_private(pair.dst) else pair.first
        return self.totals.prefixes.get((pair.cloud, prefix(pair.dst)), unseen)

    def _made_at(self, pair: Pair) -> Made | None:
        """The network made within the logs that a destination lies in, by the range that was given to it."""
        made = self.control.made_at(pair.dst, pair.cloud)
        if made is None:
            return None
        since = self._since(made, self.networks.get((pair.cloud, made.id), self._first(pair)))
        return made if since else None

    def _placed(self, pair: Pair, mine: str, made: Made | None = None) -> Suspect | None:
        made = made or self._made_at(pair)
        if made is None:
            return None
        destination = Destination(kind=Kind.VPC, id=made.id, cloud=pair.cloud)
        ours = self.perimeter.judge(destination, mine).verdict in OURS
        return None if ours else self._made(pair, made, mine)

    def _service(self, pair: Pair) -> Suspect | None:
        if pair.first < self.learned:
            return None
        if pair.service.upper() in _SHARED:  # machines of whoever rents them
            destination = Destination(kind=Kind.IP_RANGE, id=prefix(pair.dst), cloud=pair.cloud)
        else:
            destination = Destination(kind=Kind.SERVICE, id=pair.service, cloud=pair.cloud)
        reason = f"{pair.dst} is an address of {pair.service}, first sent to {self._into(pair.first)}"
        return replace(_suspect(pair, destination, reason, new=True), kind="service")

    def _made(self, pair: Pair, made: Made, mine: str) -> Suspect:
        """A network made within the logs: by its volume alone, unless its maker makes many and joins it to nobody."""
        who = made.signal.actor.name or made.signal.actor.id or "somebody"
        when = f" on {made.signal.time:%Y-%m-%d %H:%M} UTC" if made.signal.time else ""
        joined = any(self.perimeter.judge(d, mine).verdict not in OURS for d in made.joined)
        routine = made.before >= _ROUTINE and not joined
        habit = f", who made {made.before} others before it" if routine else ""
        reason = f"{made.id} was made within these logs, by {who}{when}{habit}, and is not in the perimeter"
        destination = Destination(kind=Kind.VPC, id=made.id, cloud=pair.cloud)
        return replace(_suspect(pair, destination, reason, new=routine), made=made)

    @staticmethod
    def _since(made: Made, first: int) -> bool:
        """Whether a network had no traffic before it was made: a write may also be a change."""
        time = made.signal.time
        return time is None or first >= time.timestamp() - _SLACK

    def _into(self, time: int) -> str:
        return f"{(time - self.totals.first) / 3600:.0f} h into the flow logs"


def _suspect(pair: Pair, destination: Destination, reason: str, *, new: bool = False) -> Suspect:
    return Suspect(kind="bulk", pairs=(pair,), destination=destination, reason=reason, new=new)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Volume:
    """Busiest hour, the usual hour before it, and how many hours had traffic. Bytes."""

    peak: int
    usual: int
    of: str
    hours: int

    @property
    def times(self) -> float:
        """How many usual hours the busiest is."""
        return self.peak / max(self.usual, _LEAST_USUAL)


def _hours(one: Suspect, detail: Detail) -> dict[int, int]:
    hours: dict[int, int] = {}
    for pair in one.pairs:
        for hour, size in detail.hours.get(pair.key, {}).items():
            hours[hour] = hours.get(hour, 0) + size
    return hours


def _daily(one: Suspect, totals: Totals, detail: Detail) -> bool:
    """Whether it began on the logs' first day and came again at that time of every further day, as a nightly job does.

    The first day can't show whether what comes once a day is new.
    """
    hours = _hours(one, detail)
    if not hours or min(hours) * WINDOW >= totals.first + _DAY:
        return False
    first = {hour: size for hour, size in hours.items() if hour < min(hours) + _DAY // WINDOW}
    busiest = max(first, key=lambda h: (first[h], -h))
    busy = {hour % 24 for hour, size in hours.items() if size * _LITTLE >= max(hours.values())}
    if len(busy) > _JOB_HOURS:
        return False
    again = range(busiest + _DAY // WINDOW, totals.last // WINDOW - _NEAR_HOURS + 1, _DAY // WINDOW)
    return bool(again) and all(
        sum(hours.get(at + n, 0) for n in range(-_NEAR_HOURS, _NEAR_HOURS + 1)) * _LIKE >= first[busiest]
        for at in again
    )


def _volume(one: Suspect, detail: Detail) -> _Volume:
    hours = _hours(one, detail)
    if not hours:
        return _Volume(peak=one.bytes, usual=0, of="", hours=1)
    at = max(hours, key=lambda h: (hours[h], -h))
    before = [size for hour, size in hours.items() if hour < at]
    if len(before) >= _ENOUGH:
        return _Volume(
            peak=hours[at], usual=int(median(before)), of="this pair's usual hour", hours=len(hours)
        )
    # Too new for a habit of its own: what the source sends to everybody else.
    main = one.main
    others = [
        max(0, size - hours.get(hour, 0))
        for hour, size in detail.sent.get((main.cloud, main.src), {}).items()
    ]
    busy = [size for size in others if size]
    return _Volume(
        peak=hours[at],
        usual=int(median(busy)) if busy else 0,
        of=f"what {main.src} usually sends in an hour",
        hours=len(hours),
    )


def _record(one: Suspect, totals: Totals, volume: _Volume, limits: FlowLimits) -> dict[str, Any]:
    main, first = one.main, min(p.first for p in one.pairs)
    owner = totals.owners.get((main.cloud, main.src))
    sources = len({p.src for p in one.pairs})
    least = limits.service_bytes if one.kind == "service" else limits.bytes
    began = datetime.fromtimestamp(first, UTC)
    rule = (
        f" and {limits.times:g} times the usual, or {size(_VERY_MUCH * least)}"
        if one.new and one.kind == "bulk"
        else ""
    )
    whence = main.src if sources == 1 else f"{sources} addresses, most by {main.src}"
    usual = (
        f"{volume.times:.0f} times {volume.of} ({size(volume.usual)})"
        if volume.of and volume.usual
        else "with nothing to compare it with"
    )
    note = (
        f"{size(one.bytes)} from {whence} in {volume.hours} h with traffic from {began:%Y-%m-%d %H:%M} UTC,"
        f" {size(volume.peak)} in the busiest hour: {usual}; {one.reason}"
        f" (told of from {size(least)}{rule})"
    )
    return {
        "kind": one.kind,
        "cloud": main.cloud.value,
        "time": began.isoformat(),
        "source": {
            "address": main.src,
            "interface": owner.interface if owner and _is_id(owner.interface) else "",
            "account": owner.account if owner else "",
            "vpc": owner.vpc if owner else "",
        },
        "destination": {_FIELD[one.destination.kind]: one.destination.id, "address": main.dst},
        "bytes": one.bytes,
        "gib": round(one.bytes / _GIB, 1),
        "peak": volume.peak,
        "usual": volume.usual,
        "times": round(volume.times, 1),
        "hours": volume.hours,
        "least_bytes": least,
        "least_times": limits.times,
        "ended": datetime.fromtimestamp(max(p.last for p in one.pairs), UTC).isoformat(),
        "note": note,
    }


def _is_id(interface: str) -> bool:
    return interface.startswith("eni-")


def size(count: float) -> str:
    """Bytes in words."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:  # noqa: PLR2004
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
