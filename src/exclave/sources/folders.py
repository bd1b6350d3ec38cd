"""Targets on local disks to items: files, folders, globs."""

# ruff: noqa: PTH112, PTH116, PTH207
# A pathlib object per file costs more than reading a small file.

from __future__ import annotations

import glob
import os
import stat
from typing import TYPE_CHECKING

from exclave.model import Problem
from exclave.sources.files import not_a_file, os_problem
from exclave.sources.globs import MAGIC, glob_pattern, prefix_of
from exclave.sources.item import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exclave.sources.sieve import Sieve


def plan_local(target: str, sieve: Sieve, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    """Items of a path or glob, in order of name. `seen` holds the folders walked: none is walked twice.

    A file that the target names itself is always read; the sieve judges those found in folders and by globs.
    """
    try:
        state = os.stat(target)
    except (OSError, ValueError) as error:
        if MAGIC.search(target):
            yield from _some(target, "matches no file", _globbed(target, sieve, seen), sieve)
        else:
            yield os_problem(shown(target), error)
        return
    if stat.S_ISREG(state.st_mode):
        yield Item(where=shown(target), scheme="file", path=target, size=state.st_size)
    elif not stat.S_ISDIR(state.st_mode):
        yield not_a_file(shown(target), state.st_mode)
    elif _is_new(target, state, seen):
        yield from _some(target, "holds no file", _walk(target, sieve, seen), sieve)


def _walk(folder: str, sieve: Sieve, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    """All files under a folder, depth first, by name."""
    all_wanted = sieve.choice is None
    stack = [_entries(folder)]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
        elif isinstance(entry, Problem):
            yield entry
        elif entry.is_file(follow_symlinks=False):  # told by the folder itself, without asking for the file
            path = entry.path
            if all_wanted or sieve.wanted(path):
                where = path if path.isascii() else shown(path)
                yield Item(where=where, scheme="file", path=path, size=None)
        else:
            below = _not_plain(entry, sieve, seen)
            if isinstance(below, str):
                stack.append(_entries(below))
            elif below is not None:
                yield below


def _not_plain(
    entry: os.DirEntry[str], sieve: Sieve, seen: set[tuple[int, int]]
) -> Item | Problem | str | None:
    """A folder to walk (its path), a linked file, a problem, or None for what isn't wanted or was seen."""
    path = entry.path
    try:
        state = entry.stat()
        if stat.S_ISDIR(state.st_mode):
            return path if sieve.wanted(path + os.sep) and _is_new(path, state, seen) else None
    except FileNotFoundError:
        return Problem(where=shown(path), what="is a symbolic link to what doesn't exist: skipped")
    except OSError as error:
        return os_problem(shown(path), error)
    if not stat.S_ISREG(state.st_mode):
        return not_a_file(shown(path), state.st_mode)
    return (
        Item(where=shown(path), scheme="file", path=path, size=state.st_size) if sieve.wanted(path) else None
    )


def _entries(folder: str) -> Iterator[os.DirEntry[str] | Problem]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield os_problem(shown(folder), error)


def _is_new(path: str, state: os.stat_result, seen: set[tuple[int, int]]) -> bool:
    if not state.st_ino:  # Windows gives none for the entry of a folder
        state = os.stat(path)
    key = (state.st_dev, state.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True


def _globbed(pattern: str, sieve: Sieve, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    if "**" not in pattern:
        for path in sorted(glob.iglob(pattern, include_hidden=True)):
            if os.path.isdir(path) or sieve.wanted(path):
                yield from plan_local(path, sieve, seen)
        return
    # The standard library's ** follows links without end, so the folder is walked and the paths are matched.
    written = pattern.replace(os.sep, "/")
    base = prefix_of(written)
    fits = glob_pattern(written)
    start = base or ("/" if written.startswith("/") else os.curdir)
    strip = os.curdir + os.sep if start == os.curdir else ""
    for item in _walk(start, sieve, seen):
        path = item.where if isinstance(item, Problem) else item.path
        if fits.match(path.removeprefix(strip).replace(os.sep, "/")):
            yield item


def _some(name: str, empty: str, found: Iterator[Item | Problem], sieve: Sieve) -> Iterator[Item | Problem]:
    left = sieve.count
    nothing = True
    for item in found:
        nothing = False
        yield item
    if nothing:
        what = f"{empty} of the chosen accounts, regions and days" if sieve.count > left else empty
        yield Problem(where=shown(name), what=what, hint="check the path")


def shown(path: str) -> str:
    """A path for display: bytes that aren't text are written as escapes."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")
