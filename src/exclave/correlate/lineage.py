"""Whose data it was: volume → snapshot → copy → image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from exclave.model import Derivation, Resource

MAX_ANCESTORS = 50


@dataclass(frozen=True, slots=True)
class Lineage:
    """The graph of what was made of what, by resource key."""

    graph: Any  # networkx.DiGraph, edges from child to parent
    resources: Mapping[str, Resource] = field(default_factory=dict)
    made_in: Mapping[tuple[str, str], Derivation] = field(default_factory=dict)

    def ancestors(self, resource: Resource) -> tuple[Resource, ...]:
        """What a resource was made of, nearest first."""
        if resource.key not in self.resources:
            return ()
        import networkx as nx

        order = (child for _, child in nx.bfs_edges(self.graph, resource.key))
        return tuple(self.resources[key] for key, _ in zip(order, range(MAX_ANCESTORS), strict=False))

    def steps(self, resource: Resource) -> tuple[Derivation, ...]:
        """The events that led to a resource."""
        if resource.key not in self.resources:
            return ()
        import networkx as nx

        return tuple(
            self.made_in[edge]
            for edge, _ in zip(nx.bfs_edges(self.graph, resource.key), range(MAX_ANCESTORS), strict=False)
        )


def lineage(derivations: Iterable[Derivation]) -> Lineage:
    """The graph of all derivations. What several events say of one resource (size, name) is joined."""
    steps = list(derivations)
    if not steps:
        return Lineage(None)  # without loading networkx, which takes as long as hunting a small file
    import networkx as nx

    graph = nx.DiGraph()
    resources: dict[str, Resource] = {}
    made_in: dict[tuple[str, str], Derivation] = {}
    for step in steps:
        for resource in (step.child, step.parent):
            resources[resource.key] = _joined(resources.get(resource.key), resource)
        graph.add_edge(step.child.key, step.parent.key)
        made_in.setdefault((step.child.key, step.parent.key), step)
    return Lineage(graph, resources, made_in)


def _joined(known: Resource | None, new: Resource) -> Resource:
    if known is None:
        return new
    return replace(known, size_gib=known.size_gib or new.size_gib, name=known.name or new.name)
