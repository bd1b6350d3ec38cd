"""What a name in a line means to the catalogue: nothing, that the line must be read whole, or that under conditions.

Names of ordinary reads (GetBlob, storage.objects.get) stand in the catalogue for the few that somebody else does.
What an entry asks for is turned into what a line shows without being read whole. Where that can't be, the line is
read: a condition is only ever left out, so that more lines are read than match.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exclave.catalogue.entry import Condition, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.detect.match import Index


@dataclass(frozen=True, slots=True)
class Wanted:
    """When lines of a name matter: always, or where one of the others holds. Values are in lower case."""

    always: bool = False
    foreign: bool = False  # the caller is of another account
    parts: frozenset[str] = frozenset()  # a part that only some records have is there
    values: frozenset[str] = frozenset()  # the value at the path that is looked at is one of them

    def __bool__(self) -> bool:
        return self.always or self.foreign or bool(self.parts or self.values)


def wanted(name: str, action: str, catalogue: Index, parts: Mapping[str, str], path: str) -> Wanted:
    """What the catalogue wants of lines with a name.

    Args:
        name: `service:action` in lower case.
        action: the action in lower case.
        catalogue: what is looked for.
        parts: prefixes of paths, with the dot, and the part that such a path needs.
        path: the path whose value decides.
    """
    entries = catalogue.methods.get(name) or catalogue.methods.get(f"*:{action}", ())
    found = [
        Wanted(foreign=True) if method.caller == "foreign" else _of(where, parts, path)
        for method, where, _ in entries
    ]
    found += [Wanted(always=True) for _ in catalogue.closes.get(name, ())]
    for descent in catalogue.lineage.get(name, ()):
        # Nothing descends from nothing: where the parent's part is missing there is no parent.
        need = _part_of(descent.parent.id_paths, parts) if not descent.each else None
        found.append(Wanted(parts=frozenset([need])) if need else _of(descent.where, parts, path))
    return Wanted(
        always=any(w.always for w in found),
        foreign=any(w.foreign for w in found),
        parts=frozenset().union(*(w.parts for w in found)),
        values=frozenset().union(*(w.values for w in found)),
    )


def _of(where: Where, parts: Mapping[str, str], path: str) -> Wanted:
    for on, rule in where.items():
        if not isinstance(rule, Condition):
            values: tuple[object, ...] | None = (rule,)
        elif rule.in_ is not None:
            values = rule.in_
        elif rule.exists:
            values = None
        else:
            continue
        if need := _part_of([on], parts):
            return Wanted(parts=frozenset([need]))
        if on == path and values is not None:
            return Wanted(values=frozenset(str(value).lower() for value in values))
    return Wanted(always=True)


def _part_of(paths: Iterable[str], parts: Mapping[str, str]) -> str | None:
    """The part without which none of some paths reaches anything; None if there is no such part."""
    needs = {
        next((part for prefix, part in parts.items() if f"{path}.".startswith(prefix)), None)
        for path in paths
    }
    return needs.pop() if len(needs) == 1 else None
