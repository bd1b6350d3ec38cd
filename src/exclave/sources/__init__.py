"""Where bytes come from: files, folders, archives, standard input, object stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.blob import Blob
from exclave.sources.files import open_file, open_stdin
from exclave.sources.folders import plan_local
from exclave.sources.item import Item
from exclave.sources.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

__all__ = ["Blob", "Item", "Limits", "open_item", "plan"]


def plan(
    targets: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    accounts: frozenset[str] = frozenset(),
    regions: frozenset[str] = frozenset(),
    options: Mapping[str, str] | None = None,
) -> Iterator[Item | Problem]:
    """What there is to read behind the targets, in a fixed order."""
    seen: set[tuple[int, int]] = set()
    for target in targets:
        if target == "-":
            yield Item(where="-", scheme="stdin", path="-", size=None)
        else:
            yield from plan_local(target, None, seen)


def open_item(item: Item, limits: Limits) -> Iterator[Blob | Problem]:
    """The blobs of an item. Standard input is the standard input of the process that calls this."""
    openers = {"file": open_file, "stdin": open_stdin}
    try:
        yield from openers[item.scheme](item, limits)
    except Exception as error:  # noqa: BLE001 - one hostile file must not end the hunt; it is named instead
        what = f"can't be read: {type(error).__name__}: {error}"
        yield Problem(where=item.where, what=what, hint="please report this file's kind as a defect")
