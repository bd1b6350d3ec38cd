"""Searches that mark the places of lines which may matter, for lines that are not parsed.

What is looked for is anchored on keys, whatever stands between key and value. Names of interest are looked for
wherever their key stands, so also where it is given twice; a value that holds an escape is marked too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exclave.detect import azure_seen
from exclave.detect.lines.names import wanted
from exclave.detect.patterns import MOST, finder, tree, trees

if TYPE_CHECKING:
    from exclave.detect.match import Index
    from exclave.detect.patterns import Finder

# What a mark says of its line: it matters; a user's name stands in it (the mark ends after the part before the domain);
# somebody read in a way that matters if what he did does.
MATTERS, USER, LET_IN = range(3)
ACTIVITY, STORAGE = "activity", "storage"  # which marks Azure's lines need
KINDS = 3  # a place and what is marked there, in one number: KINDS * place + kind

# Hyperscan goes by two letters of a key: those of its end are the rarer ones. Other keys that end alike are marked for nothing.
_NAME = r'nName"\s*:\s*"'  # operationName
# Names below another resource's end with a whole one; an escape may stand for any letter.
_LATER = r'[^"\\]*(?:\\|(?i:/providers/))'


def activity(catalogue: Index) -> tuple[Finder, ...]:
    """Marks for the activity log: names, all that is done to storage accounts, users."""
    names = [name.partition(":")[2] for name in _all(catalogue) if name.startswith("azure:")]
    called = [rf'{_NAME}(?:(?i:{some}"|{azure_seen.ON_STORES})|{_LATER})' for some in trees(names)]
    return _marking(*called), _marking(r'pn"\s*:\s*"[^"@\\]*[@\\]', kind=USER)


def storage(catalogue: Index, path: str) -> tuple[Finder, ...]:
    """Marks for storage logs: names that always matter, and who was let in, or how, in a way that may matter."""
    names: list[str] = []
    kinds = {"anonymous"}
    for name in _all(catalogue):
        if name.startswith("microsoft.storage:"):
            action = name.partition(":")[2]
            means = wanted(name, action, catalogue, {}, path)
            kinds |= means.values
            if means.always:
                names.append(action)
    called = [rf'{_NAME}(?:(?i:{some})"|[^"\\]*\\)' for some in trees(names)]
    how = rf'"identity"\s*:\s*\{{\s*(?:"type"\s*:\s*"(?:(?i:{tree(sorted(kinds))})?"|[^"\\]*\\)|[^"\s]|"(?:[^t]|t[^y]))'
    return _marking(*called), _marking(how, kind=LET_IN), _marking('"requester"', kind=LET_IN)


def google(catalogue: Index, parts: dict[str, str], path: str, *, reads: bool) -> tuple[Finder, ...]:
    """Marks for LogEntry. One scan for a key is faster than one for several.

    Args:
        catalogue: what is looked for.
        parts: see names.wanted.
        path: of the caller's address.
        reads: for data access logs, where names of ordinary reads matter only by the caller's address or by parts that
            only some records have; else for the others, where these names are marked and projects' numbers are too.
    """
    names: list[str] = []
    addresses: set[str] = set()
    for name in _all(catalogue):
        service, _, action = name.partition(":")
        if service == "*" or service.endswith("googleapis.com"):
            means = wanted(name, action, catalogue, parts, path)
            addresses |= means.values
            if means.always or not reads:
                names.append(action)
    some = trees(names, MOST // 2)
    called = _marking(*(rf'dName"\s*:\s*"(?:[^"\\]*(?:\\|[./](?i:{one})")|(?i:{one})")' for one in some))
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


def _marking(*patterns: str, kind: int = MATTERS) -> Finder:
    return finder(patterns, kind, of=KINDS)
