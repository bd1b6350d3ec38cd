"""gzip and zstd to plain bytes: a fast way for the ordinary file, a careful one for every other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exclave.sources.limits import DamagedError, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GZIP = b"\x1f\x8b\x08"
ZSTD = b"\x28\xb5\x2f\xfd"

_SMALLEST = 18  # header and trailer of a gzip member (RFC 1952)
_MOST = 1032  # plain bytes that one byte of DEFLATE can stand for


def inflate_whole(data: bytes, limit: int) -> bytes | None:
    """A gzip file of one member with libdeflate, or None where that isn't certain to give all of it.

    libdeflate needs the size beforehand. The member's own length field gives it, and is believed only if no
    second member can follow (a member begins with the magic, which then occurs at the start alone), if
    DEFLATE can reach that size from this input, and if it is what came out. The checksum is verified.
    """
    from deflate import DeflateError, gzip_decompress  # noqa: PLC0415

    size = int.from_bytes(data[-4:], "little")
    packed = len(data)
    if not 0 < size <= min(_MOST * packed, limit) or packed < _SMALLEST:
        return None
    if not data.startswith(GZIP) or data.find(GZIP, 1) >= 0:
        return None
    try:
        plain = gzip_decompress(data)
    except DeflateError:
        return None
    return bytes(plain) if len(plain) == size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codec:
    """A decompressor. `piece`: bytes given at once, so that the answer of one call stays within ~32 MiB."""

    name: str
    make: Callable[[], Any]
    error: type[Exception]
    piece: int


def gunzip(parts: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Plain bytes of a gzip stream: several members, zero padding between and after them.

    Raises DamagedError after the last byte that could be had, where the stream is cut short, corrupt, or
    followed by something else.
    """
    from isal import isal_zlib  # noqa: PLC0415

    codec = _Codec(
        name="gzip", make=lambda: isal_zlib.decompressobj(31), error=isal_zlib.error, piece=1 << 15
    )
    return _members(parts, codec, limits)


def unzstd(parts: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Plain bytes of a zstd stream of one or more frames. Raises DamagedError as `gunzip` does."""
    import zstandard  # noqa: PLC0415

    codec = _Codec(
        name="zstd",
        make=lambda: zstandard.ZstdDecompressor(max_window_size=limits.plain * 2).decompressobj(),
        error=zstandard.ZstdError,
        piece=1 << 10,
    )
    return _members(parts, codec, limits)


def _members(parts: Iterator[bytes], codec: _Codec, limits: Limits) -> Iterator[bytes]:
    decoder: Any = None
    count = 0
    held: list[bytes] | None = []
    weight = 0
    for part in parts:
        for at in range(0, len(part), codec.piece):
            piece = part[at : at + codec.piece]
            while piece:
                if decoder is None:
                    piece = piece.lstrip(b"\0") if count else piece
                    if not piece:
                        break
                    count += 1
                    if count > limits.members:
                        raise DamagedError(f"holds more than {limits.members} {codec.name} members")
                    decoder, held, weight = codec.make(), [], 0
                try:
                    plain = decoder.decompress(piece)
                except codec.error as error:
                    yield from _salvage(codec, held, piece)
                    raise _fault(codec, count, error) from error
                if plain:
                    yield plain
                if decoder.eof:
                    piece, decoder = decoder.unused_data, None
                    continue
                weight += len(piece)
                if held is not None:
                    held.append(piece)  # so that a fault can be approached byte by byte
                if weight > limits.plain:
                    held = None
                break
    if decoder is not None:
        raise DamagedError(
            f"ends in the middle of its {codec.name} stream", "the copy may be cut short: fetch it again"
        )


def _salvage(codec: _Codec, held: list[bytes] | None, piece: bytes) -> Iterator[bytes]:
    """What `piece` gives before its fault. The failed call's own output is lost, so go again in single bytes."""
    if held is None:
        return
    decoder = codec.make()
    try:
        for earlier in held:
            decoder.decompress(earlier)
        for at in range(len(piece)):
            plain = decoder.decompress(piece[at : at + 1])
            if plain:
                yield plain
    except codec.error:
        return


def _fault(codec: _Codec, count: int, error: Exception) -> DamagedError:
    if count > 1:
        what = f"is corrupt, or not {codec.name} any more, after {count - 1} members: {error}"
    else:
        what = f"is corrupt {codec.name}: {error}"
    return DamagedError(what, "what came before the fault was used: fetch the file again for the remainder")
