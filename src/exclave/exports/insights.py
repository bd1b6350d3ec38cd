"""Queries for CloudWatch Logs Insights, over a trail's log group.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Filter.html (comparison, `in`, `like`),
.../CWL_AnalyzeLogData-discoverable-fields.html (dotted names, backticks; lists by index, so that a condition
through a list is looked for in @message) and .../CWL_QuerySyntax-operations-functions.html (ispresent, tolower).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.exports import Export, NotExpressibleError
from exclave.exports.columns import direct, line_token, plain, told
from exclave.exports.lost import common, dropped, presence_dropped
from exclave.exports.rule import Clause, Rule, Test, names_of

if TYPE_CHECKING:
    from exclave.exports.places import Place

_BARE = re.compile(r"[A-Za-z0-9_.@]+")
_FIELDS = "@timestamp, recipientAccountId, awsRegion, eventSource, eventName, userIdentity.arn, sourceIPAddress, errorCode, @message"


def of(rule: Rule) -> Export:
    """The entry's query.

    Raises:
        NotExpressibleError: its events aren't CloudTrail's.
    """
    clauses = [c for c in rule.clauses if c.log == "cloudtrail"]
    if not clauses:
        raise NotExpressibleError("a trail's log group has CloudTrail's events only")
    lines = [f"fields {_FIELDS}", f"filter {_any([_of_clause(c) for c in clauses])}"]
    if any(c.dry_runs for c in clauses):
        lines.append("filter not ispresent(errorCode) or errorCode not like /DryRunOperation/")
    if rule.foreign_caller:
        lines.append(
            "filter not ispresent(userIdentity.accountId) or userIdentity.accountId != recipientAccountId"
        )
    if rule.receiver is not None:
        for name in dict.fromkeys(_name(p) for p in rule.receiver.places):
            lines.append("# put your own accounts in the list")
            lines.append(f'filter not ispresent({name}) or {name} not in ["000000000000"]')
    lines += ["sort @timestamp desc", "limit 1000"]
    query = lines[0]
    for line in lines[1:]:
        query += f"\n{line}" if line.startswith("#") else f"\n| {line}"
    lost = common(rule, receiver_compared=rule.receiver is not None, caller_compared=True)
    lost += dropped(t for c in clauses for t in c.tests if not _told(t))
    lost += presence_dropped(c for c in clauses if not all(_told(t) for t in c.presence))
    return Export(rules=(query,), lost=tuple(lost))


def _of_clause(clause: Clause) -> str:
    parts = [_any([_names(clause, service) for service in clause.services])]
    parts += [_of_test(t) for t in clause.tests if _told(t)]
    if clause.presence and all(_told(t) for t in clause.presence):
        parts.append(_any([_of_test(t) for t in clause.presence]))
    return parts[0] if len(parts) == 1 else "(" + " and ".join(parts) + ")"


def _names(clause: Clause, service: str) -> str:
    equal, beginnings = names_of(service, clause.actions(service))
    names = _any([f"eventName in [{_list(equal)}]", *(f"eventName like /^{b}/" for b in beginnings)])
    return names if service == "*" else f"(eventSource = {_text(service)} and {names})"


def _told(test: Test) -> bool:
    """A negation of a flag can't be told: how Insights keeps flags isn't documented."""
    flags = any(isinstance(v, bool) for v in test.none_of or ())
    return told(test) and not flags and (test.positive or all(p.leaf for p in test.places))


def _of_test(test: Test) -> str:
    parts = []
    if test.any_of is not None:
        # By text, since Insights compares with case, and its way with flags isn't documented.
        parts.append(_any([f"@message like /(?i){line_token(p, test.any_of)}/" for p in test.places]))
    if test.exists is not None:
        there = [
            f"ispresent({_name(p)})" if direct(p) and p.leaf else f"@message like /(?i){line_token(p, None)}/"
            for p in test.places
        ]
        parts.append(_any(there) if test.exists else f"not {_any(there, bracket=True)}")
    if test.none_of is not None:
        values = ", ".join(_text(plain(v).lower()) for v in test.none_of)
        parts += [
            f"(not ispresent({_name(p)}) or tolower({_name(p)}) not in [{values}])" for p in test.places
        ]
    return parts[0] if len(parts) == 1 else "(" + " and ".join(parts) + ")"


def _name(place: Place) -> str:
    dotted = ".".join(place.names)
    return dotted if _BARE.fullmatch(dotted) else f"`{dotted}`"


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(_text(v) for v in values)


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _any(parts: list[str], *, bracket: bool = False) -> str:
    unique = list(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 and not bracket else "(" + " or ".join(unique) + ")"
