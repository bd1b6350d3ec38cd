"""What people read: findings, moments and durations in words. Plain text; each output neutralises it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exclave.model import Kind, Outcome, Signal, Verdict, short_id, size_text
from exclave.outputs.neutralise import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exclave.model import (
        Actor,
        Coverage,
        Destination,
        Evidence,
        Judgement,
        Resource,
        RevokeCall,
        Severity,
        Step,
        Transfer,
    )

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def _short(identifier: str) -> str:
    """The short form, masked first: a secret that is cut in two would not be seen as one."""
    return short_id(mask(identifier))


def moment(time: datetime | None) -> str:
    """`2026-03-02 01:12:04`, in UTC."""
    if time is None:
        return "time unknown"
    utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return utc.strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """`40 s`, `8 min`, `1 h 28 min`, `3 d 4 h`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        hours, rest = divmod(whole // _MINUTE, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(whole // _HOUR, 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def count(number: int, one: str, many: str = "") -> str:
    """`1 file`, `1,204 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


PATH = ("grant or path", "grants or paths")  # what a signal opened: a grant on a key, a peering


def transfers_and_paths(found: Sequence[Transfer | Signal]) -> str:
    """`1 transfer and 2 grants or paths`."""
    paths = sum(isinstance(f, Signal) for f in found)
    parts = [count(len(found) - paths, "transfer") if len(found) > paths else ""]
    parts += [count(paths, *PATH) if paths else ""]
    return " and ".join(filter(None, parts))


def severities(found: Iterable[Severity]) -> str:
    """`1 critical, 2 medium`."""
    counts = Counter(found)
    return ", ".join(f"{counts[s]:,} {s}" for s in sorted(counts, key=lambda s: -s.rank))


def resource(r: Resource) -> str:
    """`snapshot snap-0a1b (500 GiB)`, with the name where it has another."""
    more = [part for part in (r.name if r.name != r.id else "", size_text(r.size_gib)) if part]
    return f"{r.kind} {_short(r.id)}" + (f" ({', '.join(more)})" if more else "")


def lineage(resources: tuple[Resource, ...]) -> str:
    """`of volume vol-0b7c (500 GiB), of instance i-0c1d (db-prod-1)`."""
    return ", ".join(f"of {resource(r)}" for r in resources)


def destination(d: Destination) -> str:
    """Who receives, as a phrase after "to"."""
    match d.kind:
        case Kind.PUBLIC:
            phrase = "everybody"
        case Kind.BEARER_URL:
            phrase = f"whoever holds the URL {d.id}" + (f" (until {stated(d.expires)})" if d.expires else "")
        case Kind.UNKNOWN:
            phrase = f"an unknown destination {d.id}".rstrip()
        case _:
            phrase = f"{d.kind} {d.id}"
    return phrase + (f", {'; '.join(d.limits)}" if d.limits else "")


def stated(time: str) -> str:
    """A time as a log has it, in the way of the others where it can be read."""
    try:
        return moment(datetime.fromisoformat(time))
    except ValueError:
        return time


def verdict(j: Judgement | None) -> str:
    """`outside your perimeter`, `vendor: Datadog`."""
    if j is None:
        return "not judged"
    phrase = {
        Verdict.SELF: "your own",
        Verdict.ORGANIZATION: "your organisation",
        Verdict.TRUSTED: "trusted by you",
        Verdict.VENDOR: "vendor, not trusted by you",
        Verdict.EXTERNAL: "outside your perimeter",
        Verdict.PUBLIC: "public",
        Verdict.UNKNOWN: "unknown whose",
    }[j.verdict]
    return f"{phrase}: {j.name}" if j.name else phrase


def actor(a: Actor) -> str:
    """The name to call somebody by: short where there is one."""
    return a.name or _short(a.id) or a.account or a.kind


def actor_in_full(a: Actor) -> str:
    """Who, with which credential, from where: what a responder looks up next."""
    return acted(a, [a.credential] if a.credential else [], [a.ip] if a.ip else [])


def acted(a: Actor, credentials: Sequence[str], places: Sequence[str]) -> str:
    """Who, with all credentials and from all the addresses that were seen of him."""
    named = f" ({a.name})" if a.id and a.name and a.name not in a.id else ""
    parts = [(a.id or actor(a)) + named]
    if credentials:
        parts.append(f"with {', '.join(credentials)}")
    if a.issuer and f"/{_short(a.issuer).rsplit('/', 1)[-1]}/" not in a.id and a.issuer != a.id:
        parts.append(f"as {a.issuer}")
    if a.via:
        parts.append(f"through {a.via}")
    if elsewhere := [p for p in places if p != a.via]:
        parts.append(f"from {', '.join(elsewhere)}")
    return " ".join(parts)


def outcome(t: Transfer) -> str:
    """The verb that joins source and destination."""
    return {
        Outcome.ATTEMPTED: "not shared with",
        Outcome.OFFERED: "offered to",
        Outcome.TAKEN: "taken by",
        Outcome.REVOKED: "no longer offered to",
    }[t.outcome]


def transfer(t: Transfer) -> str:
    """A transfer in one sentence."""
    whose = f", {lineage(t.lineage)}," if t.lineage else ""
    return (
        f"{resource(t.source)}{whose} {outcome(t)} {destination(t.destination)} ({verdict(t.judgement)}) "
        f"by {actor(t.actor)}{'; the call failed' if t.outcome is Outcome.ATTEMPTED else ''}{times(t)}"
    )


def times(t: Transfer | Signal) -> str:
    """`, 40 times until 2026-03-02 02:00:00`; empty for once."""
    if t.count == 1:
        return ""
    return f", {t.count:,} times" + (f" until {moment(t.last)}" if t.last else "")


def signal(s: Signal) -> str:
    """A signal in one sentence."""
    to = f" for {destination(s.destination)}" if s.destination else ""
    failed = f" (failed{': ' + s.error if s.error else ''})" if s.failed else ""
    return f"{s.action} on {resource(s.source)}{to} by {actor(s.actor)}{failed}{times(s)}"


def runs(story: Iterable[Step]) -> list[tuple[Step, Step, int]]:
    """Steps that repeat one after another, as one: the first, the last, how many."""
    found: list[tuple[Step, Step, int]] = []
    for step in story:
        if found:
            first, _, number = found[-1]
            if (first.phase, first.text, first.actor) == (step.phase, step.text, step.actor):
                found[-1] = (first, step, number + 1)
                continue
        found.append((step, step, 1))
    return found


def says_who(text: str, actor: str) -> bool:
    """Whether a step's text names who did it: the receiver who took."""
    return f"taken by {actor}" in text


def repeated(last: Step, number: int) -> str:
    """`, 24 times until 2026-03-03 11:52:21`; empty for once."""
    return f", {number:,} times until {moment(last.time)}" if number > 1 else ""


def standing(found: Transfer | Signal) -> str:
    """Whether it is open, since when, or for how long it was."""
    if found.failed if isinstance(found, Signal) else found.outcome is Outcome.ATTEMPTED:
        return f"never open: the call failed{f' ({found.error})' if found.error else ''}"
    state = found.state
    if state is None:
        return "not known whether it is open"
    if state.open:
        return f"OPEN since {moment(state.opened_at)}" + (", and taken" if state.taken else "")
    for_long = f" after {duration(state.seconds)}" if state.seconds is not None else ""
    by = f" by {state.by}" if state.by else ""
    return f"closed {moment(state.closed_at)}{for_long}{by}" + (", but taken before" if state.taken else "")


def revoke_note(call: RevokeCall) -> str:
    """What to know before a share is taken back: `disruptive; ends every rule of the bucket`."""
    return "; ".join(part for part in (call.risk if call.risk != "safe" else "", call.note) if part)


def evidence(e: Evidence) -> str:
    """`file:record`."""
    return f"{e.file}:{e.record}"


def read(c: Coverage) -> str:
    """What was read, with the span of time."""
    about = "" if c.records_exact else "about "
    accounts = count(len(c.accounts), "account")
    span = f", {moment(c.first)} to {moment(c.last)} UTC" if c.first and c.last else ""
    return f"{count(c.files, 'file')}, {about}{count(c.records, 'record')} of {accounts}{span}"


def skipped(c: Coverage) -> str:
    """What was left out on purpose: `24 digest file, 2 empty`."""
    return ", ".join(f"{number:,} {reason}" for reason, number in sorted(c.skipped.items()))
