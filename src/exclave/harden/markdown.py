"""Markdown of what an inventory says: nothing in a name can become markup, a link or a second row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.outputs.neutralise import line, markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 65_536  # characters of a command: one that was cut would be another


def code(text: str) -> str:
    """A text as code, to be copied; "" stays empty."""
    plain = line(text, LONGEST).replace("|", "\\|")
    if not plain.strip():
        return ""
    # a fence longer than any within it: what is copied is what was meant, and what was quoted stays quoted
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    return f"{fence} {plain} {fence}" if "`" in plain else f"{fence}{plain}{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, copied: Sequence[str] = ()) -> str:
    """A table of texts; the columns `copied` hold code."""
    cells = [
        [code(c) if h in copied else markdown(c) for h, c in zip(head, row, strict=True)] for row in rows
    ]
    lines = [list(head), ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines) + "\n"


def bullets(texts: Sequence[str]) -> str:
    """A list of texts."""
    return "".join(f"- {markdown(text)}\n" for text in texts)
