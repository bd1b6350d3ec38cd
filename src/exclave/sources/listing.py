"""Lists object stores: no more of them than what was asked for needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from exclave.sources.ahead import in_order
from exclave.sources.prefixes import day_prefixes, is_known, read_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore import ObjectMeta
    from obstore.store import ObjectStore

    from exclave.sources.sieve import Sieve

_UNKNOWN_LEVELS = 3  # how far to look for a known layout before listing everything
_WIDE = 1_000  # folders side by side in an unknown layout; more are listed with their parent
_CHUNK = 1_000  # keys taken from obstore at once


def walk(store: ObjectStore, start: str, sieve: Sieve) -> Iterator[ObjectMeta]:
    """Objects under a prefix: all of them, or down the levels that tell what isn't wanted.

    Levels are listed by many threads, for each answer takes a network's round trip and there are thousands.
    """
    if sieve.choice is None:
        yield from _flat(store, start, sieve)
        return
    level = [_Look(start, "level")]
    depth = 0
    while level:
        below: list[_Look] = []
        for look, (folders, metas) in in_order(lambda one: one.answer(store), level):
            unknown = len(folders) > _WIDE and not is_known(look.prefix)
            if look.way == "all" or unknown:
                yield from _flat(store, look.prefix, sieve)
            else:
                yield from (meta for meta in metas if sieve.wanted(meta["path"]))
                below += _below(sorted(folders), sieve, depth)
        level = below
        depth += 1


def _below(folders: list[str], sieve: Sieve, depth: int) -> list[_Look]:
    """How to go on in the folders of one level that may hold what was asked for."""
    looks: list[_Look] = []
    for name in folders:
        folder = name.rstrip("/") + "/"
        if not sieve.wanted(folder):
            continue
        days = day_prefixes(folder, sieve.choice) if sieve.choice else None
        named = read_key(folder)
        if days is not None:
            looks += [_Look(day, "day") for day in days]
        elif named.first is not None and named.first == named.last:
            looks.append(_Look(folder, "day"))
        elif depth >= _UNKNOWN_LEVELS and not is_known(folder):
            looks.append(_Look(folder, "all"))
        else:
            looks.append(_Look(folder, "level"))
    return looks


class _Look(NamedTuple):
    """A prefix and how it is listed: one `level`, a `day` whole, or `all` of it, which may be any number."""

    prefix: str
    way: str

    def answer(self, store: ObjectStore) -> tuple[Sequence[str], Sequence[ObjectMeta]]:
        """Folders and objects; nothing for `all`, which is listed in its turn."""
        import obstore

        if self.way == "level":
            answer = obstore.list_with_delimiter(store, self.prefix or None)
            return answer["common_prefixes"], _by_key(answer["objects"])
        if self.way == "day":
            return (), [meta for page in obstore.list(store, self.prefix, chunk_size=_CHUNK) for meta in page]
        return (), ()


def _flat(store: ObjectStore, prefix: str, sieve: Sieve) -> Iterator[ObjectMeta]:
    import obstore

    for page in obstore.list(store, prefix or None, chunk_size=_CHUNK):
        yield from (meta for meta in page if sieve.wanted(meta["path"]))


def _by_key(metas: Sequence[ObjectMeta]) -> list[ObjectMeta]:
    return sorted(metas, key=lambda meta: meta["path"])
