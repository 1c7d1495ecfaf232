"""What the map draws: machines, or groups of them where there are too many, and the edges between."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlock.records.counting import counted
from interlock.report.order import count_by_severity
from interlock.report.pairs import is_public
from interlock.report.words import EFFECTS, LEVEL_LABELS, Effect, role_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlock.records.asset import Asset
    from interlock.report.html.views import MachineView, Views
    from interlock.report.pairs import End, Pair

__all__ = ["MAX_NODES", "OUTSIDE", "Edge", "Graph", "Node", "graph_of", "level_order"]

MAX_NODES: Final = 150
"""Above so many machines the map shows groups; the gravest machines stay on their own."""

_ALONE: Final = 16
_MAX_EDGES: Final = 900
OUTSIDE: Final = "outside"

_GroupKey = tuple[str | None, str | None, str | None, str | None]
"""Level, zone, role and vendor; None where the group does not tell them apart."""


@dataclass(slots=True, kw_only=True)
class Node:
    """A machine (one member), a group, or the Internet. level: Purdue, `outside`, or None where unknown."""

    key: str
    label: str
    sub: str
    icon: str
    level: str | None
    members: list[MachineView] = field(default_factory=list)
    badge: str = ""
    x: float = 0
    y: float = 0

    @property
    def group(self) -> bool:
        """Whether it stands for several machines."""
        return len(self.members) > 1


@dataclass(slots=True, kw_only=True)
class Edge:
    """Everything one node asks of another."""

    client: Node
    server: Node
    effect: Effect
    octets: int = 0
    protocols: list[str] = field(default_factory=list)
    briefs: list[str] = field(default_factory=list)
    path: str = ""
    width: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """nodes: every machine stands in exactly one. left_out: edges not drawn; strangers: addresses."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    grouped: bool
    left_out: int
    strangers: int


def graph_of(views: Views, limit: int = MAX_NODES) -> Graph:
    """Choose nodes, fold pairs to edges between them, keep the gravest edges."""
    roots = [view for view in views.machines if view.behind is None]
    grouped = len(roots) > limit
    nodes = _groups(roots, limit) if grouped else [_single(view) for view in roots]
    of_machine = {view.asset.id: node for node in nodes for view in node.members}
    for view in views.machines:
        if view.behind is not None and view.asset.parent in of_machine:
            of_machine[view.asset.id] = of_machine[view.asset.parent]
    edges, strangers, outside = _edges(views.pairs, of_machine)
    if outside is not None:
        nodes.append(outside)
    return Graph(
        nodes=tuple(nodes),
        edges=tuple(edges[:_MAX_EDGES]),
        grouped=grouped,
        left_out=max(0, len(edges) - _MAX_EDGES),
        strangers=strangers,
    )


def _badge(members: Iterable[MachineView]) -> str:
    """Find the gravest severity among the open findings about them."""
    counts = count_by_severity(f.finding for m in members for f in m.findings if f.finding.accepted is None)
    return next((severity for severity in ("critical", "high", "medium") if counts[severity]), "")


def _single(view: MachineView) -> Node:
    units = f" · {counted(len(view.units), 'unit')}" if view.units else ""
    sub = view.asset.product or view.asset.vendor or view.role
    return Node(
        key=view.asset.id,
        label=view.name,
        sub=(view.address if view.name != view.address else sub) + units,
        icon=view.icon,
        level=_drawn_level(view.asset),
        members=[view],
        badge=_badge([view]),
    )


def _groups(roots: list[MachineView], limit: int) -> list[Node]:
    """Fold by zone where most machines have one, else by role and vendor; coarser where that is too many."""
    alone = [view for view in roots if _badge([view]) in {"critical", "high"}][:_ALONE]
    lonely = {view.number for view in alone}
    rest = [view for view in roots if view.number not in lonely]
    zoned = sum(view.asset.zone is not None for view in rest) * 2 > len(rest)
    groups: dict[_GroupKey, list[MachineView]] = {}
    for key_of in (_by_zone if zoned else _by_vendor, _by_role, _by_level):
        groups = {}
        for view in rest:
            groups.setdefault(key_of(view.asset), []).append(view)
        if len(groups) + len(alone) <= limit:
            break
    return [_single(view) for view in alone] + [_group(key, members) for key, members in groups.items()]


def _by_zone(asset: Asset) -> _GroupKey:
    return (_drawn_level(asset), asset.zone, None, None)


def _by_vendor(asset: Asset) -> _GroupKey:
    return (_drawn_level(asset), None, asset.role, asset.vendor)


def _by_role(asset: Asset) -> _GroupKey:
    return (_drawn_level(asset), None, asset.role, None)


def _by_level(asset: Asset) -> _GroupKey:
    return (_drawn_level(asset), None, None, None)


def _drawn_level(asset: Asset) -> str | None:
    """Place public addresses outside where no level is known; a plant may number its machines publicly."""
    if asset.purdue_level in LEVEL_LABELS:
        return asset.purdue_level
    return OUTSIDE if asset.ips and all(map(is_public, asset.ips)) else None


def _group(key: _GroupKey, members: list[MachineView]) -> Node:
    if len(members) == 1:
        return _single(members[0])
    level, zone, _, vendor = key
    roles = Counter(view.asset.role for view in members)
    kind = role_label(members[0].asset.role) if len(roles) == 1 else "several roles"
    return Node(
        key="|".join(part or "" for part in ("group", *key)),
        label=zone or vendor or (kind if len(roles) == 1 else "Machines"),
        sub=f"{len(members):,} \N{MULTIPLICATION SIGN} {kind}",
        icon=members[0].icon if len(roles) == 1 else "group",
        level=level,
        members=members,
        badge=_badge(members),
    )


def _edges(pairs: Iterable[Pair], of_machine: dict[str, Node]) -> tuple[list[Edge], int, Node | None]:
    """Pairs come gravest first, so that an edge's first pair gives its effect."""
    edges: dict[tuple[str, str], Edge] = {}
    strangers: set[str] = set()
    public: set[str] = set()
    outside = Node(key=OUTSIDE, label="Internet", sub="", icon="cloud", level=OUTSIDE)

    def node_of(end: End) -> Node | None:
        if end.asset is not None:
            return of_machine.get(end.asset.id)
        if end.public:
            public.add(end.name)
            return outside
        if not end.group:
            strangers.add(end.name)
        return None

    for pair in pairs:
        if pair.only_looks:
            continue
        client, server = node_of(pair.client), node_of(pair.server)
        if client is None or server is None or client is server:
            continue
        edge = edges.setdefault(
            (client.key, server.key), Edge(client=client, server=server, effect=pair.effect)
        )
        _fold(edge, pair)
    if not public:
        return list(edges.values()), len(strangers), None
    outside.sub = counted(len(public), "public address", "public addresses")
    return list(edges.values()), len(strangers), outside


def _fold(edge: Edge, pair: Pair) -> None:
    edge.octets += pair.octets
    if list(EFFECTS).index(pair.effect) < list(EFFECTS).index(edge.effect):
        edge.effect = pair.effect
    for name in (*(relation.protocol for relation in pair.relations), *pair.protocols):
        if name not in edge.protocols:
            edge.protocols.append(name)
    if len(edge.briefs) < 3:
        edge.briefs.append(pair.brief)


def level_order() -> tuple[str | None, ...]:
    """Bands of the map from top to bottom; what has no known level stands apart at the bottom."""
    return (OUTSIDE, *LEVEL_LABELS, None)
