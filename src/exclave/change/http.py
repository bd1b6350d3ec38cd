"""What Azure and Google have in common: which addresses may be called, and pages of lists put together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from exclave.change.calls import CallError, ForbiddenCallError, reads

if TYPE_CHECKING:
    from exclave.change.model import Request

OK = range(200, 300)
NOT_FOUND = 404
MOST_PAGES = 1_000
VERBS = frozenset({"GET", "PUT", "POST", "PATCH", "DELETE"})
NEXT = ("nextLink", "@odata.nextLink", "nextPageToken")
# what a resource's name may be made of: resource ids and names come from logs, which attackers write in part
_URL = re.compile(
    r"https://([a-z0-9.-]+)(/[A-Za-z0-9/._~:@!$'()*+,;=%-]*)(?:\?([A-Za-z0-9._~:@!$'()*+,;=%&/-]*))?"
)

Ask = Callable[[str, str, Any], tuple[int, Any, str]]
"""One request: verb, URL and body → status, body and what is wrong with it (no JSON, no connection)."""


def checked(request: Request, hosts: re.Pattern[str]) -> tuple[str, str]:
    """The verb and URL of a request, once it is sure that the token goes to a cloud's interface and the path is straight.

    Raises:
        CallError: it isn't so; nothing was sent.
    """
    verb, _, url = request.call.partition(" ")
    found = _URL.fullmatch(url)
    if verb not in VERBS or found is None or not hosts.fullmatch(found[1]):
        raise CallError("BadAddress", f"{request.call[:300]}: not an address of this cloud's interface")
    segments = unquote(found[2]).split("/")
    if any(s in (".", "..") for s in segments) or "" in segments[1:-1]:
        raise CallError("BadAddress", f"{request.call[:300]}: the path is not straight")
    return verb, url


def read_pages(request: Request, verb: str, url: str, ask: Ask) -> Any:
    """A reading call's answer with the lists of its pages joined; None where there is nothing.

    Raises:
        CallError: it wasn't answered.
    """
    if not reads(request.call):
        raise ForbiddenCallError(f"{request.call} doesn't only read")
    body = request.args if verb == "POST" else None
    whole: Any = None
    address = url
    for _ in range(MOST_PAGES):
        status, answer, problem = ask(verb, address, body)
        if status == NOT_FOUND and not problem:
            return None
        check(status, answer, problem, request)
        if whole is None:
            whole = answer
        else:
            for name, value in answer.items():
                if isinstance(value, list) and isinstance(whole.get(name), list):
                    whole[name] += value
        following = next((answer[n] for n in NEXT if isinstance(answer.get(n), str) and answer[n]), "")
        if not following:
            return {k: v for k, v in whole.items() if k not in NEXT}
        address = _next(url, address, answer, following)
    raise CallError("UnreadableAnswer", "too many pages")


def check(status: int, answer: Any, problem: str, request: Request) -> None:
    """Raise a CallError for whatever is no success."""
    if status in OK and not problem:
        if answer is not None and not isinstance(answer, dict):
            raise CallError("UnreadableAnswer", "what came back is no object")
        return
    if status in OK:
        raise CallError("UnreadableAnswer", problem)
    if not status:
        raise CallError("NoConnection", problem)
    code, message = error_of(status, answer)
    raise CallError(code, message, request.call.partition("?")[0] if status == 403 else "")  # noqa: PLR2004 - forbidden


def error_of(status: int, body: Any) -> tuple[str, str]:
    """The code and message of an error in the forms that Azure and Google write."""
    found = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(found, Mapping):
        found = body if isinstance(body, Mapping) else {}
    code = next((found[k] for k in ("status", "code") if isinstance(found.get(k), str) and found[k]), "")
    message = " ".join(str(found.get("message") or "").split())
    return code or f"HTTP{status}", message[:300]


def _next(first: str, now: str, answer: Mapping[str, Any], following: str) -> str:
    if answer.get("nextPageToken") == following:
        return f"{first}{'&' if '?' in first else '?'}pageToken={quote(following, safe='')}"
    if following == now:
        raise CallError("UnreadableAnswer", "a page that leads to itself")
    return following
