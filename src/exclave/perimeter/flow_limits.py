"""From which volume on a flow is told of: the `[flows]` table of perimeter.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGTP]?)i?B?\s*", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
KEYS = ("bytes", "times", "learn-hours", "service-bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLimits:
    """The defaults are what ordinary traffic stays below.

    `bytes` a pair must have moved. `times` the usual hour its busiest hour must be, where only its being new
    speaks against it. `learn_hours` is how long after the first record a network still counts as known (0: an
    eighth of the logs' time, at most a day). `service_bytes`: to a service of the provider.
    """

    bytes: int = 1 << 30
    times: float = 10.0
    learn_hours: float = 0.0
    service_bytes: int = 50 << 30


class BadLimitError(ValueError):
    """A limit that can't be used; the message says which."""


def limits(table: Mapping[str, Any]) -> FlowLimits:
    """The limits that a `[flows]` table states.

    Raises:
        BadLimitError: an unknown key, or a value that is no size or number.
    """
    if unknown := [k for k in table if k not in KEYS]:
        raise BadLimitError(f"unknown key {unknown[0]!r}; known: {', '.join(KEYS)}")
    made: dict[str, Any] = {}
    for key in ("bytes", "service-bytes"):
        if key in table:
            made[key.replace("-", "_")] = _size(table[key], key)
    for key in ("times", "learn-hours"):
        if key in table:
            made[key.replace("-", "_")] = _number(table[key], key)
    return FlowLimits(**made)


def _size(value: object, key: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found or float(found[1]) <= 0:
        raise BadLimitError(f'{key} is a size, e.g. "1 GiB" or a number of bytes')
    return int(float(found[1]) * 1024 ** _POWERS[found[2].upper()])


def _number(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:  # noqa: PLR2004
        raise BadLimitError(f"{key} is a number that is not negative")
    return float(value)
