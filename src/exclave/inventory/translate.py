"""Resources as others describe them (Terraform, AWS Config), translated into documents of an inventory.

What is translated stands in TOML tables, a row for each fact. A fact that a resource lacks is left out, so that a
check that needs it could not look. Rows whose documents are of one call, scope and key are laid together.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from exclave.inventory.model import GLOBAL, SCHEMA
from exclave.model import Cloud, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from exclave.inventory.table import Table

_SLOT = re.compile(r"\{([A-Za-z0-9_.|]+)\}")
MISSING = "NotKnown"  # the code of an answer that the source can't give


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fact of a type of resource: in which call's answer it stands, and where.

    `{path}` is filled in from the resource's values, `{a|b}` by the first that there is; a text that is one slot
    keeps the value's type. `each` names nested blocks, whose values are `each.path`.
    """

    type: tuple[str, ...] | str
    call: str
    answer: dict[str, Any]
    key: str = ""
    args: dict[str, str] = {}
    each: str = ""
    where: dict[str, tuple[str, ...]] = {}
    needs: tuple[str, ...] = ()  # paths without which the answer is not known
    join: str = ""  # items of the answer's list with the same value here are one

    @property
    def types(self) -> tuple[str, ...]:
        """The types of resource it is about."""
        return (self.type,) if isinstance(self.type, str) else self.type


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    row: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A resource of the source. `values` holds what is known of it, by the source's names."""

    type: str
    address: str
    account: str
    region: str
    values: Mapping[str, Any]


@dataclass(slots=True)
class Draft:
    """A document being laid together."""

    document: dict[str, Any]
    place: str


def rows(folder: Path) -> dict[str, list[Row]]:
    """The rows of every table in a folder, by type of resource."""
    found: dict[str, list[Row]] = {}
    for file in sorted(folder.glob("*.toml")):
        for row in msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File).row:
            for type_ in row.types:
                found.setdefault(type_, []).append(row)
    return found


class Translation:
    """Documents laid together from many resources. `said` is how the source is called in messages."""

    def __init__(self, table: Table, said: str, file: str) -> None:
        self._table, self._said, self._file = table, said, file
        self._drafts: dict[tuple[str, str, str, str], Draft] = {}
        self.problems: list[Problem] = []

    def take(self, thing: Thing, by_type: Mapping[str, Iterable[Row]]) -> bool:
        """What the rows say of a resource; False when there are none for its type."""
        mine = by_type.get(thing.type)
        for row in mine or ():
            for values in _blocks(row, thing):
                if all(text(values, path) in wanted for path, wanted in row.where.items()):
                    self._row(row, thing, values)
        return mine is not None

    def add(
        self, call: str, thing: Thing, answer: Mapping[str, Any], *, key: str = "", args: Mapping[str, Any] | None = None,
        join: str = "",
    ) -> None:  # fmt: skip
        """Lay one more answer under a call, a scope and a key."""
        spec = self._table[call]
        region = thing.region if spec.scope == "region" else GLOBAL
        draft = self._drafts.get((call, thing.account, region, key))
        if draft is None:
            document = {
                "schema": SCHEMA, "cloud": Cloud.AWS, "call": call, "scope": {"account": thing.account, "region": region},
                "args": dict(args or {}), "key": key, "identity": self._said, "answer": {},
            }  # fmt: skip
            draft = Draft(document, f"{self._file}: {thing.address}")
            self._drafts[(call, thing.account, region, key)] = draft
        if draft.document.pop("error", None):
            draft.document["answer"] = {}
        _lay(draft.document["answer"], answer, join)

    def unknown(self, call: str, thing: Thing, *, key: str, why: str) -> None:
        """Say that the source can't tell what the call would answer; another resource may still tell."""
        self.problems.append(Problem(where=f"{self._file}: {thing.address}", what=why))
        region = thing.region if self._table[call].scope == "region" else GLOBAL
        if (call, thing.account, region, key) not in self._drafts:
            self.add(call, thing, {}, key=key)
            document = self._drafts[(call, thing.account, region, key)].document
            document |= {"answer": None, "error": {"code": MISSING, "message": why}}

    def documents(self) -> list[tuple[dict[str, Any], str]]:
        """Every document with where it comes from."""
        return [(draft.document, draft.place) for draft in self._drafts.values()]

    def _row(self, row: Row, thing: Thing, values: Mapping[str, Any]) -> None:
        key = filled_text(row.key, values)
        missing = [p for p in row.needs if at(values, p) is None]
        if missing:
            why = f"not in {self._said}: {', '.join(missing)} of {thing.address}"
            self.unknown(row.call, thing, key=key, why=why)
            return
        args = {name: filled_text(template, values) for name, template in row.args.items()}
        self.add(row.call, thing, filled(row.answer, values), key=key, args=args, join=row.join)


def _blocks(row: Row, thing: Thing) -> list[dict[str, Any]]:
    plain = {**thing.values, "address": thing.address, "account": thing.account, "region": thing.region}
    if not row.each:
        return [plain]
    found = at(plain, row.each)
    listed = found if isinstance(found, list) else [found] if found is not None else []
    return [{**plain, "each": item} for item in listed]


def at(values: Any, path: str) -> Any:
    """The value at a dotted path, or None. A list with one item, as nested blocks are written, counts as the item."""
    for name in path.split("."):
        if isinstance(values, list) and len(values) == 1:
            values = values[0]
        if not isinstance(values, Mapping):
            return None
        values = values.get(name)
    return values


def text(values: Any, path: str) -> str:
    """The scalar at a path, as text; "" if there is none."""
    value = at(values, path)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with its slots filled in; keys whose value is not known are left out."""
    if isinstance(template, str):
        whole = _SLOT.fullmatch(template)
        return _slot(whole[1], values) if whole else filled_text(template, values)
    if isinstance(template, list):
        return [v for t in template if (v := filled(t, values)) is not None]
    if isinstance(template, Mapping):
        return {k: v for k, t in template.items() if (v := filled(t, values)) is not None}
    return template


def filled_text(template: str, values: Mapping[str, Any]) -> str:
    """A text with its slots filled in."""
    return _SLOT.sub(lambda m: next((t for p in m[1].split("|") if (t := text(values, p))), ""), template)


def _slot(paths: str, values: Mapping[str, Any]) -> Any:
    return next((v for p in paths.split("|") if (v := at(values, p)) is not None and v != ""), None)


def _lay(under: dict[str, Any], over: Mapping[str, Any], join: str) -> None:
    """Lay an answer over another: lists one after the other (items of one id as one), objects into each other."""
    for name, value in over.items():
        there = under.get(name)
        if isinstance(there, dict) and isinstance(value, Mapping):
            _lay(there, value, join)
        elif isinstance(there, list) and isinstance(value, list):
            for item in value:
                _append(there, item, join)
        elif there is None or there in ("", []):
            under[name] = value


def _append(there: list[Any], item: Any, join: str) -> None:
    if join and isinstance(item, Mapping):
        same = next((t for t in there if isinstance(t, dict) and t.get(join) == item.get(join)), None)
        if same is not None:
            _lay(same, item, "")
            return
    there.append(item)
