"""Flow logs in a hunt: parts are collected while files are read, and looked at once all were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.detect.flowing import found
from exclave.detect.result import order
from exclave.flows.locate import locate
from exclave.model import Problem, Signal, Transfer
from exclave.sources import open_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from exclave.catalogue.loader import Catalogue
    from exclave.detect.result import ScanResult
    from exclave.flows import Collector, Suspect
    from exclave.perimeter import Perimeter
    from exclave.sources import Item, Limits

_MOST = 16  # files that are opened again for one finding


def with_flows(
    result: ScanResult,
    collector: Collector,
    perimeter: Perimeter,
    catalogue: Catalogue,
    items: Sequence[Item],
    limits: Limits,
) -> ScanResult:
    """The result with what the collected flows show."""

    def place(told: Sequence[Suspect], files: Sequence[tuple[str, ...]]) -> Mapping[int, tuple[str, int]]:
        return _located(told, files, items, limits)

    problems = collector.problems()
    try:
        more = found(collector, result.signals, perimeter, catalogue, place) if collector else []
    except OSError as error:
        what = f"the sums of flow logs can't be read back: {error.strerror or error}"
        more, problems = (
            [],
            (*problems, Problem(where="(flow logs)", what=what, hint="make room for temporary files")),
        )
    transfers = [f for f in more if isinstance(f, Transfer)]
    signals = [f for f in more if isinstance(f, Signal)]
    coverage = replace(result.coverage, problems=(*result.coverage.problems, *problems))
    return replace(
        result,
        transfers=tuple(sorted((*result.transfers, *transfers), key=order)),
        signals=tuple(sorted((*result.signals, *signals), key=order)),
        coverage=coverage,
    )


def _located(
    told: Sequence[Suspect], files: Sequence[tuple[str, ...]], items: Sequence[Item], limits: Limits
) -> dict[int, tuple[str, int]]:
    """File and number of the largest record of each suspect, read again from its files."""
    wanted: dict[str, set[tuple[str, str]]] = {}
    for one, names in zip(told, files, strict=False):
        for name in names[:_MOST]:
            wanted.setdefault(name, set()).add((one.main.src, one.main.dst))
    best: dict[tuple[str, str], tuple[int, str, int]] = {}
    for item in items:
        if not any(n == item.where or n.startswith(item.where + "!") for n in wanted):
            continue
        for blob in open_item(item, limits):
            if isinstance(blob, Problem) or blob.name not in wanted:
                continue
            for ends, (number, size) in locate(blob, wanted[blob.name]).items():
                if size > best.get(ends, (-1, "", 0))[0]:
                    best[ends] = (size, blob.name, number)
    places = {n: best[s.main.src, s.main.dst] for n, s in enumerate(told) if (s.main.src, s.main.dst) in best}
    return {n: (file, number) for n, (_, file, number) in places.items()}
