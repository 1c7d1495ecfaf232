from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.report.html.layout import CARD_HEIGHT, CARD_WIDTH, draw
from interlock.report.html.nodes import Edge, Graph, Node, graph_of
from interlock.report.html.views import views_of
from interlock.report.words import LEVEL_LABELS

LEVELS = st.sampled_from([*LEVEL_LABELS, None, "outside", "7"])


@st.composite
def graphs(draw) -> Graph:
    nodes = [
        Node(key=str(n), label=f"n{n}", sub="", icon="plc", level=level)
        for n, level in enumerate(draw(st.lists(LEVELS, max_size=25)))
    ]
    ends = st.integers(0, max(0, len(nodes) - 1))
    pairs = (
        draw(st.sets(st.tuples(ends, ends).filter(lambda p: p[0] != p[1]), max_size=40))
        if len(nodes) > 1
        else set()
    )
    edges = [
        Edge(client=nodes[a], server=nodes[b], effect="read", octets=10**n)
        for n, (a, b) in enumerate(sorted(pairs))
    ]
    return Graph(nodes=tuple(nodes), edges=tuple(edges), grouped=False, left_out=0, strangers=0)


def _check(drawing) -> None:
    for one, other in combinations(drawing.nodes, 2):
        assert abs(one.x - other.x) >= CARD_WIDTH or abs(one.y - other.y) >= CARD_HEIGHT, "cards overlap"
    for node in drawing.nodes:
        assert node.x >= 0
        assert node.x + CARD_WIDTH <= drawing.width
        (band,) = [b for b in drawing.bands if b.y <= node.y < b.y + b.height]
        assert node.y + CARD_HEIGHT <= band.y + band.height
        assert band.known == (node.level in LEVEL_LABELS or node.level == "outside")
    for edge in drawing.edges:
        assert edge.path.startswith("M")
        assert 1 <= edge.width <= 6
    thin_to_thick = [edge.width for edge in sorted(drawing.edges, key=lambda e: e.octets)]
    assert thin_to_thick == sorted(thin_to_thick), "more octets never make a thinner line"


@settings(deadline=None)
@given(graphs())
def test_cards_never_overlap_and_stand_in_their_level(graph) -> None:
    _check(draw(graph))


@settings(deadline=None)
@given(graphs())
def test_levels_run_from_five_down_to_zero_and_unknown_is_apart(graph) -> None:
    order = ["Outside", *(f"Level {level}" for level in LEVEL_LABELS), "Unknown"]
    shown = [band.level for band in draw(graph).bands]
    assert shown == [level for level in order if level in shown]


@pytest.mark.parametrize("kind", ["plant_report", "large_report", "hostile_report"])
def test_every_machine_stands_in_exactly_one_node(kind, request) -> None:
    views = views_of(request.getfixturevalue(kind))
    graph = graph_of(views)
    members = [member.number for node in graph.nodes for member in node.members]
    assert sorted(members) == [view.number for view in views.machines if view.behind is None]
    assert len(graph.nodes) <= 151
    _check(draw(graph))


def test_grave_machines_stand_alone_in_a_large_plant(large_report) -> None:
    graph = graph_of(views_of(large_report))
    assert graph.grouped
    assert sum(not node.group and node.badge in {"critical", "high"} for node in graph.nodes) == 16


def test_an_edge_shows_the_gravest_thing_done(plant_report) -> None:
    graph = graph_of(views_of(plant_report))
    effects = {(e.client.label, e.server.label): e.effect for e in graph.edges}
    assert effects["ENG-LAPTOP-7", "PLC-FILLER"] == "program"
    assert effects["HMI-CIP", "PLC-CIP-01"] == "write"
    assert effects["HIST-01", "SCADA-01"] == "read"
    assert effects["OFFICE-PC-114", "PLC-CIP-01"] == "unknown"
    assert effects["ENG-LAPTOP-7", "Internet"] == "flow"


def test_a_thousand_times_the_octets_is_a_thicker_line() -> None:
    nodes = tuple(Node(key=k, label=k, sub="", icon="plc", level="1") for k in "abc")
    ends = zip(nodes, (nodes[1], nodes[2], nodes[0]), (1, 10**6, 10**12), strict=True)
    edges = [Edge(client=a, server=b, effect="read", octets=n) for a, b, n in ends]
    drawing = draw(Graph(nodes=nodes, edges=tuple(edges), grouped=False, left_out=0, strangers=0))
    widths = [edge.width for edge in sorted(drawing.edges, key=lambda e: e.octets)]
    assert widths[0] < widths[1] < widths[2]
