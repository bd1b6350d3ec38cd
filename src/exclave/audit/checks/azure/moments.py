"""Times and durations as Azure writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_CLOCK = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_PARTS = ("Days", "Hours", "Minutes", "Seconds")
_TICK = 10_000_000  # in a second


def moment(value: object) -> datetime | None:
    """A time of day; without a zone it is UTC. None when it is no time."""
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def span(value: object) -> timedelta | None:
    """A duration: `1.00:30:00`, `PT30M`, or a TimeSpan as PowerShell makes JSON of it. None when it is none."""
    if isinstance(value, dict):
        keys = {str(k).lower(): v for k, v in value.items()}
        ticks = keys.get("ticks")
        if isinstance(ticks, int) and not isinstance(ticks, bool):
            return timedelta(seconds=min(ticks, 10**17) / _TICK)
        parts = {p.lower(): keys.get(p.lower(), 0) for p in _PARTS}
        if all(isinstance(v, int) for v in parts.values()) and any(p.lower() in keys for p in _PARTS):
            return timedelta(**parts)
        return None
    if not isinstance(value, str):
        return None
    try:
        if clock := _CLOCK.fullmatch(value.strip()):
            days, hours, minutes, seconds = (int(g or 0) for g in clock.groups())
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if (iso := _ISO.fullmatch(value.strip())) and any(iso.groups()):
            days, hours, minutes, seconds = (int(g or 0) for g in iso.groups())
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
    return None
