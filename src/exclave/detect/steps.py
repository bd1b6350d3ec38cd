"""Azure writes an operation down as it starts, is accepted and ends, all with one id: one finding.

The request (and so the destination) stands in the first record, the outcome in the last. Joining parts and
then the whole gives the same as joining the whole at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from exclave.model import Closure, Cloud, Kind, Outcome, Signal, Transfer

Failures = Mapping[str, datetime]  # shared_id of an operation → when it failed; and `denial`s
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPEN = frozenset({Outcome.OFFERED, Outcome.TAKEN, Outcome.ATTEMPTED})
_FAILED = "the operation failed"


def denial(method: str, operation: str) -> str:
    """The key in Failures that says that an operation's request shows it not to be of a method."""
    return f"{method}\n{operation}"


def transfers(found: Iterable[Transfer], failures: Failures) -> list[Transfer]:
    """Transfers, those of one operation joined. One that failed in the end was an attempt."""
    out: list[Transfer] = []
    groups: dict[tuple[str, str], dict[str, list[Transfer]]] = {}
    for one in found:
        if one.cloud is Cloud.AZURE and one.shared_id and one.outcome in _OPEN:
            if denial(one.method, one.shared_id) in failures:
                continue
            failed = one.outcome is not Outcome.ATTEMPTED and _ended_badly(one, failures)
            told = replace(one, outcome=Outcome.ATTEMPTED, error=_FAILED) if failed else one
            sources = groups.setdefault((one.method, one.shared_id), {})
            sources.setdefault(one.source.key, []).append(told)
        else:
            out.append(one)
    for sources in groups.values():
        for group in _requested(list(sources.values())):
            out.extend(_joined(group))
    return out


def signals(found: Iterable[Signal], failures: Failures) -> list[Signal]:
    """Signals, those of one operation joined."""
    out: list[Signal] = []
    groups: dict[tuple[str, str], list[Signal]] = {}
    for one in found:
        if one.cloud is not Cloud.AZURE or not one.shared_id:
            out.append(one)
        elif denial(one.method, one.shared_id) not in failures:
            failed = not one.failed and _ended_badly(one, failures)
            told = replace(one, failed=True, error=_FAILED) if failed else one
            groups.setdefault((one.method, one.shared_id), []).append(told)
    for group in groups.values():
        out.extend(_one_signal(group))
    return out


def closures(found: Iterable[Closure], failures: Failures) -> list[Closure]:
    """Closures without those of operations that failed in the end."""
    return [one for one in found if not (one.shared_id and _ended_badly(one, failures))]


def _one_signal(group: list[Signal]) -> Iterator[Signal]:
    """The records of one operation as one signal for each thing and destination that its request names."""
    end = max(group, key=lambda s: (s.time or _EPOCH, s.failed, s.evidence.event_id))
    most = max(_told(one) for one in group)
    named: dict[tuple[str, str], list[Signal]] = {}
    for one in group:
        # Where the request was left out, the resource and the destination may be read in part only.
        if _told(one) == most:
            named.setdefault((one.source.key, one.destination.key if one.destination else ""), []).append(one)
    for same in named.values():
        best = max(same, key=lambda s: s.evidence.event_id)
        yield replace(best, failed=end.failed, error=end.error, time=end.time)


def _told(one: Signal) -> tuple[bool, int]:
    return one.destination is not None, len(one.facts)


def _requested(groups: list[list[Transfer]]) -> list[list[Transfer]]:
    """The groups whose request was recorded, each with the steps that lack it.

    Where the request names the resource, a step without it names another: the one that the call was made on.
    """
    read = [group for group in groups if not all(map(_unread, group))]
    if not read:
        return groups
    bare = [one for group in groups if all(map(_unread, group)) for one in group]
    return [group + bare for group in read]


def _joined(group: list[Transfer]) -> list[Transfer]:
    end = max(group, key=lambda t: (_last(t), t.outcome is Outcome.ATTEMPTED, t.evidence.event_id))
    by_destination: dict[str, list[Transfer]] = {}
    for one in [t for t in group if not _unread(t)] or group:
        by_destination.setdefault(one.destination.key, []).append(one)
    out = []
    for same in by_destination.values():
        best = max(same, key=lambda t: (_said(t), t.evidence.event_id))
        first = min((t.time for t in group if t.time), default=None)
        last = _last(end) if end.time else None
        out.append(
            replace(
                best, time=first, last=last if last != first else None, outcome=end.outcome, error=end.error
            )
        )
    return out


def _ended_badly(one: Transfer | Signal | Closure, failures: Failures) -> bool:
    ended = failures.get(one.shared_id)
    return ended is not None and (one.time is None or one.time <= ended)


def _unread(one: Transfer) -> bool:
    return one.destination.kind is Kind.UNKNOWN and one.destination.id in ("", "omitted", "missing")


def _said(one: Transfer) -> int:
    """How much a record says of the destination: the request says more than the outcome."""
    return len(one.destination.limits) + bool(one.destination.expires) + len(one.facts)


def _last(one: Transfer) -> datetime:
    return one.last or one.time or _EPOCH
