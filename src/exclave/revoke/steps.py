"""One step for the findings of one thing, by each of the ways: a call, a policy's text, items of a list, statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from exclave.catalogue import paths
from exclave.change.checking import holds, unmet
from exclave.change.model import Expect, Request, Step, equals, gone, has, lacks, step_id
from exclave.revoke import fill, lists, policytext, statements
from exclave.revoke.policytext import CannotEditError, NotLetInError, Party

if TYPE_CHECKING:
    from exclave.revoke.model import Found, Pick, Standing, Way

Parts = Sequence[tuple["Found", "Way"]]


class Skip(Protocol):
    """Told of a finding that is left out, why, and whether it stands still."""

    def __call__(self, found: Found, why: str, stands: bool = ...) -> None:
        """Take note."""


class UnplannableError(Exception):
    """A finding can't be taken back by the program; the message says why."""


class NotStandingError(Exception):
    """What the findings say doesn't stand there any more."""


@dataclass(slots=True)
class Made:
    """The parts of a step, as they are found."""

    change: list[Request] = field(default_factory=list)
    undo: list[Request] = field(default_factory=list)
    after: list[Expect] = field(default_factory=list)
    undone: list[Expect] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    answered: list[Found] = field(default_factory=list)


def step_of(read: Request, before: Any, parts: Parts, skip: Skip) -> Step | None:
    """The step that answers findings of one thing; None when none is left.

    Args:
        read: how it is read.
        before: what it answered.
        parts: findings with their ways, which agree in `how`.
        skip: told of each finding that is left out, and why.

    Raises:
        NotStandingError: nothing of it stands.
    """
    if before is None:
        raise NotStandingError("it doesn't stand any more: there is no such thing, or nothing is shared")
    make = {"call": _by_call, "policy": _by_policy, "items": _by_items, "statements": _by_statements}
    made = make[parts[0][1].how](before, parts, skip)
    if not made.change:
        return None
    first, way = made.answered[0], parts[0][1]
    who = list(dict.fromkeys(_who(f) for f in made.answered))
    title = way.title or "stop sharing {what} with {who}"
    known = fill.values(first)
    return Step(
        id=step_id(*made.change),
        title=_words(title, {**known, "what": first.resource, "who": ", ".join(who)}),
        resource=first.resource,
        account=read.account,
        region=read.region,
        why=tuple(dict.fromkeys(made.why)),
        read=read,
        before=before,
        change=tuple(made.change),
        undo=tuple(made.undo),
        after=tuple(made.after),
        undone=tuple(made.undone),
        breaks=tuple(dict.fromkeys([*made.breaks, *(_words(b, known) for b in way.breaks), *_final(made)])),
        findings=tuple(f.id for f in made.answered),
    )


def _by_call(before: Any, parts: Parts, skip: Skip) -> Made:
    made = Made()
    for found, way in parts:
        known = {**fill.values(found), "before": before}
        try:
            standing = _expected(has, way.stands, known) if way.stands else None
            if standing is not None and unmet([standing], before):
                skip(found, "it doesn't stand any more", stands=False)
                continue
            if way.becomes is not None and not unmet([_expected(has, way.becomes, known)], before):
                skip(found, "it is taken back already", stands=False)
                continue
            change = [fill.request(c, found, known) for c in way.change]
            if way.picked is not None:
                known["item"] = _item(before, way.picked, known)
            undo = [fill.request(c, found, known) for c in way.undo]
            after = _after(way, standing, known)
            undone = [_expected(has, s, known) for s in way.undone]
        except fill.MissingError as error:
            skip(found, f"{error} isn't known: the log or the answer didn't say it")
            continue
        made.answered.append(found)
        # two findings may be answered by one call: a key that signed several URLs
        made.change += [r for r in change if r not in made.change]
        made.undo = [*(r for r in undo if r not in made.undo), *made.undo]
        made.after += after
        made.undone += undone
        made.why.append(f"{found.method} to {_who(found)}")
    if made.undone and len(made.undone) < len(made.answered):
        made.undone = []
    return made


def _by_policy(before: Any, parts: Parts, skip: Skip) -> Made:
    made, way = Made(), parts[0][1]
    text = _document(before, way)
    now = text
    for found, _ in parts:
        party = Party(found.kind, found.to)
        try:
            edited = policytext.without(now, [party], found.account)
        except NotLetInError as error:
            # an earlier cut may have answered this finding too
            if now == text or not policytext.lets_in(text, party, found.account):
                skip(found, f"it doesn't stand any more: {error}", stands=False)
                continue
        except CannotEditError as error:
            skip(found, str(error))
            continue
        else:
            now = edited.text
            made.why += [f"cuts out {what}" for what in edited.cuts]
            made.breaks += [f"{who} is named beside and let in still: audit again" for who in edited.named]
        made.answered.append(found)
    return _put_back(made, parts, before, doc=now, old=text, empty=not now, at=way.at, skip=skip)


def _document(before: Any, way: Way) -> str:
    """A policy's text. botocore has read IAM's already: such a one is written anew."""
    text = paths.first(before, way.at)
    if isinstance(text, dict):
        return msgspec.json.encode(text).decode()
    if not isinstance(text, str) or not text.strip():
        raise NotStandingError("it doesn't stand any more: there is no policy")
    return text


def _by_items(before: Any, parts: Parts, skip: Skip) -> Made:
    made, way = Made(), parts[0][1]
    assert way.reader is not None
    reading, now = way.reader, before
    for found, _ in parts:
        hit = partial(lists.lets_in, reading, found)
        edited, cut = _cut(now, way, hit)
        if not cut and not _cut(before, way, hit)[1]:
            skip(found, "it doesn't stand any more: nothing there lets them in", stands=False)
            continue
        now = edited
        if way.change and not _each(made, found, way, cut, skip):
            continue
        made.answered.append(found)
        made.why.append(f"takes {len(cut)} of {way.at} away")
    if way.change:
        return made
    at = "" if way.also else lists.outer(way.at)
    empty = bool(way.drop) and not paths.values(now, way.at)
    return _put_back(made, parts, before, doc=now, old=before, empty=empty, at=at, skip=skip)


def _cut(document: Any, way: Way, hit: Callable[[Any], bool]) -> tuple[Any, list[Any]]:
    gone: list[Any] = []
    for path in (way.at, *way.also):
        document, more = lists.without(document, path, hit, keep_empty=way.keep_empty)
        gone += more
    return document, gone


def _each(made: Made, found: Found, way: Way, items: Sequence[Any], skip: Skip) -> bool:
    """The calls that take items away one by one."""
    for item in items:
        known = {**fill.values(found), "item": item}
        try:
            change = [fill.request(c, found, known) for c in way.change]
            undo = [fill.request(c, found, known) for c in way.undo]
        except fill.MissingError as error:
            skip(found, f"{error} isn't known: the answer didn't say it")
            return False
        made.change += change
        made.undo = [*undo, *made.undo]
        identity = {k: item[k] for k in ("id", "name") if k in item} or item
        made.after.append(lacks(lists.outer(way.at), identity))
        made.undone.append(has(lists.outer(way.at), identity))
    return True


def _put_back(
    made: Made,
    parts: Parts,
    before: Any,
    doc: Any,
    old: Any,
    empty: bool,
    at: str,
    skip: Skip,
) -> Made:
    """The calls that put a whole document, edited, and that put it back as it was."""
    if not made.answered:
        return made
    found, way = made.answered[0], parts[0][1]
    known = {**fill.values(found), "before": before}
    calls = way.drop if empty else way.set
    if not calls:
        for one in made.answered:
            skip(one, "nothing of the policy would be left, and there must be one: put one by hand")
        return Made()
    by_name = policytext.names_of_gone(old, doc) if way.how == "policy" and way.change and not empty else []
    try:
        made.change = [
            fill.request(c, found, {**known, "item": {"sid": sid}}) for sid in by_name for c in way.change
        ] or [fill.request(c, found, {**known, "doc": doc}) for c in calls]
        made.undo = [fill.request(c, found, {**known, "doc": old}) for c in (way.undo or way.set)]
    except fill.MissingError as error:
        for one in made.answered:
            skip(one, f"{error} isn't known: the log or the answer didn't say it")
        return Made()
    if empty and way.how == "policy":
        made.after, made.undone = [gone(at)], [equals(at, old)]
    elif way.how == "policy":
        made.after, made.undone = [equals(at, doc)], [equals(at, old)]
    else:
        left = lists.at(doc, at)
        made.after = [gone(at)] if empty or not left else [equals(at, left)]
        made.undone = [equals(at, lists.at(old, at))]
    if empty and way.dropped:
        made.breaks.append(way.dropped)
    return made


def _by_statements(before: Any, parts: Parts, skip: Skip) -> Made:
    made, way = Made(), parts[0][1]
    text = _document(before, way)
    sids: set[str] = set()
    for found, _ in parts:
        try:
            listed = statements.theirs(text, [Party(found.kind, found.to)], found.account)
        except CannotEditError as error:
            skip(found, str(error))
            continue
        if not all(item["sid"] for item in listed):
            skip(
                found,
                "the statement that lets them in has no name to take it away by: edit the policy by hand",
            )
            continue
        if not listed:
            skip(found, "it doesn't stand any more: no statement lets them in", stands=False)
            continue
        made.answered.append(found)
        for item in listed:
            if item["sid"] in sids:
                continue
            sids.add(item["sid"])
            known = {**fill.values(found), "before": before, "item": item}
            made.change += [fill.request(c, found, known) for c in way.change]
            if item["whole"]:
                made.undo += [fill.request(c, found, known) for c in way.undo]
            else:
                made.breaks.append(f"statement {item['sid']} can't be put back as it was")
            made.after.append(lacks(f"{way.at}.Statement[].Sid", item["sid"]))
            made.undone.append(has(f"{way.at}.Statement[].Sid", item["sid"]))
            made.why.append(f"takes away statement {item['sid']}")
    return made


def _after(way: Way, standing: Expect | None, known: Mapping[str, Any]) -> list[Expect]:
    if way.unseen:
        return []
    if way.becomes is not None:
        return [_expected(has, way.becomes, known)]
    if standing is None:
        return [gone()]
    return [lacks(standing.path, standing.value) if standing.value is not None else gone(standing.path)]


def _expected(make: Callable[[str, Any], Expect], standing: Standing, known: Mapping[str, Any]) -> Expect:
    value = fill.fill(standing.value, known)
    if value is None:
        return Expect(what="there", path=standing.path)
    return make(standing.path, value)


def _who(found: Found) -> str:
    return "everybody" if found.kind == "public" else f"{found.kind} {found.to}"


def _item(before: Any, pick: Pick, known: Mapping[str, Any]) -> Any:
    wanted = fill.fill(pick.where, known)
    for item in paths.values(before, pick.path):
        if holds(item, wanted):
            return item
    raise fill.MissingError(pick.path)


def _words(text: str, known: Mapping[str, Any]) -> str:
    try:
        return fill.text(text, known)
    except fill.MissingError:
        return text


def _final(made: Made) -> list[str]:
    return [] if made.undo else ["it can't be undone"]
