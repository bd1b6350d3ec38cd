"""One request at a time to Azure: the token, the rate, waiting when told to, and answers that are no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exclave.inventory.azure.errors import BUSY, ELSEWHERE, UNAUTHORIZED, code_of
from exclave.inventory.azure.tokens import NoTokenError, Tokens
from exclave.inventory.engine import StoppedError
from exclave.inventory.http import TRIES, Came, Connections

if TYPE_CHECKING:
    import threading

    from exclave.inventory.azure.endpoints import Endpoints
    from exclave.inventory.rate import Limiter

GRAPH_QUERIES = "resource graph"
MISSING = 'Azure needs azure-identity and httpx: pip install "exclave[azure]"'


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
        self.endpoints, self.tokens = endpoints, tokens
        self._limits, self._stop = limits, stop
        self._connections = Connections(
            workers=workers, missing=MISSING, is_busy=lambda status, _: status in BUSY
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
                raise StoppedError(f"no credentials for Azure: {error}: renew them") from error
            headers = {"Authorization": f"Bearer {token}"}
            came, wait = self._connections.once(verb, url, body, headers, number)
            if came.status == UNAUTHORIZED and code_of(came.status, came.body)[0] not in ELSEWHERE:
                if not fresh:
                    fresh = True
                    continue
                if endpoint != self.endpoints.arm:
                    return came  # a credential for resources alone is one, too
                raise StoppedError(
                    f"the credentials can't be used any more ({code_of(came.status, came.body)[0]}): "
                    "renew them"
                )
            if wait is None:
                return came
            self._stop.wait(wait)
        return came

    def _take(self, url: str) -> None:
        name = service_of(url)
        self._limits[name == GRAPH_QUERIES].take(name)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


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
