"""Custom access levels: whether an expression in CEL holds for a stranger, somewhere on the internet, on a device of his own.

Attributes: https://cloud.google.com/access-context-manager/docs/custom-access-level-spec. What only a device that is managed, or a
login that is known, can have is taken as false for him; what isn't followed here gives no answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.audit.checks.truth import both, either, opposite

if TYPE_CHECKING:
    from collections.abc import Callable

    from exclave.audit.checks.truth import Truth

MOST = 10_000  # characters
_TOKEN = re.compile(
    r"\s+|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<op>&&|\|\||==|!=|<=|>=|[!()\[\],<>])|(?P<word>[\w.]+)"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HIS = ("device.", "request.auth.")  # what a stranger's device and login have not


class _UnfollowedError(Exception):
    """An expression with something that is not followed."""


class _Reader:
    """A reader of one expression. `outside`: whether some of a list's address ranges let in who isn't ours; `level`: another level."""

    def __init__(self, text: str, outside: Callable[[list[str]], bool], level: Callable[[str], bool]) -> None:
        if len(text) > MOST:
            raise _UnfollowedError
        self._tokens = list(_tokens(text))
        self._outside, self._level = outside, level

    def whole(self) -> Truth:
        held = self._either()
        if self._tokens:
            raise _UnfollowedError
        return held

    def _next(self, *wanted: str) -> bool:
        if self._tokens[:1] and self._tokens[0] in wanted:
            self._tokens.pop(0)
            return True
        return False

    def _take(self) -> str:
        if not self._tokens:
            raise _UnfollowedError
        return self._tokens.pop(0)

    def _either(self) -> Truth:
        held = self._both()
        while self._next("||"):
            held = either(held, self._both())
        return held

    def _both(self) -> Truth:
        held = self._one()
        while self._next("&&"):
            held = both(held, self._one())
        return held

    def _one(self) -> Truth:
        if self._next("!"):
            return opposite(self._one())
        if self._next("("):
            held = self._either()
            if not self._next(")"):
                raise _UnfollowedError
            return held
        first = self._take()
        if self._next("("):
            return self._called(first, self._list(")"))
        if self._next("in"):
            if not self._next("["):
                raise _UnfollowedError
            values = self._list("]")
            return bool(values) if first == "origin.region_code" else self._found(first)
        if self._tokens[:1] and self._tokens[0] in ("==", "!=", "<", ">", "<=", ">="):
            return self._compared(first, self._take(), self._take())
        return self._found(first)

    def _list(self, end: str) -> list[str]:
        found = []
        while not self._next(end):
            one = self._take()
            if one not in (",", "["):
                found.append(one)
            elif one == "[":
                found += self._list("]")
        return found

    def _called(self, name: str, given: list[str]) -> Truth:
        if name == "inIpRange" and given[:1] == ["origin.ip"]:
            return self._outside([g[1:-1] for g in given[1:]])
        return self._found(name)

    def _compared(self, left: str, operator: str, right: str) -> Truth:
        if _constant(left) and _constant(right) and operator in ("==", "!="):
            return (left == right) is (operator == "==")
        for name, other in ((left, right), (right, left)):
            if name == "origin.region_code":
                return True if operator in ("==", "!=") else None
            if name.startswith(_HIS):
                if other in ("true", "false"):
                    return (other == "false") is (operator == "==")
                return False if operator == "==" else None
        return None

    def _found(self, name: str) -> Truth:
        if name in ("true", "false"):
            return name == "true"
        if name.startswith("levels."):
            return self._level(name.removeprefix("levels."))
        return False if name.startswith(_HIS) else None


def _constant(token: str) -> bool:
    return token in ("true", "false") or token[0] in "'\"" or _NUMBER.fullmatch(token) is not None


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _UnfollowedError
        at = match.end()
        if said := match[0].strip():
            found.append(said)
    return found


def lets_in(text: str, outside: Callable[[list[str]], bool], level: Callable[[str], bool]) -> Truth:
    """Whether an expression holds for a stranger; None where that can't be said."""
    try:
        return _Reader(text, outside, level).whole()
    except (_UnfollowedError, RecursionError):
        return None
