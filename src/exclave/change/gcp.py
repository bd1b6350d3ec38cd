"""Google Cloud: a client that reads and one that changes, each with connections of its own. REST."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from exclave.change.calls import CallError, ForbiddenCallError
from exclave.change.checking import fits
from exclave.change.http import check, checked, read_pages
from exclave.inventory.engine import StoppedError
from exclave.inventory.gcp.endpoints import Endpoints
from exclave.inventory.gcp.tokens import Tokens
from exclave.inventory.gcp.wire import Wire
from exclave.inventory.rate import Limiter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.change.model import Request

HOSTS = re.compile(r"[a-z0-9-]+\.googleapis\.com")
RATE, BURST = 5.0, 10


class Reader:
    """Reads: GET, and POST of getIamPolicy. The address and token are those of the inventory (EXCLAVE_GCP_ENDPOINT in tests)."""

    def __init__(self) -> None:
        self._wire = _wire()

    def __call__(self, request: Request) -> Any:
        """The answer, pages joined; None where there is nothing. Raises CallError."""
        verb, url = checked(request, HOSTS)
        return read_pages(request, verb, url, self._ask)

    def _ask(self, verb: str, url: str, body: Any) -> tuple[int, Any, str]:
        return _sent(self._wire, verb, url, body)


class Writer:
    """Changes. `calls` are all that it makes: those of the plan that is applied."""

    def __init__(self, calls: Iterable[str]) -> None:
        self._calls = frozenset(calls)
        self._wire = _wire()

    def __call__(self, request: Request) -> Any:
        """Make one call. What the service does in its own time is seen by reading again. Raises CallError."""
        if not any(fits(request.call, planned) for planned in self._calls):
            raise ForbiddenCallError(f"{request.call} is not among the planned calls")
        verb, url = checked(request, HOSTS)
        status, answer, problem = _sent(self._wire, verb, url, request.args or None)
        check(status, answer, problem, request)
        return answer


def identity(expect_account: str = "", accounts: Iterable[str] = ()) -> str:
    """Who the credentials are of, in words.

    Args:
        expect_account: the only project that may be touched.
        accounts: the projects at hand.

    Raises:
        StoppedError: none can be had, or another project is at hand.
    """
    tokens = Tokens()
    found = tokens.who()
    others = sorted({a for a in accounts if a != expect_account})
    if expect_account and others:
        raise StoppedError(f"{', '.join(others)[:200]} is not {expect_account}: nothing was changed")
    return found


def _wire() -> Wire:
    stop = threading.Event()
    limits = (Limiter(RATE, BURST, stop), Limiter(RATE, BURST, stop))
    return Wire(Endpoints.of_environment(), Tokens(), limits, stop=stop)


def _sent(wire: Wire, verb: str, url: str, body: Any) -> tuple[int, Any, str]:
    try:
        address, _, query = url.partition("?")
        came = wire.send(verb, address, dict(parse_qsl(query)), body)
    except StoppedError as error:
        raise CallError("NoCredentials", str(error)) from error
    return came.status, came.body, came.problem
