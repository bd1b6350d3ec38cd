"""Content larger than what is held at once → pieces that each can be read alone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from exclave.formats import reading, sniffing, structure
from exclave.formats.documents import wide

PIECE = 8 << 20  # bytes that a piece has at least, but the last
_WHOLE = 1 << 30  # bytes of a parquet file, which can't be split, that are held
_WINDOW = 1 << 16
_TRIES = 8


def chunks(head: bytes, rest: Iterator[bytes], name: str = "") -> Iterator[tuple[bytes, int]]:
    """Splits content into self-contained pieces, each with the number of records before it.

    A piece of a CloudTrail file is one too; a piece of a table has its header. Records are not cut, whatever
    their size up to structure.MAX_RECORD. `read(name, piece, before + 1)` over all pieces gives what `read` of
    the whole would.
    """
    if head[:4] == b"PAR1":
        yield _joined(head, rest), 0
        return
    splitter: _Splitter | None = None
    buffer = bytearray()
    before = 0
    for part in _utf8(head, rest):
        buffer += part
        while len(buffer) >= PIECE:
            splitter = splitter or _splitter(name, bytes(buffer))
            cut = splitter.cut(buffer)
            if cut.at <= 0:
                if len(buffer) < PIECE + structure.MAX_RECORD:
                    break
                cut = _Cut(at=len(buffer))
            piece = splitter.piece(bytes(buffer[: cut.at]), whole=cut.ends)
            del buffer[: cut.at]
            yield piece, before
            before += cut.count if cut.count >= 0 else reading.count(name, piece)
            if cut.ends:
                splitter = None
    if buffer:
        yield splitter.piece(bytes(buffer), whole=True) if splitter else bytes(buffer), before


def _joined(head: bytes, rest: Iterator[bytes]) -> bytes:
    parts, size = [head], len(head)
    for part in rest:
        if size < _WHOLE:
            parts.append(part)
        size += len(part)
    return b"".join(parts)


def _utf8(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    encoding = wide(head[:4])
    decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
    for start in range(0, len(head), PIECE):
        part = head[start : start + PIECE]
        yield decoder.decode(part).encode("utf-8", "replace") if decoder else part
    for part in rest:
        yield decoder.decode(part).encode("utf-8", "replace") if decoder else part


@dataclass(frozen=True, slots=True)
class _Cut:
    """Where a buffer may be cut. `count`: records before it (-1: not counted); `ends`: nothing is open there."""

    at: int
    count: int = -1
    ends: bool = False


@dataclass(slots=True)
class _Splitter:
    """Cuts at lines. `header` goes before each piece but the first."""

    header: bytes = b""
    first: bool = True

    def cut(self, buffer: bytearray) -> _Cut:
        return _Cut(at=buffer.rfind(b"\n") + 1)

    def piece(self, data: bytes, *, whole: bool) -> bytes:  # noqa: ARG002
        out = data if self.first else self.header + data
        self.first = False
        return out


@dataclass(slots=True)
class _Table(_Splitter):
    """Cuts at the lines of a table, not at a line break inside quotes."""

    def cut(self, buffer: bytearray) -> _Cut:
        at = buffer.rfind(b"\n") + 1
        quotes = buffer.count(b'"', 0, at)
        for _ in range(10_000):
            if quotes % 2 == 0 or at <= 0:
                return _Cut(at=at)
            sooner = buffer.rfind(b"\n", 0, at - 1) + 1
            quotes -= buffer.count(b'"', sooner, at)
            at = sooner
        return _Cut(at=buffer.rfind(b"\n") + 1)


@dataclass(slots=True)
class _List(_Splitter):
    """Cuts between the elements of a list of records. `header` is all up to its `[`."""

    closers: bytes = b"]"
    plain: bool = False  # each element is one record
    records: re.Pattern[bytes] = field(default_factory=lambda: re.compile(rb"\}\s*,\s*(?=\{)"))

    def cut(self, buffer: bytearray) -> _Cut:
        start = len(self.header) if self.first else 0
        for at, following in self._candidates(buffer, start):
            try:
                elements = msgspec.json.decode(b"[" + buffer[start:at] + b"]", type=list[msgspec.Raw])
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            return _Cut(at=following, count=len(elements) if self.plain else -1)
        return self._slow(bytes(buffer), start)

    def piece(self, data: bytes, *, whole: bool) -> bytes:
        body = data if self.first else self.header + data
        self.first = False
        return body if whole else body.rstrip(b" \t\r\n,") + self.closers

    def _candidates(self, buffer: bytearray, start: int) -> list[tuple[int, int]]:
        window = _WINDOW
        while True:
            begin = max(start, len(buffer) - window)
            found = [(m.start() + 1, m.end()) for m in self.records.finditer(buffer, begin)]
            if found or begin == start:
                return found[: -_TRIES - 1 : -1]
            window *= 8

    def _slow(self, data: bytes, start: int) -> _Cut:
        """Element by element: also where the list ends before the buffer does, and where a record is broken."""
        at = last = structure.skip_space(data, start)
        while at < len(data):
            if data[at] in b"]}":
                end = structure.close_of(data, at, len(self.closers))
                return _Cut(at=end, ends=True) if end > 0 else _Cut(at=last)
            at = structure.end_of(data, at, limit=structure.MAX_RECORD)
            if at < 0:
                break
            at = last = structure.skip_space(data, at)
        if last <= start and len(data) >= PIECE + structure.MAX_RECORD:
            candidates = self._candidates(bytearray(data), start)  # broken: its reader will say so
            return _Cut(at=candidates[0][1]) if candidates else _Cut(at=0)
        return _Cut(at=last if last > start else 0)


def _splitter(name: str, data: bytes) -> _Splitter:
    kind = sniffing.container(name, data)
    line = data.find(b"\n") + 1
    if kind == "csv":
        return _Table(header=data[:line])
    if kind == "cloudfront":
        return _Splitter(header=b"".join(re.findall(rb"^#.*\n", data[: sniffing.HEAD], re.MULTILINE)))
    if kind == "json":
        begin = structure.skip_gap(data, 0)
        start = structure.opening(data, begin)
        first_line_ends = 0 < structure.end_of(data, begin, limit=structure.MAX_RECORD) <= (line or len(data))
        if start and not first_line_ends:
            at = structure.skip_space(data, start.first)
            key = structure.first_key(data, at)
            pattern = rb"\}\s*,\s*(?=\{\s*" + re.escape(key) + rb"\s*:)" if key else rb"\}\s*,\s*(?=\{)"
            return _List(
                header=data[: start.first],
                closers=start.closers,
                plain=_is_plain(data, at),
                records=re.compile(pattern),
            )
    return _Splitter()


def _is_plain(data: bytes, position: int) -> bool:
    end = structure.end_of(data, position, limit=structure.MAX_RECORD)
    try:
        record = msgspec.json.decode(data[position:end]) if end > 0 else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(record, dict) and "eventName" in record
