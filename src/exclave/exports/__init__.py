"""Rules for a SIEM, and for AWS's own alarms, made from the catalogue. docs/guide/siem.md says what each loses."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from exclave.exports.rule import Rule

# format → module with `of(rule) -> Export`, suffix of a file, what a comment begins with ("" where none is needed or known)
FORMATS: dict[str, tuple[str, str, str]] = {
    "sigma": ("exclave.exports.sigma", ".yml", ""),
    "kql": ("exclave.exports.kql", ".kql", "// "),
    "insights": ("exclave.exports.insights", ".txt", "# "),
    "athena": ("exclave.exports.athena", ".sql", "-- "),
    "spl": ("exclave.exports.spl", ".spl", ""),
    "eventbridge": ("exclave.exports.eventbridge", ".json", ""),
    "metric-filter": ("exclave.exports.metric_filter", ".txt", ""),
}


class NotExpressibleError(Exception):
    """The tool can't be told this entry at all: it has no such log, or the rule is longer than it takes."""


class MissingExtraError(Exception):
    """A library of an extra isn't installed; the message says how to install it."""


@dataclass(frozen=True, slots=True)
class Export:
    """One entry for one tool: rules (most often one), and what they lose, a sentence each."""

    rules: tuple[str, ...]
    lost: tuple[str, ...]


def export(rule: Rule, format_: str) -> Export:
    """An entry for a tool.

    Raises:
        KeyError: no such format.
        NotExpressibleError: the tool can't be told.
        MissingExtraError: a library is missing.
    """
    of = cast("Callable[[Rule], Export]", import_module(FORMATS[format_][0]).of)
    return of(rule)
