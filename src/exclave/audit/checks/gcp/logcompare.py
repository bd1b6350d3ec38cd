"""How a filter of Cloud Logging compares a field with a value.

Source: https://cloud.google.com/logging/docs/view/logging-query-language#comparisons
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

SEVERITIES = ("default", "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
Test = Callable[[Any], bool]


class BadFilterError(Exception):
    """A filter that can't be read; the message says where."""


def key(name: str) -> str:
    """Names are written in camel case or with underscores."""
    return name.replace("_", "").lower()


def found_at(entry: Any, parts: tuple[str, ...]) -> Iterator[Any]:
    """Every value at a field's path, lists flattened."""
    if isinstance(entry, list):
        for item in entry:
            yield from found_at(item, parts)
    elif not parts:
        if entry is not None:
            yield entry
    elif isinstance(entry, Mapping):
        for name, value in entry.items():
            if key(str(name)) == key(parts[0]):
                yield from found_at(value, parts[1:])


def compared(parts: tuple[str, ...], operator: str, wanted: str, *, quoted: bool) -> Test:
    """A comparison as a function of an entry. Raises BadFilterError for a regular expression that is not followed."""
    if operator in ("=~", "!~"):
        pattern = _pattern(wanted)
        if operator == "=~":
            return lambda entry: any(pattern.search(str(v)) for v in found_at(entry, parts))
        return lambda entry: any(not pattern.search(str(v)) for v in found_at(entry, parts))
    if operator == ":":
        if wanted == "*" and not quoted:
            return lambda entry: any(True for _ in found_at(entry, parts))
        return lambda entry: any(_has(v, wanted) for v in found_at(entry, parts))
    ranked = len(parts) == 1 and key(parts[0]) == "severity"
    return lambda entry: any(_holds(v, operator, wanted, ranked=ranked) for v in found_at(entry, parts))


def _pattern(text: str) -> re.Pattern[str]:
    # a repeated group, or very many repetitions, could keep Python's engine busy for ever; Google's has no such trouble
    if len(text) > 1000 or re.search(r"\)[*+{]", text) or len(re.findall(r"[*+]", text)) > 8:  # noqa: PLR2004
        raise BadFilterError(f"the regular expression {text[:40]!r} is not followed")
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadFilterError(f"the regular expression {text[:40]!r}: {error}") from error


def _full(text: str) -> Callable[[str], bool]:
    pattern = _pattern(text)
    return lambda value: pattern.fullmatch(value) is not None


# https://cloud.google.com/monitoring/api/v3/filters#comparisons
FUNCTIONS: Mapping[str, Callable[[str], Callable[[str], bool]]] = {
    "one_of": lambda text: lambda value: value == text,
    "starts_with": lambda text: lambda value: value.startswith(text),
    "ends_with": lambda text: lambda value: value.endswith(text),
    "has_substring": lambda text: lambda value: text in value,
    "monitoring.regex.full_match": _full,
}


def _has(value: Any, wanted: str) -> bool:
    if isinstance(value, Mapping):
        return any(key(str(name)) == key(wanted) or _has(v, wanted) for name, v in value.items())
    if isinstance(value, bool):
        return str(value).lower() == wanted.lower()
    return wanted.lower() in str(value).lower()


def _holds(value: Any, operator: str, wanted: str, *, ranked: bool) -> bool:
    if isinstance(value, Mapping | list):
        return False
    one: Any = str(value).lower()
    other: Any = wanted.lower()
    numbers = (number(one), number(other))
    if ranked and one in SEVERITIES and other in SEVERITIES:
        one, other = SEVERITIES.index(one), SEVERITIES.index(other)
    elif None not in numbers:
        one, other = numbers
    match operator:
        case "=":
            return bool(one == other)
        case "!=":
            return bool(one != other)
        case ">":
            return bool(one > other)
        case ">=":
            return bool(one >= other)
        case "<":
            return bool(one < other)
        case _:
            return bool(one <= other)


def number(text: str) -> float | None:
    """A text as a number, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def anywhere(text: str) -> Test:
    """Whether a text stands in any field."""
    wanted = text.lower()
    return lambda entry: _somewhere(entry, wanted)


def _somewhere(value: Any, wanted: str) -> bool:
    if isinstance(value, Mapping):
        return any(_somewhere(v, wanted) for v in value.values())
    if isinstance(value, list):
        return any(_somewhere(v, wanted) for v in value)
    return wanted in str(value).lower()


def log_id(entry: Any) -> str:
    """The log of an entry without its project: `cloudaudit.googleapis.com/activity`."""
    name = str(entry.get("logName", "")) if isinstance(entry, Mapping) else ""
    return unquote(name.partition("/logs/")[2])
