"""BSAP over IP and in serial frames; octets written after D301401X012 and the form that its capture shows."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.seeds.bsap import (
    LINE,
    TALK,
    WRITE,
    answer,
    by_name,
    logical,
    part,
    poll,
    request,
    serial,
)
from interlock.decode.protocols.bsap.decoder import SPEC
from interlock.decode.spec import Hint

PORT = 1234


def rows_of(*talk: tuple[int, bytes]) -> Rows:
    rows = udp(talk, port=PORT, client_port=PORT)
    assert rows["oddities"] == []
    return rows


def test_signals_read_and_written() -> None:
    rows = rows_of(*TALK)
    told = {
        (r["function_name"], r["verb"], r["object"], r["outcome"], r["transaction"])
        for r in rows["operations"]
    }
    assert told == {
        ("READ_SIGNAL_BY_NAME", "read", "@GV.PUMP", "ok", "19331"),
        ("READ_SIGNAL_BY_NAME", "read", "@GV.LEVEL", "ok", "19331"),
        ("READ_SIGNAL_BY_ADDRESS", "read", "address:0x0011", "ok", "19332"),
        ("READ_SIGNAL_BY_ADDRESS", "read", "address:0x0012", "ok", "19332"),
        ("WRITE_SIGNAL_BY_ADDRESS", "write", "address:0x0011", "ok", "19333"),
        ("READ_SIGNAL_BY_LIST_START", "read", None, "refused", "19334"),
    }
    values = {(v["object"], v["direction"], tuple(v["number"]), v["type"]) for v in rows["values"]}
    assert values == {
        ("@GV.PUMP", "read", (1.0,), "logical"),
        ("@GV.LEVEL", "read", (2.5,), "analog"),
        ("address:0x0011", "read", (0.0,), "logical"),
        ("address:0x0012", "read", (1.0,), "logical"),
        ("address:0x0011", "written", (1.0,), "logical"),
    }


def test_every_signal_asked_for_has_its_row() -> None:
    rows = rows_of((CLIENT, request(3, by_name(b"A", b"B", b"C", b"D"))))
    assert [r["object"] for r in rows["operations"]] == ["A", "B", "C", "D"]


def test_polls_make_no_rows() -> None:
    assert rows_of((CLIENT, poll()))["operations"] == []


def test_an_answer_with_an_error_and_elements_is_unknown() -> None:
    rows = rows_of(
        (CLIENT, request(1, by_name(b"A.B.", b"C.D."))), (SERVER, answer(part(1, 0x80, 1, logical(1, 1))))
    )
    assert {(r["outcome"], r["code"]) for r in rows["operations"]} == {("unknown", 0x80)}
    assert rows["values"] == []


@pytest.mark.parametrize(
    ("rdb", "service", "function", "verb"),
    [
        (b"\x06\x00", 0xA0, 6, "read"),
        (b"\x8d\x00", 0xA0, 0x8D, "write"),
        (b"\x77\x00", 0xA0, 0x77, "unknown"),
        (b"\x81\x02", 0xA1, 0x10281, "time-set"),
        (b"\x02\x01", 0xA1, 0x10102, "reset"),
        (b"\x00\x00", 0x68, 0x20068, "firmware-write"),
        (b"\x00\x00", 0x99, 0x20099, "unknown"),
    ],
)
def test_every_function_has_its_verb(rdb: bytes, service: int, function: int, verb: str) -> None:
    (row,) = rows_of((CLIENT, request(3, rdb, service=service)))["operations"]
    assert (row["function"], row["verb"]) == (function, verb)


def test_a_write_by_name() -> None:
    named = b"\x84\x0f\x02" + b"PUMP.RUN.\0\x0a" + b"FLOW.SET.\0\x0b\0\0\0\0"
    rows = rows_of((CLIENT, request(3, named)))
    assert [r["object"] for r in rows["operations"]] == ["PUMP.RUN.", "FLOW.SET."]
    assert [(v["object"], v["number"]) for v in rows["values"]] == [("PUMP.RUN.", [0.0])]


def test_serial_frames_in_a_stream() -> None:
    rows = tcp(LINE, port=PORT)
    assert rows["oddities"] == []
    told = [(r["function_name"], r["verb"], r["unit"], r["outcome"], r["object"]) for r in rows["operations"]]
    assert told == [
        ("READ_SIGNAL_BY_NAME", "read", "5", "ok", "FLOW.1."),
        ("RESET_SYSTEM", "reset", "5", "ok", None),
    ]
    assert [v["number"] for v in rows["values"]] == [[16.0]]


def test_a_global_serial_frame_names_the_node_beyond() -> None:
    inside = (
        bytes((0x85, 1)) + struct.pack("<HHB", 0x1234, 2, 0) + struct.pack("<BHBB", 0xA0, 9, 3, 0) + WRITE
    )
    frame = b"\x10\x02" + inside.replace(b"\x10", b"\x10\x10") + b"\x10\x03\0\0"
    (row,) = rows_of((CLIENT, frame))["operations"]
    assert (row["unit"], row["verb"], row["transaction"]) == ("4660", "write", "9")


def test_the_one_who_asks_is_the_client() -> None:
    rows = rows_of((SERVER, request(1, WRITE)), (CLIENT, answer(part(1, 0, 0))))
    (row,) = rows["operations"]
    assert (row["client"], row["server"], row["outcome"]) == ("10.0.0.2", "10.0.0.1", "ok")


def test_an_answer_without_its_request() -> None:
    (row,) = rows_of((SERVER, answer(part(5, 0, 1, logical(1, 1)))))["operations"]
    assert (row["frame"], row["function"], row["transaction"]) == (None, None, "5")


def test_lengths_that_lie() -> None:
    broken = bytearray(request(1, WRITE))
    broken[14] = 200
    kind = bytearray(request(1, WRITE))
    kind[4] = 9
    rows = udp([(CLIENT, request(2, WRITE)), (CLIENT, bytes(broken)), (CLIENT, bytes(kind))], port=PORT)
    assert [r["oddity"] for r in rows["oddities"]] == ["part-length-wrong", "kind-unknown"]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(LINE, port=PORT))
    for at, split in cut_anywhere(LINE, port=PORT):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([0, 4, 0x80, 0x84, 0x0C]))
def test_any_data_behind_a_function(data: bytes, function: int) -> None:
    asked = request(1, bytes((function,)) + data)
    rows = udp([(CLIENT, asked), (SERVER, answer(part(1, 0, 3, data)))], port=PORT)
    assert {r["oddity"] for r in rows["oddities"]} <= {"truncated"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    for rows in (
        tcp(mutated(LINE, changes), port=PORT),
        udp(mutated(TALK, changes), port=PORT, client_port=PORT),
    ):
        assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_it_is_known_and_others_are_not_taken() -> None:
    anywhere, own = Hint("udp", 40000, 40001, 0, None, 0), Hint("udp", PORT, PORT, 0, None, 0)
    assert SPEC.probe(TALK[0][1], anywhere) >= 60
    assert SPEC.probe(TALK[1][1], own) >= 60
    assert SPEC.probe(serial(5, 0xA0, 1, 3, WRITE), own) >= 30
    for foreign in (bytes(40), b"\x0e\0\1\0\6\0" + b"\xff" * 20, b"\x80" * 30, b"GET / HTTP/1.1\r\n"):
        assert SPEC.probe(foreign, anywhere) == 0
        assert SPEC.probe(foreign, own) == 0
