from __future__ import annotations

import csv
import io
import json
from datetime import datetime

from msgspec.structs import replace

from exclave.outputs import write

from . import sample


def events(report):
    stream = io.BytesIO()
    write(report, "timesketch", stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_event_has_what_the_importer_needs_in_order_of_time():
    found = events(sample.report())
    for event in found:
        assert event["message"]
        assert event["timestamp_desc"]
        assert datetime.fromisoformat(event["datetime"]).tzinfo is not None
    assert [e["datetime"] for e in found] == sorted(e["datetime"] for e in found)


def test_an_offer_that_ended_is_two_events():
    found = [e for e in events(sample.report()) if e["finding_id"] == "t-bucket"]
    assert [e["timestamp_desc"] for e in found] == ["Transfer offered", "Offer closed"]
    assert found[1]["datetime"] == "2026-03-02T12:12:04+00:00"


def test_an_event_without_a_time_says_so():
    report = replace(sample.empty(), transfers=(replace(sample.share("snap-1"), time=None),))
    (event,) = events(report)
    assert event["timestamp_desc"].endswith("(time unknown)")
    assert event["datetime"] == "2026-03-02T01:12:04+00:00"


def test_csv_has_the_same_events():
    stream = io.BytesIO()
    write(sample.report(), "timesketch-csv", stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))
    assert [(r["datetime"], r["message"]) for r in rows] == [
        (e["datetime"], e["message"]) for e in events(sample.report())
    ]
    assert rows[0]["tag"] == "exclave,prepare"
