"""Process cells: machines that work together, as the graph of who asks whom shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["cells_of"]

_SMALL: Final = 24
"""Machines: what hangs together in so few is one cell; more is cut into communities."""
_SEED: Final = 62443


def cells_of(machines: Iterable[str], talks: Mapping[tuple[str, str], int]) -> list[tuple[str, ...]]:
    """Group machines into cells, each sorted, the cell of the first machine first. The same input gives the same cells.

    talks: (one, other) → how often; ends that are none of the machines are passed over. A machine that talks with
    none of the others is a cell of its own.
    """
    import networkx as nx  # noqa: PLC0415 (slow to load, and only proposals need it)

    graph = nx.Graph()
    graph.add_nodes_from(sorted(set(machines)))
    for (one, other), times in sorted(talks.items()):
        if one != other and one in graph and other in graph:
            known = graph.get_edge_data(one, other, {"weight": 0.0})["weight"]
            graph.add_edge(one, other, weight=known + math.log1p(times))
    cells: list[tuple[str, ...]] = []
    for part in nx.connected_components(graph):
        if len(part) <= _SMALL:
            cells.append(tuple(sorted(part)))
        else:
            found = nx.community.louvain_communities(
                graph.subgraph(sorted(part)), weight="weight", seed=_SEED
            )
            cells.extend(tuple(sorted(each)) for each in found)
    return sorted(cells)
