"""The cheap path for JSON lines of Azure and Google Cloud: which lines matter, without reading the others whole.

A typed parse (azure.py, google.py) sees every line and is exact: it takes a line only where all its
keys are known to it, so that the few values it looks at are all that the full parser would go by. A line that may
show something (its name stands in the catalogue, an owner or domain not met before in this content, anything
odd) is read whole by the full parser; the others are counted, and their times span the coverage.

Before it, where Hyperscan is there and a checksum vouches for the bytes, goes a scan for marks (marks.py): raw line
breaks can't stand in JSON strings, so each line is one record as its writer wrote it, whatever an attacker put into it.
What that takes from the documentation, and not from the bytes, stands in docs/decisions/0004-lines.md.

`looked_at` gives what the full parser would, or None where it isn't sure: content that isn't one record a line,
that is damaged anywhere, or of which most would have to be read whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.detect.lines.azure import Azure
from exclave.detect.lines.google import Google
from exclave.detect.lines.looking import BOM, Looked, Looking, UnsureError
from exclave.detect.lines.reads import Reads

if TYPE_CHECKING:
    from exclave.detect.lines.told import Told
    from exclave.detect.match import Index
    from exclave.detect.patterns import Finder

_GOOGLE = b'"protoPayload"'
_LONGEST = 1 << 20  # bytes of the first line
_WORTH = 32 << 20  # bytes of lines from which making the searches pays


@dataclass(slots=True)
class Lines:
    """The catalogue made ready for lines, in one process."""

    catalogue: Index
    hyperscan: bool = True
    _known: dict[type, dict[Any, Any]] = field(default_factory=dict)  # what names mean, by cloud
    _marks: dict[str, tuple[Finder, ...] | None] = field(default_factory=dict)  # by what they are for
    _size: int = 0  # bytes that were looked at

    def looked_at(
        self, name: str, data: bytes, first_record: int, told: Told, *, packed: bool, counted: bool
    ) -> Looked | None:
        """What some content shows, or None where the full parser must read it.

        Args:
            name: of the file.
            data: the content, or a piece of it that ends with a line.
            first_record: the number of its first record.
            told: what the batch has told so far.
            packed: whether a checksum vouches for its bytes, so that not each must be parsed.
            counted: whether what folds into one may be counted, and not be shown one by one.
        """
        start = 3 if data.startswith(BOM) else 0
        first = bytes(data[start : data.find(b"\n", start, start + _LONGEST) + 1])
        if not first.startswith(b"{"):
            return None
        kind: type[Google | Azure] = Google if _GOOGLE in first else Azure
        try:
            shape: Any = kind.decoder.decode(first)
            known = self._known.setdefault(kind, {})
            self._size += len(data)
            way = kind.way(name, shape) if packed and self.hyperscan and self._size >= _WORTH else ""
            marks = self._searches(kind, way) if way else None
            while True:
                if not marks:
                    data = bytes(data)
                    if not data.isascii():
                        data.decode()
                told.forget()
                reads = Reads(self.catalogue, told.reads) if counted else None
                looking = Looking(name, data, kind(self.catalogue, known, told), first_record, reads)
                if not marks or looking.scanned(marks, way):
                    out = looking.out if marks else looking.all()
                    told.keep()
                    return out
                marks = None
        except (UnicodeDecodeError, RecursionError, msgspec.MsgspecError, UnsureError):
            return None

    def _searches(self, kind: type[Google | Azure], way: str) -> tuple[Finder, ...] | None:
        if way not in self._marks:
            try:
                self._marks[way] = kind.marks(self.catalogue, way)
            except ImportError:  # Hyperscan is optional
                self._marks[way] = None
        return self._marks[way]
