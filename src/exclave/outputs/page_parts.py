"""Parts of the page besides incidents and pictures: summary, findings' controls, coverage."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from exclave.model import FOREIGN, Outcome, Severity, SignalKind
from exclave.outputs import records, words
from exclave.outputs.markup import Safe, el, join
from exclave.outputs.page_data import MOST_ROWS

if TYPE_CHECKING:
    from exclave.model import Report, Transfer

MOST_PROBLEMS = 500


def outside(report: Report) -> tuple[list[Transfer], list[Transfer]]:
    """Transfers that reached, or were offered to, somebody who is not ours: those that matter, and the quiet ones.

    Quiet is what is below medium and in no incident: what applications read by signed URLs all day.
    """
    loud: list[Transfer] = []
    quiet: list[Transfer] = []
    for t in records.every_transfer(report):
        if t.outcome in {Outcome.OFFERED, Outcome.TAKEN} and t.judgement and t.judgement.verdict in FOREIGN:
            (loud if t.incident or t.severity.rank >= Severity.MEDIUM.rank else quiet).append(t)
    return loud, quiet


def headline(report: Report) -> str:
    """The answer in one sentence."""
    gone, quiet = outside(report)
    if not gone:
        if not report.coverage.records:
            return "Nothing was read, so nothing can be said"
        besides = f", besides {words.count(len(quiet), 'quiet transfer')}" if quiet else ""
        return f"No data was seen to leave your perimeter{besides}"
    parties = {t.destination.key for t in gone}
    takers = {t.destination.key for t in gone if t.outcome is Outcome.TAKEN or (t.state and t.state.taken)}
    if not takers:
        return f"Data was offered to {words.count(len(parties), 'destination')} outside your perimeter"
    others = len(parties) - len(takers)
    also = f" and offered to {others:,} more" if others else ""
    return f"Data was taken by {words.count(len(takers), 'destination')}{also}, outside your perimeter"


def summary(report: Report) -> Safe:
    """The headline, numbers, and what could not be read, before anything else."""
    gone, quiet = outside(report)
    still = sum(bool(t.state and t.state.open) for t in gone)
    taken = sum(t.outcome is Outcome.TAKEN for t in gone)
    tampers = sum(s.signal is SignalKind.TAMPER for s in records.every_signal(report))
    problems = len(report.coverage.problems)
    return join(
        el("h1", headline(report)),
        el("p", words.read(report.coverage), class_="lead"),
        el(
            "ul",
            _number(len(report.incidents), "incident", "bad" if report.incidents else "good"),
            _number(len(gone), "transfer to outsiders", "bad" if gone else "good", "transfers to outsiders"),
            _number(still, "still open", "bad" if still else "good", "still open"),
            _number(taken, "seen taken", "bad" if taken else "good", "seen taken"),
            _number(len(quiet), "quiet transfer", "good"),
            _number(tampers, "cover-up step", "warn" if tampers else "good"),
            _number(problems, "not read", "warn" if problems else "good", "not read"),
            class_="numbers",
        ),
        _not_read(report),
    )


def _number(number: int, one: str, mood: str, many: str = "") -> Safe:
    label = one if number == 1 else many or one + "s"
    return el("li", el("b", f"{number:,}"), el("span", label), class_=mood)


def _not_read(report: Report) -> Safe | None:
    problems = report.coverage.problems
    if not problems:
        return None
    text = f"{words.count(len(problems), 'thing')} could not be read. What they hold may change the answer. "
    return el("p", text, el("a", "See which", href="#coverage"), class_="notice", role="alert")


def findings(report: Report) -> Safe:
    """The filters and an empty table, which the script fills from the data block."""
    found = records.every_finding(report)
    counts = Counter(f.severity for f in found)
    chips = [
        el(
            "label",
            el("input", type="checkbox", name="severity", value=s, checked=True),
            el("span", f"{s} {counts[s]:,}", class_=f"badge {s}"),
        )
        for s in sorted(Severity, key=lambda s: -s.rank)
        if counts[s]
    ]
    capped = None
    if len(found) > MOST_ROWS:
        text = (
            f"This page holds the {MOST_ROWS:,} loudest of {len(found):,} findings; the JSON lines hold all."
        )
        capped = el("p", text, class_="notice")
    if not found:
        return el("p", "Nothing was found.")
    return join(
        capped,
        el(
            "form",
            el(
                "label",
                el("span", "Filter", class_="hidden"),
                el(
                    "input",
                    type="search",
                    id="filter",
                    placeholder="Filter: account, snapshot, user, method, file …   ( / )",
                    autocomplete="off",
                    spellcheck="false",
                ),
                class_="grow",
            ),
            el("fieldset", el("legend", "Severity", class_="hidden"), chips),
            el(
                "label",
                el("span", "Show", class_="hidden"),
                el(
                    "select",
                    el("option", "Transfers and signals", value=""),
                    el("option", "Transfers", value="transfer"),
                    el("option", "Signals", value="signal"),
                    id="type",
                ),
            ),
            el("label", el("input", type="checkbox", id="open"), el("span", "only open")),
            id="controls",
            role="search",
        ),
        el("p", id="count", aria_live="polite"),
        el("div", el("table", el("thead"), el("tbody"), id="table"), class_="scroll", tabindex="0"),
        el("nav", id="pager", aria_label="Pages of findings"),
        el(
            "noscript",
            el("p", "The table needs scripts; the other formats hold the same findings.", class_="notice"),
        ),
    )


def coverage(report: Report) -> Safe:
    """What was read, what was left out, what could not be read, and what the perimeter was."""
    c = report.coverage
    formats = ", ".join(
        f"{name} ({words.count(number, 'file')})" for name, number in sorted(c.formats.items())
    )
    facts = [
        ("Read", words.read(c)),
        ("Bytes", f"{c.bytes_read:,} read, {c.bytes_plain:,} after decompression"),
        ("Formats", formats or "none"),
        ("Accounts", ", ".join(sorted(c.accounts)) or "none named"),
        ("Left out on purpose", words.skipped(c) or "nothing"),
    ]
    return join(
        el("dl", [join(el("dt", name), el("dd", value)) for name, value in facts], class_="facts"),
        el("h3", "Perimeter"),
        el("ul", [el("li", text) for text in report.perimeter])
        if report.perimeter
        else el("p", "Nothing is known of it."),
        el("h3", "Could not be read"),
        _problems(report),
    )


def _problems(report: Report) -> Safe:
    problems = report.coverage.problems
    if not problems:
        return el("p", "Nothing: all of it could be read.")
    rows = [
        el("tr", el("td", el("code", p.where)), el("td", p.what), el("td", p.hint))
        for p in problems[:MOST_PROBLEMS]
    ]
    head = el("thead", el("tr", *(el("th", name, scope="col") for name in ("Where", "What", "What to do"))))
    more = len(problems) - MOST_PROBLEMS
    return join(
        el("div", el("table", head, el("tbody", rows)), class_="scroll"),
        el("p", f"{more:,} more are in the JSON lines.") if more > 0 else None,
    )
