"""Files as a log sink writes them to Cloud Storage: one for each log and hour, in JSON lines.

Object names: `cloudaudit.googleapis.com/activity/2026/01/02/00:00:00_00:59:59_S0.json`; an hour with many entries has
several shards. See "View logs routed to Cloud Storage", https://cloud.google.com/logging/docs/export/storage.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from exclave.simulate.files import Files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.simulate.gcp.call import Log

_PER_SHARD = 20_000


class Delivery(Files):
    """Writes files below `out` and counts them. `flat` leaves out the folders, and the colons in names.

    `packed` files are gzip, which a sink's own are not.
    """

    def __init__(self, out: Path, *, flat: bool, packed: bool) -> None:
        super().__init__(out)
        self._packed = packed
        self._flat = flat

    def deliver(self, log: Log, start: int, records: Sequence[tuple[int, bytes]]) -> None:
        """Writes the records of one log and hour, which began at `start`. Raises OSError."""
        ordered = [line for _, line in sorted(records, key=lambda pair: pair[0])]
        for shard, first in enumerate(range(0, len(ordered), _PER_SHARD)):
            lines = ordered[first : first + _PER_SHARD]
            body = b"".join(line + b"\n" for line in lines)
            self.write(self._path(log, start, f"S{shard}"), body, len(lines), packed=self._packed)

    def _path(self, log: Log, start: int, part: str) -> Path:
        at = datetime.fromtimestamp(start, UTC)
        part += ".json.gz" if self._packed else ".json"
        if self._flat:
            return Path(f"gcp_{log}_{at:%Y%m%dT%H}_{part}")
        return (
            Path("cloudaudit.googleapis.com") / log / f"{at:%Y/%m/%d}" / f"{at:%H}:00:00_{at:%H}:59:59_{part}"
        )
