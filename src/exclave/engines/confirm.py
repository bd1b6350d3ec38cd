"""The second look: what the cheap path found in large files is numbered, and dropped where it was forged.

See detect/prefilter.py for what an attacker can plant, and detect/fold.py for why a find may speak for many.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from exclave.detect.fold import key_of
from exclave.detect.result import ScanResult, merge
from exclave.model import Signal, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exclave.engines.work import Span
    from exclave.model import Report
    from exclave.sources import Item

F = TypeVar("F", Transfer, Signal)

# Scans items for certain: what they show, and `where` of those that could be read.
Again = Callable[[list["Item"]], tuple[ScanResult, set[str]]]


def confirmed(result: ScanResult, found: Report, spans: Sequence[Span], again: Again) -> ScanResult:
    """The result with every file looked at again in which something loud was found.

    It is the same object where there is none.
    """
    wanted = roots(_loud(found))
    items = [span.item for span in spans if span.item.where in wanted]
    if not items:
        return result
    new, read = again(items)
    transfers, fresh, doubtful = _sorted_out(result.transfers, new.transfers, read)
    signals, fresh_signals, doubtful_signals = _sorted_out(result.signals, new.signals, read)
    if doubtful or doubtful_signals:
        recounted = _recounted([*doubtful, *doubtful_signals], spans, again)
        fresh += _like(doubtful, recounted.transfers)
        fresh_signals += _like(doubtful_signals, recounted.signals)
    old = replace(
        result,
        transfers=tuple(transfers),
        signals=tuple(signals),
        closures=tuple(f for f in result.closures if _outside(f.evidence.file, read)),
        derivations=tuple(f for f in result.derivations if _outside(f.evidence.file, read)),
    )
    out = merge([old, replace(new, transfers=tuple(fresh), signals=tuple(fresh_signals))])
    return replace(out, coverage=result.coverage)


def _sorted_out(old: Sequence[F], new: Sequence[F], read: set[str]) -> tuple[list[F], list[F], list[F]]:
    """Findings that stay, those that take the place of others, and folded ones whose first was forged."""
    told = {key_of(one): one for one in new if key_of(one)}
    kept: list[F] = []
    doubtful: list[F] = []
    for one in old:
        if _outside(one.evidence.file, read):
            kept.append(one)
        elif key_of(one) and one.count > 1:
            # It counts finds in other files too, so it stays as long as its first one is real.
            same = told.get(key_of(one))
            if same and same.evidence.event_id == one.evidence.event_id and same.time == one.time:
                kept.append(replace(one, evidence=same.evidence))
            else:
                doubtful.append(one)
    counted = {key_of(one) for one in (*kept, *doubtful)} - {()}
    return kept, [one for one in new if key_of(one) not in counted], doubtful


def _loud(found: Report) -> set[str]:
    """The files of finds that matter and are not confirmed yet."""
    out = {f.evidence.file for i in found.incidents for f in i.findings if not f.evidence.record}
    out |= {f.evidence.file for f in found.findings if not f.evidence.record and f.severity.rank > 1}
    return out | {s.evidence.file for i in found.incidents for s in i.story if not s.evidence.record}


def _recounted(doubtful: Sequence[Transfer | Signal], spans: Sequence[Span], again: Again) -> ScanResult:
    """Folded finds whose first one was forged, counted anew in all files of their time."""
    return again([span.item for span in spans if any(_within(one, span) for one in doubtful)])[0]


def _like(doubtful: Sequence[F], counted: Sequence[F]) -> list[F]:
    keys = {key_of(one) for one in doubtful}
    return [one for one in counted if key_of(one) in keys]


def _within(one: Transfer | Signal, span: Span) -> bool:
    if span.first is None or span.last is None or one.time is None or one.last is None:
        return True
    return span.first <= one.last and span.last >= one.time


def _outside(file: str, read: set[str]) -> bool:
    return roots((file,)).isdisjoint(read)


def roots(files: Iterable[str]) -> set[str]:
    """The items that files may stand in: `logs.zip!a.json` may be in `logs.zip`, or a file."""
    out: set[str] = set()
    for file in files:
        parts = file.split("!")
        out |= {"!".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return out
