from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exclave.formats import reading
from exclave.formats.reading import read
from exclave.model import Event, Problem
from tests.formats import shapes

_RECORDS = [shapes.record(n) for n in range(1, 6)]
_CUTTABLE = (
    "cloudtrail file", "pretty file", "array", "json lines", "concatenated", "concatenated pretty",
    "concatenated files", "lookup-events", "cloudwatch message", "cloudwatch filter",
    "cloudwatch export", "splunk",
)  # fmt: skip


def _ids(items: list[Event | Problem]) -> list[str]:
    return [item.evidence.event_id for item in items if isinstance(item, Event)]


# what follows a record's last value until the record, with its wrapper, is whole
_TAILS = {
    "pretty file": '"\n    }',
    "concatenated pretty": '"\n}',
    "lookup-events": '\\"}"\n        }',
    "cloudwatch message": '\\"}"}',
    "cloudwatch filter": '\\"}"}',
    "splunk": '\\"}","host":"h"}}',
}


def _ends(shape: str, data: bytes) -> list[int]:
    tail = b"Management" + _TAILS.get(shape, '"}').encode()
    return [data.index(tail, data.index(r["eventID"].encode())) + len(tail) for r in _RECORDS]


@pytest.mark.parametrize("shape", _CUTTABLE)
def test_a_file_cut_at_any_byte_loses_no_whole_record_and_says_so(shape: str) -> None:
    data = shapes.EXACT[shape](_RECORDS)
    wanted = [r["eventID"] for r in _RECORDS]
    ends = _ends(shape, data)
    for cut in range(1, len(data), 7):
        got = list(read("f", data[:cut]))
        whole = sum(end <= cut for end in ends)
        assert _ids(got) == wanted[:whole], (cut, data[cut - 40 : cut])
        at_an_end = data[:cut].rstrip().endswith(b"}") and cut - ends[whole - 1] < 3
        blank = not data[:cut].strip()
        if not at_an_end and not blank and cut < ends[-1]:
            assert any(isinstance(g, Problem) for g in got), (cut, data[cut - 40 : cut])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    shape=st.sampled_from(["cloudtrail file", "pretty file", "json lines", "concatenated", "array"]),
    where=st.floats(0.0, 1.0, exclude_max=True),
    byte=st.sampled_from(
        [b'"', b"}", b"{", b"]", b"[", b",", b":", b"\\", b"\x00", b"x", b"\n", b"\xff", b""]
    ),
)
def test_one_broken_byte_costs_one_record_at_most_and_is_told(shape: str, where: float, byte: bytes) -> None:
    data = shapes.EXACT[shape](_RECORDS)
    at = int(where * len(data))
    got = list(read("f", data[:at] + byte + data[at + 1 :]))
    ids = set(_ids(got)) & {r["eventID"] for r in _RECORDS}
    changed_id = any(isinstance(g, Event) and g.evidence.event_id not in ids for g in got)
    assert len(ids) >= 4
    if len(ids) < 5 and not changed_id:
        assert any(isinstance(g, Problem) for g in got)


def test_a_cut_names_record_and_byte() -> None:
    data = shapes.EXACT["cloudtrail file"](_RECORDS)
    at = data.find(b'{"eventVersion"', data.find(b"0002"))
    (problem, _) = [item for item in read("f", data[: at + 100]) if isinstance(item, Problem)]
    assert problem.where == "f, record 3"
    assert problem.what == f"cut off (byte {at})"


def test_records_after_a_broken_one_keep_their_numbers() -> None:
    data = shapes.EXACT["cloudtrail file"](_RECORDS).replace(b'"r-1"', b'"r-1', 1)
    got = list(read("f", data))
    assert [(g.evidence.record, g.evidence.event_id[-1]) for g in got if isinstance(g, Event)] == [
        (2, "2"), (3, "3"), (4, "4"), (5, "5"),
    ]  # fmt: skip


def test_truncated_json_lines_are_each_told_and_the_others_read() -> None:
    lines = [shapes.text(shapes.record(n)) for n in range(1, 400)]
    lines = [line[:300] if n % 2 else line for n, line in enumerate(lines)]
    got = list(read("f", "\n".join(lines).encode()))
    assert len(_ids(got)) == 200
    assert reading.count("f", "\n".join(lines).encode()) == 399


def test_text_between_documents_is_told_and_passed_over() -> None:
    data = b"starting up\n" + shapes.EXACT["json lines"](_RECORDS) + b"bye\n"
    got = list(read("f", data))
    assert len(_ids(got)) == 5
    assert [g.what for g in got if isinstance(g, Problem)] == [
        "1 line of text that is not a log (byte 0)",
        "1 more: 1 line of text that is not a log",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":[' * 200_000,
        b'{"Records":[' * 200_000,
        b'[{"eventVersion":' * 100_000,
        b'{"Records":[' + b'{"eventVersion":"' * 100_000,
        b'"' + b'\\"' * 500_000,
        b"{" * 1_000_000,
        b"]" * 1_000_000,
        b"[1:" * 300_000,
        b'{"x":1}' * 150_000 + b"{",
        b"{\n" * 300_000,
        (b'{"eventVersion":"1' + b"\n") * 50_000,
        b'{"message":"[1:[1:[1:[1:[1:[1:[1:[1:{{{[[[[{{{{[[[["}\n' * 10_000,
    ],
)
def test_hostile_content_ends_soon(data: bytes) -> None:
    began = time.process_time()
    found = sum(1 for _ in read("f", data))
    assert found > 0
    assert time.process_time() - began < 30
