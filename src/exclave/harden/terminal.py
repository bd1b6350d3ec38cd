"""What was made, the plan, and what became of its steps, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.harden.folder import place
from exclave.outputs.paper import blank, inked, labelled, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from exclave.change.apply import Done
    from exclave.change.model import Plan
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
            labelled(out, "", inked(out, f"and {len(reasons) - MOST_WHY} more reasons"))
        for artefact in made.artefacts:
            if artefact.control == control:
                labelled(
                    out, artefact.format, inked(out, str(place(artefact)), (f"  {artefact.about}", "dim"))
                )
        for note in made.notes.get(control, ()):
            labelled(out, "you", inked(out, (note, "yellow")))
        blank(out)
    for result in made.unseen:
        labelled(
            out,
            "not seen",
            inked(out, f"{result.control.id}, {result.check.scope}: {'; '.join(result.check.why)}"),
        )
    said = f"{len(made.missing)} controls are missing, {len(made.in_place)} are in place, {len(made.unseen)} could not be looked at"
    say(out, inked(out, said))


def show_plan(plan: Plan, out: Console) -> None:
    """Every change, what it breaks, and whether it can be undone."""
    for number, step in enumerate(plan.steps, 1):
        where = " ".join(p for p in (step.account, step.region) if p)
        say(out, inked(out, f"{number:3}  ", (step.title, "bold"), (f"  {where}", "dim")))
        labelled(out, "calls", inked(out, ", ".join(dict.fromkeys(r.call for r in step.change))))
        for breaks in step.breaks:
            labelled(out, "breaks", inked(out, (breaks, "yellow")))
        undo = ", ".join(dict.fromkeys(r.call for r in step.undo)) or "can't be undone"
        labelled(out, "undo", inked(out, undo))
    for skipped in plan.skipped:
        labelled(out, "left out", inked(out, f"{skipped.what}: {skipped.why}"))


def show_done(done: Done, out: Console) -> None:
    """What became of one step."""
    style = "green" if done.good else "bold red"
    say(
        out,
        inked(out, (f"{done.result:12} ", style), done.step.title, *((f": {done.why}",) if done.why else ())),
    )


def summary(done: Sequence[Done]) -> str:
    """How many became what."""
    counts: dict[str, int] = {}
    for one in done:
        counts[one.result] = counts.get(one.result, 0) + 1
    return ", ".join(f"{n} {result}" for result, n in counts.items()) or "nothing to do"
