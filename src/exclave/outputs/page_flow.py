"""A picture of the flow: our accounts on the left, receivers on the right, a line for each method."""

from __future__ import annotations

from collections import Counter
from math import log2
from typing import TYPE_CHECKING

from msgspec.structs import replace

from exclave.model import OURS, Outcome
from exclave.outputs import records, words
from exclave.outputs.markup import Safe, el, join, shortened
from exclave.outputs.page_parts import outside

if TYPE_CHECKING:
    from exclave.model import Report, Transfer

WIDTH, CARD, ROW, GAP, PAD = 920, 370, 18, 14, 10
LEFT_CARD = 210
MOST_RECEIVERS = 15
MOST_ACCOUNTS = 12
MOST_METHODS = 6
LETTERS, NAME_LETTERS = 46, 40  # that fit a card
TIMES = "\u00d7"


def flow(report: Report) -> Safe:
    """Offers and takes across the perimeter; up to a stated number of receivers, the loudest first."""
    quiet = {t.id for t in outside(report)[1]}
    drawn = [
        t
        for t in records.every_transfer(report)
        if t.outcome in {Outcome.OFFERED, Outcome.TAKEN}
        and t.id not in quiet
        and not (t.judgement and t.judgement.verdict in OURS)
    ]
    left_quiet = f" {words.count(len(quiet), 'quiet transfer')} not drawn." if quiet else ""
    if not drawn:
        said = "No data was offered to, or taken by, anybody outside your perimeter."
        return el("p", said + left_quiet)
    groups: dict[str, list[Transfer]] = {}
    for t in drawn:
        groups.setdefault(t.destination.key, []).append(t)
    ranked = sorted(groups.values(), key=_loudest)
    shown = ranked[:MOST_RECEIVERS]
    accounts = _accounts([t for group in shown for t in group])
    cards, ends, right_height = _receivers(shown)
    left, starts, left_height = _senders(accounts, right_height)
    lines = _lines([t for group in shown for t in group], accounts, starts, ends)
    height = max(left_height, right_height) + 30
    left_out = len(ranked) - len(shown)
    caption = (
        "Each line is a method; the number counts transfers. Transfers inside the perimeter are not drawn."
    )
    if left_out:
        caption += f" The {len(shown)} loudest of {len(ranked):,} receivers are drawn."
    caption += left_quiet
    return el(
        "figure",
        el(
            "svg",
            el("text", "Your accounts", x=0, y=14, class_="head"),
            el("text", "Receivers", x=WIDTH - CARD, y=14, class_="head"),
            lines,
            left,
            cards,
            viewBox=f"0 0 {WIDTH} {height}",
            role="img",
            aria_label=f"From {words.count(len(starts), 'account')} to {words.count(len(shown), 'receiver')}",
        ),
        el("figcaption", caption),
        class_="picture",
    )


def _loudest(group: list[Transfer]) -> tuple[int, int, str]:
    return -max(t.severity.rank for t in group), -len(group), group[0].destination.key


def _sender(t: Transfer) -> str:
    return t.source.account or t.account or "account not recorded"


def _accounts(transfers: list[Transfer]) -> dict[str, str]:
    """Account → the card it stands on: accounts beyond the first dozen share one."""
    counts = Counter(map(_sender, transfers))
    ranked = sorted(counts, key=lambda a: (-counts[a], a))
    others = len(ranked) - MOST_ACCOUNTS
    return {a: a if n < MOST_ACCOUNTS else f"{others:,} other accounts" for n, a in enumerate(ranked)}


def _senders(accounts: dict[str, str], beside: float) -> tuple[Safe, dict[str, float], float]:
    names = list(dict.fromkeys(accounts.values()))
    tall = ROW + 2 * PAD
    total = len(names) * (tall + GAP)
    y = max(30.0, 30 + (beside - 30 - total) / 2)
    out: list[Safe] = []
    middle: dict[str, float] = {}
    for name in names:
        box = el("rect", x=0, y=f"{y:.1f}", width=LEFT_CARD, height=tall, rx=6, class_="card ours")
        text = el(
            "text", shortened(name, 23), el("title", name), x=PAD + 4, y=f"{y + PAD + 13:.1f}", class_="name"
        )
        out.append(join(box, text))
        middle[name] = y + tall / 2
        y += tall + GAP
    return join(out), middle, y


def _receivers(groups: list[list[Transfer]]) -> tuple[Safe, dict[tuple[str, str], float], float]:
    """Cards, and where each method's line ends on them."""
    y, x = 30.0, WIDTH - CARD
    out: list[Safe] = []
    ends: dict[tuple[str, str], float] = {}
    for group in groups:
        first = group[0]
        verdict = str(first.judgement.verdict) if first.judgement else "unknown"
        methods = Counter(t.method for t in group)
        listed = sorted(methods, key=lambda m: (-methods[m], m))
        shown, rest = listed[:MOST_METHODS], listed[MOST_METHODS:]
        rows = [(m, f"{m} {TIMES} {methods[m]:,}") for m in shown]
        if rest:
            rows.append(("", f"{len(rest)} other methods {TIMES} {sum(methods[m] for m in rest):,}"))
        tall = 2 * PAD + ROW * (2 + len(rows))
        name = words.destination(replace(first.destination, limits=(), expires=""))
        card = [
            el("rect", x=x, y=f"{y:.1f}", width=CARD, height=tall, rx=6, class_="card"),
            el("rect", x=x, y=f"{y:.1f}", width=5, height=tall, rx=2, class_=f"edge {verdict}"),
            el(
                "text",
                shortened(name, NAME_LETTERS),
                el("title", name),
                x=x + 16,
                y=f"{y + PAD + 13:.1f}",
                class_="name",
            ),
            el(
                "text",
                shortened(words.verdict(first.judgement), LETTERS),
                x=x + 16,
                y=f"{y + PAD + 13 + ROW:.1f}",
            ),
        ]
        for number, (method, label) in enumerate(rows):
            base = y + PAD + 13 + ROW * (2 + number)
            card.append(el("text", shortened(label, LETTERS), x=x + 16, y=f"{base:.1f}", class_="method"))
            for m in [method] if method else rest:
                ends[first.destination.key, m] = base - 4
        out.append(join(card))
        y += tall + GAP
    return join(out), ends, y


def _lines(
    transfers: list[Transfer],
    accounts: dict[str, str],
    starts: dict[str, float],
    ends: dict[tuple[str, str], float],
) -> Safe:
    counts = Counter((accounts[_sender(t)], t.destination.key, t.method) for t in transfers)
    verdicts = {t.destination.key: str(t.judgement.verdict) if t.judgement else "unknown" for t in transfers}
    out = []
    for (account, receiver, method), number in sorted(counts.items()):
        y1, y2 = starts[account], ends[receiver, method]
        x1, x2 = LEFT_CARD, WIDTH - CARD
        bend = (x2 - x1) / 2
        out.append(
            el(
                "path",
                el("title", f"{account}: {method} {TIMES} {number:,}"),
                d=f"M{x1} {y1:.1f} C{x1 + bend:.0f} {y1:.1f} {x2 - bend:.0f} {y2:.1f} {x2} {y2:.1f}",
                stroke_width=f"{min(9.0, 1.5 + log2(number)):.1f}",
                class_=f"flow {verdicts[receiver]}",
            )
        )
    return join(out)
