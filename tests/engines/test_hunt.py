from __future__ import annotations

import gzip
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from exclave.catalogue.loader import load
from exclave.detect import scan as scan_module
from exclave.engines import hunt as hunt_module
from exclave.engines import local, work
from exclave.engines.hunt import Hunt, Progress
from exclave.engines.work import Settings
from exclave.perimeter.build import maker
from exclave.simulate import BREACHES, simulate
from exclave.sources import Item, plan
from tests.detect import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exclave.model import Problem, Report


@pytest.fixture(autouse=True)
def _scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes of little input are scanned too."""
    monkeypatch.setattr(hunt_module, "_WORTH_HYPERSCAN", 0)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hunt") / "out"
    start = datetime(2026, 1, 10, tzinfo=UTC)
    made = simulate(out, seed=5, records=1500, days=1, start=start, accounts=3, breaches=tuple(BREACHES)[:3])
    return made.logs


def hunted(planned: Sequence[Item | Problem] | Iterator[Item | Problem], **more: Any) -> Report:
    settings = more.pop("settings", Settings())
    return Hunt(load(), settings, maker(None), **more).run(planned)


def written(folder: Path, *files: bytes) -> list[Item | Problem]:
    """Files as CloudTrail delivers them, one per content, planned."""
    for number, content in enumerate(files):
        path = folder / f"{build.OURS}_CloudTrail_eu-west-1_20260304T05{number:02}Z_aBcDeFgHiJkLmNoP.json.gz"
        path.write_bytes(gzip.compress(content))
    return list(plan([str(folder)]))


def test_the_report_is_the_same_in_any_order_and_number_of_processes(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = list(plan([str(logs)]))
    expected = hunted(items, jobs=1)
    assert expected.incidents
    shuffled = random.Random(1).sample(items, len(items))
    assert hunted(shuffled, jobs=1) == expected
    assert hunted(items[::-1], jobs=1, settings=Settings(confirm=True)).incidents == expected.incidents
    monkeypatch.setattr(local, "WORTH_A_POOL", 0)
    monkeypatch.setattr(local, "BATCH_ITEMS", 7)
    assert hunted(shuffled, jobs=2) == expected


def test_the_ways_of_scanning_give_one_report(logs: Path) -> None:
    items = list(plan([str(logs)]))
    expected = hunted(items, jobs=1, settings=Settings(fast=False))
    for settings in (Settings(), Settings(hyperscan=False)):
        found = hunted(items, jobs=1, settings=settings)
        assert found.incidents == expected.incidents
        assert {f.id for f in found.findings} == {f.id for f in expected.findings}


def test_a_file_that_cannot_be_scanned_is_named_and_the_others_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = written(tmp_path, build.packed(build.share()), build.packed(build.described()))
    look = scan_module.match

    def broken(event: Any, catalogue: Any) -> Any:
        yield from look(event, catalogue)
        if "0501Z" in event.evidence.file:
            raise KeyError("a defect")

    monkeypatch.setattr(scan_module, "match", broken)
    found = hunted(items, jobs=1)
    assert len(found.transfers) == 1
    assert found.coverage.files == 2
    assert [("0501Z" in p.where, "KeyError" in p.what) for p in found.coverage.problems] == [(True, True)]


def test_a_process_that_dies_is_a_problem_of_its_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = written(tmp_path, *(build.packed(build.share(n)) for n in range(5)))

    def dying(task: Sequence[Item], settings: Settings) -> Any:
        if any("0502Z" in one.where for one in task):
            raise MemoryError
        return work.scan_items(task, settings)

    monkeypatch.setattr(hunt_module, "scan_items", dying)
    found = hunted(items, jobs=1)
    assert len(found.transfers) == 4
    assert [("0502Z" in p.where, "out of memory" in p.what) for p in found.coverage.problems] == [
        (True, True)
    ]


def test_a_stop_while_reading_leaves_a_report_that_says_so(
    logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "BATCH_ITEMS", 20)
    hunt = Hunt(load(), Settings(), maker(None), jobs=1, watch=stop)
    found = hunt.run(plan([str(logs)]))
    assert hunt.stopped
    assert found.coverage.files == 20
    assert ["Ctrl-C" in p.what for p in found.coverage.problems] == [True]


def test_a_stop_while_planning_leaves_what_was_read(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def planned() -> Iterator[Item | Problem]:
        for number, one in enumerate(plan([str(logs)])):
            if number == 50:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(local, "WORTH_A_POOL", 0)
    monkeypatch.setattr(local, "BATCH_ITEMS", 10)
    found = hunted(planned(), jobs=1)
    assert 0 < found.coverage.files <= 50
    assert any("Ctrl-C" in p.what for p in found.coverage.problems)


@pytest.mark.parametrize("phase", ["confirming", "tracing"])
def test_a_stop_in_a_second_look_leaves_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    def stop(progress: Progress) -> None:
        if progress.phase.startswith(phase):
            raise KeyboardInterrupt

    filler = [build.described(n) for n in range(100, 200)]
    hunt = Hunt(load(), Settings(), maker(None), jobs=1, watch=stop)
    found = hunt.run(written(tmp_path, build.packed(*filler, build.share())))
    assert hunt.stopped
    assert len(found.transfers) == 1
    assert any("Ctrl-C" in p.what for p in found.coverage.problems)


def _large(*records: build.Record) -> bytes:
    """A file above the size up to which finds are confirmed at once."""
    content = build.packed(*(build.described(n) for n in range(100, 200)), *records)
    assert len(content) > scan_module._SMALL
    return content


def test_finds_of_large_files_are_confirmed_and_forged_ones_dropped(tmp_path: Path) -> None:
    found = hunted(written(tmp_path, _large(build.share(1), build.forged(2))), jobs=1)
    assert [(t.source.id[-1], t.evidence.record) for t in found.transfers] == [("1", 101)]


def test_takings_in_many_large_files_keep_their_count_when_confirmed(tmp_path: Path) -> None:
    files = [
        _large(*(build.read(10 * n + m, userIdentity=build.foreigner()) for m in range(3))) for n in range(4)
    ]
    expected = hunted(written(tmp_path, *files), jobs=1, settings=Settings(fast=False))
    found = hunted(written(tmp_path, *files), jobs=1)
    assert [t.count for t in found.transfers] == [12]
    assert found.transfers == expected.transfers
    assert found.incidents == expected.incidents


def test_takings_whose_first_was_forged_are_counted_without_it(tmp_path: Path) -> None:
    fakes = [build.read(0, userIdentity=build.foreigner()), build.described(1)]
    forged = build.record("dynamodb", "PutItem", {"item": {"x": fakes}}, None, 1)
    files = [
        _large(forged, build.read(5, userIdentity=build.foreigner())),
        _large(build.read(15, userIdentity=build.foreigner())),
    ]
    expected = hunted(written(tmp_path, *files), jobs=1, settings=Settings(fast=False))
    found = hunted(written(tmp_path, *files), jobs=1)
    assert [t.count for t in found.transfers] == [2]
    assert found.transfers == expected.transfers


def test_what_cannot_be_read_a_second_time_stays_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(task: Sequence[Item], settings: Settings) -> Any:
        if settings.confirm:
            raise MemoryError
        return work.scan_items(task, settings)

    monkeypatch.setattr(hunt_module, "scan_items", once)
    found = hunted(written(tmp_path, _large(build.share())), jobs=1)
    assert len(found.transfers) == 1
    assert ["out of memory" in p.what for p in found.coverage.problems] == [True]
