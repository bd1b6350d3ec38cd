"""Files as CloudTrail delivers them to a bucket.

Key: `AWSLogs/<organisation>/<account>/CloudTrail/<region>/<yyyy>/<mm>/<dd>/<account>_CloudTrail_<region>_
<yyyymmddThhmmZ>_<16 random>.json.gz` ("Finding your CloudTrail log files", AWS CloudTrail user guide). Each
holds one JSON object with the key Records.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exclave.simulate.files import Files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

_PER_FILE = 10_000
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Delivery(Files):
    """Writes files below `out` and counts them. `flat` leaves out the folders, `pretty` indents the JSON."""

    def __init__(self, out: Path, rng: Random, organisation: str, *, flat: bool, pretty: bool) -> None:
        super().__init__(out)
        self._rng = rng
        self._organisation = organisation
        self._flat = flat
        self._pretty = pretty

    def deliver(self, account: str, region: str, end: int, records: Sequence[tuple[int, bytes]]) -> None:
        """Writes the records of one account and region whose window ended at `end`, in order of time.

        Delivery takes a few minutes after that. Raises OSError.
        """
        ordered = sorted(records, key=lambda pair: pair[0])
        for first in range(0, len(ordered), _PER_FILE):
            lines = [line for _, line in ordered[first : first + _PER_FILE]]
            at = datetime.fromtimestamp(end, UTC) + timedelta(seconds=self._rng.randrange(60, 300))
            self.write(self._path(account, region, at), self._body(lines), len(lines))

    def _path(self, account: str, region: str, at: datetime) -> Path:
        suffix = "".join(self._rng.choices(_ALPHABET, k=16))
        name = f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{suffix}.json.gz"
        if self._flat:
            return Path(name)
        trail = Path("AWSLogs") / self._organisation / account / "CloudTrail"
        return trail / region / f"{at:%Y}" / f"{at:%m}" / f"{at:%d}" / name

    def _body(self, lines: list[bytes]) -> bytes:
        body = b'{"Records":[' + b",".join(lines) + b"]}"
        if not self._pretty:
            return body
        import orjson

        decoded: Any = orjson.loads(body)
        return orjson.dumps(decoded, option=orjson.OPT_INDENT_2)
