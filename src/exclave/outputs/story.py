"""One incident on a terminal: what left, to whom, is it open, was it taken, by whom; then step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.outputs import answers, words
from exclave.outputs.paper import LABEL, PHASE_STYLE, SEVERITY_STYLE, blank, inked, labelled, say

if TYPE_CHECKING:
    from rich.console import Console

    from exclave.model import Incident, Step

MOST_LINES = 8  # of resources, destinations, actors
MOST_STEPS = 60
_PHASE = 9  # columns of the longest phase and a blank


def story(i: Incident, out: Console, *, verbose: bool = False) -> None:
    """Write one incident. Long lists are cut, saying by how much, unless `verbose`."""
    most = 10**9 if verbose else MOST_LINES
    say(
        out,
        inked(
            out,
            (f" {i.severity.upper()} ", SEVERITY_STYLE[i.severity]),
            "  ",
            (i.title, "bold"),
            f"  [{i.id}]",
        ),
        indent=4,
    )
    labelled(out, "when", inked(out, _span(i)))
    for number, reason in enumerate(i.why):
        labelled(out, "why" if number == 0 else "", inked(out, reason))
    blank(out)
    _answers(i, out, most)
    blank(out)
    _steps(i, out, 10**9 if verbose else MOST_STEPS)


def _span(i: Incident) -> str:
    if i.started is None or i.ended is None:
        return words.moment(i.started or i.ended)
    if i.started == i.ended:
        return f"{words.moment(i.started)} UTC"
    took = words.duration((i.ended - i.started).total_seconds())
    return f"{words.moment(i.started)} to {words.moment(i.ended)} UTC ({took})"


def _answers(i: Incident, out: Console, most: int) -> None:
    left = answers.what_left(i)
    for number, (what, about) in enumerate(left[:most]):
        labelled(out, "what left" if number == 0 else "", inked(out, (what, "bold"), about))
    _and_more(out, len(left) - most, "resource")
    to = answers.receivers(i)
    for number, (d, judged) in enumerate(to[:most]):
        reason = answers.reason(d, judged)
        said = words.verdict(judged) + (f": {reason}" if reason else "")
        labelled(out, "to" if number == 0 else "", inked(out, (words.destination(d), "bold"), f", {said}"))
    _and_more(out, len(to) - most, "destination")
    is_open, standing = answers.standing(i)
    if is_open:
        labelled(out, "open", inked(out, (f"YES, {standing}", "bold red"), ("  (by these logs)", "dim")))
    elif standing:
        labelled(out, "open", inked(out, ("no", "green"), f", {standing}"))
    else:
        labelled(out, "open", inked(out, "cannot be told from these logs"))
    taken = answers.taken(i)
    labelled(out, "taken", inked(out, (f"YES, {taken}", "bold red") if taken else "not seen in these logs"))
    who = answers.actors(i)
    for number, actor in enumerate(who[:most]):
        labelled(out, "by" if number == 0 else "", inked(out, actor))
    _and_more(out, len(who) - most, "actor")


def _and_more(out: Console, number: int, what: str) -> None:
    if number > 0:
        labelled(out, "", inked(out, (f"and {words.count(number, what)} more (--verbose lists all)", "dim")))


def _steps(i: Incident, out: Console, most: int) -> None:
    """In order of time; a date is written where it changes, the actor where another acts.

    Files are numbered and named below: their paths are long, and most steps share a few.
    """
    date, actor = "", ""
    files: dict[str, int] = {}
    steps = words.runs(i.story)
    for step, last, number in steps[:most]:
        day, _, clock = words.moment(step.time).partition(" ")
        if day != date and step.time:
            date = day
            say(out, inked(out, (f"  {day} UTC", "dim")))
        file = files.setdefault(step.evidence.file, len(files) + 1)
        where = f"{words.repeated(last, number)}  [{file}:{step.evidence.record}]"
        by = step.actor if step.actor != actor else ""
        _step(step, clock if step.time else "?", out, by=by, where=where)
        actor = step.actor
    _and_more(out, len(steps) - most, "step")
    blank(out)
    _files(list(files), out)


def _files(names: list[str], out: Console) -> None:
    """The numbers' files. A folder that they share is named once."""
    folder = names[0].rpartition("/")[0] + "/" if names else ""
    if len(names) > 1 and folder != "/" and all(n.rpartition("/")[0] + "/" == folder for n in names):
        labelled(out, "evidence", inked(out, (f"in {folder}", "dim")), keep=True)
    else:
        folder = ""
    for number, name in enumerate(names, 1):
        label = "evidence" if number == 1 and not folder else ""
        labelled(out, label, inked(out, (f"[{number}] {name.removeprefix(folder)}", "dim")), keep=True)


def _step(s: Step, clock: str, out: Console, *, by: str, where: str) -> None:
    who = (f"{by}: ", "bold") if by and not words.says_who(s.text, by) else ""
    head = inked(out, f"  {clock.ljust(LABEL)}", (s.phase.ljust(_PHASE), PHASE_STYLE.get(s.phase, "")))
    say(out, inked(out, who, s.text, (where, "dim")), indent=2 + LABEL + _PHASE, margin=head)
