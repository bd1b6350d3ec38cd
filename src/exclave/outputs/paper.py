"""Drawing on a terminal so that what is copied from it is whole: ids and commands are never cut or broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from exclave.model import Severity
from exclave.outputs import neutralise

if TYPE_CHECKING:
    from rich.console import Console

LABEL = 10  # columns of the label before a block's lines
NARROWEST = 40

SEVERITY_STYLE = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
PHASE_STYLE = {
    "prepare": "yellow",
    "access": "yellow",
    "network": "yellow",
    "exposure": "yellow",
    "tamper": "magenta",
    "offer": "red",
    "take": "bold red",
    "revoke": "green",
    "close": "green",
    "attempt": "dim",
}


def inked(out: Console, *parts: str | tuple[str, str]) -> Text:
    """Text of plain and (text, style) parts, each neutralised, in characters that the output can encode."""
    text = Text(end="")
    for part in parts:
        words, style = part if isinstance(part, tuple) else (part, "")
        text.append(encodable(out, neutralise.line(words)), style=style)
    return text


def encodable(out: Console, text: str) -> str:
    """Arrows and dashes become ASCII where the terminal has no Unicode; what else it lacks is written out."""
    if text.isascii() or out.encoding.lower().startswith("utf"):
        return text
    plain = text.replace("→", "->").replace("←", "<-").replace("…", "...").replace("·", "-")
    return plain.encode(out.encoding, "backslashreplace").decode(out.encoding)


def say(out: Console, text: Text, indent: int = 0, margin: Text | None = None) -> None:
    """Print, wrapped between words only: a word longer than the line runs on, for the terminal to fold.

    Lines stand at `indent`; the first stands after `margin`, or at the left edge without one.
    """
    later = max(NARROWEST, out.width - indent)
    first = later if margin else max(NARROWEST, out.width)
    for number, part in enumerate(text.divide(_breaks(text.plain, first, later))):
        part.rstrip()
        before = Text(" " * indent if number else "", end="") if number or margin is None else margin
        whole(out, before + part)


def _breaks(plain: str, first: int, later: int) -> list[int]:
    """Offsets at which lines begin, for a first line of `first` columns and others of `later`.

    Rich's own wrapping folds or cuts long words, which breaks ids that are copied.
    """
    found: list[int] = []
    width, room = 0, first
    for word in re.finditer(r"\S+\s*|^\s+", plain):
        columns = cell_len(word.group().rstrip())
        if width + columns > room and width > 0:
            found.append(word.start())
            width, room = 0, later
        width += cell_len(word.group())
    return found


def whole(out: Console, text: Text) -> None:
    """Print on one line, however long."""
    text.end = "\n"
    out.print(text, soft_wrap=True)


def labelled(out: Console, label: str, text: Text, style: str = "dim", *, keep: bool = False) -> None:
    """A line with a label in the margin; continuation lines stand under the text. `keep`: on one line."""
    margin = Text.assemble(("  " + label.ljust(LABEL), style), end="")
    if keep:
        whole(out, margin + text)
    else:
        say(out, text, indent=LABEL + 2, margin=margin)


def blank(out: Console) -> None:
    """An empty line."""
    out.print()
