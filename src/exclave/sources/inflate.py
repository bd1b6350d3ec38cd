"""gzip and zstd to plain bytes: a fast way for the ordinary file, a careful one for every other."""

from __future__ import annotations

import functools
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from deflate import DeflateError, gzip_decompress

from exclave.sources.limits import DamagedError, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"

_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_SMALLEST = 18  # header and trailer of a gzip member (RFC 1952)
_MOST = 1032  # plain bytes that one byte of DEFLATE can stand for
_WINDOW_LOG = 27  # zstd's own default bound: 128 MiB, --long=27


def inflate_whole(data: bytes, limit: int) -> bytes | None:
    """A gzip file of one member with libdeflate, or None where that isn't certain to give all of it.

    libdeflate needs the size beforehand. The member's own length field gives it, and is believed only if no
    second member can follow (a member begins with the magic and flags of which three bits are never set, RFC
    1952 section 2.3.1, which then stand at the start alone), if DEFLATE can reach that size from this input,
    and if it is what came out. The checksum is verified.
    """
    size = int.from_bytes(data[-4:], "little")
    packed = len(data)
    if not 0 < size <= min(_MOST * packed, limit) or packed < _SMALLEST:
        return None
    if _begins_again(memoryview(data)[1:]):
        return None
    try:
        plain = gzip_decompress(data)
    except DeflateError:
        return None
    # It is a bytearray that nobody else holds: copying it to bytes would cost a quarter of the inflating.
    return cast("bytes", plain) if len(plain) == size else None


def _begins_again(data: memoryview) -> bool:
    return _search()(data)


@functools.cache
def _search() -> Callable[[memoryview], bool]:
    """Whether a member begins in some bytes: Hyperscan's search is forty times as fast as that of `re`."""
    try:
        from pyperscan import BlockDatabase, Pattern, Scan  # optional
    except ImportError:
        return lambda data: _MEMBER.search(data) is not None
    scan = BlockDatabase(Pattern(_MEMBER.pattern)).build(None, lambda *_: Scan.Terminate).scan
    return lambda data: scan(data) == Scan.Terminate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codec:
    """A decompressor. `piece`: bytes given at once, so that the answer of one call stays within ~32 MiB."""

    name: str
    magic: bytes
    make: Callable[[], Any]
    errors: tuple[type[Exception], ...]
    piece: int


def gunzip(parts: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Plain bytes of a gzip stream: several members, zero padding between and after them.

    Raises DamagedError after the last byte that could be had, where the stream is cut short, corrupt, or
    followed by something else.
    """
    from isal import igzip_lib, isal_zlib

    codec = _Codec(
        name="gzip",
        magic=GZIP,
        make=lambda: isal_zlib.decompressobj(31),
        errors=(cast("type[Exception]", igzip_lib.IsalError),),
        piece=1 << 15,
    )
    return _inflate(parts, codec, limits)


def unzstd(parts: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Plain bytes of a zstd stream of one or more frames. Raises DamagedError as `gunzip` does."""
    zstd: Any = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    options = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
    codec = _Codec(
        name="zstd",
        magic=ZSTD,
        make=lambda: zstd.ZstdDecompressor(options=options),
        errors=(zstd.ZstdError,),
        piece=1 << 10,
    )
    return _inflate(parts, codec, limits)


class _Member:
    """A gzip member or zstd frame under way. `held` is its input so far, unless that is very much."""

    __slots__ = ("codec", "decoder", "held", "most", "start", "weight")

    def __init__(self, codec: _Codec, most: int, start: bytes) -> None:
        self.codec = codec
        self.decoder = codec.make()
        self.held: list[bytes] | None = []
        self.start = start
        self.weight = 0
        self.most = most

    def feed(self, piece: bytes) -> bytes:
        plain: bytes = self.decoder.decompress(piece)
        self.weight += len(piece)
        if self.weight > self.most:
            self.held = None
        elif self.held is not None:
            self.held.append(piece)
        return plain

    def salvage(self, piece: bytes) -> Iterator[bytes]:
        """What `piece` gives before its fault: the failed call's output is lost, so again byte by byte."""
        if self.held is None:
            return
        decoder = self.codec.make()
        try:
            for earlier in self.held:
                decoder.decompress(earlier)
            for at in range(len(piece)):
                plain = decoder.decompress(piece[at : at + 1])
                if plain:
                    yield plain
        except self.codec.errors:
            return


def _inflate(parts: Iterator[bytes], codec: _Codec, limits: Limits) -> Iterator[bytes]:
    member: _Member | None = None
    count = 0
    for piece in _pieces(parts, codec.piece):
        left = piece
        while left:
            if member is None:
                left = left.lstrip(b"\0") if count else left
                if not left:
                    break
                count += 1
                member = _Member(codec, limits.plain, left[: len(codec.magic)])
                if count > limits.members:
                    raise DamagedError(f"holds more than {limits.members} {codec.name} members")
            try:
                plain = member.feed(left)
            except codec.errors as error:
                yield from member.salvage(left)
                raise _fault(member, count, f"is corrupt {codec.name}: {error}") from error
            if plain:
                yield plain
            left = member.decoder.unused_data if member.decoder.eof else b""
            member = None if member.decoder.eof else member
    if member is not None:
        raise _fault(member, count, f"ends in the middle of its {codec.name} stream")


def _pieces(parts: Iterator[bytes], size: int) -> Iterator[bytes]:
    for part in parts:
        if len(part) <= size:
            yield part
        else:
            for at in range(0, len(part), size):
                yield part[at : at + size]


def _fault(member: _Member, count: int, what: str) -> DamagedError:
    if count > 1 and not member.codec.magic.startswith(member.start):
        name = member.codec.name
        return DamagedError(
            f"is followed by bytes that aren't {name}", f"what the {name} stream holds was used"
        )
    return DamagedError(what, "what came before the fault was used; fetch the file again for the remainder")
