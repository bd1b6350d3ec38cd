"""Filter patterns for CloudWatch Logs: metric filters and subscription filters on a trail's log group.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html (NOT EXISTS is
there and EXISTS isn't; one `[*]` in a selector, three in a pattern; case counts) and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html (1,024 characters).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from exclave.exports import Export, NotExpressibleError
from exclave.exports.lost import common, dropped, presence_dropped
from exclave.exports.rule import Clause, Rule, Test, names_of, rule_of, without_presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from exclave.catalogue.entry import Method, Scalar
    from exclave.exports.places import Place

MAX_LENGTH = 1024
_MAX_WILDCARDS = 3  # `[*]` in one pattern
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DRY_RUN = '(($.errorCode NOT EXISTS) || ($.errorCode != "*DryRunOperation*"))'


def pattern(events: Iterable[str]) -> list[str]:
    """The fewest patterns that together match some events, by name alone.

    Args:
        events: `service:action` as entries write them, such as `iam.amazonaws.com:PutRolePolicy`; `*` for any service.

    Raises:
        NotExpressibleError: one event alone is longer than a pattern may be.
    """
    split = tuple((s, a) for s, _, a in (e.partition(":") for e in dict.fromkeys(events)))
    return _packed([Clause(log="cloudtrail", events=split, tests=(), presence=())])


def patterns(method: Method) -> list[str]:
    """The patterns of an entry, which together match every event that it finds, and more (see `of`).

    The entry must have its examples: load the catalogue with `compiled=False`.

    Raises:
        NotExpressibleError: its events aren't CloudTrail's, or a pattern is too long.
    """
    return _packed([_kept(c) for c in _clauses(rule_of(method))])


def of(rule: Rule) -> Export:
    """The patterns, and what they lose."""
    kept = [_kept(c) for c in _clauses(rule)]
    lost = common(rule, receiver_compared=False, caller_compared=False)
    lost += dropped(
        t for told, c in zip(kept, _clauses(rule), strict=True) for t in c.tests if t not in told.tests
    )
    lost += presence_dropped(c for told, c in zip(kept, _clauses(rule), strict=True) if not told.presence)
    return Export(rules=tuple(_packed(kept)), lost=tuple(lost))


def _clauses(rule: Rule) -> list[Clause]:
    found = [c for c in rule.clauses if c.log == "cloudtrail"]
    if not found:
        raise NotExpressibleError("a trail's log group has CloudTrail's events only")
    return found


def _kept(clause: Clause) -> Clause:
    """A clause with the conditions that a pattern can say, and has room for beside one event."""
    presence = clause.presence if all(_told(t) for t in clause.presence) else ()
    kept = replace(clause, tests=tuple(t for t in clause.tests if _told(t)), presence=presence)
    while not all(_fits(_text([replace(kept, events=(e,))])) for e in kept.events):
        if kept.presence:
            kept = without_presence(kept)
        elif kept.tests:
            longest = max(kept.tests, key=lambda t: (_of_test(t).count("[*]"), len(_of_test(t))))
            kept = replace(kept, tests=tuple(t for t in kept.tests if t is not longest))
        else:
            break
    return kept


def _packed(clauses: list[Clause]) -> list[str]:
    """As few patterns as hold all: an event that doesn't fit beside the others begins a new one."""
    out: list[str] = []
    held: list[Clause] = []
    for clause in clauses:
        for event in clause.events:
            one = replace(clause, events=(event,))
            trial = _with(held, one)
            if held and not _fits(_text(trial)):
                out.append(_text(held))
                trial = [one]
            if not _fits(_text(trial)):
                raise NotExpressibleError(
                    f"the pattern for {':'.join(event)} has {len(_text(trial))} characters, and CloudWatch Logs takes {MAX_LENGTH}"
                )
            held = trial
    return [*out, _text(held)] if held else out


def _with(held: list[Clause], one: Clause) -> list[Clause]:
    """Clauses with one event more, beside those that have the same conditions."""
    if held and held[-1].tests == one.tests and held[-1].presence == one.presence:
        last = held[-1]
        return [*held[:-1], replace(last, events=(*last.events, *one.events))]
    return [*held, one]


def _fits(text: str) -> bool:
    return len(text) <= MAX_LENGTH and text.count("[*]") <= _MAX_WILDCARDS


def _text(clauses: list[Clause]) -> str:
    return "{ " + _any([_of_clause(c) for c in clauses]) + " }"


def _of_clause(clause: Clause) -> str:
    parts = [_any([_names(clause, s) for s in clause.services])]
    if clause.dry_runs:
        parts.append(_DRY_RUN)
    parts += [_of_test(t) for t in clause.tests]
    if clause.presence:
        parts.append(_any([_of_test(t) for t in clause.presence]))
    return _all(parts)


def _names(clause: Clause, service: str) -> str:
    equal, beginnings = names_of(service, clause.actions(service))
    names = _any([f"($.eventName = {_quoted(n)})" for n in (*equal, *(f"{b}*" for b in beginnings))])
    return names if service == "*" else f"(($.eventSource = {_quoted(service)}) && {names})"


def _told(test: Test) -> bool:
    """Whether a pattern can say it. A negation through lists it can't: it would hold for any other element."""
    if not test.plain or any(_wildcards(p) > 1 for p in test.places):
        return False
    # In a pattern's text `*` stands for anything: to ask for it matches more, to bar it would match less.
    barred = any("*" in str(v) for v in test.none_of or ())
    return test.positive or (not barred and all(p.single for p in test.places))


def _wildcards(place: Place) -> int:
    return place.keys.count("[]")


def _of_test(test: Test) -> str:
    if test.any_of is not None:
        return _any([c for p in test.places for v in test.any_of for c in _equal(_selector(p), v)])
    if test.exists is True:
        return _any([f'({_selector(p)} = "*")' for p in test.places])  # there is no EXISTS
    if test.exists is False:
        return _all([f"({_selector(p)} NOT EXISTS)" for p in test.places])
    return _all(
        [
            _any([f"({s} NOT EXISTS)", _all([_unequal(s, v) for v in test.none_of or ()])])
            for s in map(_selector, test.places)
        ]
    )


def _equal(selector: str, value: Scalar) -> Iterator[str]:
    if isinstance(value, bool):
        yield f"({selector} IS {str(value).upper()})"
        yield f'({selector} = "{str(value).lower()}")'
    elif isinstance(value, int | float):
        yield f"({selector} = {value})"
        yield f'({selector} = "{value}")'
    else:
        yield f"({selector} = {_quoted(value)})"


def _unequal(selector: str, value: Scalar) -> str:
    if isinstance(value, bool):
        # There is no IS NOT; a flag that is there and isn't this one is the other.
        return _any(
            [
                f"({selector} IS {str(not value).upper()})",
                f'({selector} = "{str(not value).lower()}")',
                f"({selector} IS NULL)",
            ]
        )
    return f"({selector} != {value if not isinstance(value, str) else _quoted(value)})"


def _selector(place: Place) -> str:
    out = "$"
    for key in place.keys:
        out += "[*]" if key == "[]" else f".{key}" if _WORD.fullmatch(key) else f".['{key}']"
    return out


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _any(parts: list[str]) -> str:
    unique = list(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 else "(" + " || ".join(unique) + ")"


def _all(parts: list[str]) -> str:
    unique = list(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 else "(" + " && ".join(unique) + ")"
