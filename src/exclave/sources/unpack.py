"""From stored bytes to blobs: what they are is told by their first bytes, never by a name."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.archives import Member, tar_members, zip_members
from exclave.sources.inflate import GZIP, ZSTD, gunzip, inflate_whole, unzstd
from exclave.sources.limits import DamagedError, Limits, Meter
from exclave.sources.taken import Taken, blob_of, problem_of, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.sources.blob import Blob

_MAGICS = (
    (GZIP, "gzip"),
    (ZSTD, "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
)
# A NUL stands in both forms, so that no text with "ustar" at the place is taken for an archive.
_TAR = (b"ustar\x00", b"ustar  \x00")
_TAR_AT = 257


@dataclass(slots=True, kw_only=True)
class Work:
    """What unpacking one item shares: bounds, counts, and the file itself where it can be sought in."""

    limits: Limits
    meter: Meter
    file: IO[bytes] | None = None


def kind_of(data: bytes) -> str:
    """gzip, zstd, zip, tar, the name of a compression that isn't read, or '' for plain content."""
    if data[:1] in b"{[":  # JSON, and the empty file
        return ""
    for magic, name in _MAGICS:
        if data.startswith(magic):
            return name
    return "tar" if data.startswith(_TAR, _TAR_AT) else ""


def unpack(name: str, packed: int, taken: Taken, work: Work, depth: int = 0) -> Iterator[Blob | Problem]:
    """The blobs in a stream: one, or those of an archive's members, whatever compresses them."""
    limits = work.limits
    for layer in range(limits.layers + 1):
        kind = kind_of(taken.data)
        if kind == "gzip":
            plain = (
                inflate_whole(taken.data, limits.plain) if taken.more is None and not taken.fault else None
            )
            if plain is not None:
                work.meter.plain += len(
                    plain
                )  # within `plain` by itself, so no bound can be passed by it alone
                taken = Taken(data=plain)
            else:
                taken = take(work.meter.count(gunzip(taken.parts(), limits)), limits.plain)
        elif kind == "zstd":
            taken = take(work.meter.count(unzstd(taken.parts(), limits)), limits.plain)
        elif kind == "zip":
            yield from _zip(name, taken, work, depth, whole_file=layer == 0)
            return
        elif kind == "tar":
            yield from _members(name, tar_members(name, taken, limits), work, depth)
            return
        elif kind:
            yield Problem(
                where=name, what=f"is compressed as {kind}, which isn't read", hint="unpack it first"
            )
            return
        else:
            yield blob_of(name, packed, taken, limits.part)
            return
    yield Problem(where=name, what=f"is compressed more than {limits.layers} times", hint="unpack it first")


def _zip(name: str, taken: Taken, work: Work, depth: int, *, whole_file: bool) -> Iterator[Blob | Problem]:
    try:
        if taken.more is None and taken.fault is None:
            file: IO[bytes] = io.BytesIO(taken.data)
        elif work.file is not None and depth == 0 and whole_file:
            file = work.file
        else:
            file = _spooled(taken.parts(), work.limits.stored)
    except DamagedError as fault:
        yield problem_of(name, fault)
        return
    with file:
        yield from _members(name, zip_members(name, file, work.limits), work, depth)


def _spooled(parts: Iterator[bytes], most: int) -> IO[bytes]:
    """A stream in a nameless temporary file: a zip file's table of contents stands at its end."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        size = 0
        for part in parts:
            size += file.write(part)
            if size > most:
                what = f"is a zip file of more than {most >> 20} MiB in a stream"
                raise DamagedError(what, "unpack it first")  # noqa: TRY301
    except DamagedError:
        file.close()
        raise
    return file


def _members(
    name: str, members: Iterator[Member | Problem], work: Work, depth: int
) -> Iterator[Blob | Problem]:
    if depth >= work.limits.depth:
        yield Problem(where=name, what="is an archive in an archive in an archive", hint="unpack it first")
        return
    found = False
    for member in members:
        found = True
        if isinstance(member, Problem):
            yield member
            continue
        taken = take(work.meter.count(member.parts), work.limits.plain)
        yield from unpack(member.name, member.packed, taken, work, depth + 1)
        if work.meter.spent:
            what = f"{work.meter.spent}: its remaining members were not read"
            yield Problem(where=name, what=what, hint="unpack it yourself if you trust it")
            return
    if not found:
        yield Problem(where=name, what="is an archive without a file in it", hint="fetch it again")
