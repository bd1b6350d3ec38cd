"""What a responder asks of an incident: what left, to whom, is it open, was it taken, by whom. For every output the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import FOREIGN, Outcome, Signal, Transfer
from exclave.outputs import records, words
from exclave.perimeter.judge import is_just_unlisted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.model import Actor, Destination, Finding, Incident, Judgement

_KEY = "kms-key"


def what_left(i: Incident) -> list[tuple[str, str]]:
    """Each resource once, by the mention that knows most of where its data came from; and what is to be said of it."""
    best: dict[str, Transfer] = {}
    for t in i.transfers:
        known = best.get(t.source.key)
        if known is None or len(t.lineage) > len(known.lineage):
            best[t.source.key] = t
    more = any(t.source.kind != _KEY for t in best.values())
    left = sorted(best.values(), key=lambda t: _failed(t, i))
    return [(words.resource(t.source), _about(t, i, only_key=more)) for t in left]


def _failed(t: Transfer, i: Incident) -> bool:
    return all(o.outcome is Outcome.ATTEMPTED for o in i.transfers if o.source.key == t.source.key)


def _about(t: Transfer, i: Incident, *, only_key: bool) -> str:
    about = f", {words.lineage(t.lineage)}" if t.lineage else ""
    if _failed(t, i):
        about += " (tried, failed)"
    elif only_key and t.source.kind == _KEY:
        about += " (the key to it)"
    return about


def receivers(i: Incident) -> list[tuple[Destination, Judgement | None]]:
    """Each destination once, those outside first, with what the perimeter says of it."""
    seen = {d.key: d for d in (*i.destinations, *(t.destination for t in i.transfers))}
    return [(d, records.judgement_of(i, d)) for d in seen.values()]


def reason(d: Destination, judged: Judgement | None) -> str:
    """Why, where that says more than the verdict does."""
    if judged is None or is_just_unlisted(d, judged):
        return ""
    return judged.reason


def standing(i: Incident) -> tuple[bool, str]:
    """Whether an offer, a grant or a path to somebody outside stands open, in words."""
    stated = [f for f in i.findings if _open_or_closed(f)]
    still = [f for f in stated if f.state and f.state.open]
    if still:
        since = min(
            (words.moment(f.state.opened_at) for f in still if f.state and f.state.opened_at), default=""
        )
        which = [_part(still, stated, Transfer, "offer"), _part(still, stated, Signal, *words.PATH)]
        some = ", ".join(filter(None, which)) if len(stated) > 1 else ""
        return True, ", ".join(filter(None, (some, f"since {since}" if since else ""))) or "by these logs"
    if stated:
        last = max(stated, key=lambda f: words.moment(f.state.closed_at) if f.state else "")
        return False, words.standing(last)
    return False, ""


def _part(
    still: Sequence[Finding], stated: Sequence[Finding], kind: type[Finding], one: str, many: str = ""
) -> str:
    """`1 of 2 offers`, `1 offer` of one; empty where none of the kind stands open."""
    number, of = (sum(isinstance(f, kind) for f in found) for found in (still, stated))
    return ("" if of == 1 else f"{number:,} of ") + words.count(of, one, many) if number else ""


def _open_or_closed(found: Finding) -> bool:
    outside = found.judgement is not None and found.judgement.verdict in FOREIGN
    tried = isinstance(found, Transfer) and found.outcome is Outcome.ATTEMPTED
    return outside and found.state is not None and not tried


def taken(i: Incident) -> str:
    """What was taken first, when and by whom; data before the key to it. Empty where none was seen to be."""
    takes = [t for t in i.transfers if t.outcome is Outcome.TAKEN]
    if not takes:
        return "used after it was offered" if any(t.state and t.state.taken for t in i.transfers) else ""
    first = min(takes, key=lambda t: t.source.kind == _KEY)
    more = sum(t.count for t in takes) - 1
    what = f"the key to it was used ({words.resource(first.source)})" if first.source.kind == _KEY else ""
    what = what or words.resource(first.source)
    text = f"{what} at {words.moment(first.time)} by {words.destination(first.destination)}"
    return text + (f", and {more:,} more" if more else "")


def actors(i: Incident) -> list[str]:
    """Each once, with all his credentials and addresses. Who received is told from who gave."""
    seen: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    first: dict[tuple[str, str], Actor] = {}
    for a in i.actors:
        key = (a.id or a.account, a.via)
        first.setdefault(key, a)
        credentials, places = seen.setdefault(key, ([], []))
        credentials += [a.credential] if a.credential and a.credential not in credentials else []
        places += [a.ip] if a.ip and a.ip not in places else []
    outside = {d.id for d in i.destinations}
    return [
        words.acted(first[key], *seen[key])
        + (" (who received it)" if outside & {first[key].id, first[key].account} else "")
        for key in first
    ]
