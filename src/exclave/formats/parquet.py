"""Parquet files (Security Lake, CloudTrail Lake exports, tables) → rows as objects, a batch at a time."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from exclave.formats.damage import Damage, Json
from exclave.formats.sniffing import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 512  # rows that are decoded at once
_MORE = frozenset({"api", "time_dt", "class_uid", "operation", "cs-method", "eventversion"})
_HINT = 'pip install "exclave[parquet]"'


def records(data: bytes) -> Iterator[dict[str, Any] | Damage]:
    """The rows of a parquet file."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        yield Damage(what="parquet is read by pyarrow, which is not installed", hint=_HINT, records=0)
        return
    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        names = [str(name) for name in file.schema_arrow.names]
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        yield Damage(what=f"not readable as parquet: {_first_line(error)}", records=0)
        return
    if not {name.lower() for name in names} & (COLUMNS | _MORE):
        yield Damage(what=f"parquet of unknown columns: {', '.join(names[:12])}", records=0)
        return
    for group in range(file.num_row_groups):
        try:
            for batch in file.iter_batches(batch_size=_BATCH, row_groups=[group]):
                for row in batch.to_pylist():
                    yield _plain(row)
        except (pa.ArrowException, OSError, ValueError, OverflowError, RecursionError) as error:
            yield Damage(what=f"row group {group + 1} is not readable: {_first_line(error)}", records=0)


def _plain(value: Json) -> Json:
    """Arrow's values as JSON has them: times as ISO text, maps (lists of pairs) as objects, no nulls."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):  # noqa: PLR2004 - pairs
            return {str(key): _plain(item) for key, item in value if item is not None}
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, Decimal) else value


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]
