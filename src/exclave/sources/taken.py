"""The first part of a stream, and the way to the remainder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.blob import Blob
from exclave.sources.limits import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, kw_only=True)
class Taken:
    """`data`, then what `more` gives (None: nothing), then `fault`, where the stream ended badly."""

    data: bytes
    more: Iterator[bytes] | None = None
    fault: DamagedError | None = None

    def parts(self) -> Iterator[bytes]:
        """All of it from the beginning; raises the fault at its place."""
        yield self.data
        if self.more is not None:
            yield from self.more
        if self.fault is not None:
            raise self.fault


def take(parts: Iterator[bytes], limit: int) -> Taken:
    """Gather up to about `limit` bytes; what is longer stays in `more`."""
    got: list[bytes] = []
    size = 0
    try:
        for part in parts:
            got.append(part)
            size += len(part)
            if size > limit:
                return Taken(data=b"".join(got), more=parts)
    except DamagedError as fault:
        return Taken(data=b"".join(got), fault=fault)
    return Taken(data=got[0] if len(got) == 1 else b"".join(got))


def blob_of(name: str, packed: int, taken: Taken, part: int) -> Blob:
    """A blob whose further parts are at least `part` bytes long and end quietly, with `problem` set."""
    blob = Blob(name=name, data=taken.data, packed=packed)
    if taken.fault is not None:
        blob.problem = problem_of(name, taken.fault)
    elif taken.more is not None:
        blob.rest = _rest(blob, taken.more, part)
    return blob


def problem_of(name: str, fault: DamagedError) -> Problem:
    """The fault as a reader is told of it."""
    return Problem(where=name, what=str(fault), hint=fault.hint)


def _rest(blob: Blob, more: Iterator[bytes], least: int) -> Iterator[bytes]:
    got: list[bytes] = []
    size = 0
    try:
        for part in more:
            got.append(part)
            size += len(part)
            if size >= least:
                yield b"".join(got)
                got, size = [], 0
    except DamagedError as fault:
        blob.problem = problem_of(blob.name, fault)
    if got:
        yield b"".join(got)
