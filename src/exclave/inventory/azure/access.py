"""Access to Azure: makes the table's calls, pages merged, and refuses every other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from exclave.inventory.azure.errors import reply_for
from exclave.inventory.engine import Reply, Unit
from exclave.inventory.model import Call, Failure, walk
from exclave.inventory.template import place

if TYPE_CHECKING:
    from exclave.inventory.azure.wire import Wire
    from exclave.inventory.http import Came
    from exclave.inventory.table import Table

MOST_PAGES = 20_000
QUERY = "/providers/Microsoft.ResourceGraph/resources"
NEXT = ("nextLink", "@odata.nextLink")
OK = range(200, 300)
_SLOT = re.compile(r"\{([A-Za-z]+)\}")


class ForbiddenCallError(Exception):
    """Somebody tried to make a call that isn't in the table: a mistake in the program."""


class Access:
    """The calls of a table, over a wire. `granted`: the caller's actions by subscription, where they are known."""

    def __init__(self, wire: Wire, table: Table) -> None:
        self._wire = wire
        self._allowed = {call.name: call for call in table.values()}
        self.granted: dict[str, Granted] = {}

    def ask(self, unit: Unit) -> Reply:
        """Make one call. A refusal is a reply; see `errors.reply_for`."""
        call = self._allowed.get(unit.call.name)
        if call is None or call != unit.call or not reads(call):
            raise ForbiddenCallError(f"{unit.call.name} is not in the table of calls")
        verb, url = request_of(call, unit)
        if is_query(call):
            granted = self.granted.get(unit.scope.account)
            if granted is not None and not granted.allows(call.needs):
                # Resource Graph leaves out what the caller may not read, without a word
                message = "Resource Graph shows only what may be read"
                return Reply(
                    error=Failure(code="AuthorizationFailed", message=message, permission=call.needs)
                )
        return self._pages(call, verb, self._wire.endpoints.real(url), unit)

    def _pages(self, call: Call, verb: str, url: str, unit: Unit) -> Reply:
        body: Any = dict(unit.args) if verb == "POST" else None
        first: Any = None
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            came = self._wire.send(verb, url, body)
            if came.status not in OK:
                return _refused(came, call)
            if came.problem or not isinstance(came.body, Mapping):
                return _unreadable(came.problem or "what came back is no object")
            first = dict(came.body) if first is None else _joined(first, came.body, call.items)
            if first is None:
                return _unreadable(f"a page without {call.items}")
            token = came.body.get("$skipToken") if is_query(call) else None
            following = next((came.body[n] for n in NEXT if came.body.get(n)), None)
            if not token and not following:
                return self._complete(call, first)
            mark = str(token or following)
            if mark in seen:
                return _unreadable("a page that leads to itself")
            seen.add(mark)
            if token:
                body = {**body, "options": {**body.get("options", {}), "$skipToken": token}}
            elif self._wire.endpoints.owns(mark) != self._wire.endpoints.owns(url):
                return _unreadable("a next page at another address")
            else:
                verb, url, body = "GET", mark, None
        return _unreadable("too many pages")

    def _complete(self, call: Call, answer: dict[str, Any]) -> Reply:
        if is_query(call) and answer.get("resultTruncated") in (True, "true"):
            return Reply(error=Failure(code="Truncated", message="Resource Graph gave only a part"))
        if call.items and not isinstance(_at(answer, call.items), list):
            return _unreadable(f"an answer without {call.items}")
        for name in (*NEXT, "$skipToken"):
            answer.pop(name, None)
        return Reply(answer=answer)


class Granted:
    """The actions that the caller holds on a subscription: https://learn.microsoft.com/rest/api/authorization/permissions."""

    def __init__(self, permissions: Any) -> None:
        self._pairs = [
            (_patterns(p.get("actions")), _patterns(p.get("notActions")))
            for p in walk(permissions, "value")
            if isinstance(p, Mapping)
        ]

    def allows(self, action: str) -> bool:
        """Whether some role gives the action and doesn't take it away itself."""
        return any(
            any(r.fullmatch(action) for r in yes) and not any(r.fullmatch(action) for r in no)
            for yes, no in self._pairs
        )


def reads(call: Call) -> bool:
    """Whether a call only reads: GET, or a query of Resource Graph."""
    verb, _, url = call.http.partition(" ")
    return verb == "GET" or (verb == "POST" and QUERY in url)


def is_query(call: Call) -> bool:
    """Whether a call is a query of Resource Graph."""
    return QUERY in call.http


def request_of(call: Call, unit: Unit) -> tuple[str, str]:
    """Verb and URL, `{account}` and the arguments filled in; what they hold can't leave the path's segment.

    Resource ids keep their slashes. Their dots and question marks, which would lead elsewhere, are escaped.
    """
    verb, _, url = call.http.partition(" ")
    values = {**place(unit.scope), **{k: str(v) for k, v in unit.args.items() if isinstance(v, str | int)}}
    return verb, _SLOT.sub(lambda m: _segment(values.get(m[1], "")), url)


def _segment(value: str) -> str:
    kept = quote(value, safe="/()!$',;:@~")
    return "/".join("%2E" * len(p) if p in (".", "..") else p for p in kept.split("/"))


def _patterns(actions: Any) -> list[re.Pattern[str]]:
    listed = actions if isinstance(actions, list) else []
    return [
        re.compile(".*".join(map(re.escape, str(a).split("*"))), re.IGNORECASE | re.DOTALL) for a in listed
    ]


def _joined(first: dict[str, Any], page: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    """A page's list added to the first page's."""
    have, more = _at(first, path), _at(page, path)
    if not isinstance(have, list) or not isinstance(more, list):
        return None
    have.extend(more)
    return first


def _at(answer: Mapping[str, Any], path: str) -> Any:
    value: Any = answer
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _refused(came: Came, call: Call) -> Reply:
    if came.problem and came.status == 0:
        return Reply(error=Failure(code="NoConnection", message=came.problem))
    return reply_for(came.status, came.body, call)


def _unreadable(why: str) -> Reply:
    return Reply(error=Failure(code="UnreadableAnswer", message=why))
