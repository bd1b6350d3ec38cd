"""An incident's timeline as inline SVG: a lane for each phase, and bars for how long offers stood open."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from math import log1p
from typing import TYPE_CHECKING

from exclave.outputs import words
from exclave.outputs.markup import Safe, el

if TYPE_CHECKING:
    from exclave.model import Incident

PHASES = ("prepare", "access", "network", "exposure", "tamper", "attempt", "offer", "take", "revoke", "close")
WIDTH, LEFT, RIGHT, LANE, TOP = 920, 92, 28, 30, 14
LABEL_ROOM = 78  # units between two labels of the axis
MOST_DOTS = 400
MOST_BARS = 40


def timeline(i: Incident) -> Safe | None:
    """None where fewer than two moments are known. Long gaps are shortened, which the caption says."""
    steps = [(_utc(s.time), s) for s in i.story[:MOST_DOTS] if s.time]
    spans = [
        (_utc(t.state.opened_at), _utc(t.state.closed_at) if t.state.closed_at else None, t)
        for t in i.transfers
        if t.state and t.state.opened_at
    ][:MOST_BARS]
    moments = sorted({time for time, _ in steps} | {t for a, b, _ in spans for t in (a, b) if t})
    if len(moments) < 2:  # noqa: PLR2004 - one moment makes no line
        return None
    at = positions(moments)
    lanes = [phase for phase in PHASES if any(s.phase == phase for _, s in steps)]
    if spans and "offer" not in lanes:
        lanes.append("offer")
    lane = {phase: TOP + LANE * number + LANE // 2 for number, phase in enumerate(lanes)}
    height = TOP + LANE * len(lanes)
    bars = [
        el(
            "line",
            el("title", f"{words.resource(t.source)}: {words.standing(t)}"),
            x1=f"{at[begin]:.1f}",
            x2=f"{at[end] if end else WIDTH - RIGHT / 2:.1f}",
            y1=lane["offer"],
            y2=lane["offer"],
            class_="bar closed" if end else "bar",
        )
        for begin, end, t in spans
    ]
    dots = [
        el(
            "circle",
            el("title", f"{words.moment(time)} {s.phase}: {s.text}"),
            cx=f"{at[time]:.1f}",
            cy=lane.get(s.phase, TOP),
            r=6,
            class_=f"dot {s.phase}",
        )
        for time, s in steps
    ]
    return el(
        "figure",
        el(
            "svg",
            [_lane(phase, y) for phase, y in lane.items()],
            _axis(moments, at, height),
            bars,
            dots,
            viewBox=f"0 0 {WIDTH} {height + 40}",
            role="img",
            aria_label=f"Timeline of {words.count(len(steps), 'step')}",
        ),
        el("figcaption", "Times in UTC. Long gaps are shortened. A bar shows how long an offer stood open."),
        class_="picture",
    )


def _utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def positions(moments: list[datetime]) -> dict[datetime, float]:
    """Where each moment stands: gaps count by their logarithm, so minutes stay visible beside weeks."""
    weights = [0.0]
    for before, after in pairwise(moments):
        weights.append(weights[-1] + 0.4 + log1p((after - before).total_seconds() / 60))
    room = WIDTH - LEFT - 2 * RIGHT
    return {
        moment: LEFT + RIGHT / 2 + room * weight / weights[-1]
        for moment, weight in zip(moments, weights, strict=True)
    }


def _lane(phase: str, y: int) -> Safe:
    return el(
        "g",
        el("line", x1=LEFT, x2=WIDTH, y1=y, y2=y, class_="lane"),
        el("text", phase, x=LEFT - 12, y=y + 4, text_anchor="end"),
    )


def _axis(moments: list[datetime], at: dict[datetime, float], y: int) -> Safe:
    """Clock times where there is room, the date where it changes."""
    labels: list[Safe] = []
    last, date = float("-inf"), ""
    for moment in moments:
        if at[moment] - last < LABEL_ROOM:
            continue
        last = at[moment]
        day, _, clock = words.moment(moment).partition(" ")
        x = f"{at[moment]:.1f}"
        labels.append(el("line", x1=x, x2=x, y1=TOP, y2=y + 4, class_="tick"))
        labels.append(el("text", clock, x=x, y=y + 18, text_anchor="middle"))
        if day != date:
            date = day
            labels.append(el("text", day, x=x, y=y + 33, text_anchor="middle", class_="date"))
    return el("g", labels)
