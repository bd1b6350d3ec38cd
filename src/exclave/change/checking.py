"""Comparing what was read: is it still as it was, and is it now as it ought to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.catalogue import paths
from exclave.change.model import FIRST, NOW, Expect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exclave.change.model import Request, Step

_EMPTY: tuple[Any, ...] = ("", [], {})
_SIMPLY = {
    "gone": "stands there still",
    "there": "isn't there",
    "equals": "isn't as it should be",
    "has": "isn't there",
    "lacks": "stands there still",
}


def same(one: Any, other: Any) -> bool:
    """Whether two answers say the same, texts to the byte; lists in any order, since clouds give them in any."""
    return bool(_key(one, parse=False) == _key(other, parse=False))


def alike(one: Any, other: Any) -> bool:
    """As `same`, but texts that are JSON documents by what they say: clouds write policies anew."""
    return bool(_key(one, parse=True) == _key(other, parse=True))


def unmet(expected: Sequence[Expect], answer: Any) -> str:
    """The first expectation that an answer doesn't meet, in words; "" when it meets all."""
    for one in expected:
        if not _met(one, answer):
            what = one.path or "what was read"
            shown = f" ({_short(one.value)})" if one.value is not None and one.what != "equals" else ""
            return f"{what}{shown} {_SIMPLY[one.what]}"
    return ""


def pruned(answer: Any, keep: Sequence[str], where: Mapping[str, Mapping[str, Any]] | None = None) -> Any:
    """What an answer holds at some paths, in its own shape; all of it without paths.

    `where`: path of a list → the members that its items must have to be kept.
    """
    for path, wanted_members in (where or {}).items():
        answer = _chosen(answer, [s for s in paths.split(path) if s != "[]"], wanted_members)
    if not keep or answer is None:
        return answer
    wanted: dict[str, Any] = {}
    for path in keep:
        at = wanted
        for segment in paths.split(path):
            if segment != "[]":
                at = at.setdefault(segment, {})
    return _only(answer, wanted)


def filled(value: Any, now: Any, word: str = NOW) -> Any:
    """Args with every `{"$now": path}` taken from what was just read; a member without a value is left out."""
    if isinstance(value, Mapping):
        if word in value and set(value) <= {word, THEN}:
            found = paths.first(now, str(value[word]))
            return f"{found}{value[THEN]}" if THEN in value and found is not None else found
        made = {k: filled(v, now, word) for k, v in value.items()}
        return {
            k: v
            for k, v in made.items()
            if v is not None or not (isinstance(value[k], Mapping) and word in value[k])
        }
    if isinstance(value, list):
        return [filled(v, now, word) for v in value]
    return value


THEN = "$then"
_NAMED = re.compile(r"\{(\$now|\$first):([^{}]+)\}")
_NAME = r"[A-Za-z0-9][A-Za-z0-9/_-]*"


def named(call: str, now: Any, word: str = NOW) -> str:
    """A call with every `{$now:path}` of its URL taken from what was just read; one that isn't there, or is no name, stays."""

    def one(match: re.Match[str]) -> str:
        text = paths.text(now, match[2]) if match[1] == word else ""
        return text if re.fullmatch(_NAME, text) else match[0]

    return _NAMED.sub(one, call)


def fits(call: str, planned: str) -> bool:
    """Whether a call is the planned one with its names filled in."""
    parts = [re.escape(part) for part in re.split(r"\{\$(?:now|first):[^{}]+\}", planned)]
    return re.fullmatch(_NAME.join(parts), call) is not None


def begun(step: Step, found: Any) -> Step:
    """A step with what it takes from the answer to its `first`."""

    def one(request: Request) -> Request:
        call, args = named(request.call, found, FIRST), filled(request.args, found, FIRST)
        return msgspec.structs.replace(request, call=call, args=args)

    change, undo = (tuple(one(r) for r in each) for each in (step.change, step.undo))
    return msgspec.structs.replace(step, read=one(step.read) if step.read else None, change=change, undo=undo)


def _met(one: Expect, answer: Any) -> bool:
    found = [answer] if not one.path else paths.values(answer, one.path)
    found = [v for v in found if v is not None]
    match one.what:
        case "gone":
            return all(v in _EMPTY for v in found)
        case "there":
            return any(v not in _EMPTY for v in found)
        case "equals":
            return alike(found[0], one.value) if len(found) == 1 else not found and one.value is None
        case "has":
            return any(holds(v, one.value) for v in found)
        case "lacks":
            return not any(holds(v, one.value) for v in found)


def holds(found: Any, wanted: Any) -> bool:
    """Whether a value is another, or an object that has at least its members, or a list with such an item."""
    if isinstance(found, list) and not isinstance(wanted, list):
        return any(holds(item, wanted) for item in found)
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            k in found and holds(found[k], v) for k, v in wanted.items()
        )
    return alike(found, wanted)


def _key(value: Any, *, parse: bool) -> Any:
    """A value whose equality is that of what it says: hashable, lists sorted, numbers as they are."""
    if isinstance(value, Mapping):
        return "{", *sorted((str(k), _key(v, parse=parse)) for k, v in value.items())
    if isinstance(value, list | tuple):
        if parse and len(value) == 1:  # clouds write a list of one as the one, and the other way round
            return _key(value[0], parse=True)
        return "[", *sorted((_key(v, parse=parse) for v in value), key=repr)
    if parse and isinstance(value, str) and value[:1] in ("{", "[", " ", "\n"):
        try:
            read = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return repr(value)
        return _key(read, parse=True) if isinstance(read, dict | list) else repr(value)
    return repr(value)


def _only(answer: Any, wanted: Mapping[str, Any]) -> Any:
    if not wanted:
        return answer
    if isinstance(answer, list):
        return [_only(item, wanted) for item in answer]
    if not isinstance(answer, Mapping):
        return answer
    return {k: _only(v, wanted[k]) for k, v in answer.items() if k in wanted}


def _chosen(answer: Any, path: Sequence[str], wanted: Mapping[str, Any]) -> Any:
    """An answer in which the list at a path holds only the items that have some members."""
    if not path:
        return [i for i in answer if holds(i, wanted)] if isinstance(answer, list) else answer
    if isinstance(answer, list):
        return [_chosen(item, path, wanted) for item in answer]
    if not isinstance(answer, Mapping) or path[0] not in answer:
        return answer
    return {**answer, path[0]: _chosen(answer[path[0]], path[1:], wanted)}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text[:200]
