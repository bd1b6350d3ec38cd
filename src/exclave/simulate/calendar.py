"""When ordinary traffic happens: most in office hours, less at night and at weekends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

DAYTIME = range(7, 19)
_HOUR_WEIGHTS = (4, 4, 4, 4, 4, 4, 5, 7, 9, 10, 10, 10, 9, 10, 10, 10, 9, 8, 7, 6, 5, 5, 4, 4)
_WEEKEND = 0.6
_SATURDAY = 5


def load(second: int) -> float:
    """How busy it is at a second of the epoch; relative."""
    weekday = (second // 86400 + 3) % 7  # the epoch was a Thursday
    return _HOUR_WEIGHTS[hour(second)] * (_WEEKEND if weekday >= _SATURDAY else 1)


def hour(second: int) -> int:
    """The hour of the day."""
    return second // 3600 % 24


def spread(records: int, start: datetime, days: int, seconds: int) -> Iterator[tuple[int, int]]:
    """Yields for each window of so many seconds its start (since the epoch) and its share of the records.

    The shares add up to `records`.
    """
    first = int(start.timestamp())
    starts = range(first, first + days * 86400, seconds)
    weights = [load(at) for at in starts]
    total, so_far, made = sum(weights), 0.0, 0
    for at, weight in zip(starts, weights, strict=True):
        so_far += weight
        target = records if at == starts[-1] else int(records * so_far / total)
        yield at, target - made
        made = target
