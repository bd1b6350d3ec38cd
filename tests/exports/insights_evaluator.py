"""Queries of CloudWatch Logs Insights against one record: the part of the language that exports use.

Written from the documentation of `filter`: comparisons with case, `in`, `like` with a regular expression,
ispresent, tolower, and, or, not. Fields are leaves of the record by dotted names; lists have none here.
"""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<regex>/(?:[^/\\]|\\.)*/)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>!=|=|\(|\)|\[|\]|,)|(?P<name>`[^`]+`|[A-Za-z0-9_.@-]+))"""
)


def matches(query: str, record: dict[str, Any]) -> bool:
    commands = [line.lstrip("| ") for line in query.splitlines() if not line.startswith("#")]
    assert commands[0].startswith("fields ")
    filters = [c.removeprefix("filter ") for c in commands if c.startswith("filter ")]
    assert len(filters) == len(commands) - 3, "fields, filters, sort and limit"
    return all(_Parser(f, record).whole() for f in filters)


class _Parser:
    def __init__(self, text: str, record: dict[str, Any]) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            assert token, f"not a token: {text[at : at + 40]!r}"
            self.tokens.append((token.lastgroup or "", token[token.lastgroup or 0]))
            at = token.end()
        self.at = 0
        self.fields = dict(_leaves(record, ""))
        self.fields["@message"] = json.dumps(record)

    def whole(self) -> bool:
        result = self._either()
        assert self.at == len(self.tokens)
        return result

    def _take(self, wanted: str = "") -> str:
        text = self.tokens[self.at][1]
        assert not wanted or text == wanted, f"{text} where {wanted} is expected"
        self.at += 1
        return text

    def _is(self, text: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1] == text

    def _either(self) -> bool:
        result = self._both()
        while self._is("or"):
            self._take()
            result = self._both() or result
        return result

    def _both(self) -> bool:
        result = self._one()
        while self._is("and"):
            self._take()
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if self._is("not"):
            self._take()
            return not self._one()
        if self._is("("):
            self._take()
            result = self._either()
            self._take(")")
            return result
        name = self._take()
        if name in ("ispresent", "tolower") and self._is("("):
            self._take("(")
            field = self._take().strip("`")
            self._take(")")
            if name == "ispresent":
                return field in self.fields
            value = self._lower(field)
        else:
            value = self.fields.get(name.strip("`"))
        negated = self._is("not")
        if negated:
            self._take()
        return self._compared(value) is not negated

    def _lower(self, field: str) -> Any:
        return str(self.fields[field]).lower() if field in self.fields else None

    def _compared(self, value: Any) -> bool:
        operator = self._take()
        if operator == "in":
            self._take("[")
            listed = []
            while not self._is("]"):
                listed.append(json.loads(self._take()))
                if self._is(","):
                    self._take()
            self._take("]")
            return value in listed
        if operator == "like":
            pattern = self._take()[1:-1].replace(r"\/", "/")
            return value is not None and re.search(pattern, str(value)) is not None
        other = self._take()
        right = json.loads(other) if other.startswith('"') else self.fields.get(other)
        return (value == right) is (operator == "=")


def _leaves(value: Any, name: str):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else key)
    elif value is not None and not isinstance(value, list):
        yield name, value
