"""One request at a time to Azure: the token, the rate, waiting when told to, and answers that are no JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exclave import __version__
from exclave.inventory.azure.errors import BUSY, ELSEWHERE, UNAUTHORIZED, code_of
from exclave.inventory.azure.tokens import NoTokenError, Tokens
from exclave.inventory.engine import StoppedError

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from exclave.inventory.azure.endpoints import Endpoints
    from exclave.inventory.rate import Limiter

TRIES = 6
MAX_WAIT = 120.0  # seconds that a Retry-After may ask for
FIRST_WAIT = 1.0
CONNECT, READ = 10.0, 60.0  # seconds
GRAPH_QUERIES = "resource graph"


@dataclass(frozen=True, slots=True)
class Came:
    """What came back. `problem`: why there is no body to go by."""

    status: int
    body: Any = None
    problem: str = ""


class Wire:
    """Sends requests to the two endpoints and nowhere else. `limits`: the rate, and that of Resource Graph."""

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
            raise StoppedError(
                "Azure needs azure-identity and httpx: pip install 'exclave[azure]'"
            ) from error
        self.endpoints, self.tokens = endpoints, tokens
        self._limits, self._stop = limits, stop
        self._failed = httpx.HTTPError
        self._client = httpx.Client(
            timeout=httpx.Timeout(READ, connect=CONNECT),
            limits=httpx.Limits(max_connections=workers, max_keepalive_connections=workers),
            headers={"User-Agent": f"exclave/{__version__}", "Accept": "application/json"},
            follow_redirects=False,
        )

    def send(self, verb: str, url: str, body: Any = None) -> Came:
        """Make one request, waiting and trying again as the service says.

        Raises:
            StoppedError: the credentials can't be used any more, or there are none.
        """
        endpoint = self.endpoints.owns(url)
        if not endpoint:
            return Came(0, problem="an address outside Azure's interfaces")
        fresh, came = False, Came(0, problem="never asked")
        for number in range(TRIES):
            if self._stop.is_set():
                return Came(0, problem="stopped")
            self._take(url)
            try:
                token = self.tokens.of(endpoint, fresh=fresh)
            except NoTokenError as error:
                if endpoint != self.endpoints.arm:
                    return came if fresh else Came(UNAUTHORIZED, _no_token(str(error)))
                raise StoppedError(
                    f"no credentials for Azure: {error}: renew them, then --resume goes on"
                ) from error
            came, wait = self._once(verb, url, body, token, number)
            if came.status == UNAUTHORIZED and code_of(came.status, came.body)[0] not in ELSEWHERE:
                if not fresh:
                    fresh = True
                    continue
                if endpoint != self.endpoints.arm:
                    return came  # a credential for resources alone is one, too
                raise StoppedError(
                    f"the credentials can't be used any more ({code_of(came.status, came.body)[0]}): "
                    "renew them, then --resume goes on"
                )
            if wait is None:
                return came
            self._stop.wait(wait)
        return came

    def _once(self, verb: str, url: str, body: Any, token: str, number: int) -> tuple[Came, float | None]:
        """What came, and how long to wait before another try; None when there is no reason for one."""
        again = FIRST_WAIT * 2**number
        try:
            answer = self._client.request(verb, url, json=body, headers={"Authorization": f"Bearer {token}"})
        except self._failed as error:
            return Came(0, problem=f"{type(error).__name__}: {error}"[:300]), again
        if answer.status_code in BUSY:
            return Came(answer.status_code, _json(answer.content)), _told(answer.headers, again)
        if not answer.content:
            return Came(answer.status_code, None), None
        read = _json(answer.content)
        if read is None:
            return Came(answer.status_code, problem="what came back is no JSON"), None
        return Came(answer.status_code, read), None

    def _take(self, url: str) -> None:
        name = service_of(url)
        self._limits[name == GRAPH_QUERIES].take(name)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def service_of(url: str) -> str:
    """The service that a request counts against: Resource Graph, a resource provider, or the interface itself."""
    split = urlsplit(url)
    parts = split.path.lower().split("/")
    if "microsoft.resourcegraph" in parts:
        return GRAPH_QUERIES
    last = max((n for n, part in enumerate(parts) if part == "providers"), default=-1)
    return f"{split.netloc} {parts[last + 1]}" if 0 <= last < len(parts) - 1 else split.netloc


def _no_token(why: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": "NoToken", "message": why}}


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
