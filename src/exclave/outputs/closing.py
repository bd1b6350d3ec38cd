"""The last lines on a terminal: what was read, what could not be read, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import FOREIGN, Outcome, Severity, Transfer, Verdict
from exclave.outputs import records, words
from exclave.outputs.paper import blank, inked, labelled, say, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text

    from exclave.model import Coverage, Finding, Report

MOST_PROBLEMS = 10
MOST_COMMANDS = 20


def closing(report: Report, out: Console, *, verbose: bool = False) -> None:
    """Write what was found in a line, coverage, the perimeter that was assumed, and what to do next."""
    for number, line in enumerate(report.perimeter):
        labelled(out, "perimeter" if number == 0 else "", inked(out, line))
    labelled(out, "read", inked(out, words.read(report.coverage)))
    _not_read(report.coverage, out, 10**9 if verbose else MOST_PROBLEMS)
    _found(report, out)
    _next(report, out, 10**9 if verbose else MOST_COMMANDS)


def _found(report: Report, out: Console) -> None:
    """How much of what: the last lines must say it too, since the first may have scrolled away."""
    loose = [t for t in report.transfers if not t.incident and t.severity.rank >= Severity.MEDIUM.rank]
    parts = [
        f"{words.count(len(found), what)} ({words.severities(f.severity for f in found)})"
        for what, found in (("incident", report.incidents), ("transfer", loose))
        if found
    ]
    if parts:
        labelled(
            out,
            "found",
            inked(out, (" and ".join(parts) + (" outside of them" if len(parts) > 1 else ""), "bold")),
        )


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


def still_open(report: Report) -> list[Finding]:
    """What stands open to outsiders, loudest first, transfers before grants and network paths."""
    found = sorted(
        records.every_finding(report), key=lambda f: (-f.severity.rank, not isinstance(f, Transfer))
    )
    return [f for f in found if f.state and f.state.open and _loud(f)]


def to_take_back(report: Report) -> list[Finding]:
    """Those that a call can end, each command once."""
    wanted: dict[str, Finding] = {}
    for f in still_open(report):
        if f.revoke:
            wanted.setdefault(f.revoke.command or repr(f.revoke), f)
    return list(wanted.values())


def _loud(f: Finding) -> bool:
    judged = f.judgement.verdict if f.judgement else Verdict.UNKNOWN
    return f.severity.rank >= Severity.MEDIUM.rank and judged in FOREIGN


def _next(report: Report, out: Console, most: int) -> None:
    advice: list[Text] = []
    if report.coverage.problems:
        advice.append(inked(out, "read what could not be read, and hunt again"))
    wanted = to_take_back(report)
    still = still_open(report)
    order = {i.id: number for number, i in enumerate(records.every_incident(report))}
    inside = sorted((f for f in wanted if f.incident), key=lambda f: order.get(f.incident, -1))
    if still:
        many = (f"{words.transfers_and_paths(still)} still open", "bold")
        advice.append(inked(out, many, f": {_how(still, wanted, inside)}"))
    elif _was_taken(report):
        advice.append(
            inked(
                out,
                "no offer is known to stand open; what was taken stays taken: change the secrets that were in it",
            )
        )
    if report.incidents:
        advice.append(
            inked(
                out, "end the keys and sessions named at `by`: whoever holds them opens again what you close"
            )
        )
        first = report.incidents[0].id
        advice.append(inked(out, f"all that the actors did: exclave timeline LOGS --incident {first}"))
    for number, text in enumerate(advice):
        labelled(out, "next" if number == 0 else "", text)
    if inside:
        blank(out)
    note, incident, several = "", "", len({f.incident for f in inside}) > 1
    for found in inside[:most]:
        if several and found.incident != incident:
            note, incident = "", found.incident
            whole(out, inked(out, (f"  # {incident}", "bold")))
        note = _command(found, out, note)
    if len(inside) > most:
        say(
            out,
            inked(out, (f"  # and {len(inside) - most:,} more: the JSON lines have every `revoke`", "dim")),
        )


def _how(still: Sequence[Finding], wanted: Sequence[Finding], inside: Sequence[Finding]) -> str:
    """How to close what stands open: by a pasted command, and by `exclave revoke`, which looks first and can undo."""
    revoke = "`exclave revoke r.jsonl` plans it, with an undo (this hunt with -o r.jsonl writes the file)"
    if not wanted:
        return revoke
    above = len(wanted) - len(inside)
    paste = "the commands at `revoke:` above" if not inside else "these"
    if inside and above:
        paste += f", and {words.count(above, 'command')} at `revoke:` above"
    rest = "or " if all(f.revoke for f in still) else "for the others "
    return f"keep what you need as evidence, then paste {paste}; {rest}{revoke}"


def _was_taken(report: Report) -> bool:
    return any(_loud(t) and t.outcome is Outcome.TAKEN for t in report.transfers)


def _command(found: Finding, out: Console, said: str) -> str:
    """A shell comment where there is something new to know, then the command on a line of its own."""
    call = found.revoke
    if call is None:
        return said
    note = words.revoke_note(call)
    if note and note != said:
        whole(out, inked(out, (f"  # {note}", "dim")))
    whole(out, inked(out, "  ", (call.command or f"{call.call} {dict(call.args)}", "bold green")))
    return note
