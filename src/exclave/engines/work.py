"""What one process does with a batch of items: the same function on one core, many, or a cluster."""

from __future__ import annotations

import functools
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exclave.catalogue.loader import load
from exclave.detect.doings import Doing, doings
from exclave.detect.flowing import scanned
from exclave.detect.result import ScanResult, Sum, merge
from exclave.detect.scan import Scanner, scanner
from exclave.detect.sessions import issued_in
from exclave.flows import Gatherer
from exclave.model import Coverage, Issued, Problem
from exclave.sources import Blob, Item, Limits, open_items

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to scan; picklable and hashable."""

    since: datetime | None = None
    until: datetime | None = None
    fast: bool = True
    hyperscan: bool = True
    confirm: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which time an item's records cover, as far as known."""

    item: Item
    first: datetime | None
    last: datetime | None
    flows: bool = False  # it holds flow logs, and nothing else


@functools.lru_cache(maxsize=4)
def _scanner(settings: Settings) -> Scanner:
    return scanner(
        load(),
        fast=settings.fast,
        hyperscan=settings.hyperscan,
        confirm=settings.confirm,
        since=settings.since,
        until=settings.until,
    )


def scan_items(items: Sequence[Item], settings: Settings) -> tuple[ScanResult, list[Span]]:
    """Scans items one after the other."""
    results: list[ScanResult] = []
    spans: list[Span] = []
    flows = Gatherer(fast=settings.fast, since=_seconds(settings.since), until=_seconds(settings.until))
    for item, blobs in open_items(items, settings.limits):
        own: list[ScanResult] = []
        flowing = False
        total = Sum()
        for blob in blobs:
            if isinstance(blob, Problem):
                total.problem(blob)
            elif flows.take(blob):
                flowing = True
            else:
                own.append(_total(_scanner(settings).scan, blob))  # made once, and only if it is needed
        results += own
        if total.problems:
            results.append(ScanResult(coverage=total.coverage()))
        for one in own:
            total.span(one.coverage.first)
            total.span(one.coverage.last)
        spans.append(Span(item=item, first=total.first, last=total.last, flows=flowing and not own))
    results.append(scanned(flows.done()))
    return merge(results), spans


def _seconds(time: datetime | None) -> int:
    return int(time.timestamp()) if time else 0


def _total(scan: Callable[[Blob], ScanResult], blob: Blob) -> ScanResult:
    try:
        return scan(blob)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - one hostile file must not end the hunt; it is named instead
        what = f"can't be scanned: {type(error).__name__}: {error}"
        problem = Problem(where=blob.name, what=what, hint="this is a defect of exclave: please report it")
        return ScanResult(coverage=Coverage(files=1, bytes_read=blob.packed, problems=(problem,)))


def issued_items(items: Sequence[Item], credentials: frozenset[str], settings: Settings) -> list[Issued]:
    """Looks in items for the records that handed out credentials."""
    out: list[Issued] = []
    for _item, blobs in open_items(items, settings.limits):
        for blob in blobs:
            if not isinstance(blob, Problem):
                out += issued_in(blob, credentials)
    return out


def doings_items(
    items: Sequence[Item], who: frozenset[str], settings: Settings
) -> tuple[list[Doing], list[Problem]]:
    """Looks in items for everything that some actors did."""
    out: list[Doing] = []
    problems: list[Problem] = []
    for _item, blobs in open_items(items, settings.limits):
        for blob in blobs:
            if isinstance(blob, Problem):
                problems.append(blob)
                continue
            out += doings(blob, who)
            if blob.problem is not None:
                problems.append(blob.problem)
    return out, problems


def ignore_interrupts() -> None:
    """Workers leave Ctrl-C to the process that started them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
