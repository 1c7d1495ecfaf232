"""Where the map puts everything: one band per Purdue level, cards in rows, edges as curves under the cards.

A band is as high as its rows need. Every second row is shifted by half a cell, so that edges to the row below
pass between the cards above:

    Level 2
    card  card  card
       card  card  card
    -------------------
    Level 1
    card  card
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.report.html.nodes import OUTSIDE, level_order
from interlock.report.words import LEVEL_LABELS

if TYPE_CHECKING:
    from interlock.report.html.nodes import Edge, Graph, Node

__all__ = ["CARD_HEIGHT", "CARD_WIDTH", "Band", "Drawing", "draw"]

CARD_WIDTH: Final = 148
CARD_HEIGHT: Final = 48
_CELL: Final = 168
_ROW: Final = 88
_GUTTER: Final = 20
_COLUMNS: Final = 7
_PADDING_TOP: Final = 36
_PADDING_BOTTOM: Final = 22
_SWEEPS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One Purdue level: its words and where it lies."""

    level: str
    name: str
    y: float
    height: float
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The map in user units; nodes and edges carry their own places."""

    width: int
    height: int
    bands: tuple[Band, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw(graph: Graph) -> Drawing:
    """Place the nodes, route the edges. Deterministic: the same graph gives the same drawing."""
    order = level_order()
    rows: dict[str | None, list[Node]] = {level: [] for level in order}
    for node in graph.nodes:
        rows[node.level if node.level in rows else None].append(node)
    levels = [level for level in order if rows[level]]
    _settle([rows[level] for level in levels], graph.edges)
    bands, y = [], 0.0
    for level in levels:
        height = _place(rows[level], y)
        bands.append(_band(level, y, height))
        y += height
    _route(graph.edges)
    return Drawing(
        width=_GUTTER + _COLUMNS * _CELL + _CELL // 2,
        height=math.ceil(y),
        bands=tuple(bands),
        nodes=tuple(sorted(graph.nodes, key=lambda node: (node.y, node.x))),
        edges=graph.edges,
    )


def _band(level: str | None, y: float, height: float) -> Band:
    if level == OUTSIDE:
        return Band(level="Outside", name="the plant", y=y, height=height, known=True)
    if level is None:
        return Band(level="Unknown", name="level not seen", y=y, height=height, known=False)
    return Band(level=f"Level {level}", name=LEVEL_LABELS[level], y=y, height=height, known=True)


def _settle(bands: list[list[Node]], edges: tuple[Edge, ...]) -> None:
    """Order each band by the mean place of its neighbours (barycentre method), down and up, a few times.

    Source: Sugiyama, Tagawa and Toda, 1981, step 2.
    """
    neighbours: dict[str, list[Node]] = {}
    for edge in edges:
        neighbours.setdefault(edge.client.key, []).append(edge.server)
        neighbours.setdefault(edge.server.key, []).append(edge.client)
    for band in bands:
        band.sort(key=lambda node: (node.icon, node.label.casefold(), node.key))
        _spread(band)
    for sweep in range(_SWEEPS):
        for band in bands if sweep % 2 == 0 else reversed(bands):
            means = {
                node.key: sum(n.x for n in near) / len(near) if (near := neighbours.get(node.key)) else node.x
                for node in band
            }
            band.sort(key=lambda node: (means[node.key], node.key))
            _spread(band)


def _spread(band: list[Node]) -> None:
    """Give places from 0 to 1 by rank, so that bands of different sizes compare."""
    for rank, node in enumerate(band):
        node.x = (rank + 0.5) / len(band)


def _place(band: list[Node], top: float) -> float:
    """Put a band's nodes column by column, so that neighbours in the order stay near; returns its height."""
    rows = math.ceil(len(band) / _COLUMNS)
    columns = math.ceil(len(band) / rows)
    left = _GUTTER + (_COLUMNS - columns) * _CELL / 2
    for rank, node in enumerate(band):
        column, row = divmod(rank, rows)
        shift = _CELL / 2 if row % 2 else 0
        node.x = left + column * _CELL + shift + (0 if rows > 1 else _CELL / 4)
        node.y = top + _PADDING_TOP + row * _ROW
    return rows * _ROW - (_ROW - CARD_HEIGHT) + _PADDING_TOP + _PADDING_BOTTOM


def _route(edges: tuple[Edge, ...]) -> None:
    """Spread the ends of edges over the side of the card they leave from, in the order of where they go."""
    sides: dict[tuple[str, bool], list[tuple[float, int, bool]]] = {}
    for number, edge in enumerate(edges):
        down = edge.server.y > edge.client.y
        level = edge.server.y == edge.client.y
        sides.setdefault((edge.client.key, down), []).append((edge.server.x, number, True))
        sides.setdefault((edge.server.key, not down and not level), []).append((edge.client.x, number, False))
    ports: dict[tuple[int, bool], float] = {}
    for ends in sides.values():
        for rank, (_, number, client) in enumerate(sorted(ends)):
            ports[number, client] = CARD_WIDTH * (0.1 + 0.8 * (rank + 0.5) / len(ends))
    for number, edge in enumerate(edges):
        edge.path = _curve(edge, ports[number, True], ports[number, False])
        edge.width = round(min(6.0, 1.2 + 0.75 * max(0.0, math.log10(max(edge.octets, 1)) - 3.5)), 1)


def _curve(edge: Edge, leave: float, arrive: float) -> str:
    """Draw a cubic from card to card; between cards of one row an arc above them."""
    one, other = edge.client, edge.server
    x1, x2 = one.x + leave, other.x + arrive
    if one.y == other.y:
        lift = one.y - 14 - min(40.0, abs(x2 - x1) / 12)
        return f"M{x1:.0f} {one.y:.0f}C{x1:.0f} {lift:.0f} {x2:.0f} {lift:.0f} {x2:.0f} {other.y - 2:.0f}"
    down = other.y > one.y
    y1 = one.y + (CARD_HEIGHT if down else 0)
    y2 = other.y + (-2 if down else CARD_HEIGHT + 2)
    bend = (y2 - y1) * 0.5
    return f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"
