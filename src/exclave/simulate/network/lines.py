"""Records of flow logs as AWS writes them to S3: text under a header line, a file for each period.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html and flow-logs-s3-path.html
"""

from __future__ import annotations

from bisect import bisect
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING

from exclave.simulate.network.hosts import visitor

if TYPE_CHECKING:
    from random import Random

    from exclave.simulate.network.hosts import Network, Talk

FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action"
    " log-status vpc-id subnet-id pkt-srcaddr pkt-dstaddr pkt-dst-aws-service flow-direction"
)
_SPREAD = 1024  # sizes drawn beforehand for each conversation's records, relative to its median
_PACKET = 1400


class Writer:
    """Draws the records of one network, a period at a time."""

    def __init__(self, rng: Random, network: Network) -> None:
        self._rng = rng
        self._network = network
        self._spread = [rng.lognormvariate(0, 0.6) for _ in range(_SPREAD)]
        self._heads = [_head(talk, network.account.id) for talk in network.talks]
        self._tails = [_tail(talk, network.account.vpc) for talk in network.talks]

    def period(self, start: int, seconds: int, count: int, hour: int, of_day: int) -> list[bytes]:
        """So many records of the time from `start` (seconds since the epoch), the `hour`-th of the logs."""
        talks = self._network.talks
        live = [
            i
            for i, t in enumerate(talks)
            if max(t.host.from_hour, t.from_hour) <= hour and (not t.hours or of_day in t.hours)
        ]
        weights = list(accumulate(talks[i].weight for i in live))
        total, rand, spread = weights[-1], self._rng.random, self._spread
        heads, tails = self._heads, self._tails
        lines: list[bytes] = []
        for _ in range(count):
            index = live[bisect(weights, rand() * total)]
            at = start + int(rand() * (seconds - 60))
            size = int(talks[index].size * spread[int(rand() * _SPREAD)]) + 40
            port = 32768 + int(rand() * 28000)
            line = heads[index] % (port, size // _PACKET + 1, size, at, at + 59) + tails[index]
            if talks[index].anybody:
                line = line.replace(b"  ", b" %s " % visitor(rand()).encode())
            lines.append(line)
        return lines


def record(talk: Talk, account: str, vpc: str, port: int, size: int, start: int, end: int) -> bytes:
    """One record."""
    return _head(talk, account) % (port, size // _PACKET + 1, size, start, end) + _tail(talk, vpc)


def path(account: str, region: str, start: int, suffix: str) -> str:
    """The object key that AWS gives a file, below the bucket."""
    at = datetime.fromtimestamp(start, UTC)
    name = f"{account}_vpcflowlogs_{region}_fl-0{suffix[:16]}_{at:%Y%m%dT%H%MZ}_{suffix[-8:]}.log.gz"
    return f"AWSLogs/{account}/vpcflowlogs/{region}/{at:%Y/%m/%d}/{name}"


def _head(talk: Talk, account: str) -> bytes:
    """All up to the numbers. Who answers sends from the service's port."""
    answers = talk.out == (talk.anybody or talk.source != talk.host.address)
    ports = f"{talk.port} %d" if answers else f"%d {talk.port}"
    ends = f"{talk.source} {talk.destination}"
    return f"5 {account} {talk.host.interface} {ends} {ports} 6 %d %d %d %d ".encode()


def _tail(talk: Talk, vpc: str) -> bytes:
    verdict = "ACCEPT" if talk.accepted else "REJECT"
    way = "egress" if talk.out else "ingress"
    ends = f"{talk.source} {talk.destination}"
    return f"{verdict} OK {vpc} {talk.host.subnet} {ends} {talk.service} {way}\n".encode()
