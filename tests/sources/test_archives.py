"""Archives are read member by member, and nothing of theirs is written to disk."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exclave.sources import Limits
from exclave.sources.limits import Meter
from exclave.sources.taken import Taken
from exclave.sources.unpack import Work, unpack
from tests.sources.helpers import SMALL, gathered, read, zstd_packed

LOG = b'{"Records": []}\n' * 20
FILES = {"inner/a.json.gz": gzip.compress(LOG), "../../etc/passwd": LOG, "/abs": b"", ".hidden": LOG[:30]}
PLAIN = {"!inner/a.json.gz": LOG, "!../../etc/passwd": LOG, "!/abs": b"", "!.hidden": LOG[:30]}


def zipped(files, **kind):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files, form=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


ARCHIVES = {
    "zip": zipped(FILES),
    "zip, deflated": zipped(FILES, compression=zipfile.ZIP_DEFLATED),
    "tar": tarred(FILES),
    "gnu tar": tarred(FILES, tarfile.GNU_FORMAT),
    "tar.gz": gzip.compress(tarred(FILES)),
    "tar.zst": zstd_packed(tarred(FILES)),
    "zip in gzip": gzip.compress(zipped(FILES)),
}


@pytest.mark.parametrize("stored", ARCHIVES.values(), ids=ARCHIVES.keys())
@pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["whole", "in parts"])
def test_members_are_unpacked_whatever_their_names(tmp_path, stored, limits):
    (tmp_path / "logs").write_bytes(stored)
    assert read(tmp_path / "logs", limits) == (PLAIN, [])
    assert list(tmp_path.iterdir()) == [tmp_path / "logs"]


@pytest.mark.parametrize("outer", [zipped, tarred])
@pytest.mark.parametrize("inner", [zipped, tarred])
def test_an_archive_in_an_archive_is_unpacked_and_a_third_is_not(tmp_path, outer, inner):
    (tmp_path / "two").write_bytes(outer({"b": inner({"a": LOG})}))
    assert read(tmp_path / "two") == ({"!b!a": LOG}, [])
    (tmp_path / "three").write_bytes(outer({"c": outer({"b": inner({"a": LOG})}), "d": LOG}))
    got, [problem] = read(tmp_path / "three")
    assert got == {"!d": LOG}
    assert problem.where == f"{tmp_path / 'three'}!c!b"


def test_links_and_devices_in_an_archive_are_counted_not_followed(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo(f"m{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    (tmp_path / "t").write_bytes(out.getvalue())
    got, [problem] = read(tmp_path / "t")
    assert got == {}
    assert problem.what == "3 members are links or devices, which are not followed"


def test_an_encrypted_member_is_a_problem_and_the_others_are_read(tmp_path):
    stored = bytearray(zipped({"secret": LOG, "open": LOG}))
    at = stored.find(b"PK\x01\x02")
    stored[at + 8] |= 1  # general purpose flag of the first entry in the table of contents
    (tmp_path / "z").write_bytes(bytes(stored))
    got, [problem] = read(tmp_path / "z")
    assert got == {"!open": LOG}
    assert (problem.where, problem.what) == (f"{tmp_path / 'z'}!secret", "is encrypted")


def test_a_damaged_member_is_a_problem_and_the_others_are_read(tmp_path):
    stored = bytearray(zipped({"bad": LOG, "good": LOG}))
    stored[45] ^= 0xFF  # in the first member's stored content
    (tmp_path / "z").write_bytes(bytes(stored))
    got, [problem] = read(tmp_path / "z")
    assert got["!good"] == LOG
    assert problem.where.endswith("!bad")
    assert "can't be unpacked" in problem.what


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_cut_archive_is_a_problem(tmp_path, pack):
    (tmp_path / "cut").write_bytes(pack({"a": LOG, "b": os.urandom(3000)})[:2500])
    _, problems = read(tmp_path / "cut")
    assert problems


def test_a_cut_tar_gz_gives_its_first_members(tmp_path):
    stored = gzip.compress(tarred({"a": LOG, "b": os.urandom(30_000)}))
    (tmp_path / "cut.tgz").write_bytes(stored[:-5000])
    got, problems = read(tmp_path / "cut.tgz")
    assert got["!a"] == LOG
    assert "ends in the middle of its gzip stream" in {problem.what for problem in problems}


def test_the_bounds_hold_for_all_members_together(tmp_path):
    bomb = zipped({f"m{n}": bytes(100_000) for n in range(50)}, compression=zipfile.ZIP_DEFLATED)
    (tmp_path / "bomb").write_bytes(bomb)
    got, problems = read(tmp_path / "bomb", Limits(plain=150_000, total=1 << 20))
    assert sum(map(len, got.values())) < 2 << 20
    assert "its remaining members were not read" in problems[-1].what


def test_more_members_than_allowed_are_a_problem(tmp_path):
    for pack in (zipped, tarred):
        (tmp_path / "many").write_bytes(pack({f"m{n}": b"" for n in range(10)}))
        got, [problem] = read(tmp_path / "many", Limits(members=4))
        assert len(got) == 4
        assert "more than 4 members" in problem.what


def test_a_tar_header_of_impossible_size_is_a_problem(tmp_path):
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 10**9
    (tmp_path / "t").write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(2000))
    got, [problem] = read(tmp_path / "t")
    assert got == {}
    assert "impossible size" in problem.what


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([ARCHIVES["zip, deflated"], ARCHIVES["tar"], ARCHIVES["gnu tar"]]),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 400),
)
def test_no_mangled_archive_raises(kind, changes, cut):
    stored = bytearray(kind)
    for at, value in changes:
        stored[at % len(stored)] = value
    data = bytes(stored[: len(stored) - cut])
    work = Work(limits=SMALL, meter=Meter(SMALL, len(data)))
    got, problems = gathered(unpack("x", len(data), Taken(data=data), work))
    assert got or problems or not changes


def test_a_zip_table_of_contents_of_impossible_size_is_not_read(tmp_path):
    stored = bytearray(zipped({"a": LOG}))
    stored[-10:-6] = (1 << 31).to_bytes(4, "little")
    (tmp_path / "z").write_bytes(bytes(stored))
    got, [problem] = read(tmp_path / "z")
    assert got == {}
    assert "impossible size" in problem.what


def test_a_zip_with_a_comment_and_one_of_zip64_are_read(tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = b"PK\x01 a comment"
        with archive.open("a", "w", force_zip64=True) as member:
            member.write(LOG)
    (tmp_path / "z").write_bytes(out.getvalue())
    assert read(tmp_path / "z") == ({"!a": LOG}, [])


def test_a_member_of_a_zip_without_a_name_is_read(tmp_path):
    stored = zipped({"a": LOG, "bb": LOG}).replace(b"a", b"\0", 1)  # of the member, then of the table
    at = stored.rindex(b"PK\x01\x02", 0, stored.rindex(b"PK\x01\x02"))
    (tmp_path / "z").write_bytes(stored[:at] + stored[at:].replace(b"a", b"\0", 1))
    assert read(tmp_path / "z") == ({"!": LOG, "!bb": LOG}, [])


def only_a_folder():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    return out.getvalue()


@pytest.mark.parametrize("stored", [zipped({"folder/": b""}), zipped({}), only_a_folder()])
def test_an_archive_without_a_file_in_it_is_named(tmp_path, stored):
    (tmp_path / "a").write_bytes(stored)
    got, [problem] = read(tmp_path / "a")
    assert (got, problem.what) == ({}, "is an archive without a file in it")
