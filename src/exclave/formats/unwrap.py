"""A JSON value → the audit records in it, through the wrappers of whatever carried them. First version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exclave.formats.damage import Damage
from exclave.formats.structure import LISTS


def leaves(value: Any, nesting: int = 8) -> Iterator[Mapping[str, Any] | Damage]:
    """The records in a value, in order; what is none gives a Damage."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item, nesting - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, list) and key.lower() in LISTS:
                yield from leaves(item, nesting - 1)
                return
        yield value
    else:
        yield Damage(what=f"a record that is not an object but {type(value).__name__}")
