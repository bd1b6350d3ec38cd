from __future__ import annotations

import io
import json
import random

import jsonschema
from msgspec.structs import fields, replace

from exclave.model import Transfer
from exclave.outputs import jsonl, records, write

from . import sample


def written(report):
    out = io.StringIO()
    jsonl.write(report, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_follows_the_published_schema():
    schema = jsonl.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for report in (sample.report(), sample.empty(), sample.poisoned("\x1b[31m")):
        for line in written(report):
            assert list(validator.iter_errors(line)) == []


def test_the_schema_refuses_a_key_it_does_not_know_and_a_missing_one():
    validator = jsonschema.Draft202012Validator(jsonl.schema())
    line = written(sample.report())[1]
    assert not validator.is_valid({**line, "extra": 1})
    assert not validator.is_valid({key: value for key, value in line.items() if key != "why"})


def test_each_transfer_signal_incident_is_written_once_and_coverage_last():
    lines = written(sample.report())
    assert [line["type"] for line in lines] == ["incident"] + ["transfer"] * 8 + ["signal"] * 3 + [
        "issued",
        "coverage",
    ]
    assert {line["schema"] for line in lines} == {"exclave/1"}
    assert len({line["id"] for line in lines[:-2]}) == 12


def test_the_order_of_what_comes_in_does_not_change_what_goes_out():
    report = sample.many(40)
    shuffled = list(report.transfers)
    random.Random(7).shuffle(shuffled)
    other = replace(report, transfers=tuple(shuffled), signals=report.signals[::-1])
    assert written(other) == written(report)


def test_no_field_of_a_transfer_is_left_out():
    line = records.transfer(sample.share("snap-1"))
    kept = {"judgement": "destination"}  # the verdict stands in the destination
    assert {kept.get(f.name, f.name) for f in fields(Transfer)} <= set(line)


def test_a_transfer_carries_verdict_state_lineage_and_revocation():
    line = next(t for t in written(sample.report()) if t.get("id") == "t-f60718")
    assert line["destination"]["verdict"] == "external"
    assert sample.THEIRS in line["destination"]["reason"]
    assert line["open"] is True
    assert line["state"]["taken"] is True
    assert [r["id"] for r in line["lineage"]] == ["vol-0b7c6d5e4f3a21908", "i-0c1d2e3f4a5b60789"]
    assert line["revoke"]["args"]["UserIds"] == [sample.THEIRS]
    assert line["time"] == "2026-03-02T01:44:04Z"


def test_open_is_null_where_it_cannot_be_told():
    lines = {line.get("id"): line for line in written(sample.report())}
    assert lines["t-failed"]["open"] is None
    assert lines["t-failed"]["state"] is None
    assert lines["t-bucket"]["open"] is False
    assert lines["t-bucket"]["state"]["closed_at"] == "2026-03-02T12:12:04Z"


def test_a_presigned_url_keeps_its_key_id_and_loses_its_signature():
    lines = {line.get("id"): line for line in written(sample.report())}
    assert lines["t-link"]["destination"]["id"].endswith(
        f"X-Amz-Credential={sample.KEY_ID}&X-Amz-Signature=***"
    )


def test_a_byte_stream_gets_the_same_and_stays_open():
    stream = io.BytesIO()
    write(sample.report(), "jsonl", stream)
    assert not stream.closed
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == written(sample.report())
