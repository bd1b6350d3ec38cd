"""Opens things and gathers what comes out."""

from __future__ import annotations

import sys
from importlib import import_module

from exclave.model import Problem
from exclave.sources import Blob, Item, Limits, open_item, plan

SMALL = Limits(plain=1000, part=100)


def item(path):
    return Item(where=str(path), scheme="file", path=str(path), size=None)


def contents(blob):
    return blob.data + b"".join(blob.rest or ())


def read(path, limits=None):
    """Content by name (after the path), and the problems as (name, what), of a local file."""
    return gathered(open_item(item(path), limits or Limits()), str(path))


def gathered(found, base=""):
    contained: dict[str, bytes] = {}
    problems: list[Problem] = []
    for one in found:
        if isinstance(one, Blob):
            contained[one.name.removeprefix(base)] = contents(one)
            if one.problem is not None:
                problems.append(one.problem)
        else:
            problems.append(one)
    return contained, problems


def planned(*targets, **choice):
    """Paths and problems of a plan."""
    found = list(plan([str(target) for target in targets], **choice))
    return [one.path for one in found if isinstance(one, Item)], [
        one for one in found if isinstance(one, Problem)
    ]


def zstd_packed(content: bytes) -> bytes:
    """A zstd frame with a checksum."""
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: True})
