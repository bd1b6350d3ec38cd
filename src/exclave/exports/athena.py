"""SQL for Amazon Athena, over the tables that its documentation makes of CloudTrail's log files and S3's access logs.

Sources: https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html (columns; requestparameters and its
like are JSON text) and https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exclave.exports import Export, NotExpressibleError
from exclave.exports.columns import above, direct, plain, token, told
from exclave.exports.lost import common, dropped, presence_dropped
from exclave.exports.rule import Clause, Rule, Test, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from exclave.exports.places import Place

TABLE = "cloudtrail_logs"
ACCESS_TABLE = "s3_access_logs"
_JSON = frozenset({"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"})
_COLUMNS: Mapping[tuple[str, ...], str] = {
    ("eventType",): "eventtype",
    ("errorCode",): "errorcode",
    ("recipientAccountId",): "recipientaccountid",
    ("vpcEndpointId",): "vpcendpointid",
    ("vpcEndpointAccountId",): "vpcendpointaccountid",
    ("userIdentity", "type"): "useridentity.type",
    ("userIdentity", "accountId"): "useridentity.accountid",
    ("userIdentity", "invokedBy"): "useridentity.invokedby",
    ("userIdentity", "arn"): "useridentity.arn",
}
_SELECT = """SELECT eventtime, recipientaccountid, awsregion, eventsource, eventname, useridentity.arn AS caller,
       sourceipaddress, errorcode, requestparameters, responseelements, serviceeventdetails, eventid"""
_SELECT_ACCESS = "SELECT requestdatetime, bucket_name, key, operation, requester, remoteip, httpstatus, bytessent, requestid"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def of(rule: Rule) -> Export:
    """The entry's queries, one for each table.

    Raises:
        NotExpressibleError: its log is none of AWS's that Athena's documentation makes a table of.
    """
    queries = []
    for log, build in (("cloudtrail", _cloudtrail), ("s3-access", _access)):
        clauses = [c for c in rule.clauses if c.log == log]
        if clauses:
            queries.append(build(rule, clauses))
    if not queries:
        raise NotExpressibleError(
            "Athena's documentation has a table for CloudTrail and one for S3 access logs, for no other log"
        )
    in_cloudtrail = any(c.log == "cloudtrail" for c in rule.clauses)
    lost = common(rule, receiver_compared=rule.receiver is not None, caller_compared=in_cloudtrail)
    lost += dropped(t for c in rule.clauses for t in c.tests if not _told(t))
    lost += presence_dropped(c for c in rule.clauses if not all(_told(t) for t in c.presence))
    return Export(rules=tuple(queries), lost=tuple(lost))


def _cloudtrail(rule: Rule, clauses: list[Clause]) -> str:
    where = [_any([_of_clause(c) for c in clauses])]
    if any(c.dry_runs for c in clauses):
        where.append("coalesce(errorcode, '') NOT LIKE '%DryRunOperation%'")
    if rule.foreign_caller:
        where.append("coalesce(useridentity.accountid, '') <> recipientaccountid")
    if rule.receiver is not None:
        where += [
            f"coalesce({_scalar(p)}, '') NOT IN ('000000000000') -- put your own accounts here"
            for p in rule.receiver.places
        ]
    return f"{_SELECT}\nFROM {TABLE}\nWHERE " + "\n  AND ".join(where) + "\nORDER BY eventtime DESC"


def _access(_rule: Rule, clauses: list[Clause]) -> str:
    operations = [a for c in clauses for _, a in c.events]
    return f"{_SELECT_ACCESS}\nFROM {ACCESS_TABLE}\nWHERE operation IN ({_list(operations)})\nORDER BY requestdatetime DESC"


def _of_clause(clause: Clause) -> str:
    parts = [_any([_names(clause, service) for service in clause.services])]
    parts += [_of_test(t) for t in clause.tests if _told(t)]
    if clause.presence and all(_told(t) for t in clause.presence):
        parts.append(_any([_of_test(t) for t in clause.presence]))
    return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"


def _names(clause: Clause, service: str) -> str:
    equal, beginnings = names_of(service, clause.actions(service))
    names = _any(
        [f"eventname IN ({_list(equal)})", *(f"eventname LIKE {_text(b + '%')}" for b in beginnings)]
    )
    return names if service == "*" else f"(eventsource = {_text(service)} AND {names})"


def _told(test: Test) -> bool:
    return told(test) and all(p.keys[0] in _JSON or p.keys in _COLUMNS for p in test.places)


def _of_test(test: Test) -> str:
    parts = []
    if test.any_of is not None:
        values = test.any_of
        parts.append(
            _any(
                [
                    _one_of(p, [plain(v) for v in values]) if direct(p) else _found(p, token(p, values))
                    for p in test.places
                ]
            )
        )
    if test.exists is not None:
        there = [
            f"{_present(p)} IS NOT NULL" if direct(p) else _found(p, token(p, None)) for p in test.places
        ]
        parts.append(_any(there) if test.exists else f"NOT {_any(there, bracket=True)}")
    if test.none_of is not None:
        values = test.none_of
        parts.append(
            f"NOT {_any([_one_of(p, [plain(v) for v in values]) for p in test.places], bracket=True)}"
        )
    return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"


def _one_of(place: Place, values: list[str]) -> str:
    return f"lower(coalesce({_scalar(place)}, '')) IN ({_list([v.lower() for v in values])})"


def _present(place: Place) -> str:
    """What is NULL where there is no value; JSON's null is none."""
    return _COLUMNS[place.keys] if place.keys in _COLUMNS else f"nullif({_as_text(place.keys)}, 'null')"


def _found(place: Place, pattern: str) -> str:
    return f"regexp_like(coalesce({_as_text(above(place))}, ''), {_text('(?i)' + pattern)})"


def _scalar(place: Place) -> str:
    if place.keys in _COLUMNS:
        return _COLUMNS[place.keys]
    return f"json_extract_scalar({place.keys[0].lower()}, {_text(_path(place.keys[1:]))})"


def _json(keys: tuple[str, ...]) -> str:
    if keys in _COLUMNS:
        return _COLUMNS[keys]
    return f"json_extract({keys[0].lower()}, {_text(_path(keys[1:]))})" if keys[1:] else keys[0].lower()


def _as_text(keys: tuple[str, ...]) -> str:
    return f"json_format({_json(keys)})" if keys[1:] else keys[0].lower()


def _path(keys: tuple[str, ...]) -> str:
    return "$" + "".join(f".{k}" if _WORD.fullmatch(k) else f'["{k}"]' for k in keys)


def _list(values: list[str] | tuple[str, ...]) -> str:
    return ", ".join(_text(v) for v in dict.fromkeys(values))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _any(parts: list[str], *, bracket: bool = False) -> str:
    unique = list(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 and not bracket else "(" + " OR ".join(unique) + ")"
