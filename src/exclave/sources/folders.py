"""Targets on local disks to items: files, folders, globs."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import stat
from collections.abc import Callable, Iterator

from exclave.model import Problem
from exclave.sources.files import not_a_file, os_problem
from exclave.sources.item import Item

Wanted = Callable[[str], bool]
_MAGIC = re.compile(r"[*?\[]")


def plan_local(target: str, wanted: Wanted | None, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    """Items of a path or glob, in order of name. `wanted` judges paths, `seen` holds the folders walked."""
    try:
        state = os.stat(target)
    except (OSError, ValueError) as error:
        if _MAGIC.search(target):
            yield from _globbed(target, wanted, seen)
        else:
            yield os_problem(shown(target), error)
        return
    if stat.S_ISDIR(state.st_mode):
        if (state.st_dev, state.st_ino) in seen:
            return
        yield from _some(target, "holds no file that could be read", walk(target, wanted, seen))
    elif stat.S_ISREG(state.st_mode):
        yield Item(where=shown(target), scheme="file", path=target, size=state.st_size)
    else:
        yield not_a_file(shown(target), state.st_mode)


def walk(folder: str, wanted: Wanted | None, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    """All files under a folder, depth first, by name. A folder reached twice (by links) is read once."""
    stack: list[Iterator[os.DirEntry[str]]] = []
    try:
        _enter(folder, os.stat(folder), seen)
        stack.append(_entries(folder))
    except (OSError, ValueError) as error:
        yield os_problem(shown(folder), error)
    while stack:
        for entry in stack[-1]:
            path = entry.path
            if entry.is_file(follow_symlinks=False):
                if wanted is None or wanted(path):
                    yield Item(where=shown(path), scheme="file", path=path, size=None)
                continue
            try:
                state = entry.stat()
                if stat.S_ISDIR(state.st_mode):
                    if (wanted is None or wanted(path + os.sep)) and _enter(path, state, seen):
                        stack.append(_entries(path))
                        break
                elif stat.S_ISREG(state.st_mode):
                    if wanted is None or wanted(path):
                        yield Item(where=shown(path), scheme="file", path=path, size=state.st_size)
                else:
                    yield not_a_file(shown(path), state.st_mode)
            except OSError as error:
                yield os_problem(shown(path), error)
        else:
            stack.pop()


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))


def _enter(path: str, state: os.stat_result, seen: set[tuple[int, int]]) -> bool:
    """Whether the folder is new. Windows gives no inode for an entry, so its path is asked then."""
    if not state.st_ino:
        state = os.stat(path)
    key = (state.st_dev, state.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True


def _globbed(pattern: str, wanted: Wanted | None, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    name = shown(pattern)
    if "**" in pattern:
        first = _MAGIC.search(pattern)
        base = os.path.dirname(pattern[: first.start() if first else 0])
        fits = glob_pattern(pattern)
        found: Iterator[Item | Problem] = (
            item
            for item in walk(base or os.curdir, wanted, seen)
            if isinstance(item, Problem) or fits.match(_below(item.path, base))
        )
    else:
        found = _each(sorted(glob.iglob(pattern, include_hidden=True)), wanted, seen)
    yield from _some(name, "matches no file", found)


def _below(path: str, base: str) -> str:
    """The path as the pattern writes it: without the ./ that walking the current folder puts before it."""
    plain = path if base else path.removeprefix(os.curdir + os.sep)
    return plain.replace(os.sep, "/")


def _each(paths: list[str], wanted: Wanted | None, seen: set[tuple[int, int]]) -> Iterator[Item | Problem]:
    for path in paths:
        if not os.path.isdir(path):
            if wanted is None or wanted(path):
                yield from plan_local(path, wanted, seen)
        else:
            yield from walk(path, wanted, seen)


def glob_pattern(pattern: str) -> re.Pattern[str]:
    """A glob with `**` as a regular expression: for files that match, and files under folders that do."""
    out: list[str] = []
    for part in pattern.replace(os.sep, "/").split("/"):
        if part == "**":
            out.append("(?:[^/]+/)*")
        else:
            piece = fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
            out.append(piece.replace(".*", "[^/]*") + "/")
    text = "".join(out).removesuffix("/")
    return re.compile(rf"(?s:{text})(?:/.*)?\Z", re.DOTALL)


def _some(name: str, empty: str, found: Iterator[Item | Problem]) -> Iterator[Item | Problem]:
    nothing = True
    for item in found:
        nothing = False
        yield item
    if nothing:
        yield Problem(where=name, what=empty, hint="check the path")


def shown(path: str) -> str:
    """A path for display: bytes that aren't text are written as escapes."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")
