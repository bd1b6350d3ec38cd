"""Where bytes come from: files, folders, archives, standard input, object stores.

`plan` names what there is to read, in a fixed order; `open_item` reads one of them, in any process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.blob import Blob
from exclave.sources.item import Item
from exclave.sources.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
    from datetime import datetime

__all__ = ["Blob", "Item", "Limits", "open_item", "open_items", "plan"]


def plan(
    targets: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    accounts: frozenset[str] = frozenset(),
    regions: frozenset[str] = frozenset(),
    options: Mapping[str, str] | None = None,
    left_out: MutableMapping[str, int] | None = None,
) -> Iterator[Item | Problem]:
    """What there is to read behind the targets: paths, globs, '-', s3://, az://, gs:// URLs.

    Files and objects whose path says that they hold nothing of the chosen times, accounts or regions are left
    out; `left_out`, where given, counts them by reason. A file's date is when it was delivered, so a day
    either side is kept; records that were delivered later still are missed by `until`. `options` (profile,
    region, endpoint, account) go to the object stores. A folder that two targets reach is read once.
    """
    from exclave.sources.folders import plan_local
    from exclave.sources.prefixes import choice_of
    from exclave.sources.sieve import Sieve

    sieve = Sieve(choice_of(since, until, accounts, regions), {} if left_out is None else left_out)
    seen: set[tuple[int, int]] = set()
    for target in targets:
        scheme, is_url, _ = target.partition("://")
        if target == "-":
            yield Item(where="-", scheme="stdin", path="-", size=None)
        elif not is_url:
            yield from plan_local(target, sieve, seen)
        elif scheme in {"s3", "az", "gs"}:
            from exclave.sources.objects import plan_objects

            yield from plan_objects(target, sieve, options or {})
        else:
            hint = "paths, '-', s3://bucket/prefix, az://container/prefix and gs://bucket/prefix are"
            yield Problem(where=target, what=f"{scheme}:// isn't a place that is read", hint=hint)


def open_item(item: Item, limits: Limits) -> Iterator[Blob | Problem]:
    """The blobs of an item, and what could not be read of it. Raises nothing for any content.

    Standard input is that of the calling process, so open '-' where the command was started.
    """
    if item.scheme == "file":
        from exclave.sources.files import open_file as opener
    elif item.scheme == "stdin":
        from exclave.sources.files import open_stdin as opener
    else:
        from exclave.sources.objects import open_object as opener
    return _total(item, opener(item, limits))


def open_items(items: Iterable[Item], limits: Limits) -> Iterator[tuple[Item, Iterator[Blob | Problem]]]:
    """Each item with its blobs, in order. Small objects of a store are fetched ahead by threads.

    A store takes tens of milliseconds to give what is scanned in one, so a worker that fetched one object
    after the other would mostly wait.
    """
    known = list(items)
    if all(item.scheme in {"file", "stdin"} for item in known):
        for item in known:
            yield item, open_item(item, limits)
        return
    from exclave.sources.ahead import in_order
    from exclave.sources.objects import fetch, open_fetched

    for item, data in in_order(fetch, known):
        yield (
            item,
            open_item(item, limits) if data is None else _total(item, open_fetched(item, data, limits)),
        )


def _total(item: Item, found: Iterator[Blob | Problem]) -> Iterator[Blob | Problem]:
    try:
        yield from found
    except Exception as error:  # noqa: BLE001 - one hostile file must not end the hunt; it is named instead
        what = f"can't be read: {type(error).__name__}: {error}"
        yield Problem(where=item.where, what=what, hint="this is a defect of exclave: please report it")
