"""Event patterns for Amazon EventBridge.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html (operators work on
leaves, `$or` excepted; arrays match by any element), .../eb-service-event-cloudtrail.html (detail types) and
.../eb-quota.html (2,048 characters unless raised; `$or` up to 1,000 combinations).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from exclave.exports import Export, NotExpressibleError
from exclave.exports.lost import common, dropped, presence_dropped
from exclave.exports.rule import DRY_RUN, Clause, Rule, Test, names_of, rule_of, without_presence

if TYPE_CHECKING:
    from exclave.catalogue.entry import Method, Scalar

MAX_LENGTH = 2048
_MAX_ALTERNATIVES = 1000
_DETAIL_TYPES = (
    "AWS API Call via CloudTrail",
    "AWS Service Event via CloudTrail",
    "AWS Console Action via CloudTrail",
    "AWS Insight via CloudTrail",
)

Leaves = Mapping[tuple[str, ...], tuple[Any, ...]]  # keys below `detail` → matchers, any of which is enough


def pattern(method: Method) -> dict[str, Any]:
    """The event pattern of an entry: matches every event that the entry finds, and more (see `of`).

    The entry must have its examples: load the catalogue with `compiled=False`.

    Raises:
        NotExpressibleError: its events don't come by EventBridge, or the pattern is too long.
    """
    return _pattern(rule_of(method))


def of(rule: Rule) -> Export:
    """The pattern as JSON, and what it loses."""
    text = orjson.dumps(_pattern(rule), option=orjson.OPT_INDENT_2).decode()
    lost = common(rule, receiver_compared=False, caller_compared=False)
    lost += dropped(t for c in rule.clauses for t in c.tests if not _told(t))
    shortened = (
        text
        == orjson.dumps(
            _built(tuple(map(without_presence, rule.clauses))), option=orjson.OPT_INDENT_2
        ).decode()
    )
    if shortened:
        lost += presence_dropped(rule.clauses)
    return Export(rules=(text,), lost=tuple(lost))


def _pattern(rule: Rule) -> dict[str, Any]:
    clauses = tuple(c for c in rule.clauses if c.log == "cloudtrail")
    if not clauses:
        raise NotExpressibleError("EventBridge gets CloudTrail's events only")
    for attempt in (clauses, tuple(map(without_presence, clauses))):
        built = _built(attempt)
        length = len(orjson.dumps(built))
        if length <= MAX_LENGTH:
            return built
    raise NotExpressibleError(f"the pattern has {length} characters, and EventBridge takes {MAX_LENGTH}")


def _built(clauses: Iterable[Clause]) -> dict[str, Any]:
    alternatives: list[dict[str, Any]] = []
    for clause in clauses:
        for leaves in _alternatives(clause):
            nested = _nested(leaves)
            if nested not in alternatives:
                alternatives.append(nested)
    if len(alternatives) > _MAX_ALTERNATIVES:
        raise NotExpressibleError(
            f"the pattern has {len(alternatives)} alternatives, and EventBridge takes {_MAX_ALTERNATIVES}"
        )
    detail: dict[str, Any] = alternatives[0]
    if len(alternatives) > 1:
        shared = {k: v for k, v in alternatives[0].items() if all(a.get(k) == v for a in alternatives)}
        rest = [{k: v for k, v in a.items() if k not in shared} for a in alternatives]
        detail = shared if {} in map(dict, rest) else {**shared, "$or": rest}
    # Customers can't send events whose source begins with "aws.".
    return {"source": [{"prefix": "aws."}], "detail-type": list(_DETAIL_TYPES), "detail": detail}


def _alternatives(clause: Clause) -> Iterable[Leaves]:
    """A clause as alternatives, each a conjunction: EventBridge knows `$or` once per object."""
    choices: list[list[Leaves]] = [[_names(clause, service) for service in clause.services]]
    if clause.dry_runs:
        choices.append([{("errorCode",): ({"exists": False}, {"anything-but": list(DRY_RUN)})}])
    choices += [_choices(test) for test in clause.tests if _told(test)]
    if clause.presence and all(t.plain for t in clause.presence):
        choices.append([c for test in clause.presence for c in _choices(test)])
    for combination in itertools.product(*choices):
        leaves: dict[tuple[str, ...], tuple[Any, ...]] = {}
        for part in combination:
            for keys, matchers in part.items():
                if not any(
                    _crosses(keys, other) for other in leaves
                ):  # else it can't stand beside the other: leave it out
                    leaves[keys] = matchers
        yield leaves


def _names(clause: Clause, service: str) -> Leaves:
    equal, beginnings = names_of(service, clause.actions(service))
    names: Leaves = {("eventName",): (*equal, *({"prefix": b} for b in beginnings))}
    return names if service == "*" else {("eventSource",): (service,), **names}


def _told(test: Test) -> bool:
    """Whether a pattern can say it. A negation through lists it can't: it would hold for any other element."""
    return test.plain and (test.positive or all(p.single for p in test.places))


def _choices(test: Test) -> list[Leaves]:
    if test.positive:
        return [{place.names: _matchers(test)} for place in test.places]
    return [{place.names: _matchers(test) for place in test.places}]


def _matchers(test: Test) -> tuple[Any, ...]:
    if test.any_of is not None:
        return tuple(m for value in test.any_of for m in _equal(value))
    if test.exists is not None:
        return ({"exists": test.exists},)
    none_of = test.none_of or ()
    flags = [v for v in none_of if isinstance(v, bool)]
    if flags:
        # `anything-but` knows strings and numbers only; of a flag, what is left can be named.
        left = [v for v in (True, False) if v not in flags]
        return ({"exists": False}, None, *(m for v in left for m in _equal(v)))
    return ({"exists": False}, {"anything-but": [_text(v) for v in none_of]})


def _equal(value: Scalar) -> tuple[Any, ...]:
    if isinstance(value, str):
        return ({"equals-ignore-case": value},)
    return (value, {"equals-ignore-case": _text(value)})


def _text(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _crosses(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _nested(leaves: Leaves) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for keys, matchers in leaves.items():
        at = out
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        at[keys[-1]] = list(matchers)
    return out
