"""Times as people write them: `2026-03-01`, `2026-03-01T12:00Z`, `30d`, `12h`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class When(click.ParamType):  # type: ignore[type-arg]
    """A moment in UTC: ISO 8601, or how long ago."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment, with a usage error for what isn't one."""
        if isinstance(value, datetime):
            return value
        if ago := _AGO.fullmatch(value):
            try:
                return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            except OverflowError:
                self.fail(f"{value!r} is before all time", param, ctx)
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is not a time; write 2026-03-01, 2026-03-01T12:00Z or 30d (m, h, d, w ago)",
                param,
                ctx,
            )
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
