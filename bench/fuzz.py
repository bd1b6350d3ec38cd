"""Mangled logs of every kind, hunted: `python bench/fuzz.py --minutes 60 --seed 1`.

Fails where a hunt raises, calls something a defect, does not end, says nothing of a file, loses a find that the full
parser makes, or writes an output that its format does not allow. Each failing file is kept; `--case N` tries it again.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from fuzz_mangle import mangled, packed  # noqa: E402
from fuzz_seeds import Seed, seeds  # noqa: E402

from exclave import outputs  # noqa: E402
from exclave.catalogue.loader import load  # noqa: E402
from exclave.engines.hunt import Hunt  # noqa: E402
from exclave.engines.work import Settings, scan_items  # noqa: E402
from exclave.perimeter.build import maker  # noqa: E402
from exclave.sources import plan  # noqa: E402

if TYPE_CHECKING:
    from exclave.detect.result import ScanResult

_SECONDS = 60  # that one case may take
_WAYS = {
    "full": Settings(fast=False, confirm=True),
    "scan": Settings(confirm=True),
    "parse": Settings(hyperscan=False, confirm=True),
}


class FailedError(Exception):
    """What is wrong with a case."""


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--case", type=int, help="only this one, with its traceback")
    asked.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "exclave-fuzz")
    options = asked.parse_args()
    signal.signal(signal.SIGALRM, _too_long)
    known = seeds(random.Random(options.seed))
    end = time.monotonic() + options.minutes * 60
    failures = 0
    numbers = itertools.count() if options.case is None else [options.case]
    done = 0
    for number in numbers:
        if time.monotonic() > end:
            break
        done += 1
        failures += _case(options, known, number)
    print(f"{done} cases of {len(known)} kinds, {failures} failed (seed {options.seed})")
    return 1 if failures else 0


def _case(options: argparse.Namespace, known: list[Seed], number: int) -> int:
    rng = random.Random(f"{options.seed} {number}")
    kind, name, content = rng.choice(known)
    name, content = packed(rng, name, mangled(rng, content))
    signal.alarm(_SECONDS)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            _check(path, whole=rng.random() < 0.2)  # noqa: PLR2004
    except Exception as error:  # noqa: BLE001
        options.keep.mkdir(parents=True, exist_ok=True)
        kept = options.keep / f"{options.seed}-{number}-{Path(name).name}"
        kept.write_bytes(content)
        print(
            f"case {number} ({kind}): {type(error).__name__}: {str(error)[:600]}\n  kept as {kept}",
            flush=True,
        )
        if options.case is not None or not isinstance(error, FailedError):
            traceback.print_exc()
        return 1
    finally:
        signal.alarm(0)
    return 0


def _too_long(_number: int, _frame: Any) -> None:
    raise FailedError(f"not done after {_SECONDS} s")


def _check(path: Path, *, whole: bool) -> None:
    items = list(plan([str(path)]))
    results: dict[str, ScanResult] = {}
    for way, settings in _WAYS.items():
        results[way] = scan_items(items, settings)[0]
        _accounted(results[way], way)
    expected = _found(results["full"])
    for way, result in results.items():
        found = _found(result)
        for part, lines in expected.items():
            if found[part] != lines:
                lost, made = sorted(set(lines) - set(found[part])), sorted(set(found[part]) - set(lines))
                raise FailedError(
                    f"{way}: {part} differ from the full parser's: lost {lost[:2]}, made up {made[:2]}"
                )
    if whole:
        _reported(path)


def _accounted(result: ScanResult, way: str) -> None:
    coverage = result.coverage
    told = sum(coverage.formats.values()) + sum(coverage.skipped.values()) + len(coverage.problems)
    if not (coverage.files or coverage.problems) or not told:
        raise FailedError(f"{way}: nothing is said of the file: {coverage}")
    if "unread" in coverage.formats and not coverage.problems:
        raise FailedError(f"{way}: nothing was read, and no problem is named")
    for problem in coverage.problems:
        if "defect" in problem.hint:
            raise FailedError(f"{way}: {problem.what}")


def _found(result: ScanResult) -> dict[str, list[str]]:
    parts = ("transfers", "signals", "closures", "derivations")
    return {part: sorted(map(repr, getattr(result, part))) for part in parts}


def _reported(path: Path) -> None:
    report = Hunt(load(), Settings(), maker(None), jobs=1).run(plan([str(path)]))
    for problem in report.coverage.problems:
        if "defect" in problem.hint:
            raise FailedError(f"hunt: {problem.what}")
    for name in outputs.WRITERS:
        stream = io.BytesIO()
        outputs.write(report, name, stream)
        text = stream.getvalue().decode()  # raises where it is not UTF-8
        if name in ("ocsf", "sarif", "stix") and text.strip():
            _json(text)
        if name in ("jsonl", "timesketch"):
            for line in text.splitlines():
                _json(line)


def _json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        for line in text.splitlines():
            json.loads(line)


if __name__ == "__main__":
    sys.exit(main())
