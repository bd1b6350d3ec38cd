"""What one process does with a batch of items: the same function on one core, many, or a cluster."""

from __future__ import annotations

import functools
import signal
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from exclave.catalogue.loader import load
from exclave.detect.result import ScanResult, merge
from exclave.detect.scan import Scanner, scanner
from exclave.formats.cloudtrail import is_trail
from exclave.model import Problem
from exclave.sources import Item, Limits, open_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.detect.doings import Doing
    from exclave.flows import Gatherer, Place
    from exclave.model import Issued


class Settings(Struct, frozen=True, kw_only=True):
    """How to scan; picklable and hashable."""

    since: datetime | None = None
    until: datetime | None = None
    fast: bool = True
    hyperscan: bool = True
    confirm: bool = False
    limits: Limits = Limits()


class Span(Struct, frozen=True, kw_only=True):
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


def prepare(settings: Settings) -> None:
    """Make ready what `scan_items` needs, so that processes which are forked now have it."""
    prefilter = _scanner(settings).prefilter
    if prefilter is not None:
        prefilter.prepare()


def scan_items(items: Sequence[Item], settings: Settings) -> tuple[ScanResult, list[Span]]:
    """Scans items one after the other."""
    spans: list[Span] = []
    batch = _scanner(settings).batch()
    flows: Gatherer | None = None
    for item, blobs in open_items(items, settings.limits):
        batch.began()
        scanned = flowing = False
        for blob in blobs:
            if isinstance(blob, Problem):
                batch.total.problem(blob)
                continue
            if not is_trail(blob.data):
                flows = flows or _gatherer(settings)
                if flows.take(blob):
                    flowing = True
                    continue
            scanned = True
            batch.scan(blob)
            blob.data = b""  # given back before the next is made, which then takes its place
        spans.append(Span(item=item, first=batch.first, last=batch.last, flows=flowing and not scanned))
    results = [batch.result()]
    if flows is not None:
        from exclave.detect.flowing import scanned as summed

        results.append(summed(flows.done()))
    return merge(results), spans


def _gatherer(settings: Settings) -> Gatherer:
    from exclave.flows import Gatherer

    return Gatherer(
        fast=settings.fast,
        since=_seconds(settings.since),
        until=_seconds(settings.until),
        known=_places(settings),
    )


@functools.lru_cache(maxsize=4)
def _places(_settings: Settings) -> dict[str, Place]:
    """Where interfaces are, as far as this process read of them: searching for them again takes long."""
    return {}


def _seconds(time: datetime | None) -> int:
    return int(time.timestamp()) if time else 0


def issued_items(items: Sequence[Item], credentials: frozenset[str], settings: Settings) -> list[Issued]:
    """Looks in items for the records that handed out credentials."""
    from exclave.detect.sessions import issued_in

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
    from exclave.detect.doings import doings

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
