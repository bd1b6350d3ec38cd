"""The tables of calls: `calls/<cloud>/*.toml`. What a command asks a cloud is in there and nowhere else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

import msgspec

from exclave.inventory.model import Call
from exclave.model import Cloud

Table = Mapping[str, Call]


class BadTableError(Exception):
    """A table of calls that can't be used; the message says which and why."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    call: tuple[Call, ...]


def load(cloud: Cloud) -> Table:
    """The calls of one cloud by name, each after the call that it is made for.

    Raises:
        BadTableError: a file is no TOML, says something unknown, or a call is made for one that isn't there.
    """
    found: dict[str, Call] = {}
    folder = Path(str(resources.files("exclave.inventory"))) / "calls" / cloud.value
    for file in sorted(folder.glob("*.toml")):
        try:
            content = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _File)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise BadTableError(f"{file.name}: {error}") from error
        for call in content.call:
            if call.name in found:
                raise BadTableError(f"{file.name}: {call.name} is in the table already")
            found[call.name] = msgspec.structs.replace(call, cloud=cloud)
    ordered: dict[str, Call] = {}
    for name in found:
        _place(name, found, ordered, ())
    return ordered


def load_all() -> Table:
    """The calls of every cloud.

    Raises:
        BadTableError: also where two clouds have a call of one name, for an inventory holds them by it.
    """
    found: dict[str, Call] = {}
    for cloud in Cloud:
        table = load(cloud)
        if twice := sorted(found.keys() & table.keys()):
            raise BadTableError(f"{cloud}: {twice[0]} is in another cloud's table already")
        found |= table
    return found


def chosen(table: Table, names: Iterable[str]) -> Table:
    """Some calls of a table with those that they are made for, in the table's order.

    Raises:
        BadTableError: a name isn't in the table.
    """
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        if name not in table:
            raise BadTableError(f"no call {name!r} in the table")
        wanted.add(name)
        each = table[name].each
        if each is not None:
            waiting.append(each.call)
    return {name: call for name, call in table.items() if name in wanted}


def _place(name: str, found: Mapping[str, Call], ordered: dict[str, Call], above: tuple[str, ...]) -> None:
    if name in ordered:
        return
    call = found[name]
    if call.each is not None:
        parent = call.each.call
        if parent not in found or name in above:
            raise BadTableError(
                f"{name}: made for {parent!r}, which " + ("waits for it" if name in above else "is no call")
            )
        _place(parent, found, ordered, (*above, name))
    ordered[name] = call
