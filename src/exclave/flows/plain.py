"""Totals in plain Python, for little input where Polars is not installed. The same as collect.py gives."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from exclave.flows.addresses import is_private, prefix
from exclave.flows.model import Detail, FlowPart, Owner, Pair, PairKey, PairRow, Totals
from exclave.model import Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Ends = tuple[Cloud, str, str, str, str, str]


def totals(parts: Sequence[FlowPart], owners: Mapping[tuple[Cloud, str], Owner], floor: int) -> Totals:
    """What the parts say of the pairs that moved at least `floor` bytes."""
    by_ends: dict[_Ends, dict[str, list[PairRow]]] = defaultdict(lambda: defaultdict(list))
    prefixes: dict[tuple[Cloud, str], int] = {}
    interfaces: dict[tuple[Cloud, str], int] = {}
    first = last = 0
    for part in parts:
        for row in part.pairs:
            assert isinstance(row, PairRow)
            interface, src, dst, early, late = row.interface, row.src, row.dst, row.first, row.last
            if src and dst:
                by_ends[_ends(part.cloud, row)][interface].append(row)
            first, last = min(first or early, early), max(last, late)
            for name, known in (
                (interface, interfaces),
                *((prefix(a), prefixes) for a in (src, dst) if is_private(a)),
            ):
                known[part.cloud, name] = min(known.get((part.cloud, name), early), early)
    pairs = [pair for ends, seen in by_ends.items() if (pair := _pair(ends, seen)).bytes >= floor]
    pairs.sort(key=lambda p: (-p.bytes, p.cloud, p.src, p.dst, p.service, p.peer, p.peer_vpc))
    return Totals(
        pairs=tuple(pairs), owners=owners, prefixes=prefixes, interfaces=interfaces, first=first, last=last
    )


def detail(parts: Sequence[FlowPart], pairs: Sequence[Pair]) -> Detail:
    """The hours and files of some pairs."""
    wanted = {p.key for p in pairs}
    hours: dict[PairKey, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    best: dict[PairKey, tuple[int, tuple[str, ...]]] = {}
    for part in parts:
        for row in part.pairs:
            assert isinstance(row, PairRow)
            key = (*_ends(part.cloud, row), row.interface)
            if key in wanted:
                for hour, size in zip(row.hours, row.sizes, strict=True):
                    hours[key][hour] += size
                if row.bytes > best.get(key, (0, ()))[0]:
                    best[key] = (row.bytes, part.files)
    return Detail(
        hours={k: dict(v) for k, v in hours.items()},
        sent=_sent(parts, {(p.cloud, p.src) for p in pairs}),
        files={k: f for k, (_, f) in best.items()},
    )


def _pair(ends: _Ends, seen: Mapping[str, list[PairRow]]) -> Pair:
    # A flow that two interfaces saw was recorded twice: the larger sum is the flow's.
    interface = min(seen, key=lambda i: (-sum(row.bytes for row in seen[i]), i))
    rows = seen[interface]
    cloud, src, dst, service, peer, peer_vpc = ends
    return Pair(
        cloud=cloud,
        src=src,
        dst=dst,
        service=service,
        peer=peer,
        peer_vpc=peer_vpc,
        bytes=sum(row.bytes for row in rows),
        records=sum(row.records for row in rows),
        first=min(row.first for row in rows),
        last=max(row.last for row in rows),
        interface=interface,
    )


def _sent(
    parts: Sequence[FlowPart], sources: set[tuple[Cloud, str]]
) -> dict[tuple[Cloud, str], dict[int, int]]:
    """Bytes that each source sent to anybody, by window; of each part, what its busiest interface saw."""
    out: dict[tuple[Cloud, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for part in parts:
        seen: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in part.pairs:
            assert isinstance(row, PairRow)
            if (part.cloud, row.src) in sources:
                for hour, size in zip(row.hours, row.sizes, strict=True):
                    seen[row.src, hour][row.interface] += size
        for (src, hour), by_interface in seen.items():
            out[part.cloud, src][hour] += max(by_interface.values())
    return {key: dict(hours) for key, hours in out.items()}


def _ends(cloud: Cloud, row: PairRow) -> _Ends:
    return (cloud, row.src, row.dst, _said(row.service), _said(row.peer), _said(row.peer_vpc))


def _said(value: str) -> str:
    return "" if value == "-" else value
