"""The cheap path for lines of Azure and Google Cloud: what it reads whole, what it counts, and when it gives up."""

from __future__ import annotations

import functools
import json
from typing import Any
from unittest import mock

import pytest

from exclave.catalogue.loader import load
from exclave.detect.lines import ways
from exclave.detect.lines.told import Told
from exclave.detect.lines.ways import Lines, Looked
from exclave.detect.match import index
from tests.properties.cloud_lines import DELIVERED, SUB, _activity_line, _google_line, _storage_line

MAKERS = {"activity": _activity_line, "storage": _storage_line, "google": _google_line}


@functools.lru_cache
def both() -> dict[str, Lines]:
    catalogue = index(load())
    return {"scan": Lines(catalogue), "parse": Lines(catalogue, hyperscan=False)}


def ordinary(kind: str, count: int = 300) -> list[dict[str, Any]]:
    """Lines of nobody who matters, with everything that one of these logs varies."""
    return [MAKERS[kind](0, n % 3, n % 3) for n in range(count)]


def looked(way: str, records: list[dict[str, Any]], kind: str = "") -> Looked | None:
    return looked_at(way, "".join(json.dumps(record) + "\n" for record in records).encode(), kind)


def looked_at(way: str, data: bytes, kind: str = "") -> Looked | None:
    with mock.patch.object(ways, "_WORTH", 0):
        return both()[way].looked_at(DELIVERED.get(kind, "f"), data, 1, Told(), packed=True, counted=True)


@pytest.mark.parametrize("way", ["scan", "parse"])
@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_ordinary_lines_are_counted_and_hardly_one_is_read_whole(way: str, kind: str) -> None:
    found = looked(way, ordinary(kind), kind)
    assert found is not None
    assert found.records == 300 or (not found.exact and abs(found.records - 300) < 10)
    assert len(found.events) < 10
    assert [time.hour for time in sorted({min(found.times), max(found.times)})] == [0, 2]


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_the_scan_for_marks_does_it_without_the_typed_parse(kind: str) -> None:
    with mock.patch.object(ways.Looking, "all", side_effect=AssertionError):
        assert looked("scan", ordinary(kind), kind) is not None


@pytest.mark.parametrize("way", ["scan", "parse"])
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("activity", {"operationName": "MICROSOFT.COMPUTE/SNAPSHOTS/BEGINGETACCESS/ACTION"}),
        ("activity", {"operationName": "Microsoft.Web/sites/providers/Microsoft.Insights/diagnosticSettings/delete"}),
        ("storage", {"operationName": "CopyBlob"}),
        ("storage", {"operationName": "getblob", "identity": {"type": "Anonymous"}}),
        ("storage", {"operationName": "GetBlob", "identity": {}, "uri": "https://x.blob.core.windows.net/c/b?SIG=a"}),
        ("storage", {"operationName": "GetBlob", "identity": {"requester": {"tenantId": SUB}, "type": "OAuth"}}),
    ],
)  # fmt: skip
def test_a_line_that_matters_is_read_whole_wherever_it_stands(way: str, kind: str, change: Any) -> None:
    records = ordinary(kind)
    records[-2] |= change
    found = looked(way, records, kind)
    assert found is not None
    told = [event for event in found.events if event.raw["operationName"] == records[-2]["operationName"]]
    assert told[-1].evidence.record == (0 if way == "scan" else 299)


@pytest.mark.parametrize("way", ["scan", "parse"])
@pytest.mark.parametrize(
    "change",
    [
        {"methodName": "google.iam.admin.v1.CreateServiceAccountKey", "serviceName": "iam.googleapis.com"},
        {"methodName": "google.appengine.v1.Firewall.CreateIngressRule", "serviceName": "appengine.googleapis.com"},
        {"methodName": "beta.compute.disks.createSnapshot", "serviceName": "compute.googleapis.com"},
        {"methodName": "storage.objects.get", "requestMetadata": {"callerIp": "gce-internal-ip"}},
        {"methodName": "storage.objects.get", "metadata": {"destination": "projects/_/buckets/b/objects/o"}},
        {"methodName": "x.y", "metadata": {"vpcServiceControlsUniqueId": "u"}},
        {"methodName": "storage.objects.get", "authenticationInfo": {"principalEmail": "a@other-1.iam.gserviceaccount.com"}},
    ],
)  # fmt: skip
def test_a_line_of_google_that_matters_is_read_whole(way: str, change: Any) -> None:
    records = ordinary("google")
    records[-3]["protoPayload"] |= change
    found = looked(way, records)
    assert found is not None
    assert found.events[-1].evidence.record == 298
    assert found.events[-1].evidence.event_id == records[-3]["insertId"]


@pytest.mark.parametrize("way", ["scan", "parse"])
def test_reads_of_one_kind_are_counted_by_their_first(way: str) -> None:
    records = [
        _storage_line(1, 0, n % 2) | {"time": f"2026-03-02T01:{n // 60:02}:{n % 60:02}Z"} for n in range(100)
    ]
    found = looked(way, ordinary("storage") + records, "storage")
    assert found is not None
    (more,) = found.more
    assert more.count == 99 - sum(e.action == "GetBlob" and e.evidence.record > 301 for e in found.events)
    assert more.last is not None
    assert (more.last.minute, more.last.second) == (1, 39)


@pytest.mark.parametrize("way", ["scan", "parse"])
@pytest.mark.parametrize(
    "data",
    [b"", b"{}\n", b'{"Records":[]}\n', b"\xff\xfe{\x00", b'{"operationName":1}\n' * 3, b"text\n" * 3],
)
def test_what_is_not_such_lines_is_left_to_the_full_parser(way: str, data: bytes) -> None:
    assert looked_at(way, data) is None


@pytest.mark.parametrize("way", ["scan", "parse"])
def test_damage_is_left_to_the_full_parser(way: str) -> None:
    data = "".join(json.dumps(r) + "\n" for r in ordinary("google")).encode()
    assert looked_at(way, data[:-200]) is None
    assert looked_at(way, data + b"\nnot a record\n") is None


def test_content_of_which_most_matters_is_left_to_the_full_parser() -> None:
    made = [_activity_line(0, 0, 0) | {"operationName": "MICROSOFT.COMPUTE/DISKS/WRITE"} for _ in range(900)]
    assert looked("parse", made) is None
