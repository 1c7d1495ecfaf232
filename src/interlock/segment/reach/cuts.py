"""Where to cut: what every way to a machine passes (choke points), and the fewest changes that leave no way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

    from interlock.segment.reach.ways import Step, Ways

__all__ = ["Cut", "cheapest_cut", "choke_points"]

_INSIDE: Final = 10
"""Price of conduits within a zone instead of `inside = "allow"`, where a conduit without its taking verbs costs 1."""
_BEGIN, _END = "begin", "end"


@dataclass(frozen=True, slots=True)
class Cut:
    """One change. saved: machines that no longer come to the target if this change alone is made."""

    step: Step
    saved: int


def cheapest_cut(ways: Ways, sources: Collection[int], targets: Collection[int]) -> tuple[Cut, ...]:
    """Find the changes of the least price that leave no way from sources to targets (kinds), each worth its saving.

    Source: L. R. Ford, D. R. Fulkerson, Maximal flow through a network (1956): the cheapest cut is the fullest flow.
    """
    import networkx as nx  # noqa: PLC0415 (slow to load)

    graph = _graph(ways, sources, targets)
    if _END not in graph or _BEGIN not in graph or not nx.has_path(graph, _BEGIN, _END):
        return ()
    _, (near, _) = nx.minimum_cut(graph, _BEGIN, _END)
    keys = [key for key in ways.steps if f"in {key}" in near and f"out {key}" not in near]
    before = _lost(ways, sources, targets, frozenset())
    found = [Cut(ways.steps[key], before - _lost(ways, sources, targets, frozenset({key}))) for key in keys]
    return tuple(sorted(found, key=lambda cut: (-cut.saved, cut.step.by)))


def choke_points(ways: Ways, sources: Collection[int], targets: Collection[int]) -> tuple[Step, ...]:
    """List what every way passes, in order from the sources."""
    import networkx as nx  # noqa: PLC0415

    graph = _graph(ways, sources, targets)
    if _END not in graph or _BEGIN not in graph or not nx.has_path(graph, _BEGIN, _END):
        return ()
    above = nx.immediate_dominators(graph, _BEGIN)
    found, node = [], _END
    while node != _BEGIN and above.get(node) not in {None, node}:
        node = above[node]
        if node.startswith("in "):
            found.append(ways.steps[node[3:]])
    return tuple(reversed(found))


def _graph(ways: Ways, sources: Collection[int], targets: Collection[int]) -> Any:
    """Kinds and steps as nodes; a step is two, with its price between them."""
    import networkx as nx  # noqa: PLC0415

    graph = nx.DiGraph()
    for kind in sources:
        graph.add_edge(_BEGIN, kind)
    for kind in targets:
        graph.add_edge(kind, _END)
    for key, step in ways.steps.items():
        if step.takes:
            graph.add_edge(f"in {key}", f"out {key}", capacity=_INSIDE if step.inside else 1)
            graph.add_edges_from(
                (kind, f"in {key}") for kind in ways.senders.get(key, ()) if kind not in targets
            )
            graph.add_edges_from(
                (f"out {key}", kind) for kind in ways.hearers.get(key, ()) if kind not in sources
            )
    return nx.relabel_nodes(graph, str)


def _lost(ways: Ways, sources: Collection[int], targets: Collection[int], without: frozenset[str]) -> int:
    """How many machines of the sources' kinds can take a target, without some steps: walked back from the targets."""
    seen, waiting = set(targets), list(targets)
    by_target: dict[int, list[str]] = {}
    for key, kinds in ways.hearers.items():
        if key not in without and ways.steps[key].takes:
            for kind in kinds:
                by_target.setdefault(kind, []).append(key)
    while waiting:
        for key in by_target.get(waiting.pop(), ()):
            for source in ways.senders.get(key, ()):
                if source not in seen:
                    seen.add(source)
                    waiting.append(source)
    return sum(len(ways.kinds[kind].machines) for kind in sources if kind in seen and kind not in targets)
