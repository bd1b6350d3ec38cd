"""Local files of every sort become blobs, or problems that name them."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys

import pytest

from exclave.sources import Blob, Item, Limits, open_item
from tests.sources.helpers import SMALL, contents, item, read, zstd_packed

LOG = b'{"Records": [{"eventName": "ModifySnapshotAttribute"}]}\n' * 10


@pytest.mark.parametrize(
    "stored",
    [
        LOG,
        gzip.compress(LOG),
        gzip.compress(LOG[:100]) + gzip.compress(LOG[100:]) + bytes(512),
        zstd_packed(LOG),
        gzip.compress(gzip.compress(LOG)),
        gzip.compress(zstd_packed(LOG)),
    ],
    ids=["plain", "gzip", "gzip members, padded", "zstd", "gzip twice", "zstd in gzip"],
)
@pytest.mark.parametrize("name", ["log.json.gz", "log.txt", ".hidden"])
def test_content_is_recognised_by_its_bytes_whatever_the_name(tmp_path, stored, name):
    path = tmp_path / name
    path.write_bytes(stored)
    blobs = list(open_item(item(path), Limits()))
    assert blobs == [Blob(name=str(path), data=LOG, packed=len(stored))]


@pytest.mark.parametrize("stored", [b"", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_a_blob(tmp_path, stored):
    (tmp_path / "empty").write_bytes(stored)
    assert read(tmp_path / "empty") == ({"": b""}, [])


def test_what_could_be_inflated_of_a_cut_file_is_used_and_the_problem_named(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(os.urandom(5000))[:-200])
    got, [problem] = read(tmp_path / "cut.gz")
    assert 4000 < len(got[""]) < 5000
    assert problem.where == str(tmp_path / "cut.gz")
    assert problem.what == "ends in the middle of its gzip stream"
    assert problem.hint


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd_packed])
def test_large_content_comes_in_parts(tmp_path, pack):
    plain = os.urandom(2_500_000)
    (tmp_path / "large").write_bytes(pack(plain))
    for blob in open_item(item(tmp_path / "large"), SMALL):
        parts = list(blob.rest)
        assert len(blob.data) < len(plain)
        assert all(len(part) >= SMALL.part for part in parts[:-1])
        assert blob.data + b"".join(parts) == plain
        assert blob.problem is None


def test_the_problem_of_large_content_is_there_after_its_last_part(tmp_path):
    plain = os.urandom(200_000)
    (tmp_path / "large.gz").write_bytes(gzip.compress(plain)[:-500])
    blob = next(opened := open_item(item(tmp_path / "large.gz"), SMALL))
    assert blob.problem is None
    got = contents(blob)
    assert next(opened, None) is None
    assert plain.startswith(got)
    assert len(got) > 190_000
    assert blob.problem.what == "ends in the middle of its gzip stream"


def test_a_bomb_is_stopped_by_its_ratio(tmp_path):
    (tmp_path / "bomb").write_bytes(zstd_packed(bytes(4 << 20)))
    got, [problem] = read(tmp_path / "bomb", Limits(plain=100_000))
    assert "decompression bomb" in problem.what
    assert sum(map(len, got.values())) < 1 << 20


def test_a_bomb_is_stopped_by_its_size(tmp_path):
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(4 << 20)))
    got, [problem] = read(tmp_path / "bomb", Limits(plain=100_000, total=1 << 20))
    assert problem.what == "unpacks to more than 1 MiB"
    assert len(got[""]) < 2 << 20


def test_compressions_inside_each_other_are_bounded(tmp_path):
    stored = LOG
    for _ in range(6):
        stored = gzip.compress(stored)
    (tmp_path / "many").write_bytes(stored)
    got, [problem] = read(tmp_path / "many")
    assert got == {}
    assert problem.what == "is compressed more than 3 times"


@pytest.mark.parametrize(("magic", "kind"), [(b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0\0", "xz")])
def test_a_compression_that_is_not_read_is_named(tmp_path, magic, kind):
    (tmp_path / "log").write_bytes(magic)
    got, [problem] = read(tmp_path / "log")
    assert got == {}
    assert kind in problem.what


def test_a_file_that_is_gone_is_a_problem(tmp_path):
    got, [problem] = read(tmp_path / "gone")
    assert (got, problem.what) == ({}, "doesn't exist")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_problem(tmp_path):
    (tmp_path / "mine").write_bytes(LOG)
    (tmp_path / "mine").chmod(0)
    got, [problem] = read(tmp_path / "mine")
    assert got == {}
    assert "permission denied" in problem.what


def test_a_system_refusal_is_a_problem_with_a_hint(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    got, [problem] = read(tmp_path / "mine")
    assert (got, problem.what) == ({}, "can't be read: permission denied")
    assert problem.hint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_not_a_file_is_a_problem_and_waits_for_nobody(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe")[1][0].what == "is a named pipe, not a file: skipped"
    assert read(tmp_path)[1][0].what == "is a folder, not a file: skipped"
    assert read("/dev/null")[1][0].what == "is a character device, not a file: skipped"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert read(tmp_path / "s")[1][0].where == str(tmp_path / "s")


def test_a_name_with_a_nul_is_a_problem():
    assert read("a\0b")[1][0].what.startswith("isn't a path")


def test_an_error_of_our_own_is_a_problem_too(tmp_path, monkeypatch):
    (tmp_path / "log").write_bytes(LOG)
    monkeypatch.setattr("exclave.sources.files.kind_of", lambda _: 1 // 0)
    got, [problem] = read(tmp_path / "log")
    assert got == {}
    assert "ZeroDivisionError" in problem.what


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read(pack):
    code = (
        "from exclave.sources import *\n"
        "for b in open_item(next(plan(['-'])), Limits(plain=200, part=100)):\n"
        "    print(b.name, len(b.data + b''.join(b.rest or ())), b.packed, b.problem)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=pack(LOG), capture_output=True, check=True)
    assert done.stdout.decode().split() == ["-", str(len(LOG)), str(len(pack(LOG))), "None"]


def test_a_stream_without_a_size_is_read_to_its_end(tmp_path, monkeypatch):
    (tmp_path / "grows").write_bytes(LOG)
    real = os.fstat

    def smaller(fd):
        state = list(real(fd))
        state[6] = 10  # st_size: the file grew after it was asked
        return os.stat_result(state)

    monkeypatch.setattr(os, "fstat", smaller)
    assert read(tmp_path / "grows") == ({"": LOG}, [])


def test_text_with_the_word_ustar_is_not_an_archive(tmp_path):
    text = b"a" * 257 + b"ustar 00, written by an attacker"
    (tmp_path / "log").write_bytes(text)
    assert read(tmp_path / "log") == ({"": text}, [])


def test_a_worker_process_says_that_it_has_no_standard_input(monkeypatch):
    monkeypatch.setattr("multiprocessing.parent_process", object)
    [problem] = open_item(Item(where="-", scheme="stdin", path="-", size=None), Limits())
    assert "worker" in problem.what
