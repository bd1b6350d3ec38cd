"""Names → patterns, and searches for these by Hyperscan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    # Gives the places in some bytes where what is looked for ends, in no order.
    Finder = Callable[[bytes], list[int]]

MOST = 14_000  # characters that Hyperscan takes in one pattern, with some to spare


def tree(names: Iterable[str]) -> str:
    """A pattern for any of some names, their common beginnings written once."""
    tails: dict[str, list[str]] = {}
    for name in names:
        tails.setdefault(name[:1], []).append(name[1:])
    optional = bool(tails.pop("", None))
    if not tails:
        return "" if optional else "(?:-)"
    found = [re.escape(first) + tree(rest) for first, rest in sorted(tails.items())]
    if optional:
        return f"(?:{'|'.join(found)})?"
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def trees(
    names: Iterable[str], most: int = MOST, *, around: Callable[[str], str] = lambda found: found
) -> list[str]:
    """Patterns for any of some names, as many as it takes for each to have at most so many characters.

    Args:
        names: each once, in any order.
        most: characters of one pattern.
        around: what stands around the names in it.
    """
    return _split(sorted(set(names)), most, around)


def _split(names: list[str], most: int, around: Callable[[str], str]) -> list[str]:
    pattern = around(tree(names))
    if len(pattern) <= most or len(names) == 1:
        return [pattern]
    half = len(names) // 2
    return [*_split(names[:half], most, around), *_split(names[half:], most, around)]


def finder(patterns: Sequence[str], kind: int = 0, *, of: int = 1) -> Finder:
    """A search for patterns, which belongs to one process and one thread.

    Args:
        patterns: what is looked for. Of a match its end is told.
        kind: what that means to the caller, one of so many: place and kind are one number, `of * place + kind`.
        of: how many kinds there are.

    Raises:
        ImportError: there is no Hyperscan.
    """
    from pyperscan import BlockDatabase, Pattern, Scan

    go_on, places = Scan.Continue, list[int]()
    add = places.append

    def note(_context: None, _pattern: int, _start: int, end: int) -> Scan:
        add(of * end + kind)
        return go_on

    scan = BlockDatabase(*(Pattern(one.encode()) for one in patterns)).build(None, note).scan

    def find(data: bytes) -> list[int]:
        places.clear()
        scan(data)
        return places.copy()

    return find
