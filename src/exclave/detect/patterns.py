"""Names → patterns for Hyperscan, and databases of these. Only what has Hyperscan calls `database`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def database(patterns: Sequence[str], marks: Sequence[int] | None = None, *, once: bool = False) -> Any:
    """A database of patterns: `marks` are the numbers that a match is told by, `once` that one is enough.

    Raises:
        ImportError: there is no Hyperscan.
    """
    import hyperscan

    made = hyperscan.Database()
    made.compile(
        expressions=[pattern.encode() for pattern in patterns],
        ids=list(marks or range(len(patterns))),
        elements=len(patterns),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH if once else 0] * len(patterns),
    )
    return made
