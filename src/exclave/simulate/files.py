"""Files of a delivery, written and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LEVEL = 6


class Files:
    """Writes files below `out` and counts them. `packed` ones are gzip."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._made: set[Path] = set()
        self.files = 0
        self.records = 0
        self.bytes_plain = 0
        self.bytes_written = 0

    def write(self, path: Path, body: bytes, records: int, *, packed: bool = True) -> None:
        """Writes one file, `path` below `out`; makes its folders. Raises OSError."""
        stored: bytes | bytearray = body
        if packed:
            import deflate  # compiled code, loaded when something is written

            stored = deflate.gzip_compress(body, _LEVEL)
        target = self.out / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        target.write_bytes(stored)
        self.files += 1
        self.records += records
        self.bytes_plain += len(body)
        self.bytes_written += len(stored)
