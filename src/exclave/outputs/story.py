"""One incident on a terminal: what left, to whom, is it open, was it taken, by whom; then step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Outcome
from exclave.outputs import records, words
from exclave.outputs.paper import LABEL, PHASE_STYLE, SEVERITY_STYLE, blank, inked, labelled, say

if TYPE_CHECKING:
    from rich.console import Console

    from exclave.model import Destination, Incident, Step, Transfer

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
    _what_left(i, out, most)
    _to_whom(i, out, most)
    _still_open(i, out)
    _taken(i, out)
    for number, actor in enumerate(i.actors[:most]):
        labelled(out, "by" if number == 0 else "", inked(out, words.actor_in_full(actor)))
    _and_more(out, len(i.actors) - most, "actor")
    blank(out)
    _steps(i, out, 10**9 if verbose else MOST_STEPS)


def _span(i: Incident) -> str:
    if i.started is None or i.ended is None:
        return words.moment(i.started or i.ended)
    took = words.duration((i.ended - i.started).total_seconds())
    return f"{words.moment(i.started)} to {words.moment(i.ended)} UTC ({took})"


def _what_left(i: Incident, out: Console, most: int) -> None:
    """Each resource once, by the mention that knows most of where its data came from."""
    best: dict[str, Transfer] = {}
    for t in i.transfers:
        known = best.get(t.source.key)
        if known is None or len(t.lineage) > len(known.lineage):
            best[t.source.key] = t
    for number, t in enumerate(list(best.values())[:most]):
        failed = all(o.outcome is Outcome.ATTEMPTED for o in i.transfers if o.source.key == t.source.key)
        labelled(
            out,
            ("what left" if number == 0 else ""),
            inked(
                out,
                (words.resource(t.source), "bold"),
                f", {words.lineage(t.lineage)}" if t.lineage else "",
                (" (tried, failed)", "dim") if failed else "",
            ),
        )
    _and_more(out, len(best) - most, "resource")


def _to_whom(i: Incident, out: Console, most: int) -> None:
    seen: dict[str, Destination] = {d.key: d for d in i.destinations}
    for t in i.transfers:
        seen.setdefault(t.destination.key, t.destination)
    for number, d in enumerate(list(seen.values())[:most]):
        judged = records.judgement_of(i, d)
        reason = f": {judged.reason}" if judged and judged.reason else ""
        labelled(
            out,
            "to" if number == 0 else "",
            inked(out, (words.destination(d), "bold"), f", {words.verdict(judged)}{reason}"),
        )
    _and_more(out, len(seen) - most, "destination")


def _still_open(i: Incident, out: Console) -> None:
    stated = [t for t in i.transfers if t.state is not None and t.outcome is not Outcome.ATTEMPTED]
    offers = [t for t in stated if t.state and t.state.open]
    if offers:
        since = min(
            (words.moment(t.state.opened_at) for t in offers if t.state and t.state.opened_at), default=""
        )
        text = f"YES, {len(offers)} of {words.count(len(stated), 'offer')}" + (
            f", since {since}" if since else ""
        )
        labelled(out, "open", inked(out, (text, "bold red"), ("  (by these logs)", "dim")))
    elif stated:
        last = max(stated, key=lambda t: words.moment(t.state.closed_at) if t.state else "")
        labelled(out, "open", inked(out, ("no", "green"), f", {words.standing(last)}"))
    else:
        labelled(out, "open", inked(out, "cannot be told from these logs"))


def _taken(i: Incident, out: Console) -> None:
    takes = [t for t in i.transfers if t.outcome is Outcome.TAKEN]
    if takes:
        first = takes[0]
        text = f"YES, {first.source.id} at {words.moment(first.time)} by {words.actor(first.actor)}"
        more = f", and {len(takes) - 1} more" if len(takes) > 1 else ""
        labelled(out, "taken", inked(out, (text + more, "bold red")))
    elif any(t.state and t.state.taken for t in i.transfers):
        labelled(out, "taken", inked(out, ("YES", "bold red")))
    else:
        labelled(out, "taken", inked(out, "not seen in these logs"))


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
    for name, number in files.items():
        labelled(out, "evidence" if number == 1 else "", inked(out, (f"[{number}] {name}", "dim")), keep=True)


def _step(s: Step, clock: str, out: Console, *, by: str, where: str) -> None:
    who = (f"{by}: ", "bold") if by and by not in s.text else ""
    head = inked(out, f"  {clock.ljust(LABEL)}", (s.phase.ljust(_PHASE), PHASE_STYLE.get(s.phase, "")))
    say(out, inked(out, who, s.text, (where, "dim")), indent=2 + LABEL + _PHASE, margin=head)
