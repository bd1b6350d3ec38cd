"""Exports as they are written: to standard output, and as files of a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from exclave.exports import FORMATS, Export

if TYPE_CHECKING:
    from exclave.exports.rule import Rule

_LINES = frozenset(
    {"eventbridge", "metric-filter"}
)  # have no comments: they go to standard output as JSON lines


def headed(rule: Rule, made: Export, format_: str) -> list[str]:
    """The rules as texts that stand by themselves: what they are and what they lose as comments above, where there are any."""
    comment = FORMATS[format_][2]
    if not comment:
        return list(made.rules)
    method = rule.method
    head = [f"{method.title} ({method.id})", *made.lost]
    return ["".join(f"{comment}{line}\n" for line in head) + text for text in made.rules]


def stream(rule: Rule, made: Export, format_: str) -> str:
    """The rules as they go to standard output, one entry after the other."""
    if format_ in _LINES:
        rules = [orjson.loads(r) if format_ == "eventbridge" else r for r in made.rules]
        row = {"id": rule.method.id, "title": rule.method.title, "patterns": rules, "lost": made.lost}
        return orjson.dumps(row).decode()
    if format_ == "sigma":
        return "".join(f"---\n{text}" for text in made.rules).rstrip()
    return "\n\n".join(headed(rule, made, format_)) + "\n"


def files(rule: Rule, made: Export, format_: str) -> dict[str, str]:
    """File name → text, of one entry. Several patterns are lines of one file, several queries files of their own."""
    name, suffix = rule.method.id, FORMATS[format_][1]
    texts = [t.rstrip() + "\n" for t in headed(rule, made, format_)]
    if format_ == "sigma":
        return {name + suffix: "---\n".join(texts)}
    if format_ == "metric-filter":
        return {name + suffix: "".join(texts)}
    return {name + (f".{n}" if n > 1 else "") + suffix: text for n, text in enumerate(texts, 1)}


def lost_page(lost: dict[str, tuple[str, ...]], skipped: dict[str, str]) -> str:
    """What each entry loses, and which are left out and why, as Markdown; to stand beside the files."""
    lines = ["# What these rules lose", ""]
    for identifier, sentences in lost.items():
        lines += [f"- `{identifier}`: " + (" ".join(sentences) or "nothing.")]
    if skipped:
        lines += ["", "# Entries that can't be told", "", *(f"- `{i}`: {why}" for i, why in skipped.items())]
    return "\n".join(lines) + "\n"
