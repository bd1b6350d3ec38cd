"""Goes over the lines of one content, by their marks or by a typed parse: see ways.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import orjson

from exclave.detect.lines.marks import STORAGE
from exclave.formats import azure_storage
from exclave.formats.cloudtrail import parse_time
from exclave.formats.reading import read
from exclave.model import Event, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exclave.detect.lines.reads import Reads
    from exclave.detect.patterns import Finder
    from exclave.formats.logs import Parser
    from exclave.model import Transfer

BOM = b"\xef\xbb\xbf"
_BATCH = 64 * 1024  # bytes that are parsed at once
_ROUNDED = 2e-6  # seconds
_SPARE = 200  # lines that may be read whole whatever their share
_SHARE = 4  # above that, one in so many lines


@dataclass(slots=True)
class Looked:
    """What lines show: the events of those that were read whole, and how many records there are, of which logs."""

    events: list[Event] = field(default_factory=list)
    records: int = 0
    exact: bool = True  # False where lines were counted by the length of the first ones
    logs: set[str] = field(default_factory=set)
    times: list[datetime] = field(default_factory=list)  # the earliest and the latest
    more: list[Transfer] = field(default_factory=list)  # of lines that were counted (reads.py)


class Family(Protocol):
    """The lines of one cloud: how they are parsed, and which of them matter. One for each content."""

    decoder: msgspec.json.Decoder[Any]  # to shapes, which have a `time`
    stamps: msgspec.json.Decoder[Any]  # to shapes whose `time` is the text

    def picked(self, shapes: Sequence[Any]) -> list[int]:
        """The positions of the lines that must be read whole. It remembers what they show."""

    def parser(self, shape: Any) -> Parser | None:
        """What reads a line that was picked as the full parser would, which decides where it is None."""

    def over(self, looking: Looking, places: list[int]) -> bool:
        """Goes over the lines of a content by its marks; False where the typed parse must."""


class UnsureError(Exception):
    """The full parser must read the content."""


@dataclass(slots=True)
class Looking:
    """One content that is looked at: once, by `scanned` or by `all`."""

    name: str
    data: bytes
    family: Family
    first: int  # the number of the first record
    reads: Reads | None
    way: str = ""  # which marks are used
    out: Looked = field(default_factory=Looked)
    least: list[tuple[datetime, int, int, int]] = field(default_factory=list)  # time, batch, position in it
    most: list[tuple[datetime, int, int, int]] = field(default_factory=list)

    def all(self) -> Looked:
        """Goes over all lines by a typed parse. Raises UnsureError where the full parser must."""
        data = self.data
        at, size = self.start(), len(data)
        view = memoryview(data)
        while at < size:
            stop = data.rfind(b"\n", at, at + _BATCH) + 1 if at + _BATCH < size else size
            stop = stop or data.find(b"\n", at + _BATCH) + 1 or size
            self._batch(view[at:stop], at, stop)
            at = stop
        return self._done()

    def scanned(self, marks: Sequence[Finder], way: str) -> bool:
        """Goes over lines by their marks; False where the typed parse must."""
        places = [place for find in marks for place in find(self.data)]
        self.way = way
        if not self.family.over(self, places):
            return False
        self._done()
        return True

    def start(self) -> int:
        """Where the first line begins."""
        return 3 if self.data.startswith(BOM) else 0

    def look(self, at: int, stop: int, number: int = 0) -> Any:
        """Reads a line, of that number if it is known; what the typed parse makes of one that shows nothing, else None."""
        line = self.data[at:stop]
        if self.reads and self.way == STORAGE and (time := self.reads.counts(line)):
            self._note([time], at, stop)
            return None
        try:
            shape = self.family.decoder.decode(line)
        except msgspec.MsgspecError:
            self._read(line, number)
            return None
        self._note([shape.time], at, stop)
        if self.family.picked([shape]):
            self._read(line, number, shape)
            return None
        return shape

    def _done(self) -> Looked:
        self.out.times += self._texts()
        if self.reads:
            self.out.more = self.reads.more()
        return self.out

    def _batch(self, part: memoryview, at: int, stop: int) -> None:
        try:
            shapes = self.family.decoder.decode_lines(part)
        except msgspec.MsgspecError:
            for start, end in self._lines(at, stop):  # some line has another shape
                self.out.records += 1
                self.look(start, end, self.first + self.out.records - 1)
            return
        before = self.first + self.out.records
        self.out.records += len(shapes)
        if picked := self.family.picked(shapes):
            lines = self._lines(at, stop)
            if len(lines) != len(shapes):
                raise UnsureError
            for n in picked:
                line = self.data[slice(*lines[n])]
                if self.family.decoder.decode(line) != shapes[n]:
                    raise UnsureError
                self._read(line, before + n, shapes[n])
        self._note([shape.time for shape in shapes], at, stop)

    def _read(self, line: bytes, number: int, shape: Any = None) -> None:
        """Reads a line whole; `shape` is what the typed parse made of it, if it took it."""
        events = self.out.events
        if len(events) > _SPARE and _SHARE * len(events) > self.out.records:
            raise UnsureError
        parse = self.family.parser(shape) if shape is not None else None
        reads = self.reads if parse is azure_storage.event else None
        if reads and not self.way and reads.counts(line):
            return
        if parse:
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                parse = None
            else:
                identifier = record.get("insertId", "")[:200]
                found: list[Any] = [
                    parse(record, Evidence(file=self.name, record=number, event_id=identifier))
                ]
        if not parse:
            found = list(read(self.name, bytes(line), number))
        if len(found) != 1 or not isinstance(found[0], Event):
            raise UnsureError
        events.append(found[0])
        self.out.logs.add(found[0].log)
        if reads:
            reads.learn(found[0])

    def _lines(self, at: int, stop: int) -> list[tuple[int, int]]:
        """Where each line that isn't empty begins and ends."""
        out, find = [], self.data.find
        while at < stop:
            end = find(b"\n", at, stop)
            end = stop if end < 0 else end
            if not self.data[at:end].isspace() and at < end:
                out.append((at, end))
            at = end + 1
        return out

    def _note(self, times: list[datetime], at: int, stop: int) -> None:
        """Keeps where the earliest and the latest times stand."""
        if not times:
            return
        least, most = min(times), max(times)
        if not self.least or least <= self.least[0][0]:
            new = [(least, at, stop, n) for n, time in enumerate(times) if time == least]
            self.least = [e for e in self.least if e[0] == least] + new
        if not self.most or most >= self.most[0][0]:
            new = [(most, at, stop, n) for n, time in enumerate(times) if time == most]
            self.most = [e for e in self.most if e[0] == most] + new

    def _texts(self) -> list[datetime]:
        """The earliest and latest times as the full parser reads them: typed ones are rounded, those cut off."""
        texts: dict[str, datetime] = {}
        batch: tuple[int, int] = (-1, -1)
        stamps: list[Any] = []
        for typed, at, stop, n in (*self.least, *self.most):
            if batch != (at, stop):
                batch, stamps = (at, stop), self.family.stamps.decode_lines(self.data[at:stop])
            text = stamps[n].time
            if text not in texts:
                time = parse_time(text)
                if time is None or abs((time - typed).total_seconds()) > _ROUNDED:
                    raise UnsureError
                texts[text] = time
        return list(texts.values())
