"""Access to Google Cloud: makes the table's calls, pages merged, and refuses every other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exclave.inventory.engine import Reply, Unit
from exclave.inventory.gcp.errors import reply_for
from exclave.inventory.model import Call, Failure, Scope
from exclave.inventory.template import place

if TYPE_CHECKING:
    from exclave.inventory.gcp.wire import Wire
    from exclave.inventory.http import Came
    from exclave.inventory.table import Table

MOST_PAGES = 20_000
NO_ORGANIZATION = "NO_ORGANIZATION"  # our code: the project is in none
OK = range(200, 300)
_SLOT = re.compile(r"\{([A-Za-z]+)\}")
_READING_POSTS = (":getIamPolicy", ":getAncestry")


class ForbiddenCallError(Exception):
    """Somebody tried to make a call that isn't in the table: a mistake in the program."""


class Access:
    """The calls of a table, over a wire. `numbers`: of each project, how Google may call it."""

    def __init__(self, wire: Wire, table: Table) -> None:
        self._wire = wire
        self._allowed = {call.name: call for call in table.values()}
        self.numbers: dict[str, frozenset[str]] = {}

    def ask(self, unit: Unit) -> Reply:
        """Make one call, pages merged. A refusal is a reply; see `errors.reply_for`."""
        call = self._allowed.get(unit.call.name)
        if call is None or call != unit.call or not reads(call):
            raise ForbiddenCallError(f"{unit.call.name} is not in the table of calls")
        if NO_ORGANIZATION in call.absent and not unit.scope.account.startswith("organizations/"):
            return Reply(absent=NO_ORGANIZATION)
        verb, url, rest = request_of(call, unit)
        reply = self._pages(call, verb, url, rest, unit.scope)
        if call.name == "cloudresourcemanager.GetProject" and isinstance(reply.answer, Mapping):
            number = str(reply.answer.get("name", "")).rpartition("/")[2]
            self.numbers[unit.scope.account] = frozenset({unit.scope.account, number})
        return reply

    def _pages(self, call: Call, verb: str, url: str, rest: dict[str, Any], scope: Scope) -> Reply:
        whole: dict[str, Any] | None = None
        seen: set[str] = set()
        query, body = ({}, rest) if verb == "POST" else (rest, None)
        for _ in range(MOST_PAGES):
            came = self._wire.send(verb, url, query, body)
            if came.status not in OK:
                return _refused(came, call, self.numbers.get(scope.account, frozenset({scope.account})))
            if came.problem or not isinstance(came.body, dict):
                return _unreadable(came.problem or "what came back is no object")
            whole = came.body if whole is None else _joined(whole, came.body, call.items)
            if whole is None or not _listed(whole, call.items):
                return _unreadable(f"{call.items} is no list")
            token = came.body.get("nextPageToken")
            if not token:
                whole.pop("nextPageToken", None)
                return _whole(whole)
            if not isinstance(token, str) or token in seen:
                return _unreadable("a page that leads to itself")
            seen.add(token)
            query = {**query, "pageToken": token}
        return _unreadable("too many pages")


def reads(call: Call) -> bool:
    """Whether a call only reads: GET, or a POST that asks for a policy or for ancestors."""
    verb, _, url = call.http.partition(" ")
    return verb == "GET" or (verb == "POST" and url.endswith(_READING_POSTS))


def request_of(call: Call, unit: Unit) -> tuple[str, str, dict[str, Any]]:
    """Verb, URL, and the arguments that the URL doesn't name: query of a GET, body of a POST.

    What fills the slots of the URL can't leave its place: resource names keep their slashes, whatever would lead
    elsewhere is escaped.
    """
    verb, _, url = call.http.partition(" ")
    values = {**place(unit.scope), "parent": parent_of(unit.scope)}
    values |= {k: str(v) for k, v in unit.args.items() if isinstance(v, str | int)}
    named = set(_SLOT.findall(url))
    rest = {k: v for k, v in unit.args.items() if k not in named}
    return verb, _SLOT.sub(lambda m: _segment(values.get(m[1], "")), url), rest


def parent_of(scope: Scope) -> str:
    """A scope as a resource name: `organizations/1`, `folders/2`, `projects/p`."""
    return scope.account if "/" in scope.account else f"projects/{scope.account}"


def _segment(value: str) -> str:
    # a name of a deny policy has slashes that are escaped already, and stay so
    kept = quote(value, safe="/:@-._~").replace("%252F", "%2F")
    return "".join("%2E" * len(p) if p in (".", "..") else p for p in re.split("(/|%2F)", kept))


def _joined(whole: dict[str, Any], page: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    """A page's list added to the first page's; Google leaves out lists that are empty."""
    if not path:
        return None
    more = page.get(path)
    have = whole.setdefault(path, [])
    if not isinstance(have, list) or not isinstance(more, list | None):
        return None
    have.extend(more or ())
    return whole


def _listed(answer: Mapping[str, Any], path: str) -> bool:
    return not path or isinstance(answer.get(path, []), list)


def _whole(answer: dict[str, Any]) -> Reply:
    unreachable = answer.get("unreachable")
    if isinstance(unreachable, list) and unreachable:
        where = ", ".join(str(u) for u in unreachable[:5])
        return Reply(error=Failure(code="UNREACHABLE", message=f"a part could not be read: {where}"))
    return Reply(answer=answer)


def _refused(came: Came, call: Call, numbers: frozenset[str]) -> Reply:
    if came.status == 0:
        return Reply(error=Failure(code="NoConnection", message=came.problem))
    return reply_for(came.status, came.body, call, numbers)


def _unreadable(why: str) -> Reply:
    return Reply(error=Failure(code="UnreadableAnswer", message=why))
