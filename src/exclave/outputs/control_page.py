"""One control explained, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.outputs.paper import blank, inked, labelled, say

if TYPE_CHECKING:
    from rich.console import Console

    from exclave.audit.model import Control


def show(control: Control, out: Console) -> None:
    """Write the page."""
    from exclave.audit.needs import methods_named, permissions_of

    say(out, inked(out, (control.id, "bold"), f"  {control.title}"))
    blank(out)
    rows = (
        ("checked", control.about),
        ("why", control.why),
        ("severity", str(control.severity)),
        ("remedy", control.remediation),
        ("answers", "; ".join(control.technique)),
        ("CIS", ", ".join(control.cis)),
        ("D3FEND", ", ".join(control.d3fend)),
        ("calls", ", ".join(control.needs)),
        ("needs", ", ".join(permissions_of(control))),
        ("stops", ", ".join(methods_named(control))),
        ("gaps", "; ".join(control.known_gaps)),
        ("read", " ".join(control.references)),
    )
    for name, text in rows:
        if text:
            labelled(out, name, inked(out, text))
