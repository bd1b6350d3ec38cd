"""Filters of Cloud Logging, and those of Cloud Monitoring that name a metric, as functions of an entry.

Language: https://cloud.google.com/logging/docs/view/logging-query-language. NOT binds closest, then OR, then AND, and what
stands side by side is joined by AND. Texts compare without case, but regular expressions with it; a comparison with a
field that is not there is false, whatever the operator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exclave.audit.checks.gcp.logcompare import (
    FUNCTIONS,
    BadFilterError,
    Test,
    anywhere,
    compared,
    found_at,
    key,
    log_id,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["BadFilterError", "Compiled", "compiled"]
MAX_LENGTH = 20_000  # characters, as Google has it
MAX_DEPTH = 60
_QUOTED = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'"
_TOKEN = re.compile(
    rf"(?P<space>\s+|--[^\n]*)|(?P<op>=~|!~|!=|>=|<=|[=<>:])|(?P<mark>[(),])"
    rf"|(?P<word>(?:{_QUOTED}|[^\s()\"'=<>!:~,.]+)(?:\.(?:{_QUOTED}|[^\s()\"'=<>!:~,.]+))*)",
    re.DOTALL,
)
_SEGMENT = re.compile(rf"{_QUOTED}|[^.\"']+")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A filter. `named`: the texts that each field is compared with, by the field's name in lower case."""

    test: Test
    named: Mapping[str, frozenset[str]]

    def __call__(self, entry: Any) -> bool:
        """Whether the filter selects an entry."""
        return self.test(entry)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    parts: tuple[str, ...] = ()
    quoted: bool = False


@dataclass(slots=True)
class _Parser:
    tokens: list[_Token]
    sampled: bool
    at: int = 0
    named: dict[str, set[str]] = field(default_factory=dict)

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> _Token:
        token = self.peek()
        if token is None:
            raise BadFilterError("it ends too early")
        self.at += 1
        return token

    def is_word(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "word" and not token.quoted and token.text in texts

    def is_mark(self, text: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "mark" and token.text == text

    def all_of(self, depth: int) -> Test:
        found = [self.any_of(depth)]
        while self.peek() is not None and not self.is_mark(")"):
            if self.is_word("AND"):
                self.take()
            found.append(self.any_of(depth))
        return found[0] if len(found) == 1 else lambda entry: all(test(entry) for test in found)

    def any_of(self, depth: int) -> Test:
        found = [self.one(depth)]
        while self.is_word("OR"):
            self.take()
            found.append(self.one(depth))
        return found[0] if len(found) == 1 else lambda entry: any(test(entry) for test in found)

    def one(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise BadFilterError("it is nested too deeply")
        if self.is_word("NOT", "-"):
            self.take()
            inner = self.one(depth + 1)
            return lambda entry: not inner(entry)
        if self.is_mark("("):
            self.take()
            found = self.all_of(depth + 1)
            if not self.is_mark(")"):
                raise BadFilterError("a parenthesis is not closed")
            self.take()
            return found
        token = self.take()
        if token.kind != "word":
            raise BadFilterError(f"{token.text!r} stands where a field should")
        following = self.peek()
        if following is not None and following.kind == "op":
            return self.comparison(token)
        if self.is_mark("(") and not token.quoted:
            return self.function(token.text)
        return anywhere(token.parts[0] if token.quoted else token.text)

    def comparison(self, name: _Token) -> Test:
        operator = self.take().text
        if self.is_mark("("):
            self.take()
            found = self.values(name, operator)
            if not self.is_mark(")"):
                raise BadFilterError("a list of values is not closed")
            self.take()
            return found
        return self.value(name, operator)

    def values(self, name: _Token, operator: str) -> Test:
        """The values in parentheses: as the whole language, each compared with the one field."""
        every: list[list[Test]] = [[]]
        while not self.is_mark(")"):
            if self.is_word("OR"):
                self.take()
                every[-1].append(self.negated(name, operator))
                continue
            if self.is_word("AND"):
                self.take()
            every.append([self.negated(name, operator)])
        groups = [group for group in every if group]
        return lambda entry: all(any(test(entry) for test in group) for group in groups)

    def negated(self, name: _Token, operator: str) -> Test:
        if self.is_word("NOT"):
            self.take()
            inner = self.value(name, operator)
            return lambda entry: not inner(entry)
        return self.value(name, operator)

    def value(self, name: _Token, operator: str) -> Test:
        token = self.take()
        if token.kind != "word":
            raise BadFilterError(f"{token.text!r} stands where a value should")
        wanted = token.parts[0] if token.quoted else token.text
        if not token.quoted and self.is_mark("("):
            return self.called(name, operator, wanted)
        self.named.setdefault(".".join(map(key, name.parts)), set()).add(wanted)
        return compared(name.parts, operator, wanted, quoted=token.quoted)

    def called(self, name: _Token, operator: str, function: str) -> Test:
        """A function of Cloud Monitoring's in a value's place: `resource.type = one_of("a", "b")`."""
        given = self.given()
        self.named.setdefault(".".join(map(key, name.parts)), set()).update(given)
        tests = FUNCTIONS.get(function)
        if tests is None or operator not in ("=", "!=", ":"):
            raise BadFilterError(f"the function {function} is not followed")
        found = [tests(text) for text in given]
        parts = name.parts
        if operator == "!=":
            return lambda entry: any(not any(t(str(v)) for t in found) for v in found_at(entry, parts))
        return lambda entry: any(t(str(v)) for v in found_at(entry, parts) for t in found)

    def given(self) -> list[str]:
        """The arguments of a function."""
        self.take()
        given: list[str] = []
        while not self.is_mark(")"):
            token = self.take()
            if token.kind == "word":
                given.append(token.parts[0] if token.quoted else token.text)
        self.take()
        return given

    def function(self, name: str) -> Test:
        given = self.given()
        if name == "log_id" and len(given) == 1:
            return lambda entry: log_id(entry) == given[0]
        if name == "sample" and len(given) == 2:  # noqa: PLR2004 - field and share
            part = number(given[1])
            whole = part is not None and (part > 0 if self.sampled else part >= 1)
            return lambda _entry: whole
        raise BadFilterError(f"the function {name} is not followed")


def compiled(text: str, *, sampled: bool = False) -> Compiled:
    """A filter as a function of an entry.

    Args:
        text: the filter; an empty one selects everything.
        sampled: whether an entry of which `sample` takes only some counts as selected.

    Raises:
        BadFilterError: it can't be read.
    """
    if len(text) > MAX_LENGTH:
        raise BadFilterError("it is too long")
    parser = _Parser(list(_tokens(text)), sampled)
    if not parser.tokens:
        return Compiled(lambda _entry: True, {})
    test = parser.all_of(0)
    if parser.peek() is not None:
        raise BadFilterError("a parenthesis is closed that was not opened")
    return Compiled(test, {name: frozenset(found) for name, found in parser.named.items()})


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFilterError(f"{text[at : at + 20]!r} is not understood")
        at = match.end()
        kind = str(match.lastgroup)
        if kind == "space":
            continue
        if kind != "word":
            yield _Token(kind, match[0])
            continue
        word = match[0]
        if word.startswith("-") and len(word) > 1 and not word[1].isdigit():
            yield _Token("word", "-")
            word = word[1:]
        parts = tuple(_unquoted(s) for s in _SEGMENT.findall(word))
        quoted = word[0] in "\"'" and len(parts) == 1
        yield _Token("word", word, parts, quoted)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text[:1] in ('"', "'") else text
