"""Databases of Hyperscan that mark the places of lines which may matter, for lines that are not parsed.

What is looked for is anchored on keys, whatever stands between key and value. Names of interest are looked for
wherever their key stands, so also where it is given twice; a value that holds an escape is marked too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from exclave.detect.lines_names import wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exclave.detect.match import Index

UPN = 1  # the mark of a user's name: its end is that of the part before the domain
_PATTERN = 14_000  # characters that Hyperscan takes in one pattern, with some to spare


def activity(catalogue: Index) -> Any:
    """Marks for the activity log: names (of any Azure log, as lines of others may stand there), storage accounts, users."""
    names = [name.partition(":")[2] for name in _all(catalogue) if name.startswith(("azure:", "microsoft."))]
    key = r'"operationName"\s*:\s*"'
    patterns = [rf'{key}(?:[^"\\]*/)?(?i:{tree})"' for tree in _trees(names)]
    patterns += [rf'{key}[^"\\]*\\', r"(?i:/microsoft\.storage/storageaccounts/)"]
    return _database([*patterns, r'upn"\s*:\s*"[^"@\\]*[@\\]'], users=True)


def storage(catalogue: Index, path: str) -> Any:
    """Marks for storage logs: names that always matter, and how storage let in whom."""
    names, kinds = [], {"anonymous"}
    for name in _all(catalogue):
        if name.startswith("microsoft.storage:"):
            action = name.partition(":")[2]
            means = wanted(name, action, catalogue, {}, path)
            kinds |= means.values
            if means.always:
                names.append(action)
    key = r'"operationName"\s*:\s*"'
    return _database(
        [
            *(rf'{key}(?i:{tree})"' for tree in _trees(names)),
            rf'{key}[^"\\]*\\',
            rf'"type"\s*:\s*"(?:(?i:{_tree(sorted(kinds))})?"|[^"\\]*\\)',
            '"requester"',
        ]
    )


def google(catalogue: Index, parts: dict[str, str], path: str, *, reads: bool) -> tuple[Any, ...]:
    """Marks for LogEntry. One scan for a key is faster than one for several.

    Args:
        catalogue: what is looked for.
        parts: see lines_names.wanted.
        path: of the caller's address.
        reads: for data access logs, where names of ordinary reads matter only by the caller's address or by parts that
            only some records have; else for the others, where these names are marked and projects' numbers are too.
    """
    names: list[str] = []
    addresses: set[str] = set()
    for name in _all(catalogue):
        service, _, action = name.partition(":")
        if service.endswith("googleapis.com"):
            means = wanted(name, action, catalogue, parts, path)
            addresses |= means.values
            if means.always or not reads:
                names.append(action)
    called = _database(
        [
            rf'"methodName"\s*:\s*"(?:[^"\\]*(?:\\|[./](?i:{tree})")|(?i:{tree})")'
            for tree in _trees(names, _PATTERN // 2)
        ]
    )
    if not reads:
        # What a perimeter denied says so in its metadata.
        return (
            called,
            _database(["vpcServiceControl"]),
            _database([r'"resourceName"\s*:\s*"(?:projects/[^a-z_]|[^"\\]*\\)']),
        )
    address = rf'"callerIp"\s*:\s*"(?:(?i:{_tree(sorted(addresses))})"|[^"\\]*\\)'
    return called, _database([address, '"metadata"', '"serviceData"'])


def _all(catalogue: Index) -> set[str]:
    return {*catalogue.methods, *catalogue.closes, *catalogue.lineage}


def _trees(names: Iterable[str], most: int = _PATTERN) -> list[str]:
    """Patterns for any of some names, each of at most so many characters."""
    return [_tree(part) for part in _split(sorted(set(names)), most)]


def _split(names: list[str], most: int) -> list[list[str]]:
    if len(_tree(names)) <= most or len(names) == 1:
        return [names]
    half = len(names) // 2
    return [*_split(names[:half], most), *_split(names[half:], most)]


def _tree(names: Iterable[str]) -> str:
    """A pattern for any of some names, their common beginnings written once."""
    tails: dict[str, list[str]] = {}
    for name in names:
        tails.setdefault(name[:1], []).append(name[1:])
    optional = bool(tails.pop("", None))
    if not tails:
        return "" if optional else "(?:-)"
    found = [re.escape(first) + _tree(rest) for first, rest in sorted(tails.items())]
    if optional:
        return f"(?:{'|'.join(found)})?"
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _database(patterns: list[str], *, users: bool = False) -> Any:
    """A database of patterns. `users`: the last one marks users' names."""
    import hyperscan

    made = hyperscan.Database()
    made.compile(
        expressions=[pattern.encode() for pattern in patterns],
        ids=[0] * (len(patterns) - 1) + [UPN if users else 0],
        elements=len(patterns),
        flags=[0] * len(patterns),
    )
    return made
