"""The last lines on a terminal: what was read, what could not be read, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import FOREIGN, Severity, Verdict
from exclave.outputs import records, words
from exclave.outputs.paper import blank, inked, labelled, say, whole

if TYPE_CHECKING:
    from rich.console import Console

    from exclave.model import Coverage, Report, Transfer

MOST_PROBLEMS = 10
MOST_COMMANDS = 20


def closing(report: Report, out: Console, *, verbose: bool = False) -> None:
    """Write coverage, the perimeter that was assumed, and the commands that take back what is open."""
    for line in report.perimeter:
        labelled(out, "perimeter", inked(out, line))
    labelled(out, "read", inked(out, words.read(report.coverage)))
    _not_read(report.coverage, out, 10**9 if verbose else MOST_PROBLEMS)
    _next(report, out, 10**9 if verbose else MOST_COMMANDS)


def _not_read(c: Coverage, out: Console, most: int) -> None:
    if c.skipped:
        labelled(out, "left out", inked(out, f"{words.skipped(c)} (on purpose)"))
    if not c.problems:
        labelled(out, "not read", inked(out, "nothing: all of it could be read"))
        return
    text = f"{words.count(len(c.problems), 'problem')}: what these hold may change the answer"
    labelled(out, "NOT READ", inked(out, (text, "bold red")), style="bold red")
    for problem in c.problems[:most]:
        hint = f" ({problem.hint})" if problem.hint else ""
        labelled(out, "", inked(out, (problem.where, "bold"), f": {problem.what}{hint}"))
    if len(c.problems) > most:
        labelled(out, "", inked(out, (f"and {len(c.problems) - most:,} more (--verbose lists all)", "dim")))


def to_take_back(report: Report) -> list[Transfer]:
    """Open transfers to outsiders that a call can end, loudest first, each command once."""
    wanted: dict[str, Transfer] = {}
    for t in sorted(records.every_transfer(report), key=lambda t: -t.severity.rank):
        judged = t.judgement.verdict if t.judgement else Verdict.UNKNOWN
        loud = t.severity.rank >= Severity.MEDIUM.rank and judged in FOREIGN
        if t.revoke and t.state and t.state.open and loud:
            wanted.setdefault(t.revoke.command or repr(t.revoke), t)
    return list(wanted.values())


def _next(report: Report, out: Console, most: int) -> None:
    wanted = to_take_back(report)
    inside = [t for t in wanted if t.incident]
    above = len(wanted) - len(inside)
    if not wanted:
        advice = "nothing is open that a command here could close"
        if report.coverage.problems:
            advice = "read what could not be read, and hunt again"
        labelled(out, "next", inked(out, advice))
        return
    still = f"{words.count(len(wanted), 'transfer')} still open"
    advice = "keep what you need as evidence, then paste"
    if not inside:
        advice += " the commands at `revoke:` above"
    elif above:
        advice += f" these, and {words.count(above, 'command')} at `revoke:` above"
    else:
        advice += " these"
    labelled(out, "next", inked(out, (still, "bold"), f": {advice}"))
    if inside:
        blank(out)
    note = ""
    for t in inside[:most]:
        note = _command(t, out, note)
    if len(inside) > most:
        say(
            out,
            inked(out, (f"  # and {len(inside) - most:,} more: the JSON lines have every `revoke`", "dim")),
        )


def _command(t: Transfer, out: Console, said: str) -> str:
    """A shell comment where there is something new to know, then the command on a line of its own."""
    call = t.revoke
    if call is None:
        return said
    note = "; ".join(part for part in (call.risk if call.risk != "safe" else "", call.note) if part)
    if note and note != said:
        whole(out, inked(out, (f"  # {note}", "dim")))
    whole(out, inked(out, "  ", (call.command or f"{call.call} {dict(call.args)}", "bold green")))
    return note
