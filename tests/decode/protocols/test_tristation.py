"""TriStation; octets written after the published analyses of TRITON."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, udp
from decode.protocols.tristation_octets import answer, command, envelope, status
from interlock.decode.protocols.tristation.decoder import SPEC
from interlock.decode.spec import Hint


def talk(*messages: tuple[int, bytes]) -> dict:
    return udp(messages, port=1502)


def told(rows: dict, *columns: str) -> list[tuple]:
    return [tuple(r[c] for c in columns) for r in rows["operations"]]


def test_a_connection_is_opened_and_closed():
    rows = talk((CLIENT, envelope(1)), (SERVER, envelope(2)), (CLIENT, envelope(4)), (SERVER, envelope(3)))
    assert told(rows, "function", "verb", "outcome", "client") == [
        (65537, "open", "ok", "10.0.0.1"),
        (65540, "close", "ok", "10.0.0.1"),
    ]
    assert rows["oddities"] == []
    assert rows["flows"][0]["protocol"] == "tristation"


@pytest.mark.parametrize("kind", [7, 9, 10, 11])
def test_a_controller_refuses_a_connection(kind):
    rows = talk((CLIENT, envelope(1)), (SERVER, envelope(kind)))
    assert told(rows, "verb", "outcome", "code") == [("open", "refused", kind)]


@pytest.mark.parametrize(
    ("number", "verb"),
    [
        (0, "program-write"), (1, "program-write"), (10, "program-write"), (20, "start"), (21, "stop"), (22, "stop"),
        (19, "diagnose"), (54, "identify"), (55, "program-write"), (65, "program-read"), (7, "time-set"), (27, "write"),
        (38, "alarm-suppress"), (80, "mode-set"), (57, "reset"), (41, "unknown"), (77, "unknown"), (99, "unknown"),
    ],
)  # fmt: skip
def test_commands_have_their_verbs(number, verb):
    [row] = talk((CLIENT, command(number, sequence=9)))["operations"]
    assert (row["function"], row["verb"], row["transaction"], row["unit"]) == (number, verb, "9", "2")


@pytest.mark.parametrize(("code", "outcome"), [(105, "ok"), (109, "ok"), (100, "refused"), (212, "refused")])
def test_how_a_command_ended(code, outcome):
    rows = talk((CLIENT, command(20)), (SERVER, answer(code)))
    assert told(rows, "verb", "outcome", "code") == [
        ("start", outcome, code if outcome == "refused" else None)
    ]


def test_programs_functions_and_the_project_are_named():
    rows = talk(
        (CLIENT, command(55, struct.pack("<H", 3) + bytes(8))),
        (CLIENT, command(66, struct.pack("<H", 700))),
        (CLIENT, command(59, bytes(10) + b"REACTOR1\0\0" + bytes(6))),
        (CLIENT, command(55)),
    )
    assert [r["object"] for r in rows["operations"]] == [
        "program:3",
        "function:700",
        "project:REACTOR1",
        None,
    ]


@pytest.mark.parametrize(
    ("key", "run", "words"),
    [(1, 0, ["Program", "Running"]), (3, 1, ["Remote", "Halted"]), (2, 2, ["Run", "Paused"]), (9, 9, [])],
)
def test_key_position_and_run_state_are_values(key, run, words):
    rows = talk((CLIENT, command(19)), (SERVER, answer(108, status(key, run))))
    assert [v["text"] for v in rows["values"]] == words
    assert ("10.0.0.2", "description", "Triconex project REACTOR1") in {
        (c["who"], c["field"], c["value"]) for c in rows["clues"]
    }


def test_an_answer_without_its_request_has_its_own_number():
    rows = talk((SERVER, answer(108, status(1, 0))))
    assert told(rows, "function", "verb", "outcome", "frame", "server") == [
        (108, "unknown", "ok", None, "10.0.0.2")
    ]


def test_ping_is_answered_by_ping():
    rows = talk((CLIENT, envelope(6)), (SERVER, envelope(6)))
    assert told(rows, "function", "outcome") == [(65542, "ok")]


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [
        (b"\5\0\1", "truncated"),
        (envelope(5, bytes(4)), "truncated"),
        (envelope(12), "type-unknown"),
        (command(19) + b"\0", "length-mismatch"),
        (envelope(5, bytes((0, 2, 19, 1, 0, 0, 0, 0, 99, 0))), "length-mismatch"),
        (envelope(5, bytes((7, 2, 19, 1, 0, 0, 0, 0, 10, 0))), "path-unknown"),
        (envelope(5, bytes((1, 2, 19, 1, 0, 0, 0, 0, 10, 0))), "path-mismatch"),
    ],
)
def test_what_is_wrong_is_said(octets, oddity):
    rows = talk((CLIENT, command(19)), (CLIENT, octets))
    assert [o["oddity"] for o in rows["oddities"]] == [oddity]


def test_the_probe_goes_by_lengths():
    here, elsewhere = Hint("udp", 50000, 1502, 0, None, 0), Hint("udp", 50000, 50001, 0, None, 0)
    assert SPEC.probe(command(20), here) == 95
    assert SPEC.probe(command(20), elsewhere) == 70
    assert SPEC.probe(envelope(1), here) == 50
    for foreign in (envelope(1), b"", bytes(40), command(20) + b"\0", b"\5" * 40, b"GET / HTTP/1.1"):
        assert SPEC.probe(foreign, elsewhere) == 0


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 13), st.binary(max_size=90), st.booleans())
def test_any_message_gives_rows_or_declared_oddities(kind, body, back):
    rows = talk((CLIENT, command(19)), (SERVER if back else CLIENT, envelope(kind, body)))
    assert rows["operations"]
    assert not [o for o in rows["oddities"] if "decoder-error" in o["oddity"]]
