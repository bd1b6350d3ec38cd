"""Structs and maps written as text: `{type=AssumedRole, sessioncontext={attributes=null}, tags=[a, b]}`.

Athena and CloudTrail Lake write structs so, Elastic's integration whole request parameters (Java's
`Map.toString`). The notation has no quoting, so a value with `, name=` in it is read wrongly; ARNs, ids and
session names can't be, since they hold no spaces.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import orjson

from exclave.formats.documents import without_surrogates

if TYPE_CHECKING:
    from exclave.formats.damage import Json

_MAX_SIZE = 16 << 20
_MAX_DEPTH = 32
_KEY = re.compile(r"\s*([^=,{}\[\]\s][^=,{}\[\]]*)=")
_END = re.compile(r"(?:, (?=[^=,{}\[\]\s][^=,{}\[\]\s]*=)|\}|\])")
_JSON = re.compile(r"(?:\{\s*|\[\s*(?:\{\s*)?)\"")  # a policy inside a struct
_ITEM_END = re.compile(r"(?:, |\])")


class _UnreadableError(ValueError):
    pass


def parse(text: str) -> Json:
    """JSON in a string, or a struct as text, decoded; anything else as it was."""
    stripped = text.strip()
    if stripped[:1] not in ("{", "[") or len(stripped) > _MAX_SIZE:
        return text
    try:
        return orjson.loads(stripped)
    except orjson.JSONDecodeError:
        pass
    try:
        value, end = _value(stripped, 0, 0)
    except (_UnreadableError, RecursionError):
        return text
    return value if end == len(stripped) else text


def _value(text: str, at: int, depth: int) -> tuple[Json, int]:
    if depth > _MAX_DEPTH:
        raise _UnreadableError
    if _JSON.match(text, at):
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
            return without_surrogates(value), end
        except ValueError:
            pass
    if text.startswith("{", at):
        return _struct(text, at + 1, depth)
    if text.startswith("[", at):
        return _list(text, at + 1, depth)
    found = _END.search(text, at)
    end = found.start() if found else len(text)
    return _scalar(text[at:end]), end


def _struct(text: str, at: int, depth: int) -> tuple[Json, int]:
    out: dict[str, Json] = {}
    while not text.startswith("}", at):
        key = _KEY.match(text, at)
        if not key:
            raise _UnreadableError
        value, at = _value(text, key.end(), depth + 1)
        if value is not None:
            out[key[1]] = value
        at = _after(text, at, "}")
    return out, at + 1


def _list(text: str, at: int, depth: int) -> tuple[Json, int]:
    out: list[Json] = []
    while not text.startswith("]", at):
        if text[at : at + 1] in ("{", "["):
            value, at = _value(text, at, depth + 1)
        else:
            found = _ITEM_END.search(text, at)
            end = found.start() if found else len(text)
            value, at = _scalar(text[at:end]), end
        out.append(value)
        at = _after(text, at, "]")
    return out, at + 1


def _after(text: str, at: int, close: str) -> int:
    if text.startswith(", ", at):
        return at + 2
    if text.startswith(",", at):
        return at + 1
    if not text.startswith(close, at):
        raise _UnreadableError
    return at


def _scalar(text: str) -> Json:
    return None if text == "null" else text
