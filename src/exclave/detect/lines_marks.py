"""Databases of Hyperscan that mark the places of lines which may matter, for lines that are not parsed.

What is looked for is anchored on keys, whatever stands between key and value. Names of interest are looked for
wherever their key stands, so also where it is given twice; a value that holds an escape is marked too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exclave.detect.lines_names import wanted
from exclave.detect.patterns import MOST, database, tree, trees

if TYPE_CHECKING:
    from exclave.detect.match import Index

# What a mark says of its line: it matters; a user's name stands in it (the mark ends after the part before the domain);
# its name matters if storage let somebody in, and storage did.
MATTERS, USER, NAMED, LET_IN = range(4)
KINDS = 4  # a place and what is marked there, in one number: KINDS * place + kind


def activity(catalogue: Index) -> Any:
    """Marks for the activity log: names (of any Azure log, as lines of others may stand there), storage accounts, users."""
    names = [name.partition(":")[2] for name in _all(catalogue) if name.startswith(("azure:", "microsoft."))]
    key = r'"operationName"\s*:\s*"'
    patterns = [rf'{key}(?:[^"\\]*/)?(?i:{one})"' for one in trees(names)]
    patterns += [rf'{key}[^"\\]*\\', r"(?i:/microsoft\.storage/storageaccounts/)"]
    return _database({MATTERS: patterns, USER: [r'upn"\s*:\s*"[^"@\\]*[@\\]']})


def storage(catalogue: Index, path: str) -> Any:
    """Marks for storage logs: names that always matter, and how storage let in whom."""
    names: list[str] = []
    common: list[str] = []
    kinds = {"anonymous"}
    for name in _all(catalogue):
        if name.startswith("microsoft.storage:"):
            action = name.partition(":")[2]
            means = wanted(name, action, catalogue, {}, path)
            kinds |= means.values
            (names if means.always else common).append(action)
    key = r'"operationName"\s*:\s*"'
    return _database(
        {
            MATTERS: [*(rf'{key}(?i:{one})"' for one in trees(names)), rf'{key}[^"\\]*\\'],
            NAMED: [rf'{key}(?i:{one})"' for one in trees(common)],
            LET_IN: [
                rf'"type"\s*:\s*"(?:(?i:{tree(sorted(kinds))})?"|[^"\\]*\\)',
                '"requester"',
                r"(?i:sig(?:=|\\))",  # a signature in an address, where nothing else says how
            ],
        }
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
    some = trees(names, MOST // 2)
    called = _marking(
        *(rf'"methodName"\s*:\s*"(?:[^"\\]*(?:\\|[./](?i:{one})")|(?i:{one})")' for one in some)
    )
    if not reads:
        # What a perimeter denied says so in its metadata.
        return (
            called,
            _marking("vpcServiceControl"),
            _marking(r'"resourceName"\s*:\s*"(?:projects/[^a-z_]|[^"\\]*\\)'),
        )
    address = rf'"callerIp"\s*:\s*"(?:(?i:{tree(sorted(addresses))})"|[^"\\]*\\)'
    return called, _marking(address, '"metadata"', '"serviceData"')


def _all(catalogue: Index) -> set[str]:
    return {*catalogue.methods, *catalogue.closes, *catalogue.lineage}


def _marking(*patterns: str) -> Any:
    return _database({MATTERS: list(patterns)})


def _database(patterns: dict[int, list[str]]) -> Any:
    """A database of patterns by what they mark."""
    found = [(kind, pattern) for kind, some in patterns.items() for pattern in some]
    return database([pattern for _, pattern in found], [kind for kind, _ in found])
