"""A rate limit: a token bucket for each service and region, waited for without holding anybody else up."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limiter:
    """So many calls a second for each name, after a short burst. `rate` 0: no limit."""

    def __init__(
        self, rate: float, burst: int, stop: threading.Event, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._stop, self._clock = rate, burst, stop, clock
        self._lock = threading.Lock()
        self._free: dict[str, float] = {}  # when the bucket would be full again

    def take(self, name: str) -> float:
        """Wait for a token, or until the stop is set. Gives the seconds waited."""
        wait = self.reserve(name)
        if wait > 0:
            self._stop.wait(wait)
        return wait

    def reserve(self, name: str) -> float:
        """Take a token of now or later, and say how many seconds away it is."""
        if self._rate <= 0:
            return 0.0
        with self._lock:
            now = self._clock()
            full = max(self._free.get(name, now), now) + 1 / self._rate
            self._free[name] = full
        return max(0.0, full - now - self._burst / self._rate)
