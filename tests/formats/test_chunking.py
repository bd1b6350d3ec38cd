from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from exclave.formats import chunking
from exclave.formats.chunking import chunks
from exclave.formats.reading import read
from exclave.model import Problem
from tests.formats import shapes

if TYPE_CHECKING:
    from collections.abc import Callable

_RECORDS = [
    shapes.record(n, requestParameters={"a": [{"eventVersion": "]}"}] * (n % 3), "t": 'x{"eventVersion":'})
    for n in range(1, 120)
]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunking, "PIECE", 5000)


def _split(data: bytes, head: int = 12_000, part: int = 1500, name: str = "f") -> list[tuple[bytes, int]]:
    return list(chunks(data[:head], iter([data[i : i + part] for i in range(head, len(data), part)]), name))


@pytest.mark.parametrize(
    "shape",
    [
        "cloudtrail file", "pretty file", "array", "json lines", "json lines with CR", "concatenated files",
        "lookup-events", "cloudwatch message", "cloudwatch filter", "cloudwatch export", "eventbridge",
        "splunk",
        "athena csv", "tab separated", "utf-16 with mark", "utf-16-le", "byte order mark",
        "list under another name",
        "kinesis", "elastic search", "text sequence", "concatenated", "concatenated pretty",
    ],
)  # fmt: skip
def test_pieces_read_alone_give_what_the_whole_gives(shape: str) -> None:
    data = shapes.EXACT[shape](_RECORDS)
    pieces = _split(data)
    got = [item for piece, before in pieces for item in read("f", piece, before + 1)]
    assert got == list(read("f", data))
    assert [b for _, b in pieces] == sorted(b for _, b in pieces)
    if shape not in (
        "list under another name",
        "elastic search",
    ):  # their list is not found without decoding all
        assert len(pieces) > 10


def test_a_list_that_ends_is_followed_by_what_comes_next() -> None:
    data = shapes.EXACT["cloudtrail file"](_RECORDS[:30]) * 3 + b"\n" + shapes.EXACT["json lines"](_RECORDS)
    got = [item for piece, before in _split(data) for item in read("f", piece, before + 1)]
    assert got == list(read("f", data))


def test_small_content_is_one_piece() -> None:
    assert _split(b'{"Records":[]}') == [(b'{"Records":[]}', 0)]
    assert _split(b"") == []


@pytest.mark.parametrize("change", [lambda d: d[: len(d) // 2], lambda d: d.replace(b'"r-1"', b'"r-1', 1)])
@pytest.mark.parametrize("shape", ["cloudtrail file", "json lines", "pretty file"])
def test_what_is_broken_costs_one_record_in_pieces_too(shape: str, change: Callable[[bytes], bytes]) -> None:
    data = change(shapes.EXACT[shape](_RECORDS))
    whole = list(read("f", data))
    got = [item for piece, before in _split(data) for item in read("f", piece, before + 1)]
    ids = {item.evidence.event_id for item in got if not isinstance(item, Problem)}
    assert ids == {item.evidence.event_id for item in whole if not isinstance(item, Problem)}
    assert any(isinstance(item, Problem) for item in got)


def test_a_record_larger_than_a_piece_is_not_cut() -> None:
    records = [shapes.record(1), shapes.record(2, userAgent="x" * 40_000), shapes.record(3)]
    data = shapes.EXACT["cloudtrail file"](records)
    got = [item for piece, before in _split(data) for item in read("f", piece, before + 1)]
    assert got == list(read("f", data))


def test_cloudfront_pieces_have_the_field_names() -> None:
    data = b"#Version: 1.0\n#Fields: date time cs-method c-ip sc-status\n" + b"".join(
        b"2026-03-04\t05:06:%02d\tGET\t198.51.100.%d\t200\n" % (n % 60, n % 250) for n in range(900)
    )
    got = [item for piece, before in _split(data) for item in read("f", piece, before + 1)]
    assert len(got) == 900
    assert got == list(read("f", data))
