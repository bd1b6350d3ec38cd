"""An audit for a person at a terminal: a line for each control, what is wrong and where, what stands open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.audit.model import Status
from exclave.model import Severity
from exclave.outputs import words
from exclave.outputs.paper import SEVERITY_STYLE, blank, inked, labelled, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from exclave.audit.model import AuditReport, Exposure, Result

STATUS_STYLE = {
    Status.PASS: "green",
    Status.PARTIAL: "bold yellow",
    Status.FAIL: "bold red",
    Status.COULD_NOT_LOOK: "bold magenta",
}
MOST_SCOPES, MOST_ITEMS, MOST_EXPOSURES, MOST_PROBLEMS = 5, 5, 50, 10


def write(report: AuditReport, out: Console, *, verbose: bool = False) -> None:
    """Write for people. `verbose` lifts every cap."""
    groups: dict[str, list[Result]] = {}
    for result in report.results:
        groups.setdefault(result.control.id, []).append(result)
    _table(groups, out)
    for results in groups.values():
        _control(results, out, verbose=verbose)
    _exposures(report, out, verbose=verbose)
    _closing(report, out, verbose=verbose)


def _worst(results: Sequence[Result]) -> Status:
    return max((r.check.status for r in results), key=lambda s: s.rank)


def _table(groups: dict[str, list[Result]], out: Console) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, safe_box=True)
    table.add_column("status", no_wrap=True)
    table.add_column("control", overflow="fold")
    table.add_column("in place", justify="right", overflow="fold")
    table.add_column("scopes", overflow="fold")
    for name, results in groups.items():
        status = _worst(results)
        good, of = sum(r.check.count for r in results), sum(r.check.of for r in results)
        by = {s: sum(r.check.status is s for r in results) for s in Status}
        scopes = ", ".join(f"{n} {s}" for s, n in sorted(by.items(), key=lambda e: -e[0].rank) if n)
        table.add_row(
            inked(out, (str(status), STATUS_STYLE[status])),
            inked(out, name),
            inked(out, f"{good:,} of {of:,} {results[0].check.what}"),
            inked(out, scopes),
        )
    out.print(table)


def _control(results: Sequence[Result], out: Console, *, verbose: bool) -> None:
    wrong = sorted(
        (r for r in results if r.check.status is not Status.PASS), key=lambda r: -r.check.status.rank
    )
    if not wrong:
        return
    control = results[0].control
    status = _worst(results)
    say(
        out, inked(out, (str(status), STATUS_STYLE[status]), "  ", (control.id, "bold"), f"  {control.title}")
    )
    for r in wrong if verbose else wrong[:MOST_SCOPES]:
        check = r.check
        known = " (in the baseline)" if r.known else ""
        counts = f"{check.count:,} of {check.of:,} {check.what}"
        labelled(out, "in", inked(out, f"{check.scope}: {check.status}, {counts}{known}"))
        for reason in check.why:
            labelled(out, "", inked(out, reason))
        shown = check.items if verbose else check.items[:MOST_ITEMS]
        if shown:
            named = ", ".join(i.resource for i in shown) + _more(len(check.items) - len(shown))
            labelled(out, "", inked(out, (named, "dim")))
        if check.missing:
            labelled(out, "needs", inked(out, ", ".join(check.missing)))
    if len(wrong) > MOST_SCOPES and not verbose:
        labelled(
            out, "", inked(out, (f"and {len(wrong) - MOST_SCOPES} more scopes (--verbose lists all)", "dim"))
        )
    labelled(out, "remedy", inked(out, control.remediation))
    blank(out)


def _more(number: int) -> str:
    return f" and {number} more" if number > 0 else ""


def _exposures(report: AuditReport, out: Console, *, verbose: bool) -> None:
    loud = [e for e in report.exposures if verbose or e.severity.rank >= Severity.MEDIUM.rank]
    if not report.exposures:
        if report.looked:
            say(
                out,
                inked(
                    out,
                    ("Nothing stands open", "bold"),
                    " to anybody outside the perimeter, in what was looked at.",
                ),
            )
            blank(out)
        return
    say(out, inked(out, (f"Exposures ({len(report.exposures)})", "bold")))
    blank(out)
    for e in loud if verbose else loud[:MOST_EXPOSURES]:
        _exposure(e, out)
    left = len(report.exposures) - min(len(loud), len(report.exposures) if verbose else MOST_EXPOSURES)
    if left > 0:
        say(out, inked(out, (f"{left} more not listed: --verbose and other formats list all", "dim")))
        blank(out)


def _exposure(e: Exposure, out: Console) -> None:
    to = e.destination.id if e.destination.kind != "public" else "everyone"
    parts = (
        (str(e.severity), SEVERITY_STYLE[e.severity]),
        "  ",
        (e.method, "bold"),
        "  ",
        e.source.id or e.source.kind,
    )
    say(out, inked(out, *parts, " → ", (to, "bold"), f" ({words.verdict(e.judgement)})"), indent=4)
    labelled(
        out,
        "in",
        inked(
            out, " ".join(p for p in (e.account, e.region) if p) + (" (in the baseline)" if e.known else "")
        ),
    )
    if e.since is not None:
        labelled(out, "since", inked(out, f"{words.moment(e.since)} at the earliest"))
    labelled(out, "why", inked(out, "; ".join(e.why)))
    labelled(out, "evidence", inked(out, e.where))
    if e.revoke:
        labelled(out, "revoke:", inked(out, (e.revoke.command or e.revoke.call, "bold green")), keep=True)
    blank(out)


def _closing(report: AuditReport, out: Console, *, verbose: bool) -> None:
    for line in report.perimeter:
        labelled(out, "perimeter", inked(out, line))
    for k in report.looked:
        failed = f", {k.failed:,} could not be looked at: {'; '.join(k.why)}" if k.failed else ""
        if verbose or k.failed or k.exposed:
            labelled(
                out, "looked", inked(out, f"{k.method}: {k.exposed:,} of {k.of:,} {k.what} exposed{failed}")
            )
    c = report.coverage
    labelled(
        out,
        "read",
        inked(
            out,
            f"{words.count(c.files, 'file')}, {words.count(c.records, 'answer')} of {words.count(len(c.accounts), 'account')}, {words.moment(c.first)} to {words.moment(c.last)} UTC",
        ),
    )
    if not c.problems:
        labelled(out, "not read", inked(out, "nothing: all that is in the inventory could be read"))
        return
    labelled(
        out, "NOT READ", inked(out, (words.count(len(c.problems), "problem"), "bold red")), style="bold red"
    )
    for p in c.problems if verbose else c.problems[:MOST_PROBLEMS]:
        labelled(out, "", inked(out, (p.where, "bold"), f": {p.what}" + (f" ({p.hint})" if p.hint else "")))
