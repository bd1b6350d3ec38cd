"""The perimeter of a hunt: what the file says and what the logs show, with a word on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from exclave.model import Kind
from exclave.perimeter.file import PerimeterFile, read
from exclave.perimeter.judge import Perimeter
from exclave.perimeter.vendors import read_vendors

DEFAULT = Path("perimeter.toml")
MAX_NAMED = 8
_PLURALS = {
    Kind.ACCOUNT: "accounts",
    Kind.ORGANIZATION: "organisations",
    Kind.SUBSCRIPTION: "subscriptions",
    Kind.PROJECT: "projects",
    Kind.TENANT: "tenants",
    Kind.DOMAIN: "domains",
    Kind.CANONICAL_ID: "canonical ids",
    Kind.VPC: "VPCs",
}
_COUNTED = (
    Kind.BUCKET,
    Kind.VPC,
    Kind.CANONICAL_ID,
)  # many, and they follow from the accounts

Seen = Mapping[Kind, Mapping[str, str]]
Maker = Callable[[Seen], tuple[Perimeter, Sequence[str]]]


def maker(path: Path | None) -> Maker:
    """A function that makes the perimeter once the logs were read.

    Args:
        path: the perimeter file; `perimeter.toml` of the working folder, if there is one, when None.

    Raises:
        BadPerimeterError: the file can't be used.
    """
    chosen = path if path is not None else DEFAULT if DEFAULT.is_file() else None
    stated = read(chosen) if chosen is not None else PerimeterFile((), assume_seen=True, vendor_lists=())
    vendors: dict[str, str] = {}
    for listed in stated.vendor_lists:
        vendors |= read_vendors(listed)

    def make(seen: Seen) -> tuple[Perimeter, Sequence[str]]:
        perimeter = Perimeter(
            entries=stated.entries,
            seen=seen if stated.assume_seen else {},
            today=datetime.now(UTC).date(),
            vendors=vendors,
            flows=stated.flows,
        )
        return perimeter, list(_remarks(perimeter, chosen))

    return make


def _remarks(perimeter: Perimeter, path: Path | None) -> Sequence[str]:
    number = len(perimeter.entries)
    said = [f"read from {path}: {number:,} {'entry' if number == 1 else 'entries'}"] if path else []
    if assumed := "; ".join(_assumed(perimeter)):
        said.append(f"assumed ours, since what was read shows it: {assumed}")
    if not path:
        said.append(
            "no perimeter.toml: `exclave perimeter init` proposes one, for partners and vendors as well"
        )
    said += [
        f"expired on {e.until}, no longer counts: {e.kind} {e.id}{f' ({e.owner})' if e.owner else ''} [{e.where}]"
        for e in perimeter.expired()
    ]
    return said


def _assumed(perimeter: Perimeter) -> Iterator[str]:
    """What counts as ours without a line of the file: named, or counted where there are many by nature."""
    listed = {e.id.lower() for e in perimeter.entries}
    for kind, found in perimeter.seen.items():
        if kind is Kind.PRINCIPAL:
            continue  # who acted is noted for the sake of his domain, and is not ours for that
        ids = sorted(i for i in found if i not in listed)
        many = _PLURALS.get(kind, f"{kind.value}s")
        called = many if len(ids) > 1 else many.removesuffix("s")
        if ids and kind in _COUNTED:
            yield f"{len(ids):,} {called}"
        elif ids:
            more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
            yield f"{called} {', '.join(ids[:MAX_NAMED])}{more}"
