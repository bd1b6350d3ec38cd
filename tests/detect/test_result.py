from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.detect import result as module
from exclave.detect.fold import fold
from exclave.detect.result import ScanResult, merge
from exclave.model import Coverage, Problem, Transfer
from tests.detect import build
from tests.detect.agree import scanned

_MANY = [
    build.packed(*build.ordinary()),
    build.packed(*(build.read(n, userIdentity=build.foreigner()) for n in range(200, 204))),
    build.packed(
        build.read(202, userIdentity=build.foreigner()), build.read(210, userIdentity=build.ANONYMOUS)
    ),
    build.lines(
        build.read(207, userIdentity=build.foreigner()), build.share(recipientAccountId="210987654321")
    ),
    build.packed(build.snapshot(40), build.deleted(40), build.stopped(40)),
    b'{"Records":[{"eventVersion":',
    b"not a log",
    b"",
]


def _results() -> list[ScanResult]:
    return [scanned(data, "full", name=f"logs/{n}.json") for n, data in enumerate(_MANY)]


RESULTS = _results()


def told(result: ScanResult) -> dict[str, Any]:
    """A result as values that compare."""
    out = {f: getattr(result, f) for f in ("transfers", "signals", "closures", "derivations", "coverage")}
    return {**out, "seen": {kind: dict(found) for kind, found in result.seen.items()}}


WHOLE = told(merge(RESULTS))


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(len(RESULTS))), st.lists(st.integers(0, len(RESULTS)), max_size=4))
def test_parts_add_up_to_the_same_in_any_order_and_any_batches(order: list[int], cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(order)]
    parts = [merge(RESULTS[n] for n in order[start:end]) for start, end in itertools.pairwise(bounds)]
    assert told(merge(parts)) == WHOLE
    assert told(merge([merge(parts[:2]), merge(parts[2:])])) == WHOLE


def test_merging_a_merged_result_changes_nothing() -> None:
    assert told(merge([merge(RESULTS)])) == WHOLE
    assert told(merge([merge(RESULTS), ScanResult()])) == WHOLE


_TAKEN = [t for result in RESULTS for t in result.transfers]


def _by_key(found: list[Transfer]) -> list[str]:
    return sorted(map(repr, found))


@settings(max_examples=50, deadline=None)
@given(st.permutations(_TAKEN), st.integers(0, len(_TAKEN)))
def test_folding_in_parts_and_any_order_is_folding_at_once(order: list[Transfer], cut: int) -> None:
    whole = _by_key(fold(_TAKEN))
    assert _by_key(fold(order)) == whole
    assert _by_key(fold([*fold(order[:cut]), *fold(order[cut:])])) == whole


def test_folding_tells_the_first_taking_with_how_many_and_until_when() -> None:
    reads = [t for t in merge(RESULTS).transfers if t.method == "aws.s3.object-read" and t.count > 1]
    assert [(t.count, t.time, t.last) for t in reads if t.destination.id == build.THEIRS] == [
        (7, datetime(2026, 3, 4, 5, 0, 28, tzinfo=UTC), datetime(2026, 3, 4, 5, 3, 27, tzinfo=UTC))
    ]


def test_of_very_many_problems_the_same_ones_are_kept_and_the_others_counted(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MAX_PROBLEMS", 5)
    parts = [
        ScanResult(coverage=Coverage(files=1, problems=(Problem(where=f"file {n:02}", what="is cut"),)))
        for n in range(40)
    ]
    whole = merge(parts).coverage
    assert [p.where for p in whole.problems] == [f"file {n:02}" for n in range(5)] + ["(further)"]
    assert whole.problems[-1].what.startswith("35 ")
    assert merge([merge(parts[25:]), merge(parts[:7]), merge(parts[7:25])]).coverage == whole
    assert merge([merge(reversed(parts))]).coverage == whole
