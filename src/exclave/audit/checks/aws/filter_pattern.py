"""CloudWatch Logs filter patterns for JSON events, evaluated: does a metric filter count this event?

`{ ($.eventName = DeleteTrail) || ($.eventName = "Stop*") && $.errorCode NOT EXISTS }`. && binds before ||.
A field that the event lacks makes a comparison false. What can't be parsed counts nothing, and says so.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from typing import Any

from exclave.catalogue import paths

MAX_LENGTH = 2048  # AWS takes 1,024 characters
MAX_DEPTH = 64
_TOKEN = re.compile(
    r"\s*(?:(?P<op>\|\||&&|!=|>=|<=|=|>|<|\(|\)|\{|\})|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|%(?P<regex>[^%]*)%|(?P<word>[^\s()=!<>|&{}\"]+))"
)
_MISSING = object()
Test = Callable[[Mapping[str, Any]], bool]
Token = tuple[str, str]


class BadPatternError(ValueError):
    """Not a JSON filter pattern that can be read."""


def counts(pattern: str, event: Mapping[str, Any]) -> bool:
    """Whether the pattern matches the event.

    Raises:
        BadPatternError: the pattern can't be read.
    """
    return compiled(pattern)(event)


def compiled(pattern: str) -> Test:
    """A function that says whether an event matches; the empty pattern matches everything."""
    text = pattern.strip()
    if not text:
        return lambda _event: True
    if len(text) > MAX_LENGTH or not text.startswith("{") or not text.endswith("}"):
        raise BadPatternError("not a pattern for JSON events")
    parser = _Parser(_tokens(text[1:-1]))
    test = parser.any_of(0)
    if parser.peek() is not None:
        raise BadPatternError(f"unexpected {parser.peek()}")
    return test


def named(pattern: str) -> list[tuple[str, str]]:
    """Field and value of each comparison; "" where the pattern asks only whether the field is there."""
    found: list[tuple[str, str]] = []
    tokens = _tokens(pattern.strip()[1:-1]) if pattern.strip() else []
    for (kind, field), (_, operator), (_, value) in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if kind == "word" and field.startswith("$"):
            found.append((field[1:].lstrip("."), value if operator in ("=", "!=") else ""))
    return found


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match or match.end() == at:
            raise BadPatternError(f"unexpected {text[at : at + 20]!r}")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at = tokens, 0

    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self.peek()
        if token is None:
            raise BadPatternError("it ends too early")
        self._at += 1
        return token

    def any_of(self, depth: int) -> Test:
        parts = [self._all_of(depth)]
        while self.peek() == ("op", "||"):
            self._next()
            parts.append(self._all_of(depth))
        return lambda event: any(part(event) for part in parts)

    def _all_of(self, depth: int) -> Test:
        parts = [self._one(depth)]
        while self.peek() == ("op", "&&"):
            self._next()
            parts.append(self._one(depth))
        return lambda event: all(part(event) for part in parts)

    def _one(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise BadPatternError("nested too deep")
        if self.peek() == ("op", "("):
            self._next()
            inner = self.any_of(depth + 1)
            if self._next() != ("op", ")"):
                raise BadPatternError("a bracket is not closed")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        kind, field = self._next()
        if kind != "word" or not field.startswith("$"):
            raise BadPatternError(f"{field!r} is not a field")
        path = field[1:].lstrip(".")
        kind, operator = self._next()
        if kind == "word":
            return self._word(path, operator.upper())
        value_kind, value = self._next()
        if kind != "op" or operator not in ("=", "!=", "<", ">", "<=", ">=") or value_kind == "op":
            raise BadPatternError(f"{operator!r} is not a comparison")
        return lambda event: _compare(operator, _at(event, path), value, regex=value_kind == "regex")

    def _word(self, path: str, word: str) -> Test:
        second = self._next()[1].upper()
        if (word, second) == ("NOT", "EXISTS"):
            return lambda event: _at(event, path) is _MISSING
        if word == "IS" and second in ("NULL", "TRUE", "FALSE"):
            wanted = {"NULL": None, "TRUE": True, "FALSE": False}[second]
            return lambda event: _at(event, path) is wanted
        raise BadPatternError(f"{word} {second}")


def _at(event: Mapping[str, Any], path: str) -> Any:
    value: Any = event
    for key in re.sub(r"\[['\"]?([^\]'\"]+)['\"]?\]", r".\1", path).split("."):
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _compare(operator: str, seen: Any, wanted: str, *, regex: bool) -> bool:
    if seen is _MISSING or isinstance(seen, Mapping | list):
        return False
    text = paths.text({"v": seen}, "v")
    if operator in ("=", "!="):
        if regex:
            equal = _searched(wanted, text)
        else:
            equal = fnmatch.fnmatchcase(text, re.sub(r"([\[\]?])", r"[\1]", wanted))
        return equal == (operator == "=")
    try:
        left, right = float(text), float(wanted)
    except ValueError:
        return False
    return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator]


def _searched(pattern: str, text: str) -> bool:
    # CloudWatch's regular expressions have no repeats of groups, so they can't run away on a short text
    if re.search(r"\)[*+{]", pattern):
        raise BadPatternError("a regular expression that CloudWatch has not")
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise BadPatternError(f"regular expression: {error}") from error
