"""The report for a person at a terminal: the incident as a story, then the rest, then what to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from exclave.model import Severity
from exclave.outputs import records, words
from exclave.outputs.closing import closing
from exclave.outputs.paper import SEVERITY_STYLE, blank, inked, labelled, say
from exclave.outputs.story import story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from exclave.model import Report, Signal, Transfer

MOST_INCIDENTS = 20
MOST_TRANSFERS = 50


def write(report: Report, out: Console, *, verbose: bool = False) -> None:
    """Write for people. Low and info findings are counted; `verbose` lists them, and lifts every cap."""
    loose = [t for t in records.every_transfer(report) if not t.incident]
    severities = [*(i.severity for i in report.incidents), *(t.severity for t in loose)]
    if not any(_loud(s, verbose=False) for s in severities):
        _quiet(report, out)
    _incidents(report, out, verbose=verbose)
    _transfers(loose, out, verbose=verbose)
    _signals(records.every_signal(report), out, verbose=verbose)
    closing(report, out, verbose=verbose)


def _quiet(report: Report, out: Console) -> None:
    """The first line where there is no incident and no transfer to tell of: nothing was found, or nothing was read."""
    if not report.coverage.records:
        say(out, inked(out, ("Nothing was read", "bold red"), ", so nothing can be said: see below."))
    elif report.transfers or report.signals:
        text = " in what was read: no incident, and no transfer at medium or above."
        say(out, inked(out, ("Nothing loud found", "bold"), text))
    else:
        text = " in what was read: no data offered to or taken by anybody."
        say(out, inked(out, ("Nothing found", "bold"), text))
    blank(out)


def _loud(severity: Severity, *, verbose: bool) -> bool:
    return verbose or severity.rank >= Severity.MEDIUM.rank


def _incidents(report: Report, out: Console, *, verbose: bool) -> None:
    incidents = records.every_incident(report)
    loud = [i for i in incidents if _loud(i.severity, verbose=verbose)]
    shown = loud if verbose else loud[:MOST_INCIDENTS]
    for incident in shown:
        story(incident, out, verbose=verbose)
        blank(out)
    _left_out(out, "incident", Counter(i.severity for i in incidents) - Counter(i.severity for i in shown))


def _transfers(loose: Sequence[Transfer], out: Console, *, verbose: bool) -> None:
    if not loose:
        return
    loud = sorted((t for t in loose if _loud(t.severity, verbose=verbose)), key=lambda t: -t.severity.rank)
    shown = loud if verbose else loud[:MOST_TRANSFERS]
    if shown:
        say(out, inked(out, ("Outside incidents", "bold")))
        blank(out)
    for transfer in shown:
        finding(transfer, out)
        blank(out)
    _left_out(out, "transfer", Counter(t.severity for t in loose) - Counter(t.severity for t in shown))


def _left_out(out: Console, what: str, missing: Counter[Severity]) -> None:
    if not missing:
        return
    by_severity = words.severities(missing.elements())
    text = f"{words.count(missing.total(), what)} not listed ({by_severity}): --verbose and other formats list all"
    say(out, inked(out, (text, "dim")))
    blank(out)


def finding(t: Transfer, out: Console) -> None:
    """One transfer: what, to whom, then who, when, where, evidence and the way back."""
    say(
        out,
        inked(
            out,
            (str(t.severity), SEVERITY_STYLE[t.severity]),
            "  ",
            (t.method, "bold"),
            "  ",
            t.source.id,
            " → " if t.outcome != "revoked" else " no longer → ",
            (t.destination.id if t.destination.kind != "public" else "everybody", "bold"),
            f" ({words.verdict(t.judgement)})",
        ),
        indent=4,
    )
    if t.judgement and t.judgement.reason:
        labelled(out, "because", inked(out, t.judgement.reason))
    if t.destination.limits:
        labelled(out, "only", inked(out, "; ".join(t.destination.limits)))
    if t.destination.expires:
        labelled(out, "until", inked(out, words.stated(t.destination.expires)))
    if t.lineage:
        labelled(out, "data", inked(out, words.lineage(t.lineage)))
    labelled(out, "who", inked(out, words.actor_in_full(t.actor)))
    place = " ".join(part for part in (t.account, t.region) if part)
    labelled(
        out,
        "when",
        inked(
            out, f"{words.moment(t.time)} UTC, {t.action}{words.times(t)}" + (f" in {place}" if place else "")
        ),
    )
    is_open = bool(t.state and t.state.open)
    labelled(out, "state", inked(out, (words.standing(t), "bold red" if is_open else "")))
    if t.why:
        labelled(out, "why", inked(out, "; ".join(t.why)))
    labelled(out, "evidence", inked(out, words.evidence(t.evidence)))
    if t.revoke and (is_open or t.state is None):
        command = t.revoke.command or f"{t.revoke.call} {dict(t.revoke.args)}"
        labelled(out, "revoke:", inked(out, (command, "bold green")), keep=True)
        if note := words.revoke_note(t.revoke):
            labelled(out, "", inked(out, (f"# {note}", "dim")))


def _signals(signals: Sequence[Signal], out: Console, *, verbose: bool) -> None:
    """How often each method of signal was seen; the story and the other outputs have them one by one."""
    if not signals:
        return
    from rich import box
    from rich.table import Table

    groups: dict[tuple[str, str], list[Signal]] = {}
    for s in signals:
        groups.setdefault((s.method, str(s.signal)), []).append(s)
    worst = {key: max((s.severity for s in group), key=lambda v: v.rank) for key, group in groups.items()}
    told = [k for k in groups if verbose or worst[k].rank > Severity.INFO.rank]
    table = Table(
        box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False, title_style="bold", safe_box=True
    )
    table.title = f"Signals ({words.count(len(signals), 'supporting event')})"
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("highest", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("method", overflow="fold")
    table.add_column("failed", justify="right", no_wrap=True)
    for key in sorted(told, key=lambda k: (-worst[k].rank, -len(groups[k]), k)):
        group, (method, kind) = groups[key], key
        failed = sum(s.failed for s in group)
        table.add_row(
            f"{len(group):,}",
            inked(out, (str(worst[key]), SEVERITY_STYLE[worst[key]])),
            inked(out, kind),
            inked(out, method),
            f"{failed:,}" if failed else "",
        )
    if told:
        out.print(table)
    _left_out(out, "signal", Counter(s.severity for k in groups.keys() - set(told) for s in groups[k]))
