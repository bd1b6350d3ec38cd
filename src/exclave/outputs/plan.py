"""A plan of changes, and what became of it, for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from exclave.outputs.paper import blank, inked, labelled, say, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from exclave.change.apply import Done
    from exclave.change.model import Plan, Request, Skipped, Step

MOST = 400  # characters of a call's arguments that are shown; the plan's file has all
RESULT_STYLE = {"applied": "green", "undone": "green", "already so": "green", "not tried": "dim"}


def write(plan: Plan, out: Console) -> None:
    """The steps in order, with what each calls, breaks and can be undone by; then what was left out and why."""
    for number, step in enumerate(plan.steps, 1):
        _step(number, step, out)
    for (why, command, stands), names in _alike(plan.skipped).items():
        word = ("not planned", "bold yellow") if stands else ("not there", "dim")
        for what in names:
            say(out, inked(out, word, "  ", what), indent=2)
        labelled(out, "why", inked(out, why))
        if command:
            labelled(out, "by hand", inked(out, command), keep=True)
    if plan.steps and plan.skipped:
        blank(out)


def _alike(skipped: Sequence[Skipped]) -> dict[tuple[str, str, bool], list[str]]:
    """What was left out, by why: a reason is said once, and findings that differ by their id alone are counted."""
    groups: dict[tuple[str, str, bool], dict[str, list[str]]] = {}
    for left in skipped:
        what = left.what.partition(" ")[2] or left.what
        groups.setdefault((left.why, left.command, left.stands), {}).setdefault(what, []).append(left.what)
    return {
        key: [
            whole[0] if len(whole) == 1 else f"{len(whole):,} findings of {what}"
            for what, whole in alike.items()
        ]
        for key, alike in groups.items()
    }


def done(one: Done, out: Console) -> None:
    """What became of one step."""
    style = RESULT_STYLE.get(one.result, "bold red")
    text = inked(out, (one.result, style), "  ", one.step.title)
    say(out, text, indent=2)
    if one.why and not one.good:
        labelled(out, "why", inked(out, one.why))


def counted(results: Sequence[Done]) -> str:
    """`3 applied, 1 refused`."""
    found: dict[str, int] = {}
    for one in results:
        found[one.result] = found.get(one.result, 0) + 1
    return ", ".join(f"{n} {result}" for result, n in found.items()) or "nothing to do"


def _step(number: int, step: Step, out: Console) -> None:
    say(out, inked(out, f"{number}. ", (step.title, "bold")), indent=3)
    where = " ".join(p for p in (step.account, step.region) if p)
    labelled(out, "where", inked(out, f"{step.cloud} {where}".strip()))
    if step.findings:
        labelled(out, "answers", inked(out, ", ".join(step.findings)))
    for why in step.why:
        labelled(out, "why", inked(out, why))
    for request in step.change:
        labelled(out, "call", inked(out, _call(request)), keep=True)
    for breaks in step.breaks:
        labelled(out, "breaks", inked(out, breaks), style="bold yellow")
    if step.undo:
        labelled(out, "undo", inked(out, ", ".join(dict.fromkeys(r.call for r in step.undo))), keep=True)
    whole(out, inked(out, ""))


def _call(request: Request) -> str:
    if not request.args:
        return request.call
    text = orjson.dumps(request.args, default=str, option=orjson.OPT_SORT_KEYS).decode()
    return f"{request.call} {text if len(text) <= MOST else text[:MOST] + ' ...'}"


def record(results: Sequence[Done]) -> list[dict[str, Any]]:
    """What became of the steps as JSON values."""
    return [
        {
            "step": one.step.id, "title": one.step.title, "resource": one.step.resource, "account": one.step.account,
            "region": one.step.region, "result": one.result, "why": one.why, "findings": list(one.step.findings),
        }
        for one in results
    ]  # fmt: skip
