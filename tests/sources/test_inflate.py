"""The fast and the careful way to decompress give the same bytes, and never more than was compressed."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exclave.sources.inflate import gunzip, inflate_whole, unzstd
from exclave.sources.limits import DamagedError, Limits
from tests.sources.helpers import zstd_packed

LIMIT = 1 << 20
MEMBER = st.tuples(st.binary(max_size=200), st.integers(1, 8), st.integers(0, 9))


def streamed(data, chunk=7, way=gunzip, limits=None):
    """All that can be had, and the fault's text ('' for none)."""
    got = []
    try:
        got.extend(way((data[at : at + chunk] for at in range(0, len(data), chunk)), limits or Limits()))
    except DamagedError as fault:
        return b"".join(got), str(fault)
    return b"".join(got), ""


def stored(plain, level=6):
    return gzip.compress(plain, level, mtime=0)


@given(
    members=st.lists(MEMBER, min_size=1, max_size=4),
    padding=st.lists(st.integers(0, 600), min_size=4, max_size=4),
    chunk=st.integers(1, 300),
)
def test_members_with_padding_give_their_concatenation(members, padding, chunk):
    data, plain = b"", b""
    for (content, times, level), zeros in zip(members, padding, strict=False):
        data += stored(content * times, level) + bytes(zeros)
        plain += content * times
    assert streamed(data, chunk) == (plain, "")
    assert inflate_whole(data, LIMIT) in (None, plain)


@given(members=st.lists(MEMBER, min_size=1, max_size=3), cut=st.integers(1, 2000), chunk=st.integers(1, 300))
def test_a_cut_stream_gives_a_beginning_and_says_so(members, cut, chunk):
    whole = b"".join(stored(content * times, level) for content, times, level in members)
    plain = b"".join(content * times for content, times, _ in members)
    data = whole[: max(3, len(whole) - cut)]
    got, fault = streamed(data, chunk)
    assert plain.startswith(got)
    assert fault or got == plain[: len(got)]
    quick = inflate_whole(data, LIMIT)
    assert quick is None or (quick == got and not fault)


@given(content=st.binary(min_size=1, max_size=400), at=st.integers(3, 5000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_noticed_or_harmless(content, at, bit):
    data = bytearray(stored(content * 3))
    data[3 + at % (len(data) - 3)] ^= 1 << bit
    got, fault = streamed(bytes(data))
    assert fault or got == content * 3
    quick = inflate_whole(bytes(data), LIMIT)
    assert quick is None or quick == content * 3


def test_an_ordinary_file_takes_the_fast_way():
    assert inflate_whole(stored(b"{}" * 500), LIMIT) == b"{}" * 500


@pytest.mark.parametrize(
    "data",
    [
        stored(b"same size A") + stored(b"same size B"),
        stored(b"padded") + bytes(512),
        stored(b""),
        stored(b"wrong size")[:-4] + (LIMIT - 1).to_bytes(4, "little"),
        stored(b"x" * 5000),
        b"\x1f\x8b\x08",
        b"",
    ],
    ids=["two members", "padding", "empty", "forged size", "over the limit", "header only", "nothing"],
)
def test_the_fast_way_declines_what_it_cannot_be_sure_of(data):
    assert inflate_whole(data, 4000) is None


def test_what_came_before_a_wrong_checksum_is_kept():
    data = bytearray(stored(b"0123456789" * 50))
    data[-6] ^= 1
    got, fault = streamed(bytes(data), 4096)
    assert got == b"0123456789" * 50
    assert "corrupt gzip" in fault


def test_what_came_before_corrupt_data_is_kept():
    plain = bytes(zlib.crc32(bytes([n % 256, n // 256])) % 256 for n in range(60_000))
    data = bytearray(stored(plain))
    data[40_000:40_100] = b"\xff" * 100
    got, fault = streamed(bytes(data), 1 << 20)
    assert fault
    assert plain.startswith(got[:39_000])
    assert len(got) >= 39_000


def test_something_else_after_the_stream_is_named():
    got, fault = streamed(stored(b"all of it") + b"-- the end --")
    assert got == b"all of it"
    assert fault == "is followed by bytes that aren't gzip"


def test_endless_members_are_refused():
    got, fault = streamed(stored(b"") * 50, limits=Limits(members=20))
    assert got == b""
    assert "more than 20 gzip members" in fault


@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=3), chunk=st.integers(1, 100))
def test_zstd_frames_give_their_concatenation(contents, chunk):
    data = b"".join(zstd_packed(content) for content in contents)
    assert streamed(data, chunk, unzstd) == (b"".join(contents), "")


def test_a_cut_or_corrupt_zstd_stream_is_named():
    frame = zstd_packed(b"0123456789" * 50)
    assert streamed(frame[:-3], 4096, unzstd)[1] == "ends in the middle of its zstd stream"
    got, fault = streamed(frame[:-1] + bytes([frame[-1] ^ 1]), 4096, unzstd)
    assert "corrupt zstd" in fault
    assert (b"0123456789" * 50).startswith(got)
