"""The benchmark: `python bench/run.py [small] [--rounds N] [--only CORPUS ...]`; see README.md.

Prints ratios from one run. Every way is run in fresh processes, all of them by turns, so that what else the machine
does falls on all alike. CPU seconds per GB of plain bytes are the number to trust; wall time is beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from contest import Way, environment, exclave, starts, ways
from corpora import FLOWS, Corpus, corpus, specs
from measure import Taken, run
from report import Runs, machine, show

_START_ROUNDS = 11
_NAMES = """
from exclave.catalogue.loader import load
rules = [rule for method in load().methods for rule in method.match]
print(*sorted({e.partition(":")[2] for r in rules for e in r.events if ".amazonaws.com:" in e}), sep="\\n")
"""


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("size", nargs="?", choices=["small", "full"], default="full")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--only", nargs="*", help="corpora to measure on")
    asked.add_argument("--fast-only", action="store_true", help="without the slow ways")
    said = asked.parse_args()
    small = said.size == "small"
    here = Path(__file__).parent
    only = (*said.only, "one") if said.only else ()
    subprocess.run([sys.executable, here / "making.py", said.size, *only], check=True)
    chosen = {n: corpus(s) for n, s in specs(small=small).items() if not only or n in only}
    with tempfile.TemporaryDirectory() as scratch:
        names = Path(scratch) / "names"
        names.write_bytes(
            subprocess.run([sys.executable, "-c", _NAMES], check=True, stdout=subprocess.PIPE).stdout
        )
        contenders = [way for way in ways(names) if not (said.fast_only and way.sample)]
        for one in chosen.values():
            check(one, Path(scratch) / "report.jsonl")
        print(machine(), flush=True)
        runs: Runs = defaultdict(list)
        for _ in range(_START_ROUNDS):
            turn(starts(), chosen["one"], runs)
        for _ in range(said.rounds):
            for one in chosen.values():
                turn([way for way in contenders if one.spec.name in way.corpora], one, runs)
    show(runs, chosen)
    print(f"load at the end: {os.getloadavg()[0]:.1f}")


def turn(contenders: list[Way], on: Corpus, runs: Runs) -> None:
    """Runs each way once on a corpus."""
    for way in contenders:
        part = on.sample if way.sample else on.logs
        taken = run([part.path.as_posix() if word == "{}" else word for word in way.command], environment())
        if taken.status not in way.good:
            sys.exit(f"{way.name} ended with status {taken.status} on {part.path}")
        runs[on.spec.name, way.name].append((part, taken))


def check(on: Corpus, out: Path) -> Taken:
    """That the hunt reads every byte of a corpus and finds its breaches; also puts its files into memory."""
    command = [exclave(), "hunt", str(on.logs.path), "-q", "--fail-on", "never", "-o", str(out)]
    taken = run(command, environment())
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    coverage = lines[-1]
    if (coverage["files"], coverage["bytes_plain"]) != (on.logs.files, on.logs.plain) or coverage["problems"]:
        sys.exit(f"{on.spec.name}: not all of it was read: {coverage}")
    loud = [line for line in lines if line["type"] == "incident" and line["severity"] == "critical"]
    if len(loud) < len(on.spec.breaches):
        sys.exit(f"{on.spec.name}: the breach in it was not found")
    if on.spec.name in FLOWS:
        check_flows(on.spec.name, lines)
    return taken


def check_flows(name: str, lines: list[dict[str, Any]]) -> None:
    """That the planted transfer is found, and that nothing else is told of at medium or above."""
    loud = [line for line in lines if line.get("severity") in ("critical", "high", "medium")]
    incidents = [line for line in loud if line["type"] == "incident"]
    others = [line for line in loud if line["type"] != "incident" and line["incident"] != incidents[0]["id"]]
    if len(incidents) != 1 or others:
        sys.exit(f"{name}: {len(incidents)} incidents and {len(others)} findings beside the planted transfer")


if __name__ == "__main__":
    main()
