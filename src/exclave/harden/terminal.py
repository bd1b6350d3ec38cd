"""What was made, for a terminal; the plan of its changes is written by outputs/plan.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.harden.folder import place
from exclave.outputs.paper import blank, inked, labelled, say

if TYPE_CHECKING:
    from rich.console import Console

    from exclave.harden.run import Hardened

MOST_WHY = 4


def show(made: Hardened, out: Console) -> None:
    """Each missing control: why it is missing, which files put it in place, what a person must do."""
    for control, results in made.missing.items():
        say(out, inked(out, (control, "bold"), f"  {results[0].control.title}"))
        reasons = [f"{r.check.scope}: {w}" for r in results for w in r.check.why]
        for why in reasons[:MOST_WHY]:
            labelled(out, "missing", inked(out, why))
        if len(reasons) > MOST_WHY:
            labelled(out, "", inked(out, f"and {len(reasons) - MOST_WHY} more"))
        for artefact in made.artefacts:
            if artefact.control == control:
                about = f"  {artefact.format}: {artefact.about}"
                labelled(out, "file", inked(out, str(place(artefact)), (about, "dim")))
        for note in made.notes.get(control, ()):
            labelled(out, "you", inked(out, (note, "yellow")))
        blank(out)
    for result in made.unseen:
        labelled(
            out,
            "not seen",
            inked(out, f"{result.control.id}, {result.check.scope}: {'; '.join(result.check.why)}"),
        )
    said = f"controls: {len(made.missing)} missing, {len(made.in_place)} in place, {len(made.unseen)} could not be looked at"
    say(out, inked(out, said))
