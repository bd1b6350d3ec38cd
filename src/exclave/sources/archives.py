"""Members of zip and tar archives, in the order they are stored. Nothing is written under a member's name."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from exclave.model import Problem
from exclave.sources.limits import MIB, DamagedError, Limits

if TYPE_CHECKING:
    import tarfile
    import zipfile
    from collections.abc import Iterator

    from exclave.sources.taken import Taken


@dataclass(slots=True, kw_only=True)
class Member:
    """A regular file in an archive. `parts` must be read before the next member is asked for."""

    name: str
    packed: int
    parts: Iterator[bytes]


_NOT_FILES = "members are links or devices, which are not followed"
_END_RECORD = 22  # bytes of a zip file's end record without its comment
_END_SEARCHED = _END_RECORD + (1 << 16) + 20 + 56
_ENCRYPTED = 0x1  # general purpose flag, bit 0 (APPNOTE 4.4.4)


def zip_members(name: str, file: IO[bytes], limits: Limits) -> Iterator[Member | Problem]:
    """Members of a zip file that can be sought in; those that can't be read are problems of their own."""
    import zipfile

    try:
        if _contents_size(file) > limits.plain:
            what = "is a zip file with a table of contents of impossible size"
            yield Problem(where=name, what=what, hint="unpack it and give the folder")
            return
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        yield Problem(where=name, what=f"is a zip file that can't be opened: {error}", hint="fetch it again")
        return
    with archive:
        others = 0
        listed = archive.infolist()
        # folders are left out; `is_dir` fails where the name is empty
        files = [i for i in listed[: limits.members] if i.file_size or not i.filename.endswith("/")]
        if len(listed) > limits.members:
            yield _too_many(name, limits)
        for info in files:
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
                others += 1
                continue
            inner = f"{name}!{_shown(info.filename)}"
            if info.flag_bits & _ENCRYPTED:
                yield Problem(where=inner, what="is encrypted", hint="unpack it and give the files")
                continue
            yield Member(name=inner, packed=info.compress_size, parts=_zip_parts(archive, info))
        if others:
            yield Problem(where=name, what=f"{others} {_NOT_FILES}")


def _contents_size(file: IO[bytes]) -> int:
    """Bytes of a zip file's table of contents, as its end record says: zipfile reads it all into memory.

    APPNOTE 4.3.14 to 4.3.16: the end record, and the one of ZIP64 with its locator right before it.
    """
    start = max(0, file.seek(0, io.SEEK_END) - _END_SEARCHED)
    file.seek(start)
    tail = file.read()
    sizes = [0]
    for at in (tail.rfind(b"PK\x05\x06"), len(tail) - _END_RECORD):  # zipfile looks at both places
        if at >= 0 and tail.startswith(b"PK\x05\x06", at):
            sizes.append(int.from_bytes(tail[at + 12 : at + 16], "little") % 0xFFFFFFFF)
            long = at - 20 - 56
            if long >= 0 and tail.startswith(b"PK\x06\x07", at - 20):
                sizes.append(int.from_bytes(tail[long + 40 : long + 48], "little"))
    return max(sizes)


def _zip_parts(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as member:
            while part := member.read(MIB):
                yield part
    except DamagedError:
        raise
    except Exception as error:  # zipfile lets whatever its codecs raise pass: zlib, lzma, struct, ...
        raise DamagedError(f"can't be unpacked: {error}", "fetch the archive again, or unpack it") from error


def tar_members(name: str, taken: Taken, limits: Limits) -> Iterator[Member | Problem]:
    """Members of a tar stream, read once from the front."""
    import tarfile

    stream = _Forward(taken.parts(), limits.plain)
    others = 0
    try:
        with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as archive:
            kept: Any = archive  # the list isn't in its published type
            count = 0
            while (info := archive.next()) is not None:
                kept.members.clear()  # it keeps them all otherwise
                count += 1
                if count > limits.members:
                    yield _too_many(name, limits)
                    break
                if info.isreg():
                    inner = f"{name}!{_shown(info.name)}"
                    yield Member(name=inner, packed=info.size, parts=_tar_parts(archive, info))
                elif not info.isdir():
                    others += 1
    except DamagedError as fault:
        yield Problem(where=name, what=str(fault), hint=fault.hint)
    except (tarfile.TarError, ValueError, OSError, EOFError) as error:
        yield Problem(where=name, what=f"is a damaged tar archive: {error}", hint="fetch it again")
    if others:
        yield Problem(where=name, what=f"{others} {_NOT_FILES}")


def _tar_parts(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    import tarfile

    try:
        member = archive.extractfile(info)
        while member is not None and (part := member.read(min(MIB, info.size + 1))):
            yield part
    except (tarfile.TarError, ValueError, OSError, EOFError) as error:
        raise DamagedError(f"can't be unpacked: {error}", "fetch the archive again") from error


class _Forward(io.RawIOBase):
    """A stream that tarfile may tell and seek in, forwards only. One read gives at most `limit` bytes."""

    def __init__(self, parts: Iterator[bytes], limit: int) -> None:
        super().__init__()
        self._parts = parts
        self._limit = limit
        self._part = memoryview(b"")
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._at:
            raise DamagedError("is a tar archive that goes backwards", "unpack it and give the files")
        while self._at < offset and self._fill():
            self._use(min(offset - self._at, len(self._part)))
        return self._at

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._limit:
            raise DamagedError("is a tar archive with a header of impossible size", "unpack it yourself")
        got: list[bytes] = []
        while size > 0 and self._fill():
            taken = bytes(self._use(min(size, len(self._part))))
            got.append(taken)
            size -= len(taken)
        return got[0] if len(got) == 1 else b"".join(got)

    def _fill(self) -> bool:
        while not self._part:
            part = next(self._parts, None)
            if part is None:
                return False
            self._part = memoryview(part)
        return True

    def _use(self, count: int) -> memoryview:
        used, self._part = self._part[:count], self._part[count:]
        self._at += count
        return used


def _too_many(name: str, limits: Limits) -> Problem:
    what = f"holds more than {limits.members} members: the remainder was not read"
    return Problem(where=name, what=what, hint="unpack it and give the folder")


def _shown(name: str) -> str:
    """A member's name for display: what isn't text is written as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
