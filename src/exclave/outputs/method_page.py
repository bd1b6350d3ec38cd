"""One method of the catalogue as a page: for the terminal, and the parts that the documentation uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from rich.markdown import Markdown

from exclave.catalogue.entry import Condition, Method
from exclave.catalogue.examples import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

_CONFIDENCE = {
    "recorded": "seen in a recorded log",
    "documented": "from the provider's documentation",
    "model": "names from the provider's SDK model; how the log spells them was not seen",
    "belief": "believed, not checked",
}


def show(method: Method, out: Console) -> None:
    """The page on a terminal."""
    out.print(Markdown("\n".join(page(method))))


def page(method: Method) -> Iterator[str]:
    """The page as lines of Markdown."""
    kind = f"transfer, {method.outcome}" if method.outcome else f"signal, {method.signal}"
    yield f"# {method.id}"
    yield ""
    yield f"{method.title}. {method.about}"
    yield ""
    yield f"- kind: {kind}; ATT&CK {', '.join(method.attack)}"
    yield f"- confidence: {_CONFIDENCE[method.confidence]}"
    if method.caller == "foreign":
        yield "- counts only when the caller is of another account, or anonymous"
    yield ""
    yield "## Matches"
    yield ""
    for rule in method.match:
        where = "".join(f", where {path} {_condition(c)}" for path, c in rule.where.items())
        log = f" in {rule.log}" if rule.log else ""
        yield f"- {', '.join(f'`{e}`' for e in rule.events)}{log}{where}"
    example = next((e for e in method.example if e.expect), None)
    if example:
        yield from ("", f"## A record: {example.name}", "", "```json")
        yield orjson.dumps(record(method, example), option=orjson.OPT_INDENT_2).decode()
        yield "```"
        yield ""
        yield "Found in it: " + "; ".join(f"`{line}`" for line in example.expect)
    yield from _list("Look-alikes", [*method.look_alikes, *(e.name for e in method.example if not e.expect)])
    yield from _revoke(method)
    yield from _prevent(method)
    yield from _list("Known gaps", method.known_gaps)
    yield from _list("References", [f"<{link}>" for link in method.references])


def _condition(rule: object) -> str:
    if not isinstance(rule, Condition):
        return f"is {rule}"
    parts = []
    if rule.exists is not None:
        parts.append("is there" if rule.exists else "is not there")
    if rule.in_ is not None:
        parts.append("is one of " + ", ".join(map(str, rule.in_)))
    if rule.not_in is not None:
        parts.append("is none of " + ", ".join(map(str, rule.not_in)))
    return " and ".join(parts)


def _list(title: str, lines: Iterator[str] | list[str] | tuple[str, ...]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"## {title}", "")
        yield from (f"- {line}" for line in found)


def _revoke(method: Method) -> Iterator[str]:
    lines = []
    for rule in method.revoke:
        when = f" (for {', '.join(rule.when or rule.of)})" if rule.when or rule.of else ""
        note = f": {rule.note}" if rule.note else ""
        lines.append(f"`{rule.call}` `{orjson.dumps(rule.args).decode()}`{when}, {rule.risk}{note}")
    yield from _list("Revoke", lines)


def _prevent(method: Method) -> Iterator[str]:
    prevent = method.prevent
    lines = []
    if prevent.actions:
        lines.append("deny " + ", ".join(f"`{a}`" for a in prevent.actions))
    if prevent.condition_keys:
        lines.append("bind with " + ", ".join(f"`{k}`" for k in prevent.condition_keys))
    if prevent.settings:
        lines.append("settings: " + ", ".join(f"`{s}`" for s in prevent.settings))
    if prevent.note:
        lines.append(prevent.note)
    yield from _list("Prevent", lines)
