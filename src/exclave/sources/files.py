"""Local files and standard input."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.blob import Blob
from exclave.sources.inflate import GZIP, inflate_whole
from exclave.sources.limits import MIB, DamagedError, Limits, Meter
from exclave.sources.taken import Taken, take
from exclave.sources.unpack import Work, kind_of, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.sources.item import Item

# Without O_NONBLOCK, opening a FIFO that took a file's place would wait for a writer for ever.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def open_file(item: Item, limits: Limits) -> Iterator[Blob | Problem]:
    """The blobs of a local file."""
    try:
        fd = os.open(item.path, _FLAGS)
    except (OSError, ValueError) as error:
        yield os_problem(item.where, error)
        return
    try:
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode):
            yield not_a_file(item.where, state.st_mode)
            return
        size = state.st_size
        if size <= limits.plain:
            data = os.read(fd, size + 1)
            if len(data) == size:
                if data.startswith(GZIP):
                    plain = inflate_whole(data, limits.plain)
                    if plain is not None and not kind_of(plain):
                        yield Blob(name=item.where, data=plain, packed=size)
                        return
                elif not kind_of(data):
                    yield Blob(name=item.where, data=data, packed=size)
                    return
                work = Work(limits=limits, meter=Meter(limits, size))
                yield from unpack(item.where, size, Taken(data=data), work)
                return
            os.lseek(fd, 0, os.SEEK_SET)  # it grew, or it isn't a file with a size: read it as a stream
        with open(os.dup(fd), "rb") as file:  # noqa: PTH123
            work = Work(limits=limits, meter=Meter(limits), file=file)
            yield from unpack(item.where, size, take(work.meter.count_stored(_parts(fd)), limits.plain), work)
    except OSError as error:
        yield os_problem(item.where, error)
    finally:
        os.close(fd)


def _parts(fd: int) -> Iterator[bytes]:
    try:
        while part := os.read(fd, MIB):
            yield part
    except OSError as error:
        raise DamagedError(f"can't be read further: {error.strerror or error}") from error


def open_stdin(item: Item, limits: Limits) -> Iterator[Blob | Problem]:
    """The blobs of standard input, which only the process that was started has."""
    import multiprocessing  # which takes time to load

    if multiprocessing.parent_process() is not None:
        what = "standard input can't be read by a worker process"
        yield Problem(where=item.where, what=what, hint="write it to a file, or give it alone")
        return
    meter = Meter(limits)
    work = Work(limits=limits, meter=meter)
    try:
        taken = take(meter.count_stored(_parts(sys.stdin.fileno())), limits.plain)
    except (OSError, ValueError) as error:
        yield Problem(where=item.where, what=f"standard input can't be read: {error}")
        return
    for blob in unpack(item.where, meter.packed, taken, work):
        if isinstance(blob, Blob) and blob.name == item.where:
            blob.packed = meter.packed
        yield blob


def os_problem(where: str, error: OSError | ValueError) -> Problem:
    """What the system said of a path, and what to do."""
    if isinstance(error, FileNotFoundError):
        return Problem(where=where, what="doesn't exist", hint="check the path")
    if isinstance(error, PermissionError):
        return Problem(
            where=where, what="can't be read: permission denied", hint="run as a user who may read it"
        )
    if isinstance(error, OSError):
        return Problem(where=where, what=f"can't be read: {error.strerror or error}")
    return Problem(where=where, what=f"isn't a path: {error}")


def not_a_file(where: str, mode: int) -> Problem:
    """A path that is neither a file nor a folder."""
    kinds = {
        stat.S_IFSOCK: "a socket",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFBLK: "a block device",
        stat.S_IFCHR: "a character device",
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a symbolic link",
    }
    kind = kinds.get(stat.S_IFMT(mode), "something else")
    hint = "give its output on standard input: exclave hunt - < it" if stat.S_ISFIFO(mode) else ""
    return Problem(where=where, what=f"is {kind}, not a file: skipped", hint=hint)
