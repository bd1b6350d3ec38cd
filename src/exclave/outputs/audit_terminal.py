"""An audit for a person at a terminal: a line for each control, what is wrong and where, what stands open."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from exclave.audit.model import Status, worst
from exclave.inventory.model import to_do
from exclave.model import Severity
from exclave.outputs import words
from exclave.outputs.paper import SEVERITY_STYLE, blank, inked, labelled, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from exclave.audit.model import AuditReport, Exposure, Looked, Result

STATUS_STYLE = {
    Status.PASS: "green",
    Status.PARTIAL: "bold yellow",
    Status.FAIL: "bold red",
    Status.COULD_NOT_LOOK: "bold magenta",
}
MOST_SCOPES, MOST_ITEMS, MOST_EXPOSURES, MOST_PROBLEMS, MOST_REASONS = 5, 5, 50, 10, 5


def write(report: AuditReport, out: Console, *, verbose: bool = False) -> None:
    """Write for people: what stands open, then the controls, what each lacks, and how far it was looked. `verbose` lifts every cap."""
    groups = report.by_control()
    _exposures(report, out, verbose=verbose)
    if groups:
        _table(groups, out)
    for results in groups.values():
        _control(results, out, verbose=verbose)
    _closing(report, groups, out, verbose=verbose)


def _table(groups: dict[str, list[Result]], out: Console) -> None:
    """A line for each control. Ids are never cut: what is counted wraps instead."""
    say(out, inked(out, (f"Controls ({len(groups)})", "bold")))
    blank(out)
    counted = {
        name: f"{sum(r.check.count for r in results):,} of {sum(r.check.of for r in results):,}"
        for name, results in groups.items()
    }
    wide = max(len(str(worst(results))) for results in groups.values())
    names, numbers = max(map(len, groups)), max(map(len, counted.values()))
    for name, results in groups.items():
        status = worst(results)
        head = inked(
            out,
            "  ",
            (str(status).ljust(wide), STATUS_STYLE[status]),
            f"  {name.ljust(names)}  {counted[name].rjust(numbers)}  ",
        )
        by = Counter(r.check.status for r in results)
        scopes = ", ".join(f"{by[s]} {s}" for s in sorted(by, key=lambda s: -s.rank))
        more = f" ({scopes})" if len(results) > 1 else ""
        say(out, inked(out, results[0].check.what + more), indent=len(head.plain), margin=head)
    blank(out)


def _control(results: Sequence[Result], out: Console, *, verbose: bool) -> None:
    wrong = sorted(
        (r for r in results if r.check.status is not Status.PASS), key=lambda r: -r.check.status.rank
    )
    if not wrong:
        return
    control = results[0].control
    status = worst(results)
    say(
        out,
        inked(out, (str(status), STATUS_STYLE[status]), "  ", (control.id, "bold"), f"  {control.title}"),
        indent=2,
    )
    for r in wrong if verbose else wrong[:MOST_SCOPES]:
        check = r.check
        known = " (in the baseline)" if r.known else ""
        counts = f"{check.count:,} of {check.of:,} {check.what}"
        labelled(out, "in", inked(out, f"{check.scope}: {check.status}, {counts}{known}"))
        for reason in check.why:
            labelled(out, "", inked(out, reason))
        shown = check.resources if verbose else check.resources[:MOST_ITEMS]
        if shown:
            named = ", ".join(shown) + _more(len(check.resources) - len(shown))
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
    to = e.destination.id if e.destination.kind != "public" else "everybody"
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
        if note := words.revoke_note(e.revoke):
            labelled(out, "", inked(out, (f"# {note}", "dim")))
    blank(out)


def _closing(report: AuditReport, groups: dict[str, list[Result]], out: Console, *, verbose: bool) -> None:
    for number, line in enumerate(report.perimeter):
        labelled(out, "perimeter" if number == 0 else "", inked(out, line))
    _looked(report.looked, out, verbose=verbose)
    c = report.coverage
    read = f"{words.count(c.files, 'file')}, {words.count(c.records, 'answer')} of {words.count(len(c.accounts), 'account')}"
    labelled(out, "read", inked(out, f"{read}, {words.moment(c.first)} to {words.moment(c.last)} UTC"))
    if c.problems:
        text = (words.count(len(c.problems), "problem"), "bold red")
        labelled(out, "NOT READ", inked(out, text), style="bold red")
    else:
        labelled(out, "not read", inked(out, "nothing: all that is in the inventory could be read"))
    for p in c.problems if verbose else c.problems[:MOST_PROBLEMS]:
        labelled(out, "", inked(out, (p.where, "bold"), f": {p.what}" + (f" ({p.hint})" if p.hint else "")))
    _found(report, groups, out)


def _looked(looked: Sequence[Looked], out: Console, *, verbose: bool) -> None:
    """Of how many resources how many are exposed; and, as loudly, what could not be looked at, by reason."""
    if not looked:
        return
    of, methods = sum(k.of for k in looked), len({k.method for k in looked})
    exposed = sum(k.exposed for k in looked)
    text = f"{exposed:,} of {words.count(of, 'resource')} exposed, by {words.count(methods, 'method')}"
    labelled(out, "looked", inked(out, text))
    if verbose:
        for k in looked:
            labelled(out, "", inked(out, f"{k.method}: {k.exposed:,} of {k.of:,} {k.what} exposed"))
    reasons: dict[str, dict[str, None]] = {}
    for k in looked:
        for why in k.why or (("not said why",) if k.failed else ()):
            reasons.setdefault(why, {})[f"{k.method} ({k.call})"] = None
    if not reasons:
        return
    number = len({k.method for k in looked if k.failed})
    text = f"COULD NOT LOOK for exposures by {words.count(number, 'method')}, or not everywhere"
    labelled(out, "", inked(out, (text, "bold magenta")))
    ranked = sorted(reasons.items(), key=lambda e: (-len(e[1]), e[0]))
    for why, found in ranked if verbose else ranked[:MOST_REASONS]:
        names = list(found)
        shown = names if verbose else names[:MOST_ITEMS]
        labelled(out, "", inked(out, (f"{why}: ", "bold"), ", ".join(shown) + _more(len(names) - len(shown))))
    if len(ranked) > MOST_REASONS and not verbose:
        text = f"and {words.count(len(ranked) - MOST_REASONS, 'reason')} more (--verbose lists all)"
        labelled(out, "", inked(out, (text, "dim")))


def _codes(report: AuditReport) -> Iterator[str]:
    """The codes of all errors that kept from looking."""
    for k in report.looked:
        yield from k.codes
    for result in report.results:
        for item in result.check.items:
            yield from (value for name, value in item.facts if name == "error")


def _found(report: AuditReport, groups: dict[str, list[Result]], out: Console) -> None:
    """How much of what, and how to go on: the last lines must say it too, since the first may have scrolled away."""
    parts = []
    if report.exposures:
        severities = words.severities(e.severity for e in report.exposures)
        parts.append(f"{words.count(len(report.exposures), 'exposure')} ({severities})")
    by = Counter(worst(results) for results in groups.values())
    if groups:
        counts = ", ".join(f"{by[s]} {s}" for s in sorted(by, key=lambda s: -s.rank))
        parts.append(f"{words.count(len(groups), 'control')} ({counts})")
    if parts:
        labelled(out, "found", inked(out, ("; ".join(parts), "bold")))
    advice = to_do(_codes(report))
    if any(e.revoke or e.severity.rank >= Severity.MEDIUM.rank for e in report.exposures):
        advice.append(
            "exclave revoke DIR (the inventory, or a cloud: aws, azure, gcp) plans how the shares are taken back"
        )
    if by[Status.FAIL] or by[Status.PARTIAL]:
        advice.append(
            "exclave harden DIR -o fixes (the inventory, or a cloud) writes what puts the missing controls in place"
        )
    for number, text in enumerate(advice):
        labelled(out, "next" if number == 0 else "", inked(out, text))
