"""One control explained, for a terminal and for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.outputs.paper import blank, inked, labelled, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from exclave.audit.model import Control


def show(control: Control, out: Console) -> None:
    """Write the page."""
    from exclave.audit.needs import methods_of
    from exclave.catalogue.loader import load

    say(out, inked(out, (control.id, "bold"), f"  {control.title}"))
    blank(out)
    for name, text in rows(control, methods_of(control, load())):
        labelled(out, name, inked(out, text))


def rows(control: Control, methods: Iterable[str]) -> list[tuple[str, str]]:
    """What there is to say of a control: label and text. `methods`: what it would have stopped or shown."""
    from exclave.audit.needs import permissions_of

    said = (
        ("checked", control.about),
        ("why", control.why),
        ("severity", str(control.severity)),
        ("remedy", control.remediation),
        ("answers", "; ".join(control.technique)),
        ("CIS", ", ".join(control.cis)),
        ("D3FEND", ", ".join(control.d3fend)),
        ("calls", ", ".join(control.needs)),
        ("needs", ", ".join(permissions_of(control))),
        ("stops", ", ".join(methods)),
        ("gaps", "; ".join(control.known_gaps)),
        ("read", " ".join(control.references)),
    )
    return [(name, text) for name, text in said if text]
