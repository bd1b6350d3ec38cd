"""One request at a time to Google: who asks, the rate, waiting when told to, and answers that are no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.inventory.engine import StoppedError
from exclave.inventory.gcp.endpoints import Endpoints, service_of
from exclave.inventory.gcp.errors import UNAUTHORIZED, is_busy, sorted_out
from exclave.inventory.gcp.tokens import MISSING, Tokens
from exclave.inventory.http import TRIES, Came, Connections

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from exclave.inventory.rate import Limiter

# Services whose quota is by the minute: 100 for each project that asks.
# https://cloud.google.com/asset-inventory/docs/quota and https://cloud.google.com/recommender/quotas
SLOW = frozenset({"cloudasset.googleapis.com", "recommender.googleapis.com", "policyanalyzer.googleapis.com"})
SLOW_RATE = 1.5  # requests a second


class Wire:
    """Sends requests to Google's interfaces and nowhere else. `limits`: the rate, and that of slow services."""

    def __init__(
        self,
        endpoints: Endpoints,
        tokens: Tokens,
        limits: tuple[Limiter, Limiter],
        *,
        stop: threading.Event,
        workers: int = 1,
    ) -> None:
        self._endpoints, self.tokens = endpoints, tokens
        self._limits, self._stop = limits, stop
        self._connections = Connections(workers=workers, missing=MISSING, is_busy=is_busy)

    def send(self, verb: str, url: str, query: Mapping[str, Any], body: Any = None) -> Came:
        """Make one request, waiting and trying again as the service says.

        Raises:
            StoppedError: the credentials can't be used any more, or there are none.
            BadEndpointError: the URL is not of Google's.
        """
        service, real = service_of(url), self._endpoints.real(url)
        fresh, came = False, Came(0, problem="never asked")
        for number in range(TRIES):
            if self._stop.is_set():
                return Came(0, problem="stopped")
            self._limits[service in SLOW].take(service)
            headers = self.tokens.headers(verb, real, fresh=fresh)
            came, wait = self._connections.once(verb, real, body, headers, number, query)
            if came.status == UNAUTHORIZED:
                if fresh:
                    raise StoppedError(
                        f"the credentials can't be used any more ({sorted_out(came.status, came.body)[0]}): "
                        "renew them"
                    )
                fresh = True
                continue
            fresh = False
            if wait is None:
                # some methods answer with nothing at all where others answer {}
                return came if came.body is not None or came.problem else Came(came.status, {})
            self._stop.wait(wait)
        return came

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()
