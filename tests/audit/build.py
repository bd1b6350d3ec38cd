"""Hand-made inventories: `doc` is one recorded answer, `look` runs one control's check."""

from __future__ import annotations

from datetime import UTC, date, datetime

from exclave.audit.loader import check_of, control
from exclave.audit.model import Settings
from exclave.inventory import Inventory
from exclave.model import Kind, Verdict
from exclave.perimeter import Entry, EntryKind, Perimeter

OURS, MEMBER, THEIRS = "123456789012", "210987654321", "111122223333"
REGION = "eu-west-1"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def doc(
    call, answer=None, *, args=None, key="", region="global", account=OURS, error=None, absent="", cloud="aws"
):
    return {
        "schema": "exclave-inventory/1", "cloud": cloud, "call": call, "scope": {"account": account, "region": region},
        "args": args or {}, "key": key, "time": "2026-03-02T12:00:00Z", "answer": answer, "error": error, "absent": absent,
    }  # fmt: skip


def denied(call, permission="", **more):
    return doc(call, error={"code": "AccessDenied", "message": "no", "permission": permission}, **more)


def perimeter(*entries: tuple[EntryKind, str]) -> Perimeter:
    return Perimeter(
        entries=tuple(Entry(kind=k, id=i, verdict=Verdict.SELF, where="perimeter.toml") for k, i in entries),
        seen={Kind.ACCOUNT: {OURS: "collected"}, Kind.ORGANIZATION: {"o-ours000000": "ours"}}, today=date(2026, 3, 2),
    )  # fmt: skip


def look(identifier, documents, *, who=None, **settings):
    inventory = Inventory.of(documents)
    assert inventory.problems == ()
    return check_of(control(identifier))(inventory, who or perimeter(), Settings(now=NOW, **settings))


def status(identifier, documents, **more):
    """The status of the only check."""
    (check,) = look(identifier, documents, **more)
    return check.status.value


def why(identifier, documents, **more):
    (check,) = look(identifier, documents, **more)
    return "; ".join(check.why)
