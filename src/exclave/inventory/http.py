"""Requests to a cloud's REST interface: connections, answers that are no JSON, and how long a service asks to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from exclave import __version__
from exclave.inventory.engine import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRIES = 6
MAX_WAIT = 120.0  # seconds that a Retry-After may ask for
FIRST_WAIT = 1.0
CONNECT, READ = 10.0, 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Came:
    """What came back. `problem`: why there is no body to go by."""

    status: int
    body: Any = None
    problem: str = ""


class Connections:
    """Sends one request at a time for each caller, and follows no redirect."""

    def __init__(self, *, workers: int, missing: str, is_busy: Callable[[int, Any], bool]) -> None:
        """Open none yet.

        Args:
            workers: connections at a time.
            missing: what to say where httpx isn't installed.
            is_busy: whether a status and body ask for another try.

        Raises:
            StoppedError: httpx is not installed.
        """
        try:
            import httpx
        except ImportError as error:
            raise StoppedError(missing) from error
        self._is_busy = is_busy
        self._failed = httpx.HTTPError
        self._client = httpx.Client(
            timeout=httpx.Timeout(READ, connect=CONNECT),
            limits=httpx.Limits(max_connections=workers, max_keepalive_connections=workers),
            headers={"User-Agent": f"exclave/{__version__}", "Accept": "application/json"},
            follow_redirects=False,
        )

    def once(
        self, verb: str, url: str, body: Any, headers: Mapping[str, str], number: int, query: Mapping[str, Any] | None = None
    ) -> tuple[Came, float | None]:  # fmt: skip
        """What came, and how many seconds to wait before another try; None when there is no reason for one.

        `number` counts the tries from 0. Without a query the URL's own stands (httpx drops it for an empty one).
        """
        again = FIRST_WAIT * 2**number
        try:
            answer = self._client.request(verb, url, params=query, json=body, headers=dict(headers))
        except self._failed as error:
            return Came(0, problem=f"{type(error).__name__}: {error}"[:300]), again
        read = _json(answer.content)
        if self._is_busy(answer.status_code, read):
            return Came(answer.status_code, read), _told(answer.headers, again)
        if read is None and answer.content:
            return Came(answer.status_code, problem="what came back is no JSON"), None
        return Came(answer.status_code, read), None

    def close(self) -> None:
        """Close them."""
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
