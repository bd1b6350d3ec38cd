"""Object stores: s3://, az:// and gs://, read through obstore with the cloud's ordinary credentials.

A process that has used these must not be forked (obstore's threads don't survive it): spawn workers.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.globs import MAGIC, glob_pattern, prefix_of
from exclave.sources.item import Item
from exclave.sources.limits import DamagedError, Limits, Meter
from exclave.sources.prefixes import day_prefixes, is_known, read_key
from exclave.sources.stores import MissingExtraError, bucket_options, make_store, url_parts
from exclave.sources.taken import Taken, take
from exclave.sources.unpack import Work, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from obstore import GetResult, ObjectMeta
    from obstore.store import ObjectStore

    from exclave.sources.blob import Blob
    from exclave.sources.sieve import Sieve

_UNKNOWN_LEVELS = 3  # how far to look for a known layout before listing everything
_WIDE = 1_000  # folders side by side; more are listed at once
_CHUNK = 1000  # keys taken from obstore at once
_PART = 8 << 20


def plan_objects(
    target: str, sieve: Sieve, options: Mapping[str, str], store: ObjectStore | None = None
) -> Iterator[Item | Problem]:
    """Items of `scheme://bucket/prefix` (or a glob), by key. `store` replaces the one that the URL names."""
    scheme, bucket, path = url_parts(target)
    if not bucket:
        yield Problem(where=target, what="names no bucket or container", hint=f"{scheme}://NAME/PREFIX")
        return
    count, left = 0, sieve.count
    try:
        if store is None:
            options = bucket_options(scheme, bucket, options)
            store = make_store(scheme, bucket, options)
        fits = glob_pattern(path) if MAGIC.search(path) else None
        for meta in _listed(store, prefix_of(path) if fits else path, sieve):
            key = meta["path"]
            if fits and not fits.match(key):
                continue
            count += 1
            yield Item(
                where=f"{scheme}://{bucket}/{key}",
                scheme=scheme,
                path=f"{bucket}/{key}",
                size=meta["size"],
                options=options,
            )
    except MissingExtraError as error:
        yield Problem(where=target, what=str(error), hint=error.hint)
        return
    except Exception as error:  # noqa: BLE001 - obstore, boto3 and identity libraries each raise their own kinds
        what = f"listing stopped after {count} objects, and what follows was not read: {said(error)}"
        yield Problem(where=target, what=what, hint=hint_for(error))
        return
    if not count:
        what = (
            "holds no object of the chosen accounts, regions and days"
            if sieve.count > left
            else "holds no object"
        )
        yield Problem(
            where=target, what=what, hint="check the prefix: it must end where a folder or name ends"
        )


def _listed(store: ObjectStore, prefix: str, sieve: Sieve) -> Iterator[ObjectMeta]:
    import obstore  # noqa: PLC0415

    found = False
    for meta in _walk(store, prefix, sieve):
        found = True
        yield meta
    if not found and prefix and not prefix.endswith("/") and not sieve.count:
        try:
            yield obstore.head(store, prefix)  # the target may be one object
        except FileNotFoundError:
            return


def _walk(store: ObjectStore, start: str, sieve: Sieve) -> Iterator[ObjectMeta]:
    """Objects under a prefix: all of them, or down the levels that tell what isn't wanted."""
    import obstore  # noqa: PLC0415

    stack = [(start, 0)]
    while stack:
        prefix, level = stack.pop()
        if sieve.choice is None:
            yield from _flat(store, prefix, sieve)
            continue
        folder = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        days = day_prefixes(folder, sieve.choice)
        if days is not None:
            for day in days:
                yield from _flat(store, day, sieve)
            continue
        named = read_key(folder)
        exact = named.first is not None and named.first == named.last
        if exact or (level >= _UNKNOWN_LEVELS and not is_known(folder)):
            yield from _flat(store, prefix, sieve)
            continue
        level_list = obstore.list_with_delimiter(store, prefix)
        below = sorted(level_list["common_prefixes"])
        if len(below) > _WIDE and not is_known(folder):
            yield from _flat(store, prefix, sieve)
            continue
        yield from (meta for meta in _by_key(level_list["objects"]) if sieve.wanted(meta["path"]))
        wanted = [name for name in below if sieve.wanted(name.rstrip("/") + "/")]
        stack.extend((name, level + 1) for name in reversed(wanted))


def _flat(store: ObjectStore, prefix: str, sieve: Sieve) -> Iterator[ObjectMeta]:
    import obstore  # noqa: PLC0415

    for page in obstore.list(store, prefix or None, chunk_size=_CHUNK):
        yield from (meta for meta in page if sieve.wanted(meta["path"]))


def _by_key(metas: Sequence[ObjectMeta]) -> list[ObjectMeta]:
    return sorted(metas, key=lambda meta: meta["path"])


def open_object(item: Item, limits: Limits, store: ObjectStore | None = None) -> Iterator[Blob | Problem]:
    """The blobs of one object."""
    bucket, _, key = item.path.partition("/")
    try:
        if store is None:
            store = _kept_store(item.scheme, bucket, tuple(sorted(item.options.items())))
        import obstore  # noqa: PLC0415

        answer = obstore.get(store, key)
        size = answer.meta["size"]
        meter = Meter(limits, size)
        if size <= limits.plain:
            taken = Taken(data=answer.bytes().to_bytes())
        else:
            taken = take(_streamed(answer, size), limits.plain)
    except MissingExtraError as error:
        yield Problem(where=item.where, what=str(error), hint=error.hint)
        return
    except Exception as error:  # noqa: BLE001 - as above
        yield Problem(where=item.where, what=f"can't be read: {said(error)}", hint=hint_for(error))
        return
    yield from unpack(item.where, size, taken, Work(limits=limits, meter=meter))


def _streamed(answer: GetResult, size: int) -> Iterator[bytes]:
    got = 0
    try:
        for part in answer.stream(min_chunk_size=_PART):
            got += len(part)
            yield bytes(part)
    except Exception as error:  # as above
        raise DamagedError(
            f"reading stopped after {got} of {size} bytes: {said(error)}", hint_for(error)
        ) from error


@functools.lru_cache(maxsize=64)
def _kept_store(scheme: str, bucket: str, options: tuple[tuple[str, str], ...]) -> ObjectStore:
    """One store per bucket and process, so that connections and credentials are used again."""
    return make_store(scheme, bucket, dict(options))


def said(error: BaseException) -> str:
    """An error's first line: obstore adds its whole state below it, credentials' names included."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def hint_for(error: BaseException) -> str:
    """What to do about an error of an object store."""
    text = str(error).lower()
    if isinstance(error, FileNotFoundError):
        return "check the name; it may have been deleted since it was listed"
    if isinstance(error, PermissionError) or "403" in text or "accessdenied" in text:
        return (
            "the credentials in use may not read it: they need to list and get objects, and to use their key"
        )
    if "credential" in text or "unauthenticated" in text or "401" in text:
        return "give credentials the usual way: a profile, environment variables, the cloud's own login"
    if "account must be specified" in text:
        return "name the storage account: the option account, or AZURE_STORAGE_ACCOUNT_NAME"
    if "region" in text or "redirect" in text:
        return "name the bucket's region"
    return "run it again: requests are repeated a few times by themselves, so the fault lasted"
