"""Runs an entry's example: the perimeter that examples speak of, and findings as the lines that `expect` writes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from exclave.catalogue.examples import (
    OUR_ACCOUNT,
    OUR_ORGANIZATION,
    OUR_OTHER_ACCOUNT,
    log_of,
    record,
)
from exclave.catalogue.loader import Catalogue
from exclave.detect.match import Index, index, match
from exclave.formats.logs import parser_of
from exclave.model import Destination, Evidence, Kind, Signal, Transfer, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter

if TYPE_CHECKING:
    from exclave.catalogue.entry import Example, Method

_LISTED = [
    (EntryKind.ACCOUNT, OUR_OTHER_ACCOUNT, Verdict.ORGANIZATION),
    (EntryKind.ORGANIZATION, OUR_ORGANIZATION, Verdict.ORGANIZATION),
    (EntryKind.BUCKET, "ours*", Verdict.SELF),
    (EntryKind.VPC, "vpc-0urs0000000000000", Verdict.SELF),
    (EntryKind.CANONICAL_ID, "a" * 64, Verdict.SELF),
    (EntryKind.TENANT, "22222222-2222-4222-8222-222222222222", Verdict.SELF),
    (EntryKind.SUBSCRIPTION, "11111111-1111-4111-8111-111111111112", Verdict.ORGANIZATION),
    (EntryKind.DOMAIN, "ours.example", Verdict.SELF),
    (EntryKind.PROJECT, "our-project", Verdict.SELF),
    (EntryKind.PROJECT, "our-other-project", Verdict.ORGANIZATION),
    (EntryKind.ORGANIZATION, "900000000001", Verdict.ORGANIZATION),
    (EntryKind.CUSTOMER, "C0ours000", Verdict.SELF),
]

PERIMETER = Perimeter(
    entries=tuple(Entry(kind=k, id=i, verdict=v) for k, i, v in _LISTED),
    seen={
        Kind.ACCOUNT: {OUR_ACCOUNT: "its logs are here"},
        Kind.SUBSCRIPTION: {"11111111-1111-4111-8111-111111111111": "its logs are here"},
        Kind.PROJECT: {"our-project": "its logs are here"},
    },
    today=date(2026, 3, 5),
)


def lines(method: Method, example: Example, whole: Index | None = None) -> list[str]:
    """What an example gives: by its own entry alone, or by a whole catalogue (only lines of that entry)."""
    catalogue = whole or index(Catalogue(methods=(method,), lineage=(), files=()))
    event = parser_of(log_of(method, example))(record(method, example), Evidence(file="example", record=1))
    out = []
    for found in match(event, catalogue):
        if isinstance(found, Transfer | Signal) and found.method == method.id:
            head = found.outcome.value if isinstance(found, Transfer) else found.signal.value
            if isinstance(found, Signal) and found.failed:
                head = f"failed {head}"
            out.append(f"{head} {_judged(found.destination, event.account)}".strip())
    return sorted(out)


def _judged(destination: Destination | None, account: str) -> str:
    if destination is None:
        return ""
    return f"{destination.key} {PERIMETER.judge(destination, account).verdict.value}"
