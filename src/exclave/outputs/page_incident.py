"""Incidents on the page: the four answers, the timeline, the steps, the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.outputs import answers, records, words
from exclave.outputs.markup import Safe, el, join
from exclave.outputs.page_timeline import timeline

if TYPE_CHECKING:
    from exclave.model import Incident, Report, Step

MOST_INCIDENTS = 50
MOST_LINES = 12
MOST_STEPS = 200


def incidents(report: Report) -> Safe:
    """All incidents, the loudest first, up to a stated number."""
    found = records.every_incident(report)
    if not found:
        return el("p", "No transfers and signals belong together in one incident.")
    more = len(found) - MOST_INCIDENTS
    return join(
        [_incident(i) for i in found[:MOST_INCIDENTS]],
        el("p", f"{more:,} further incidents are in the JSON lines.", class_="notice") if more > 0 else None,
    )


def _incident(i: Incident) -> Safe:
    span = f"{words.moment(i.started)} UTC" if i.started else words.moment(None)
    if i.started and i.ended and i.started != i.ended:
        took = words.duration((i.ended - i.started).total_seconds())
        span = f"{words.moment(i.started)} to {words.moment(i.ended)} UTC ({took})"
    return el(
        "article",
        el("h3", el("span", i.severity, class_=f"badge {i.severity}"), " ", i.title),
        el("p", span, " · ", el("code", i.id), class_="quiet"),
        el("ul", [el("li", reason) for reason in i.why], class_="why"),
        el(
            "dl",
            _fact("What left", _sources(i)),
            _fact("To whom", _receivers(i)),
            _fact("Still open", _standing(i)),
            _fact("Taken", _taken(i)),
            _fact(
                "By whom",
                [el("div", actor) for actor in answers.actors(i)[:MOST_LINES]] or "not recorded",
            ),
            class_="facts",
        ),
        timeline(i),
        _steps(i),
        _way_back(i),
        class_="incident",
        id=f"incident-{i.id}",
    )


def _fact(name: str, value: object) -> Safe:
    return join(el("dt", name), el("dd", value))


def _more(number: int) -> Safe | None:
    return el("div", f"and {number:,} more", class_="quiet") if number > 0 else None


def _sources(i: Incident) -> Safe:
    left = answers.what_left(i)
    rows = [el("div", el("b", what), about) for what, about in left[:MOST_LINES]]
    return join(rows, _more(len(left) - MOST_LINES))


def _receivers(i: Incident) -> Safe:
    to = answers.receivers(i)
    rows = []
    for d, judged in to[:MOST_LINES]:
        verdict = str(judged.verdict) if judged else "unknown"
        rows.append(
            el(
                "div",
                el("b", words.destination(d)),
                " ",
                el("span", words.verdict(judged), class_=f"verdict {verdict}"),
                f" {answers.reason(d, judged)}",
            )
        )
    return join(rows, _more(len(to) - MOST_LINES))


def _standing(i: Incident) -> Safe | str:
    is_open, said = answers.standing(i)
    if is_open:
        return el("strong", f"Yes, {said}", class_="alarm")
    return f"No, {said}" if said else "Cannot be told from these logs"


def _taken(i: Incident) -> Safe | str:
    said = answers.taken(i)
    return el("strong", f"Yes, {said}", class_="alarm") if said else "Not seen in these logs"


def _steps(i: Incident) -> Safe | None:
    if not i.story:
        return None
    files: dict[str, int] = {}
    steps = words.runs(i.story)
    rows = [
        _step(s, files.setdefault(s.evidence.file, len(files) + 1), words.repeated(last, number))
        for s, last, number in steps[:MOST_STEPS]
    ]
    head = el(
        "tr", *(el("th", name, scope="col") for name in ("Time (UTC)", "Phase", "What happened", "Evidence"))
    )
    more = len(steps) - MOST_STEPS
    return join(
        el("div", el("table", el("thead", head), el("tbody", rows), class_="story"), class_="scroll"),
        el("p", f"{more:,} further steps are in the JSON lines.", class_="notice") if more > 0 else None,
        el("p", "Evidence is [file:record], in these files:", class_="quiet"),
        el("ol", [el("li", el("code", name)) for name in files], class_="files"),
    )


def _step(s: Step, file: int, again: str) -> Safe:
    return el(
        "tr",
        el("td", el("time", words.moment(s.time))),
        el("td", el("span", s.phase, class_=f"phase {s.phase}")),
        el("td", None if words.says_who(s.text, s.actor) else el("b", f"{s.actor}: "), s.text, again),
        el("td", el("code", f"[{file}:{s.evidence.record}]", title=words.evidence(s.evidence))),
    )


def _way_back(i: Incident) -> Safe | None:
    """Commands that close what stands open, each once."""
    wanted = {
        f.revoke.command or f.revoke.call: f.revoke
        for f in i.findings
        if f.revoke and f.state and f.state.open
    }
    if not wanted:
        return None
    rows = []
    for command, call in list(wanted.items())[:MOST_LINES]:
        note = words.revoke_note(call)
        rows.append(
            el(
                "div",
                el("pre", el("code", command)),
                el("button", "Copy", type="button", class_="copy", aria_label="Copy the command"),
                el("p", note, class_="quiet") if note else None,
                class_="command",
            )
        )
    return join(el("h4", "Take it back"), rows, _more(len(wanted) - MOST_LINES))
