"""What is measured against what, and on which corpora."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from corpora import CLOUD, FLOWS

WAYS = Path(__file__).parent / "ways"
FLOOR, FLOOR_2, ONE, TWO = "libdeflate alone", "libdeflate, 2 processes", "exclave", "exclave, 2 processes"
POLARS, DUCKDB = "bare Polars, one thread", "bare DuckDB, one thread"
POLARS_2, DUCKDB_2 = "bare Polars, 2 threads", "bare DuckDB, 2 threads"
PASS, VERSION, ONE_FILE = "python -c pass", "exclave --version", "exclave hunt, one small file"
_MAIN = ("large", "sparse", "breached", "data", "folder", "tiny")
_CLOUD = tuple(CLOUD)
_FLOWS = tuple(FLOWS)
_AWS_FLOWS = ("flows", "flows2")  # what the others read
_SIZES = ("gb0.2", "gb1", "gb5")
_PEERS = ("large", "data", "folder")


@dataclass(frozen=True, slots=True)
class Way:
    """A command; `{}` in it stands for the folder. `sample`: on a part only, for it is slow."""

    name: str
    command: tuple[str, ...]
    corpora: tuple[str, ...]
    sample: bool = False
    good: frozenset[int] = frozenset({0})


def exclave() -> str:
    """The installed command, beside the Python that runs this."""
    return str(Path(sys.executable).parent / "exclave")


def ways(names: Path) -> list[Way]:
    """All that this machine can run. `names` is a file of event names to look for, for those that need one."""
    python = sys.executable
    hunt = ("hunt", "{}", "-q", "--fail-on", "never")
    shell = "/bin/sh"
    found = [
        Way(FLOOR, (python, str(WAYS / "inflate.py"), "{}"), (*_MAIN, *_SIZES, *_CLOUD, *_FLOWS)),
        Way(ONE, (exclave(), *hunt, "-j", "1"), (*_MAIN, *_SIZES, *_CLOUD, *_FLOWS)),
        Way(TWO, (exclave(), *hunt, "-j", "2"), (*_MAIN, *_SIZES, *_AWS_FLOWS)),
        Way(FLOOR_2, (python, str(WAYS / "inflate2.py"), "{}"), _MAIN),
        Way(
            "exclave without Hyperscan", (python, str(WAYS / "bare.py"), *hunt, "-j", "1"), (*_PEERS, *_CLOUD)
        ),
        Way("gzip+json, 30 Python rules", (python, str(WAYS / "rules.py"), "{}"), _PEERS, sample=True),
    ]
    if shutil.which("rg"):
        found.append(Way("ripgrep -z", (shell, str(WAYS / "rg.sh"), "{}", str(names)), _PEERS, sample=True))
    if shutil.which("jq"):
        found.append(Way("gzip | jq -c", (shell, str(WAYS / "jq.sh"), "{}", str(names)), _PEERS, sample=True))
    if importlib.util.find_spec("duckdb"):
        duck = (python, str(WAYS / "duck.py"), "{}", str(names))
        found.append(Way("DuckDB read_json", duck, _PEERS, sample=True))
    return [*found, *_of_flows(python)]


def _of_flows(python: str) -> list[Way]:
    """What sums flow logs and no more: the plain way in each engine."""
    found: list[Way] = []
    for name, threads in ((POLARS, 1), (POLARS_2, 2)):
        if importlib.util.find_spec("polars"):
            command = (python, str(WAYS / "flows_polars.py"), "{}")
            found.append(Way(name, ("/usr/bin/env", f"POLARS_MAX_THREADS={threads}", *command), _AWS_FLOWS))
    for name, threads in ((DUCKDB, 1), (DUCKDB_2, 2)):
        if importlib.util.find_spec("duckdb"):
            command = (python, str(WAYS / "flows_duck.py"), "{}", str(threads))
            found.append(Way(name, command, _AWS_FLOWS))
    return found


def starts() -> list[Way]:
    """Commands whose time is that of starting."""
    return [
        Way(PASS, (sys.executable, "-c", "pass"), ("one",)),
        Way(VERSION, (exclave(), "--version"), ("one",)),
        Way(ONE_FILE, (exclave(), "hunt", "{}", "-q", "--fail-on", "never"), ("one",)),
    ]


def environment() -> dict[str, str]:
    """As it is, without what would make Python write or check more than usual."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") or k == "PYTHONPATH"}
    return kept | {"LC_ALL": "C.UTF-8", "TERM": "dumb"}
