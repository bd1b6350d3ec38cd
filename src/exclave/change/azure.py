"""Azure: a client that reads and one that changes, each with connections of its own. Resource Manager and Graph, by REST."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from exclave.change.calls import CallError, ForbiddenCallError
from exclave.change.http import check, checked, read_pages
from exclave.inventory.azure.endpoints import from_environment
from exclave.inventory.azure.tokens import Tokens, claims, who
from exclave.inventory.azure.wire import Wire
from exclave.inventory.engine import StoppedError
from exclave.inventory.rate import Limiter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.change.model import Request

HOSTS = re.compile(r"management\.azure\.com|graph\.microsoft\.com")
RATE, BURST = 5.0, 10
_SUBSCRIPTION = re.compile(r"https://management\.azure\.com/subscriptions/([^/?]+)", re.IGNORECASE)


class Reader:
    """Reads: GET only. The addresses and tokens are those of the inventory (EXCLAVE_AZURE_ARM ... in tests)."""

    def __init__(self) -> None:
        self._wire = _wire()

    def __call__(self, request: Request) -> Any:
        """The answer, pages joined; None where there is nothing. Raises CallError."""
        verb, url = checked(request, HOSTS)
        return read_pages(request, verb, self._wire.endpoints.real(url), self._ask)

    def _ask(self, verb: str, url: str, body: Any) -> tuple[int, Any, str]:
        return _sent(self._wire, verb, url, body)


class Writer:
    """Changes. `calls` are all that it makes: those of the plan that is applied."""

    def __init__(self, calls: Iterable[str]) -> None:
        self._calls = frozenset(calls)
        self._wire = _wire()

    def __call__(self, request: Request) -> Any:
        """Make one call. What the service does in its own time is seen by reading again. Raises CallError."""
        if request.call not in self._calls:
            raise ForbiddenCallError(f"{request.call} is not among the planned calls")
        verb, url = checked(request, HOSTS)
        status, answer, problem = _sent(
            self._wire, verb, self._wire.endpoints.real(url), request.args or _empty(verb)
        )
        check(status, answer, problem, request)
        return answer


def identity(expect_account: str = "", accounts: Iterable[str] = ()) -> str:
    """Who the credentials are of, in words.

    Args:
        expect_account: the tenant that they must be of, or the only subscription that may be touched.
        accounts: the subscriptions at hand.

    Raises:
        StoppedError: none can be had, or they are of another tenant.
    """
    from exclave.inventory.azure.tokens import NoTokenError

    endpoints = from_environment()
    try:
        token = Tokens(endpoints).of(endpoints.arm)
    except NoTokenError as error:
        raise StoppedError(f"no credentials for Azure: {error}") from error
    tenant = str(claims(token).get("tid", ""))
    expected = expect_account.lower()
    others = sorted({a for a in accounts if a.lower() != expected})
    if expected and expected != tenant.lower() and others:
        raise StoppedError(
            f"these credentials are of tenant {tenant or 'unknown'}, and {', '.join(others)[:200]} "
            f"is not {expect_account}: nothing was changed"
        )
    return who(token)


def _wire() -> Wire:
    stop = threading.Event()
    limits = (Limiter(RATE, BURST, stop), Limiter(RATE, BURST, stop))
    endpoints = from_environment()
    return Wire(endpoints, Tokens(endpoints), limits, stop=stop)


def _sent(wire: Wire, verb: str, url: str, body: Any) -> tuple[int, Any, str]:
    try:
        came = wire.send(verb, url, body)
    except StoppedError as error:
        raise CallError("NoCredentials", str(error)) from error
    return came.status, came.body, came.problem


def _empty(verb: str) -> Any:
    """Some actions refuse a POST without a body."""
    return {} if verb == "POST" else None
