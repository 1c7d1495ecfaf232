"""UMAS inside Modbus function 90: who programs, what is read and written; octets written after its description."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated

Piece = tuple[int, bytes]


def adu(number: int, data: bytes, unit: int = 0) -> bytes:
    return struct.pack(">HHHBB", number, 0, len(data) + 2, unit, 90) + data


def ask(number: int, function: int, data: bytes = b"", key: int = 0) -> Piece:
    return CLIENT, adu(number, bytes([key, function]) + data)


def done(number: int, data: bytes = b"", key: int = 0) -> Piece:
    return SERVER, adu(number, bytes([key, 0xFE]) + data)


def error(number: int, data: bytes = b"\x80") -> Piece:
    return SERVER, adu(number, b"\0\xfd" + data)


def named(name: bytes) -> bytes:
    return bytes([len(name)]) + name


READ_ID = (
    struct.pack("<HIHHHHHIH", 0xFF10, 0x0101_6A, 0, 0x0280, 0, 39, 9, 8, 0) + named(b"BMX P34 2020") + b"\0"
)
PROJECT = bytes(18) + bytes(8) + b"\2\x0c\x3b\x0c\x0e\1" + struct.pack("<HI", 2014, 8) + named(b"Mixer\0")
MEMORY = struct.pack("<BHHHH", 0, 19, 100, 0, 4)
VARIABLES = (
    bytes(4)
    + b"\3"
    + b"".join(
        struct.pack("<BHBHB", kind, 0x2B, 1, base, offset) + more
        for kind, base, offset, more in ((2, 256, 4, b""), (0x13, 0, 8, b"\2\0"), (1, 0, 1, b""))
    )
)
WRITE = bytes(4) + b"\1" + struct.pack("<BHHH", 2, 0x2B, 256, 4) + b"\x39\x05"
TALK = [
    ask(1, 0x02),
    done(1, READ_ID),
    ask(2, 0x03, b"\0"),
    done(2, PROJECT),
    ask(3, 0x10, bytes(4) + named(b"ENG-1\0")),
    done(3, b"\7"),
    ask(4, 0x20, MEMORY, key=7),
    done(4, struct.pack("<BH", 0, 4) + b"abcd", key=7),
    ask(5, 0x22, VARIABLES, key=7),
    done(5, b"\x34\x12\1\0\0\0\2\0\0\0\xff", key=7),
    ask(6, 0x23, WRITE, key=7),
    done(6, key=7),
    ask(7, 0x41, b"\xff\0", key=7),
    error(7, b"\x82"),
    ask(8, 0x31, struct.pack("<HHH", 0x100, 3, 2) + b"xy", key=7),
    done(8, key=7),
    ask(9, 0x11, key=7),
    done(9, key=7),
    ask(10, 0x04, key=7),
    done(10, key=7),
]


def told(rows: Rows) -> list[tuple]:
    return [
        (r["protocol"], r["function_name"], r["verb"], r["object"], r["user"], r["outcome"], r["code"])
        for r in rows["operations"]
    ]


def test_a_session_of_an_engineering_station() -> None:
    rows = tcp(TALK, port=502)
    assert told(rows) == [
        ("umas", "READ_ID", "identify", None, None, "ok", None),
        ("umas", "READ_PROJECT_INFO", "identify", None, None, "ok", None),
        ("umas", "TAKE_PLC_RESERVATION", "open", None, "ENG-1", "ok", None),
        ("umas", "READ_MEMORY_BLOCK", "read", "memory:19:100", "ENG-1", "ok", None),
        ("umas", "READ_VARIABLES", "read", "variable:43:256+4", "ENG-1", "ok", None),
        ("umas", "READ_VARIABLES", "read", "variable:43:0+8", "ENG-1", "ok", None),
        ("umas", "READ_VARIABLES", "read", "variable:43:0+1", "ENG-1", "ok", None),
        ("umas", "WRITE_VARIABLES", "write", "variable:43:256+4", "ENG-1", "ok", None),
        ("umas", "STOP_PLC", "stop", None, "ENG-1", "refused", 0x82),
        ("umas", "UPLOAD_BLOCK", "program-write", "program:3", "ENG-1", "ok", None),
        ("umas", "RELEASE_PLC_RESERVATION", "close", None, "ENG-1", "ok", None),
        ("umas", "READ_PLC_INFO", "identify", None, None, "ok", None),
    ]
    assert rows["oddities"] == []


def test_values() -> None:
    values = tcp(TALK, port=502)["values"]
    assert [(v["object"], v["direction"], v["number"], v["raw"], v["type"]) for v in values] == [
        ("memory:19:100", "read", None, b"abcd", "octets"),
        ("variable:43:256+4", "read", [0x1234], None, "word"),
        ("variable:43:0+8", "read", [1, 2], None, "dword"),
        ("variable:43:0+1", "read", [255], None, "byte"),
        ("variable:43:256+4", "written", [1337], None, "word"),
    ]


def test_what_the_controller_is() -> None:
    clues = {(c["who"], c["field"], c["value"]) for c in tcp(TALK, port=502)["clues"]}
    assert {
        ("10.0.0.2", "vendor", "Schneider Electric"),
        ("10.0.0.2", "product", "BMX P34 2020"),
        ("10.0.0.2", "firmware", "2.80"),
        ("10.0.0.2", "product-code", "umas:0x0001016a"),
        ("10.0.0.2", "description", "project Mixer, revision 0.0.8, changed 2014-01-14T12:59:12"),
        ("10.0.0.1", "name", "ENG-1"),
    } <= clues


def test_what_is_sent_is_a_program_written_and_what_is_fetched_one_read() -> None:
    talk = [ask(k, f) for k, f in enumerate((0x30, 0x32, 0x33, 0x35, 0x40))]
    verbs = [r["verb"] for r in tcp(talk, port=502)["operations"]]
    assert verbs == ["program-write", "program-write", "program-read", "program-read", "start"]


def test_an_unknown_function_is_unknown() -> None:
    (row,) = tcp([ask(1, 0x6E, b"\1")], port=502)["operations"]
    assert (row["protocol"], row["function"], row["function_name"], row["verb"]) == (
        "umas",
        0x6E,
        None,
        "unknown",
    )


def test_an_answer_without_its_request() -> None:
    rows = tcp([(CLIENT, adu(1, b"\0\4")), done(9, b"\1\2"), error(8)], port=502, handshake=False)
    late = [r for r in rows["operations"] if r["frame"] is None]
    assert [(r["function"], r["verb"], r["outcome"], r["code"]) for r in late] == [
        (None, "unknown", "ok", None),
        (None, "unknown", "refused", 0x80),
    ]


@pytest.mark.parametrize(
    ("piece", "oddity"),
    [
        (ask(1, 0x20, b"\0"), "truncated"),
        ((CLIENT, adu(1, b"\0")), "truncated"),
    ],
)
def test_short_requests_stay_rows(piece: Piece, oddity: str) -> None:
    rows = tcp([piece], port=502)
    assert len(rows["operations"]) == 1
    assert oddity in {o["oddity"] for o in rows["oddities"]}


def test_an_answer_that_is_neither_done_nor_an_error() -> None:
    rows = tcp([ask(1, 4), (SERVER, adu(1, b"\0\x33"))], port=502)
    assert rows["operations"][0]["outcome"] == "unknown"
    assert [o["oddity"] for o in rows["oddities"]] == ["umas-status-unknown"]


def test_another_unit_is_another_device() -> None:
    rows = tcp([(CLIENT, adu(1, b"\0\2", unit=3)), (SERVER, adu(1, b"\0\xfe" + READ_ID, unit=3))], port=502)
    assert ("10.0.0.2/3", "product") in {(c["who"], c["field"]) for c in rows["clues"]}


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=502))
    for at, split in cut_anywhere(TALK, port=502, step=4):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(7, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=502)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
