"""Writes flow logs of an organisation's networks: ordinary traffic, and the bulk flows of breaches in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from exclave.simulate.breach import TrueFlow
from exclave.simulate.ids import generator
from exclave.simulate.network.hosts import FILE_SERVER, Talk, network
from exclave.simulate.network.lines import FIELDS, Writer, path, record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from random import Random

    from exclave.simulate.aws.organisation import Account
    from exclave.simulate.breach import BulkFlow, Story
    from exclave.simulate.network.hosts import Network

_LEVEL = 6
_HOUR = 3600
_PERIOD = 300  # seconds of a file, as AWS writes them, where there is enough for so many; else an hour
_FULL = 500  # records that are enough for a file
_DAY = (
    4,
    4,
    4,
    3,
    3,
    4,
    5,
    7,
    10,
    12,
    12,
    12,
    11,
    12,
    12,
    12,
    11,
    10,
    9,
    8,
    7,
    6,
    5,
    5,
)  # how busy each hour is
_MOST_PEERS = 3  # other accounts' networks that each one talks with
_RECORD = 60  # seconds of one record of a bulk flow


@dataclass(frozen=True, slots=True)
class Counted:
    """What was written. Sizes in bytes."""

    files: int = 0
    records: int = 0
    bytes_plain: int = 0
    bytes_written: int = 0


def write(
    logs: Path,
    *,
    seed: int,
    accounts: Sequence[Account],
    stories: Sequence[Story],
    start: datetime,
    days: int,
    records: int,
) -> Counted:
    """Writes a file for each account and five minutes, or hour, below `logs`, as AWS lays its bucket out.

    Same arguments, same bytes. The bulk flows of `stories` come on top of `records`; what they sent goes
    into their truth. Raises OSError.
    """
    import deflate  # compiled code, loaded when something is written

    begin, hours = int(start.timestamp()), days * 24
    period = _PERIOD if records >= len(accounts) * hours * (_HOUR // _PERIOD) * _FULL else _HOUR
    busy = [_DAY[(begin + at) // _HOUR % 24] for at in range(0, hours * _HOUR, period)]
    until = [0, *accumulate(busy)]
    total = Counted()
    for number, account in enumerate(accounts):
        rng = generator(seed, f"network/{account.id}")
        others = tuple(
            (number + step) % len(accounts) for step in range(1, min(_MOST_PEERS + 1, len(accounts)))
        )
        made = network(rng, account, number, others, days)
        planted = _planted(rng, made, stories, start, start + timedelta(days=days))
        writer = Writer(rng, made)
        for step, since in enumerate(range(begin, begin + hours * _HOUR, period)):
            all_of_it, before = until[-1] * len(accounts), until[-1] * number
            count = _share(records, all_of_it, before + until[step + 1]) - _share(
                records, all_of_it, before + until[step]
            )
            hour = (since - begin) // _HOUR
            lines = writer.period(since, period, count, hour, since // _HOUR % 24)
            lines += [line for time, line in planted if since <= time < since + period]
            body = b"".join([FIELDS.encode() + b"\n", *lines])
            target = logs / path(account.id, account.home, since, f"{rng.getrandbits(96):024x}")
            target.parent.mkdir(parents=True, exist_ok=True)
            packed = deflate.gzip_compress(body, _LEVEL)
            target.write_bytes(packed)
            total = Counted(
                total.files + 1,
                total.records + len(lines),
                total.bytes_plain + len(body),
                total.bytes_written + len(packed),
            )
    return total


def _share(whole: int, parts: int, upto: int) -> int:
    """How much of it the parts before a number have, so that they add up."""
    return whole * upto // parts


def _planted(
    rng: Random, made: Network, stories: Sequence[Story], start: datetime, end: datetime
) -> list[tuple[int, bytes]]:
    out: list[tuple[int, bytes]] = []
    for story in stories:
        if story.account == made.account.id:
            for bulk in story.bulk:
                out += _bulk(rng, made, story, bulk, int(start.timestamp()), int(end.timestamp()))
    return out


def _bulk(
    rng: Random, made: Network, story: Story, bulk: BulkFlow, start: int, end: int
) -> list[tuple[int, bytes]]:
    """The records of one bulk flow, at the file server's interface: what it sent, and the answers."""
    host = made.hosts[FILE_SERVER]
    there = Talk(host, host.address, bulk.destination, 445, True, 0, 0.0)
    back = Talk(host, bulk.destination, host.address, 445, False, 0, 0.0)
    first = max(start, int(bulk.start.timestamp()))
    times = range(first, min(end, first + int(bulk.hours * _HOUR)) - _RECORD, _RECORD)
    each = int(bulk.gib * (1 << 30) / (bulk.hours * _HOUR / _RECORD))
    port, vpc, out, sent = 32768 + rng.randrange(28000), made.account.vpc, [], 0
    for time in times:
        size = int(each * rng.uniform(0.9, 1.1))
        sent += size
        until = time + _RECORD - 1
        out.append((time, record(there, made.account.id, vpc, port, size, time, until)))
        out.append((time, record(back, made.account.id, vpc, port, size // 60, time, until)))
    story.flows.append(
        TrueFlow(
            source=host.address,
            destination=bulk.destination,
            interface=host.interface,
            bytes=sent,
            started=bulk.start,
            ended=bulk.start + timedelta(seconds=len(times) * _RECORD),
        )
    )
    return out
