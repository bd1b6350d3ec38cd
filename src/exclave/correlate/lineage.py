"""Whose data it was: volume → snapshot → copy → image."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from exclave.model import Derivation, Resource

MAX_ANCESTORS = 50


@dataclass(frozen=True, slots=True)
class Lineage:
    """What was made of what, by resource key: `made` has the event of each child and parent."""

    made: Mapping[str, Mapping[str, Derivation]] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)

    def ancestors(self, resource: Resource) -> tuple[Resource, ...]:
        """What a resource was made of, nearest first."""
        return tuple(self.resources[parent] for _, parent in self._up(resource))

    def steps(self, resource: Resource) -> tuple[Derivation, ...]:
        """The events that led to a resource."""
        return tuple(self.made[child][parent] for child, parent in self._up(resource))

    def _up(self, resource: Resource) -> Iterator[tuple[str, str]]:
        """Each ancestor once, after the child by which it was reached; the nearest first."""
        known = {resource.key}
        waiting = deque(known)
        while waiting:
            child = waiting.popleft()
            for parent in self.made.get(child, ()):
                if parent not in known and len(known) <= MAX_ANCESTORS:
                    known.add(parent)
                    waiting.append(parent)
                    yield child, parent


def lineage(derivations: Iterable[Derivation]) -> Lineage:
    """All derivations. What several events say of one resource (size, name) is joined."""
    resources: dict[str, Resource] = {}
    made: dict[str, dict[str, Derivation]] = defaultdict(dict)
    for step in derivations:
        for resource in (step.child, step.parent):
            resources[resource.key] = _joined(resources.get(resource.key), resource)
        made[step.child.key].setdefault(step.parent.key, step)
    return Lineage(dict(made), resources)


def _joined(known: Resource | None, new: Resource) -> Resource:
    if known is None:
        return new
    return replace(known, size_gib=known.size_gib or new.size_gib, name=known.name or new.name)
