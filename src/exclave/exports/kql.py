"""KQL for Microsoft Sentinel: AWSCloudTrail, AzureActivity, StorageBlobLogs, the directory's tables, GCPAuditLogs.

Source of the language: https://learn.microsoft.com/kusto/query/. Columns: see kql_tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.exports import Export, NotExpressibleError
from exclave.exports.columns import above, direct, plain, token, told
from exclave.exports.kql_tables import TABLES, Column, Table
from exclave.exports.lost import common, dropped, presence_dropped
from exclave.exports.places import Place
from exclave.exports.rule import Clause, Rule, Test, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.catalogue.entry import Scalar

_TRUSTED = "let trusted_accounts = dynamic([]); // put your own accounts here, in quotes"


def of(rule: Rule) -> Export:
    """The entry's queries, one for each table.

    Raises:
        NotExpressibleError: none of its logs has a table here.
    """
    logs = tuple(dict.fromkeys(c.log for c in rule.clauses if c.log in TABLES))
    if not logs:
        raise NotExpressibleError(
            f"no table of Sentinel is known here for {', '.join(sorted({c.log for c in rule.clauses}))}"
        )
    lost = common(rule, receiver_compared=_receiver_told(rule, logs), caller_compared="cloudtrail" in logs)
    lost += dropped(t for c in rule.clauses if c.log in logs for t in c.tests if not _told(TABLES[c.log], t))
    lost += presence_dropped(c for c in rule.clauses if c.log in logs and not _asks(c))
    return Export(rules=tuple(_query(rule, log) for log in logs), lost=tuple(lost))


def _query(rule: Rule, log: str) -> str:
    table = TABLES[log]
    clauses = [c for c in rule.clauses if c.log == log]
    names = _any([name for c in clauses for name in _names(c)])
    conditions = [_of_clause(table, c) for c in clauses]
    lines = [f"where {names}"] if names else []
    if not all(c == "true" for c in conditions):
        # Each clause's conditions hold for its own names only.
        whole = [_all([_any(_names(c)), cond]) for c, cond in zip(clauses, conditions, strict=True)]
        lines.append(f"where {conditions[0] if len(clauses) == 1 else _any(whole)}")
    if any(c.dry_runs for c in clauses):
        lines.append('where ErrorCode !contains "DryRunOperation"')
    if rule.foreign_caller and log == "cloudtrail":
        lines.append("where UserIdentityAccountId != RecipientAccountId")
    compared = _receiver_told(rule, (log,))
    if compared and rule.receiver is not None:
        lines += [f"where {_value(table, p)} !in (trusted_accounts)" for p in rule.receiver.places]
    text = "\n".join(lines)
    made = [line for name, line in table.made.items() if name in text]
    # What is made of columns stands behind the names, which need none: fewer records are parsed.
    ordered = [*lines[:1], *made, *lines[1:]] if names else [*made, *lines]
    query = [table.name, *(f"| {line}" for line in ordered), f"| project {', '.join(table.shown)}"]
    return "\n".join([_TRUSTED, *query] if compared else query)


def _names(clause: Clause) -> list[str]:
    """What a record's names must be, any of which is enough; none where every record of the table is meant."""
    out = []
    for service in clause.services:
        actions = clause.actions(service)
        if clause.log == "cloudtrail":
            equal, beginnings = names_of(service, actions)
            name = _any(
                [f"EventName in ({_list(equal)})", *(f"EventName startswith {_text(b)}" for b in beginnings)]
            )
            out.append(name if service == "*" else f"(EventSource == {_text(service)} and {name})")
        elif clause.log == "azure-activity":
            out.append(
                f'tostring(split(tolower(OperationNameValue), "/providers/")[-1]) in ({_list(a.lower() for a in actions)})'
            )
        elif clause.log == "azure-storage":
            out.append(f"OperationName in~ ({_list(actions)})")
        elif clause.log == "azure-resource":
            ends = [f"OperationName endswith {_text('/' + a)}" for a in actions]
            out.append(
                f"(ResourceProvider =~ {_text(service)} and {_any([f'OperationName in~ ({_list(actions)})', *ends])})"
            )
        elif clause.log == "entra":
            out.append(
                f"trim('-', replace_regex(tolower(OperationName), @'[^a-z0-9]+', '-')) in ({_list(actions)})"
            )
        elif clause.log == "gcp-audit":
            ends = [f"MethodName endswith {_text('.' + a)}" for a in actions]
            out.append(
                f"(ServiceName =~ {_text(service)} and {_any([f'MethodName in~ ({_list(actions)})', *ends])})"
            )
        elif clause.log == "gcp-denied":
            out.append('tostring(Metadata["@type"]) endswith "VpcServiceControlAuditMetadata"')
    return out


def _of_clause(table: Table, clause: Clause) -> str:
    parts = [_of_test(table, t) for t in clause.tests if _told(table, t)]
    if clause.presence and _asks(clause):
        parts.append(_any([_of_test(table, t) for t in clause.presence]))
    return _all(parts) if parts else "true"


def _asks(clause: Clause) -> bool:
    return all(_told(TABLES[clause.log], t) for t in clause.presence)


def _told(table: Table, test: Test) -> bool:
    return told(test) and all(_column(table, p.keys) is not None for p in test.places)


def _receiver_told(rule: Rule, logs: tuple[str, ...]) -> bool:
    return rule.receiver is not None and all(_told(TABLES[log], rule.receiver) for log in logs)


def _of_test(table: Table, test: Test) -> str:
    parts = []
    if test.any_of is not None:
        values = test.any_of
        parts.append(
            _any([_one_of(table, p, values) if direct(p) else _found(table, p, values) for p in test.places])
        )
    if test.exists is not None:
        there = [
            f"isnotempty({_value(table, p)})" if direct(p) else _found(table, p, None) for p in test.places
        ]
        parts.append(_any(there) if test.exists else f"not({_any(there)})")
    if test.none_of is not None:
        values = test.none_of
        parts.append(f"not({_any([_one_of(table, p, values) for p in test.places])})")
    return _all(parts)


def _one_of(table: Table, place: Place, values: tuple[Scalar, ...]) -> str:
    return f"{_value(table, place)} in~ ({_list(plain(v) for v in values)})"


def _found(table: Table, place: Place, values: tuple[Scalar, ...] | None) -> str:
    text = _value(table, Place(keys=above(place)))
    # A verbatim text of KQL: a quote of its own kind is doubled.
    pattern = ("(?i)" + token(place, values)).replace("'", "''")
    return f"{text} matches regex @'{pattern}'"


def _value(table: Table, place: Place) -> str:
    """A place's value as text."""
    found = _column(table, place.keys)
    if found is None:
        raise NotExpressibleError(f"{table.name} has no column for {'.'.join(place.keys)}")
    (column, kind), rest = found
    if kind == "text":
        return column
    return f"tostring({column}{''.join(f'[{_text(k)}]' for k in rest)})"


def _column(table: Table, keys: tuple[str, ...]) -> tuple[Column, tuple[str, ...]] | None:
    """The column that holds a path, and what is below it; None where the table has none."""
    for length in range(len(keys), 0, -1):
        column = table.columns.get(keys[:length])
        if column is not None:
            return (column, keys[length:]) if column[1] == "dynamic" or length == len(keys) else None
    return None


def _list(values: Iterable[str]) -> str:
    return ", ".join(_text(v) for v in dict.fromkeys(values))


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _any(parts: list[str]) -> str:
    unique = list(dict.fromkeys(p for p in parts if p))
    return unique[0] if len(unique) == 1 else "(" + " or ".join(unique) + ")" if unique else ""


def _all(parts: list[str]) -> str:
    unique = list(dict.fromkeys(p for p in parts if p and p != "true"))
    return unique[0] if len(unique) == 1 else "(" + " and ".join(unique) + ")" if unique else "true"
