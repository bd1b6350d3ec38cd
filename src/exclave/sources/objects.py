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
from exclave.sources.listing import walk
from exclave.sources.stores import SCHEMES, MissingExtraError, bucket_options, make_store, url_parts
from exclave.sources.taken import Taken, take
from exclave.sources.unpack import Work, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from obstore import GetResult, ObjectMeta
    from obstore.store import ObjectStore

    from exclave.sources.blob import Blob
    from exclave.sources.sieve import Sieve

_PART = 8 << 20
_AHEAD = 2 << 20  # stored bytes of an object that is fetched ahead: 32 of them may wait


def plan_objects(
    target: str, sieve: Sieve, options: Mapping[str, str], store: ObjectStore | None = None
) -> Iterator[Item | Problem]:
    """Items of `scheme://bucket/prefix` (or a glob), by key. `store` replaces the one that the URL names."""
    scheme, bucket, path = url_parts(target)
    if not bucket:
        yield Problem(where=target, what="names no bucket or container", hint=f"{scheme}://NAME/PREFIX")
        return
    count = 0
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
        what, hint = "holds no object", "check the prefix: it must end where a folder or name ends"
        if sieve.choice is not None:  # days are asked for by their prefixes: what others hold isn't known
            what += " of the chosen accounts, regions and days"
            hint += "; and --since, --until, --account, --region"
        yield Problem(where=target, what=what, hint=hint)


def _listed(store: ObjectStore, prefix: str, sieve: Sieve) -> Iterator[ObjectMeta]:
    import obstore

    found = False
    for meta in walk(store, prefix, sieve):
        found = True
        yield meta
    if not found and prefix and not prefix.endswith("/") and not sieve.count:
        try:
            yield obstore.head(store, prefix)  # the target may be one object
        except FileNotFoundError:
            return


def open_object(item: Item, limits: Limits, store: ObjectStore | None = None) -> Iterator[Blob | Problem]:
    """The blobs of one object."""
    try:
        answer = _asked(item, store)
        size = answer.meta["size"]
        whole = size <= limits.plain
        taken = (
            Taken(data=answer.bytes().to_bytes()) if whole else take(_streamed(answer, size), limits.plain)
        )
    except Exception as error:  # noqa: BLE001 - as above
        yield _unread(item, error)
        return
    yield from unpack(item.where, size, taken, Work(limits=limits, meter=Meter(limits, size)))


def fetch(item: Item) -> bytes | Problem | None:
    """An object's stored bytes, ahead of its turn; None where it isn't an object known to be small."""
    if item.scheme not in SCHEMES or item.size is None or item.size > _AHEAD:
        return None
    try:
        return _asked(item, None).bytes().to_bytes()
    except Exception as error:  # noqa: BLE001 - as above
        return _unread(item, error)


def open_fetched(item: Item, data: bytes | Problem, limits: Limits) -> Iterator[Blob | Problem]:
    """The blobs of an object that `fetch` got, or its problem."""
    if isinstance(data, Problem):
        yield data
        return
    size = len(data)
    yield from unpack(item.where, size, Taken(data=data), Work(limits=limits, meter=Meter(limits, size)))


def _asked(item: Item, store: ObjectStore | None) -> GetResult:
    bucket, _, key = item.path.partition("/")
    if store is None:
        store = _kept_store(item.scheme, bucket, tuple(sorted(item.options.items())))
    import obstore

    return obstore.get(store, key)


def _unread(item: Item, error: Exception) -> Problem:
    if isinstance(error, MissingExtraError):
        return Problem(where=item.where, what=str(error), hint=error.hint)
    return Problem(where=item.where, what=f"can't be read: {said(error)}", hint=hint_for(error))


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
    if "404 not found" in text or "nosuchbucket" in text or "containernotfound" in text:
        return "there is no bucket or container of that name here: check the name"
    if isinstance(error, PermissionError) or "403" in text or "accessdenied" in text:
        return (
            "the credentials in use may not read it: they need to list and get objects, and to use their key"
        )
    if type(error).__name__ == "ProfileNotFound":
        return "`aws configure list-profiles` names those that there are"
    if "credential" in text or "unauthenticated" in text or "401" in text:
        return "give credentials the usual way: a profile, environment variables, the cloud's own login"
    if "account must be specified" in text:
        return "name the storage account: set AZURE_STORAGE_ACCOUNT_NAME"
    if "region" in text or "redirect" in text:
        return "name the bucket's region"
    return "run it again: requests are repeated a few times by themselves, so the fault lasted"
