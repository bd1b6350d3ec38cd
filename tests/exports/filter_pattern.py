"""JSON filter patterns of CloudWatch Logs, evaluated: the part of the grammar that exports use.

Written from the documentation of filter patterns: `&&` before `||`, `=` and `!=` with `*` in strings, IS TRUE, IS
FALSE, IS NULL, NOT EXISTS, `[*]` for any element. A comparison with a field that isn't there does not hold. A
selector that ends at a list or an object compares with nothing.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||!=|=|\(|\))|(?P<selector>\$(?:\.\['[^']*'\]|\.[A-Za-z_]\w*|\[\*\])+)"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>NOT|EXISTS|IS|TRUE|FALSE|NULL))"""
)
_STEP = re.compile(r"\.\['([^']*)'\]|\.([A-Za-z_]\w*)|(\[\*\])")


def matches(pattern: str, event: dict[str, Any]) -> bool:
    assert pattern.startswith("{ "), pattern
    assert pattern.endswith(" }"), pattern
    parser = _Parser(pattern[2:-2], event)
    result = parser.either()
    assert parser.at == len(parser.tokens), f"text after the expression in {pattern}"
    return result


class _Parser:
    def __init__(self, text: str, event: dict[str, Any]) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            assert token, f"not a token: {text[at : at + 40]!r}"
            self.tokens.append((token.lastgroup or "", token[token.lastgroup or 0]))
            at = token.end()
        self.event, self.at = event, 0

    def _take(self, *wanted: str) -> str:
        kind, text = self.tokens[self.at]
        assert not wanted or text in wanted or kind in wanted, f"{text} where {wanted} is expected"
        self.at += 1
        return text

    def _next_is(self, text: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1] == text

    def either(self) -> bool:
        result = self._both()
        while self._next_is("||"):
            self._take()
            result = self._both() or result
        return result

    def _both(self) -> bool:
        result = self._one()
        while self._next_is("&&"):
            self._take()
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if self._next_is("("):
            self._take()
            result = self.either()
            self._take(")")
            return result
        there = list(_select(self.event, _STEP.findall(self._take("selector"))))
        operator = self._take("=", "!=", "IS", "NOT")
        if operator == "NOT":
            self._take("EXISTS")
            return not there
        if operator == "IS":
            wanted = {"TRUE": True, "FALSE": False, "NULL": None}[self._take("TRUE", "FALSE", "NULL")]
            return any(v is wanted for v in there)
        value = self._take("text", "number")
        scalars = [v for v in there if isinstance(v, str | int | float) and not isinstance(v, bool)]
        return any(_equal(value, v) is (operator == "=") for v in scalars)


def _equal(wanted: str, value: Any) -> bool:
    if not wanted.startswith('"'):
        return isinstance(value, int | float) and float(wanted) == value
    text = re.sub(r"\\(.)", r"\1", wanted[1:-1])
    return re.fullmatch(".*".join(map(re.escape, text.split("*"))), str(value), re.DOTALL) is not None


def _select(value: Any, steps: list[tuple[str, str, str]]):
    if not steps:
        yield value
        return
    quoted, plain, each = steps[0]
    if each:
        for item in value if isinstance(value, list) else []:
            yield from _select(item, steps[1:])
    elif isinstance(value, dict) and (quoted or plain) in value:
        yield from _select(value[quoted or plain], steps[1:])
