"""How much one input may ask of us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20


class DamagedError(Exception):
    """The bytes end here: what was read before is good, what follows can't be had. `hint`: what to do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds against hostile input, in bytes unless said.

    Memory depends on `plain` and `part` only: beyond `plain` content is handed on in parts. `total` and
    `ratio` bound time: they hold for everything one item unpacks to, the ratio once `plain` is passed.
    DEFLATE can't expand more than 1032 to 1, so `ratio` refuses no genuine gzip, only what zstd or zip files
    with overlapping members can do beyond it.
    """

    plain: int = 64 * MIB  # what a blob's data holds at most, give or take a part
    part: int = 4 * MIB  # least size of a further part, but the last
    total: int = 16 * 1024 * MIB  # plain bytes that one item may unpack to
    ratio: int = 1100  # plain bytes per stored byte
    members: int = 1_000_000  # members of one archive, or of one gzip or zstd stream
    depth: int = 2  # archives inside each other: an archive, and archives in it
    layers: int = 3  # compressions around one content: a gzip of a gzip of a gzip
    stored: int = 4 * 1024 * MIB  # archive that must be put on disk to be read (zip in a stream)


class Meter:
    """Counts what one item stored and unpacked to."""

    __slots__ = ("limits", "packed", "plain", "spent")

    def __init__(self, limits: Limits, packed: int = 0) -> None:
        self.limits = limits
        self.packed = packed
        self.plain = 0
        self.spent = ""

    def add(self, count: int) -> None:
        """Count unpacked bytes; raises DamagedError once a bound is passed, and from then on."""
        self.plain += count
        limits = self.limits
        if self.plain <= limits.plain:
            return
        if self.plain > limits.total:
            self.spent = f"unpacks to more than {limits.total >> 20} MiB"
        elif self.plain > limits.ratio * self.packed:
            self.spent = f"unpacks to more than {limits.ratio} times its size, as a decompression bomb does"
        if self.spent:
            raise DamagedError(self.spent, "unpack it yourself if you trust it, and give the plain file")

    def count(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        """The same parts, counted as unpacked."""
        for part in parts:
            self.add(len(part))
            yield part

    def count_stored(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        """The same parts, counted as stored: for streams whose size isn't known beforehand."""
        for part in parts:
            self.packed += len(part)
            yield part
