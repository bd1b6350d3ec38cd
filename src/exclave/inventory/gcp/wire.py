"""One request at a time to Google: who asks, the rate, waiting when told to, and answers that are no JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from exclave import __version__
from exclave.inventory.engine import StoppedError
from exclave.inventory.gcp.endpoints import Endpoints, service_of
from exclave.inventory.gcp.errors import UNAUTHORIZED, is_busy, sorted_out
from exclave.inventory.gcp.tokens import MISSING, Tokens

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from exclave.inventory.rate import Limiter

TRIES = 6
MAX_WAIT = 120.0  # seconds that a Retry-After may ask for
FIRST_WAIT = 1.0
CONNECT, READ = 10.0, 60.0  # seconds
# Services whose quota is by the minute: 100 for each project that asks.
# https://cloud.google.com/asset-inventory/docs/quota and https://cloud.google.com/recommender/quotas
SLOW = frozenset({"cloudasset.googleapis.com", "recommender.googleapis.com", "policyanalyzer.googleapis.com"})
SLOW_RATE = 1.5  # requests a second


@dataclass(frozen=True, slots=True)
class Came:
    """What came back. `problem`: why there is no body to go by."""

    status: int
    body: Any = None
    problem: str = ""


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
        try:
            import httpx
        except ImportError as error:
            raise StoppedError(MISSING) from error
        self._endpoints, self.tokens = endpoints, tokens
        self._limits, self._stop = limits, stop
        self._failed = httpx.HTTPError
        self._client = httpx.Client(
            timeout=httpx.Timeout(READ, connect=CONNECT),
            limits=httpx.Limits(max_connections=workers, max_keepalive_connections=workers),
            headers={"User-Agent": f"exclave/{__version__}", "Accept": "application/json"},
            follow_redirects=False,
        )

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
            came, wait = self._once(verb, real, query, body, headers, number)
            if came.status == UNAUTHORIZED:
                if fresh:
                    raise StoppedError(
                        f"the credentials can't be used any more ({sorted_out(came.status, came.body)[0]}): "
                        "renew them, then --resume goes on"
                    )
                fresh = True
                continue
            fresh = False
            if wait is None:
                return came
            self._stop.wait(wait)
        return came

    def _once(
        self,
        verb: str,
        url: str,
        query: Mapping[str, Any],
        body: Any,
        headers: Mapping[str, str],
        number: int,
    ) -> tuple[Came, float | None]:
        """What came, and how long to wait before another try; None when there is no reason for one."""
        again = FIRST_WAIT * 2**number
        try:
            answer = self._client.request(verb, url, params=dict(query), json=body, headers=dict(headers))
        except self._failed as error:
            return Came(0, problem=f"{type(error).__name__}: {error}"[:300]), again
        read = _json(answer.content) if answer.content else {}
        if is_busy(answer.status_code, read):
            return Came(answer.status_code, read), _told(answer.headers, again)
        if read is None:
            return Came(answer.status_code, problem="what came back is no JSON"), None
        return Came(answer.status_code, read), None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _json(content: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(content)
    except (orjson.JSONDecodeError, RecursionError):
        return None


def _told(headers: Mapping[str, str], otherwise: float) -> float:
    """The seconds that Retry-After (a number or a date) asks for, within bounds."""
    said = headers.get("retry-after", "").strip()
    try:
        wait = float(said)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            wait = otherwise
    return min(max(wait, 0.0), MAX_WAIT)
