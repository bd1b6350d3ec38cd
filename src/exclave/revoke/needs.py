"""Which permissions taking shares back needs: those of the calls in the table, and no others."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from exclave.model import Cloud
from exclave.revoke.table import every, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from exclave.revoke.model import Way

# SDK clients whose prefix in IAM is another
PREFIXES = {
    "amp": "aps", "cloudhsmv2": "cloudhsm", "efs": "elasticfilesystem", "opensearch": "es", "opensearchserverless": "aoss", "s3control": "s3",
}  # fmt: skip
_READS = re.compile(r":(?:Get|List|Describe)|\.get|/read$|\.Read\.All$")
WHO = {Cloud.AWS: ("sts:GetCallerIdentity",)}


def permissions(cloud: Cloud, methods: Sequence[str] = (), *, changing: bool = True) -> list[str]:
    """The permissions in the provider's spelling, each once, in order.

    Args:
        cloud: whose.
        methods: patterns; all ways when empty.
        changing: also those that applying and undoing need; otherwise only what planning reads.
    """
    found = set(WHO.get(cloud, ()))
    for way in every(load(), cloud):
        if not methods or any(fnmatchcase(m, p) for m in way.methods for p in methods):
            found |= set(_of(way, changing=changing))
    return sorted(found)


def _of(way: Way, *, changing: bool) -> Iterator[str]:
    if way.permissions:
        yield from (p for p in way.permissions if changing or _READS.search(p))
        return
    calls = [way.read, *((*way.change, *way.set, *way.drop, *way.undo) if changing else ())]
    for call in calls:
        service, _, operation = call.call.partition(":")
        yield f"{PREFIXES.get(service, service)}:{operation}"
