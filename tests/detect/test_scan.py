from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from exclave.catalogue.loader import load
from exclave.detect.prefilter import Prefilter
from exclave.detect.scan import scanner
from exclave.sources.blob import Blob
from tests.detect import build
from tests.detect.agree import DELIVERED, OTHER_NAME, WAYS, scanned

if TYPE_CHECKING:
    from exclave.detect.result import ScanResult


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("logs/x.json", build.packed(build.described()), "cloudtrail"),
        ("logs/x.json", b'{"Records":[]}', "cloudtrail"),
        ("logs/x.json", b"", "empty"),
        ("logs/x.log", b"#Version: 1.0\n#Fields: date time cs-method\n", "cloudfront"),
        ("logs/x.json", b'{"some":"thing"}', "unread"),
        ("logs/x.txt", b"collected on Tuesday\n", "unread"),
    ],
)
def test_coverage_says_what_each_file_is(name: str, data: bytes, kind: str) -> None:
    for way in WAYS:
        coverage = scanned(data, way, name=name).coverage
        assert dict(coverage.formats) == {kind: 1}
        assert bool(coverage.problems) == (kind in ("unread", "empty"))
        assert coverage.files == 1


def test_files_of_kinds_that_are_left_out_are_counted_as_such_and_not_searched() -> None:
    data = build.packed(build.described(), build.share())
    for way in WAYS:
        result = scanned(data, way, name="a/CloudTrail-Digest/x.json")
        assert dict(result.coverage.skipped) == {"cloudtrail-digest": 1}
        assert not result.coverage.formats
        assert not result.transfers


def test_the_empty_object_that_stands_for_a_folder_is_no_problem() -> None:
    coverage = scanned(b"", "scan", name="s3://logs/AWSLogs/123456789012/CloudTrail").coverage
    assert (dict(coverage.skipped), coverage.problems) == ({"folder-mark": 1}, ())
    assert scanned(b"", "scan", name="s3://logs/AWSLogs/empty.json").coverage.problems


def test_times_and_counts_of_a_file_are_those_of_its_records() -> None:
    data = build.packed(*(build.described(n) for n in range(0, 600, 60)))
    for way in ("parse", "full"):
        coverage = scanned(data, way).coverage
        assert (coverage.records, coverage.records_exact) == (10, True)
        assert coverage.first == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
        assert coverage.last == datetime(2026, 3, 4, 5, 9, tzinfo=UTC)


def test_a_scan_estimates_how_many_records_there_are_and_says_so() -> None:
    data = build.packed(*(build.described(n) for n in range(200)))
    coverage = scanned(data, "scan", name=DELIVERED).coverage
    assert not coverage.records_exact
    assert 150 < coverage.records < 250


def test_the_owner_of_a_delivered_file_is_named_by_it_and_by_its_first_record() -> None:
    other = {"recipientAccountId": "210987654321"}
    data = build.packed(build.described(**other), build.described(recipientAccountId="333333333333"))
    for way in WAYS:
        accounts = scanned(data, way, name=DELIVERED).seen["account"]
        assert set(accounts) == {build.OURS, "210987654321"}
        assert set(scanned(data, way, name=OTHER_NAME).seen["account"]) == {"210987654321", "333333333333"}


@pytest.mark.parametrize("way", WAYS)
def test_only_events_of_the_time_asked_for_count(way: str) -> None:
    def within(since: datetime | None, until: datetime | None) -> ScanResult:
        scan = scanner(load(), fast=way != "full", hyperscan=way == "scan", since=since, until=until).scan
        return scan(Blob(name=DELIVERED, data=data, packed=1))

    data = build.packed(*(build.described(n) for n in range(20)), build.share(30))
    shared = datetime(2026, 3, 4, 5, 0, 30, tzinfo=UTC)
    assert len(within(shared, None).transfers) == 1
    assert len(within(None, shared).transfers) == 0


def test_a_catalogue_of_very_many_names_still_makes_a_prefilter() -> None:
    many = frozenset(f"Operation{n}With{'Long' * 5}Name" for n in range(2_000))
    prefilter = Prefilter(many | {"StopLogging"}, frozenset({"GetObject"}))
    data = build.packed(build.described(), build.stopped(), build.read(userIdentity=build.foreigner()))
    found = prefilter.candidates(data, build.OURS)
    assert found is not None
    assert [one.record["eventName"] for one in found] == ["StopLogging", "GetObject"]


def test_without_hyperscan_the_typed_parse_decides() -> None:
    prefilter = Prefilter(frozenset({"StopLogging"}), frozenset(), _hyperscan=False)
    assert prefilter.candidates(build.packed(build.stopped()), build.OURS) is None
