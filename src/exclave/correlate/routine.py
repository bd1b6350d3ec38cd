"""Download URLs that a backup product asks for day and night, told apart from those of a thief.

Products that back up disks make a snapshot, ask for a URL, read it and end the URL, every few hours, always from where
they run. The log shows the same as when somebody steals a disk. A URL counts as routine only where one application has
asked for many of them from one address, in rounds spread over the logs, and ended each one itself. What stands open,
came from elsewhere, or came in one go does not.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.correlate.state import EXPIRY
from exclave.model import Kind, Outcome, Severity, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

MIN_OFFERS = 8
MIN_ROUNDS = 4
BETWEEN = timedelta(hours=1)  # at least, from one round to the next
SPAN = timedelta(hours=12)  # at least, from the first to the last
_MOST_OPEN = 0.1  # of its offers, that it may have left open


def quieted(transfers: Iterable[Transfer]) -> list[Transfer]:
    """The transfers, those that are routine at low severity, with the reason. They have their state already."""
    everything = list(transfers)
    habits: dict[tuple[str, ...], list[Transfer]] = defaultdict(list)
    for one in everything:
        if key := _habit(one):
            habits[key].append(one)
    told = {key: words for key, offers in habits.items() if (words := _routine(offers))}
    return [
        replace(one, severity=Severity.LOW, why=(*one.why, told[key]))
        if (key := _habit(one)) in told and _ended(one) and one.severity.rank > Severity.LOW.rank
        else one
        for one in everything
    ]


def _habit(one: Transfer) -> tuple[str, ...]:
    """What routine offers have in common; empty for what can't be one."""
    actor = one.actor
    if one.outcome is not Outcome.OFFERED or one.destination.kind is not Kind.BEARER_URL or one.time is None:
        return ()
    return (one.method, actor.id, actor.ip) if actor.kind == "application" and actor.id and actor.ip else ()


def _ended(one: Transfer) -> bool:
    return one.state is not None and not one.state.open and one.state.by != EXPIRY


def _routine(offers: Sequence[Transfer]) -> str:
    """Why these are routine; "" when they are not."""
    times = sorted(one.time for one in offers if one.time)
    ended = sum(map(_ended, offers))
    rounds = _rounds(times)
    long = bool(times) and times[-1] - times[0] >= SPAN
    if len(offers) < MIN_OFFERS or not long or rounds < MIN_ROUNDS or ended < len(offers) * (1 - _MOST_OPEN):
        return ""
    hours = (times[-1] - times[0]).total_seconds() / 3600
    return (
        f"routine: the same application asked for {len(offers)} such URLs from {offers[0].actor.ip}, in {rounds} rounds"
        f" over {hours:.0f} hours, and ended them"
    )


def _rounds(times: Sequence[datetime]) -> int:
    found = 0
    last: datetime | None = None
    for time in times:
        found += last is None or time - last >= BETWEEN
        last = time
    return found
