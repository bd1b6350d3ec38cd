"""An audit as one HTML file that needs nothing else and runs no script: what stands open, the controls, how far it looked."""

from __future__ import annotations

from importlib.resources import files
from typing import IO, TYPE_CHECKING

from exclave.audit.model import Status, worst
from exclave.model import Severity
from exclave.outputs import words
from exclave.outputs.html import policy
from exclave.outputs.markup import Safe, el, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.audit.model import AuditReport, Exposure, Looked, Result

MOST_EXPOSURES, MOST_SCOPES, MOST_ITEMS, MOST_PROBLEMS = 500, 200, 50, 500
_MARKS = {Status.FAIL: "high", Status.PARTIAL: "medium", Status.COULD_NOT_LOOK: "info", Status.PASS: "pass"}


def write(report: AuditReport, out: IO[str]) -> None:
    """Write the page."""
    style = (files("exclave.outputs") / "page" / "page.css").read_text("utf-8")
    # the loudest first: what fails must not stand below what nobody could look at
    groups = dict(sorted(report.by_control().items(), key=lambda g: -worst(g[1]).rank))
    title = headline(report, groups)
    head = join(
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=policy(style, "")),
        el("title", f"exclave: {title}"),
        el("style", Safe(style)),
    )
    places = (("#exposures", "Exposures"), ("#controls-list", "Controls"), ("#coverage", "Coverage"))
    links = [el("a", name, href=where) for where, name in places]
    body = join(
        el("header", el("nav", el("strong", "exclave audit"), *links)),
        el(
            "main",
            el("h1", title),
            el("p", _read(report), class_="lead"),
            _numbers(report, groups),
            el("section", el("h2", "Exposures"), _exposures(report), id="exposures"),
            el("section", el("h2", "Controls"), [_control(r) for r in groups.values()], id="controls-list"),
            el("section", el("h2", "Coverage"), _coverage(report), id="coverage"),
        ),
        el("footer", f"exclave {report.version or 'unknown'}. Times are UTC. The report is sensitive."),
    )
    out.write(f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n')


def headline(report: AuditReport, groups: dict[str, list[Result]]) -> str:
    """The answer in one sentence."""
    missing = sum(worst(r) in (Status.FAIL, Status.PARTIAL) for r in groups.values())
    number = len(report.exposures)
    parts = []
    if report.looked or number:
        stands = "stands" if number == 1 else "stand"
        parts.append(f"{words.count(number, 'share')} {stands} open outside the perimeter")
    if groups:
        parts.append(f"{missing} of {words.count(len(groups), 'control')} missing or partly in place")
    if unseen := _unlooked(report, groups):
        parts.append(f"{unseen:,} could not be looked at")
    return "; ".join(parts) or "Nothing was audited"


def _unlooked(report: AuditReport, groups: dict[str, list[Result]]) -> int:
    """Controls, and ways that data may stand open, of which something could not be looked at."""
    controls = sum(worst(r) is Status.COULD_NOT_LOOK for r in groups.values())
    return controls + sum(bool(k.failed) for k in report.looked)


def _read(report: AuditReport) -> str:
    c = report.coverage
    accounts = words.count(len(c.accounts), "account")
    return f"{words.count(c.records, 'answer')} of {accounts}, {words.moment(c.first)} to {words.moment(c.last)} UTC"


def _numbers(report: AuditReport, groups: dict[str, list[Result]]) -> Safe:
    by = {s: sum(worst(r) is s for r in groups.values()) for s in Status}
    loud = sum(e.severity.rank >= Severity.HIGH.rank for e in report.exposures)
    shown = (
        (len(report.exposures), "exposures", "bad"),
        (loud, "of them high or critical", "bad"),
        (by[Status.FAIL], "controls fail", "bad"),
        (by[Status.PARTIAL], "controls partly in place", "warn"),
        (by[Status.PASS], "controls pass", "good"),
        (_unlooked(report, groups), "could not be looked at", "warn"),
        (len(report.coverage.problems), "not read", "warn"),
    )
    cells = [
        el("li", el("b", f"{n:,}"), el("span", what), class_=mood if n else "good") for n, what, mood in shown
    ]
    return el("ul", cells, class_="numbers")


def _exposures(report: AuditReport) -> Safe:
    if not report.exposures:
        said = "Nothing stands open to anybody outside the perimeter, in what was looked at."
        return el("p", said if report.looked else "Exposures were not looked for.")
    more = len(report.exposures) - MOST_EXPOSURES
    return join(
        [_exposure(e) for e in report.exposures[:MOST_EXPOSURES]],
        el("p", f"{more:,} further exposures are in the JSON lines.", class_="notice") if more > 0 else None,
    )


def _exposure(e: Exposure) -> Safe:
    head = el(
        "h3",
        el("span", e.severity, class_=f"badge {e.severity}"),
        f" {words.resource(e.source)} → {words.destination(e.destination)} ",
        el("span", words.verdict(e.judgement), class_=f"verdict {e.judgement.verdict}"),
    )
    since = f"{words.moment(e.since)} UTC at the earliest" if e.since else "not known"
    facts = (
        ("Method", join(el("code", e.method), f" {e.title}")),
        ("In", " ".join(p for p in (e.account, e.region) if p) + (" (in the baseline)" if e.known else "")),
        ("Since", since),
        ("Why", "; ".join(e.why)),
        ("Held back by", e.blocked),
        ("Evidence", el("code", e.where)),
    )
    return el("article", head, _facts(facts), _revoke(e), class_="incident", id=e.id)


def _facts(pairs: Sequence[tuple[str, object]]) -> Safe:
    return el("dl", [join(el("dt", name), el("dd", value)) for name, value in pairs if value], class_="facts")


def _revoke(e: Exposure) -> Safe | None:
    if e.revoke is None:
        return None
    note = words.revoke_note(e.revoke)
    return join(
        el("h4", "Take it back"),
        el("div", el("pre", el("code", e.revoke.command or e.revoke.call)), class_="command"),
        el("p", note, class_="quiet") if note else None,
    )


def _control(results: Sequence[Result]) -> Safe:
    control, status = results[0].control, worst(results)
    good, of = sum(r.check.count for r in results), sum(r.check.of for r in results)
    wrong = [r for r in results if r.check.status is not Status.PASS]
    wrong.sort(key=lambda r: -r.check.status.rank)
    more = len(wrong) - MOST_SCOPES
    return el(
        "details",
        el(
            "summary",
            el("span", status, class_=f"badge {_MARKS[status]}"),
            el("b", f" {control.title}"),
            el("span", f" {good:,} of {of:,} {results[0].check.what} · ", class_="quiet"),
            el("code", control.id),
        ),
        [_scope(r) for r in wrong[:MOST_SCOPES]],
        el("p", f"{more:,} further scopes are in the JSON lines.", class_="notice") if more > 0 else None,
        _facts(
            (
                ("Remedy", control.remediation),
                ("CIS", "; ".join(control.cis)),
                ("D3FEND", ", ".join(control.d3fend)),
            )
        )
        if wrong
        else None,
        class_="incident control",
    )


def _scope(r: Result) -> Safe:
    check = r.check
    known = " (in the baseline)" if r.known else ""
    items = check.resources[:MOST_ITEMS]
    more = len(check.resources) - len(items)
    named = ", ".join(items) + (f" and {more:,} more" if more > 0 else "")
    return join(
        el("h4", f"{check.scope}: {check.status}, {check.count:,} of {check.of:,}{known}"),
        el("ul", [el("li", why) for why in check.why], class_="why") if check.why else None,
        el("p", named, class_="quiet") if items else None,
        el("p", "Needs ", el("code", ", ".join(check.missing))) if check.missing else None,
    )


def _coverage(report: AuditReport) -> Safe:
    problems = report.coverage.problems
    unseen = [k for k in report.looked if k.failed]
    return join(
        el("ul", [el("li", line) for line in report.perimeter]) if report.perimeter else None,
        el("h3", "Could not be looked at"),
        _table(("Method", "What", "How many", "Why"), [_unseen(k) for k in unseen])
        if unseen
        else el("p", "Nothing."),
        el("h3", "Could not be read"),
        _table(("Where", "What", "What to do"), [(p.where, p.what, p.hint) for p in problems[:MOST_PROBLEMS]])
        if problems
        else el("p", "Nothing: all that is in the inventory could be read."),
    )


def _unseen(k: Looked) -> tuple[object, ...]:
    return el("code", k.method), k.what, f"{k.failed:,}", "; ".join(k.why)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Safe:
    cells = [el("tr", *(el("td", cell) for cell in row)) for row in rows]
    names = el("tr", *(el("th", name, scope="col") for name in head))
    return el("div", el("table", el("thead", names), el("tbody", cells)), class_="scroll")
