from __future__ import annotations

from pathlib import Path

import pytest

from conformance.settings import read_settings
from conformance.views.port import index_of, messages
from conformance.views.table import EVENTS, VIEWS

RULES = read_settings(Path(__file__).with_name("columns.toml")).baselines


def operation(**changes: object):
    row = {
        "operation": 1,
        "protocol": "p",
        "item": 0,
        "function": 3,
        "outcome": "ok",
        "frame": 5,
        "response_frame": 6,
        "client": "a",
        "client_port": 1,
        "server": "b",
        "server_port": 2,
    }
    return row | changes


def told(*rows: dict):
    return [
        (row["frame"], row["kind"], row["source"], row["asked"])
        for row in messages(lambda _: list(rows), "p")
    ]


def test_a_request_comes_from_the_client_and_its_answer_from_the_server():
    assert told(operation()) == [(5, "request", "a", True), (6, "answer", "b", False)]


def test_an_unsolicited_message_comes_from_the_server():
    alone = operation(outcome="unsolicited", response_frame=None)
    assert told(alone) == [(5, "notice", "b", False)]


def test_messages_are_in_order_of_frame_and_of_one_protocol():
    late, early = operation(frame=9, response_frame=None), operation(frame=None, response_frame=2)
    others = operation(protocol="q"), operation(item=1)
    assert [frame for frame, *_ in told(late, early, *others)] == [2, 9]


@pytest.mark.parametrize(
    ("name", "index"), [("coil:7", 7), ("class:0x01/1", None), (None, None), ("qoi:20", 20)]
)
def test_an_index_is_the_number_behind_the_last_colon(name, index):
    assert index_of(name) == index


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.protocol}-{rule.log}-{rule.view}")
def test_every_baseline_names_a_view_and_maps_or_excuses_a_column_once(rule):
    assert rule.view in VIEWS[rule.protocol]
    assert not rule.columns.keys() & rule.unsaid.keys()
    assert set(rule.words) | set(rule.spoken) <= set(rule.columns)


def test_views_of_nothing_are_empty():
    for views in VIEWS.values():
        for view in views.values():
            assert list(view(lambda _: [])) == []
    for events in EVENTS.values():
        assert list(events.events(lambda _: [])) == []
