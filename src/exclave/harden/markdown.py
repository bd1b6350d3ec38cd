"""Markdown of what an inventory says: nothing in a name can become markup, a link or a second row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.outputs.neutralise import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts."""
    lines = [list(head), ["---"] * len(head), *([markdown(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def bullets(texts: Sequence[str]) -> str:
    """A list of texts."""
    return "".join(f"- {markdown(text)}\n" for text in texts)
