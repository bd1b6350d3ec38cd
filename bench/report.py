"""The tables, and whether what was promised holds."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING

from contest import (
    DUCKDB,
    DUCKDB_2,
    FLOOR,
    FLOOR_2,
    ONE,
    ONE_FILE,
    PASS,
    POLARS,
    POLARS_2,
    TWO,
    VERSION,
)
from corpora import FLOWS, Corpus, Part
from measure import Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Runs = dict[tuple[str, str], list[tuple[Part, Taken]]]  # by corpus and way
GB = 1e9
_ENGINE_TIMES, _FLOWS_MB = 1.5, 500


def machine() -> str:
    """What it ran on, in one line."""
    tools = [
        f"{p} {version(p)}"
        for p in ("deflate", "pyperscan", "orjson", "msgspec", "polars", "duckdb")
        if _has(p)
    ]
    tools += [_first_line(tool, "--version") for tool in ("rg", "jq") if shutil.which(tool)]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(tools)}; load at the start: {os.getloadavg()[0]:.1f}"
    )


def show(runs: Runs, corpora: Mapping[str, Corpus]) -> None:
    """Prints everything as Markdown."""
    for name, corpus in corpora.items():
        found = [way for on, way in runs if on == name]
        if name == "one" or not found:
            continue
        logs = corpus.logs
        print(
            f"\n**{name}**: {corpus.spec.about}; {logs.files:,} files, {logs.plain / GB:.2f} GB plain,",
            end=" ",
        )
        print(f"{logs.packed / GB:.3f} GB stored\n")
        print(
            "| way | CPU s/GB | of the floor | GB/s | wall s | peak MB | on GB |\n|---|---|---|---|---|---|---|"
        )
        for way in found:
            print(_row(runs, name, way))
    print(
        "\n**starting**\n\n| command | wall s | least | CPU s | of `python -c pass` | peak MB |\n|---|---|---|---|---|---|"
    )
    for way in (PASS, VERSION, ONE_FILE):
        wall, cpu = _walls(runs, "one", way), median(t.cpu for _, t in runs["one", way])
        times = median(wall) / median(_walls(runs, "one", PASS))
        print(
            f"| {way} | {median(wall):.3f} | {min(wall):.3f} | {cpu:.3f} | {times:.1f} | {_peak(runs, 'one', way):.0f} |"
        )
    print("\n**promised**\n\n| | promised | measured | |\n|---|---|---|---|")
    for line in _promises(runs, corpora):
        print(line)
    print("\nspread of the floor's CPU s/GB (least to most):", end=" ")
    print("; ".join(f"{n} {_spread(runs, n)}" for n in corpora if (n, FLOOR) in runs))


def _row(runs: Runs, corpus: str, way: str) -> str:
    part = runs[corpus, way][0][0]
    wall = median(_walls(runs, corpus, way))
    return (
        f"| {way} | {_per_gb(runs, corpus, way):.2f} | {_of_floor(runs, corpus, way):.3f} | {part.plain / GB / wall:.2f} "
        f"| {wall:.2f} | {_peak(runs, corpus, way):.0f} | {part.plain / GB:.2f} |"
    )


def _promises(runs: Runs, corpora: Mapping[str, Corpus]) -> list[str]:
    out: list[str] = []

    def line(what: str, promised: str, measured: str, holds: bool) -> None:
        out.append(f"| {what} | {promised} | {measured} | {'holds' if holds else 'MISSED'} |")

    least: Callable[[str, float], None] = lambda name, bound: (  # noqa: E731
        line(
            f"{name}: throughput of libdeflate alone",
            f">= {bound}",
            f"{_of_floor(runs, name, ONE):.2f}",
            _of_floor(runs, name, ONE) >= bound,
        )
        if (name, ONE) in runs
        else None
    )
    cloud = (("azure-activity", 0.6), ("gcp-admin", 0.6), ("azure-storage", 0.4), ("gcp-data", 0.4))
    for name, bound in (("large", 0.65), ("sparse", 0.65), ("data", 0.4), *cloud):
        least(name, bound)
    for name in ("large", "sparse", "folder"):
        if (name, TWO) in runs:
            two, own = _gain(runs, name, ONE, TWO), _gain(runs, name, FLOOR, FLOOR_2)
            line(
                f"{name}: 2 processes against 1 (libdeflate alone: {own:.2f})",
                ">= 1.8",
                f"{two:.2f}",
                two >= 1.8,  # noqa: PLR2004
            )
    if {("large", ONE), ("folder", ONE)} <= runs.keys():
        times = _per_gb(runs, "folder", ONE) / _per_gb(runs, "large", ONE)
        own = _per_gb(runs, "folder", FLOOR) / _per_gb(runs, "large", FLOOR)
        line(
            f"folder: CPU per byte against large files (libdeflate alone: {own:.2f})",
            "<= 1.33",
            f"{times:.2f}",
            times <= 4 / 3,
        )
    for way in (ONE, TWO):
        peaks = [_peak(runs, n, way) for n in corpora if (n, way) in runs and n not in FLOWS]
        if not peaks:
            continue
        line(
            f"{way}: peak memory of a process, any corpus",
            "<= 200 MB",
            f"{max(peaks):.0f} MB",
            max(peaks) <= 200,  # noqa: PLR2004
        )
    sizes = [n for n in ("gb0.2", "gb1", "gb5") if (n, ONE) in runs]
    for way in (ONE, TWO) if len(sizes) > 1 else ():
        low, high = _peak(runs, sizes[0], way), _peak(runs, sizes[-1], way)
        line(
            f"{way}: memory from 0.2 GB to {sizes[-1][2:]} GB",
            "flat",
            f"{low:.0f} to {high:.0f} MB",
            high <= low * 1.1,
        )
    for way, bound in ((VERSION, 0.15), (ONE_FILE, 0.5)):
        wall = median(_walls(runs, "one", way))
        line(way, f"<= {bound} s", f"{wall:.3f} s", wall <= bound)
    return [*out, *_of_flows(runs)]


def _of_flows(runs: Runs) -> Iterator[str]:
    """Flow logs beside the better of the engines, by the least of each: others' work only ever adds to it."""
    for name in ("flows", "flows2"):
        for mine, others in ((ONE, (POLARS, DUCKDB)), (TWO, (POLARS_2, DUCKDB_2))):
            if not {(name, way) for way in (mine, *others)} <= runs.keys():
                continue
            for what, taken in (("CPU", _cpus), ("wall", _walls)):
                times = min(taken(runs, name, mine)) / min(min(taken(runs, name, way)) for way in others)
                holds = "holds" if times <= _ENGINE_TIMES else "MISSED"
                yield f"| {name}: {what} of {mine} over the better engine's | <= {_ENGINE_TIMES} | {times:.2f} | {holds} |"
            peak = _peak(runs, name, mine)
            holds = "holds" if peak <= _FLOWS_MB else "MISSED"
            yield f"| {name}: peak memory of a process, {mine} | <= {_FLOWS_MB} MB | {peak:.0f} MB | {holds} |"


def _per_gb(runs: Runs, corpus: str, way: str) -> float:
    return median(taken.cpu * GB / part.plain for part, taken in runs[corpus, way])


def _of_floor(runs: Runs, corpus: str, way: str) -> float:
    return _per_gb(runs, corpus, FLOOR) / _per_gb(runs, corpus, way)


def _gain(runs: Runs, corpus: str, one: str, two: str) -> float:
    """How many times as fast two processes are, by the least wall times: others' work only ever adds to them."""
    return min(_walls(runs, corpus, one)) / min(_walls(runs, corpus, two))


def _walls(runs: Runs, corpus: str, way: str) -> list[float]:
    return [taken.wall for _, taken in runs[corpus, way]]


def _cpus(runs: Runs, corpus: str, way: str) -> list[float]:
    return [taken.cpu for _, taken in runs[corpus, way]]


def _peak(runs: Runs, corpus: str, way: str) -> float:
    return max(taken.rss for _, taken in runs[corpus, way]) / 1e6


def _spread(runs: Runs, corpus: str) -> str:
    found = [taken.cpu * GB / part.plain for part, taken in runs[corpus, FLOOR]]
    return f"{min(found):.2f}-{max(found):.2f}"


def _has(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def _first_line(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.partition("\n")[0]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
