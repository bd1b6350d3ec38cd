"""Content larger than what is held at once → pieces that each can be read alone."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from exclave.formats import documents, reading, sniffing, structure
from exclave.formats.documents import wide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.formats.damage import Json

PIECE = 8 << 20  # bytes that a piece has at least, but the last
_WHOLE = 1 << 30  # bytes of a parquet file, which can't be split, that are held
_WINDOW = 1 << 16
_TRIES = 8


def chunks(head: bytes, rest: Iterator[bytes], name: str = "") -> Iterator[tuple[bytes, int]]:
    """Splits content into self-contained pieces, each with the number of records before it.

    A piece of a CloudTrail file is one too; a piece of a table has its header. Records are not cut, up to
    structure.MAX_RECORD. `read(name, piece, before + 1)` over all pieces gives what `read` of the whole
    would, but for the wording of problems.
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
    """Where to cut a buffer. `count`: records before (-1: not counted); `ends`: nothing is open there."""

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

    def piece(self, data: bytes, *, whole: bool) -> bytes:  # noqa: ARG002 - for lists
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
    keys: frozenset[str] = frozenset()  # of the first element
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
        """Where the list ends before the buffer does, or a record is broken."""
        at, last, whole = structure.skip_space(data, start), 0, True
        while at < len(data) and data[at] not in b"]}":
            end = structure.end_of(data, at, limit=structure.MAX_RECORD)
            whole = whole and end > 0 and _is_json(data[at:end])
            if not whole:
                break
            at = last = structure.skip_space(data, end)
        if whole and at < len(data):
            end = structure.close_of(data, at, len(self.closers))
            if end > 0 and _is_json(
                self.closers[::-1].translate(_OPENERS).replace(b"{", b'{"":') + data[at:end]
            ):
                return _Cut(at=end, ends=True)
        return _Cut(at=self._like_a_record(data, start) or last)

    def _like_a_record(self, data: bytes, start: int) -> int:
        """Something is broken before: the last place where an object like the first record begins."""
        for _, following in self._candidates(bytearray(data), start):
            end = structure.end_of(data, following, limit=structure.MAX_RECORD)
            value = _decoded(data[following:end]) if end > 0 else None
            if isinstance(value, dict) and 2 * len(self.keys & value.keys()) >= len(self.keys):
                return following
        return 0


@dataclass(slots=True)
class _Documents(_Splitter):
    """Cuts between documents that are not one a line."""

    def cut(self, buffer: bytearray) -> _Cut:
        data = bytes(buffer)
        at = last = structure.skip_gap(data, 0)
        while at < len(data) and (end := structure.end_of(data, at, limit=structure.MAX_RECORD)) > 0:
            at = last = structure.skip_gap(data, end)
        if last <= structure.skip_gap(data, 0):
            last = max(data.rfind(b"\n{"), data.rfind(b"\n["), 0)
        return _Cut(at=last)


_OPENERS = bytes.maketrans(b"]}", b"[{")
_RECORD = frozenset({"eventName", "eventSource"})


def _decoded(data: bytes) -> Json:
    try:
        return documents.decode(data)
    except ValueError:
        return None


def _is_json(data: bytes) -> bool:
    return _decoded(data) is not None


def _splitter(name: str, data: bytes) -> _Splitter:
    kind = sniffing.container(name, data)
    line = data.find(b"\n") + 1
    if kind == "csv":
        return _Table(header=data[:line])
    if kind == "cloudfront":
        return _Splitter(header=b"".join(re.findall(rb"^#.*\n", data[: sniffing.HEAD], re.MULTILINE)))
    if kind == "json":
        return _json(data, line)
    return _Splitter()


def _json(data: bytes, line: int) -> _Splitter:
    begin = structure.skip_gap(data, 0)
    if data[begin : begin + 1] not in (b"{", b"["):
        return _Splitter()  # lines with a prefix
    end = structure.end_of(data, begin, limit=structure.MAX_RECORD)
    key = structure.first_key(data, begin)
    if 0 < end <= line or (line and key and key == structure.first_key(data, line)):
        return _Splitter()
    start = structure.opening(data, begin)
    if not start:
        return _Documents()
    at = structure.skip_space(data, start.first)
    key = structure.first_key(data, at)
    end = structure.end_of(data, at, limit=structure.MAX_RECORD)
    first = _decoded(data[at:end]) if end > 0 else None
    keys = frozenset(first) if isinstance(first, dict) else _RECORD
    pattern = rb"\}\s*,\s*(?=\{\s*" + re.escape(key) + rb"\s*:)" if key else rb"\}\s*,\s*(?=\{)"
    return _List(
        header=data[: start.first],
        closers=start.closers,
        plain="eventName" in keys and isinstance(first, dict),
        keys=keys,
        records=re.compile(pattern),
    )
