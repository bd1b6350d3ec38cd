"""JSON with the places of its values in the text, so that one can be cut out and the rest stays to the byte."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined] # the stubs leave it out
from typing import Any

MAX_CHARACTERS = 512 * 1024
MAX_DEPTH = 40
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_OF_WORDS = {"true": True, "false": False, "null": None}


class BadJsonError(Exception):
    """A text that can't be edited as JSON; the message says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands: `text[start:end]`. `members` of an object, `items` of an array, else `value`.

    `from_` is where the member that holds it begins: at its key.
    """

    start: int
    end: int
    from_: int
    value: Any = None
    members: dict[str, Node] | None = None
    items: list[Node] = field(default_factory=list)
    is_array: bool = False

    def member(self, name: str) -> Node | None:
        """The member of a name in any case, as AWS's policies are written in several."""
        wanted = name.lower()
        return next((n for k, n in (self.members or {}).items() if k.lower() == wanted), None)

    def plain(self) -> Any:
        """The value as Python has it."""
        if self.members is not None:
            return {k: n.plain() for k, n in self.members.items()}
        return [n.plain() for n in self.items] if self.is_array else self.value


def parse(text: str) -> Node:
    """The value of a whole text.

    Raises:
        BadJsonError: it is no JSON, is too large or deep, or names a member twice (readers differ on which counts).
    """
    if len(text) > MAX_CHARACTERS:
        raise BadJsonError("it is too long")
    node, end = _value(text, _skip(text, 0), 0, -1)
    if _skip(text, end) != len(text):
        raise BadJsonError(f"something follows it at character {end}")
    return node


def cut(text: str, parent: Node, child: Node) -> str:
    """The text without one member of an object or item of an array, and without one comma."""
    siblings = list((parent.members or {}).values()) or parent.items
    place = next(i for i, n in enumerate(siblings) if n is child)
    if place + 1 < len(siblings):
        return text[: child.from_] + text[siblings[place + 1].from_ :]
    start = siblings[place - 1].end if place else child.from_
    return text[:start] + text[child.end :]


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int, depth: int, from_: int) -> tuple[Node, int]:
    from_ = at if from_ < 0 else from_
    if depth > MAX_DEPTH:
        raise BadJsonError("it is too deep")
    head = text[at : at + 1]
    if head == "{":
        return _object(text, at, depth, from_)
    if head == "[":
        return _array(text, at, depth, from_)
    if head == '"':
        string, end = _string(text, at)
        return Node(start=at, end=end, from_=from_, value=string), end
    found = _SCALAR.match(text, at)
    if not found:
        raise BadJsonError(f"no value at character {at}")
    word = found[0]
    try:
        value = _OF_WORDS[word] if word in _OF_WORDS else json.loads(word)
    except ValueError as error:  # a number of thousands of digits
        raise BadJsonError(f"no value at character {at}") from error
    return Node(start=at, end=found.end(), from_=from_, value=value), found.end()


def _string(text: str, at: int) -> tuple[str, int]:
    try:
        value, end = scanstring(text, at + 1, True)
    except ValueError as error:
        raise BadJsonError(f"no string at character {at}") from error
    return value, end


def _object(text: str, start: int, depth: int, from_: int) -> tuple[Node, int]:
    members: dict[str, Node] = {}
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        if members:
            at = _comma(text, at)
        if text[at : at + 1] != '"':
            raise BadJsonError(f"no name at character {at}")
        name, end = _string(text, at)
        if name in members:
            raise BadJsonError(f"{name[:100]!r} stands twice")
        colon = _skip(text, end)
        if text[colon : colon + 1] != ":":
            raise BadJsonError(f"no colon at character {colon}")
        members[name], end = _value(text, _skip(text, colon + 1), depth + 1, at)
        at = _skip(text, end)
    return Node(start=start, end=at + 1, from_=from_, members=members), at + 1


def _array(text: str, start: int, depth: int, from_: int) -> tuple[Node, int]:
    items: list[Node] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        if items:
            at = _comma(text, at)
        item, end = _value(text, at, depth + 1, -1)
        items.append(item)
        at = _skip(text, end)
    return Node(start=start, end=at + 1, from_=from_, items=items, is_array=True), at + 1


def _comma(text: str, at: int) -> int:
    if text[at : at + 1] != ",":
        raise BadJsonError(f"no comma at character {at}")
    return _skip(text, at + 1)
