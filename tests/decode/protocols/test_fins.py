"""FINS over UDP and TCP; octets written after Omron's manuals W342, W227 and W421."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.fins_octets import (
    ASK,
    OUR_NODE,
    PLC_NODE,
    REPLY,
    TALK,
    answer,
    area,
    command,
    framed,
    padded,
)
from interlock.decode.protocols.fins.areas import object_text
from interlock.decode.protocols.fins.decoder import SPEC
from interlock.decode.spec import Hint


def test_a_read_of_data_memory_and_its_values() -> None:
    rows = udp([(CLIENT, ASK), (SERVER, REPLY)], port=9600)
    (row,) = rows["operations"]
    told = [row[k] for k in ("verb", "function", "unit", "object", "count", "outcome", "transaction")]
    assert told == ["read", 0x0101, "0.5.0", "DM:100", 3, "ok", "1"]
    (value,) = rows["values"]
    assert (value["number"], value["type"], value["direction"]) == ([7.0, 8.0, 65535.0], "uint16", "read")
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("code", "address", "bit", "text"),
    [
        (0x30, 10, 3, "CIO:10.03"),
        (0xB1, 5, 0, "W:5"),
        (0xB3, 0, 0, "A:0"),
        (0x89, 0x8002, 0, "C:2"),
        (0x09, 12, 0, "T:12"),
        (0x81, 0x0801, 0, "C:1"),
        (0xA1, 7, 0, "E1:7"),
        (0x61, 7, 0, "EE:7"),
        (0x98, 7, 0, "EM:7"),
        (0x80, 0x0A03, 0, "G:3"),
        (0x80, 0x0B01, 0, "A:1"),
        (0x00, 2, 15, "CIO:2.15"),
        (0x9C, 2, 1, "area-9c:2.01"),
    ],
)
def test_addresses_are_called_as_the_manuals_do(code: int, address: int, bit: int, text: str) -> None:
    assert object_text(code, address, bit) == text


CASES = [
    (command(0x0102, area(0x30, 10, 3) + b"\0\2" + b"\1\0"), "write", ["CIO:10.03"]),
    (command(0x0103, area(0x82, 0) + b"\0\x10" + b"\xab\xcd"), "write", ["DM:0"]),
    (command(0x0104, area(0x82, 1) + area(0xB0, 2)), "read", ["DM:1", "CIO:2"]),
    (command(0x0105, area(0x82, 1) + area(0x82, 9) + b"\0\4"), "read", ["DM:1", "DM:9"]),
    (command(0x0202, struct.pack(">HHH", 0x8010, 4, 0x8002) + bytes(4)), "configure", ["parameter-8010:4"]),
    (command(0x0306, struct.pack(">HIH", 0xFFFF, 512, 400)), "program-read", ["program:65535/512"]),
    (command(0x0307, struct.pack(">HIH", 0xFFFF, 0, 2) + b"ab"), "program-write", ["program:65535/0"]),
    (command(0x0308, b"\xff\xff\0"), "program-write", ["program:65535"]),
    (command(0x0401, b"\xff\xff\4"), "start", ["mode:run"]),
    (command(0x0401), "start", ["mode:monitor"]),
    (command(0x0402), "stop", [None]),
    (command(0x0403), "reset", [None]),
    (command(0x0620, b"\0"), "reset", ["cycle-time:initialize"]),
    (command(0x0620, b"\1"), "diagnose", [None]),
    (command(0x0702, bytes.fromhex("26112621590004")), "time-set", ["clock"]),
    (command(0x0920, b"\x40\x03"), "reset", ["message:03"]),
    (command(0x0C02, b"\0\0"), "open", [None]),
    (command(0x2101, b"\xff\xfe"), "reset", ["error:fffe"]),
    (command(0x2203, struct.pack(">HH", 1, 2) + b"RECIPE01.TXT" + bytes(6)), "file-write", ["file:1/RECIPE01.TXT"]),
    (command(0x2205, struct.pack(">HH", 0, 2) + b"A       .OBJB       .OBJ"), "file-write",
     ["file:0/A       .OBJ", "file:0/B       .OBJ"]),
    (command(0x2207, b"\0\1" + b"A       .OBJ" + b"\0\2" + b"B       .OBJ"), "file-read",
     ["file:1/A       .OBJ", "file:2/B       .OBJ"]),
    (command(0x220A, b"\0\1" + area(0x82, 5) + b"\0\2" + b"\0\1" + b"A       .IOM"), "write",
     ["DM:5", "file:1/A       .IOM"]),
    (command(0x220C, struct.pack(">HHII", 1, 0, 0, 64) + b"\0\1" + b"A       .OBJ"), "program-write",
     ["program:0/0", "file:1/A       .OBJ"]),
    (command(0x2301, b"\0\1" + b"\0\1" + area(0x30, 1, 2)), "force", ["CIO:1.02"]),
    (command(0x2302), "force", [None]),
    (command(0x2757), "configure", [None]),
    (command(0x7777), "unknown", [None]),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "verb", "objects"), CASES)
def test_every_command_has_its_verb_and_objects(octets: bytes, verb: str, objects: list[str | None]) -> None:
    rows = udp([(CLIENT, octets)], port=9600)
    assert [row["object"] for row in rows["operations"]] == objects
    assert rows["operations"][0]["verb"] == verb
    assert rows["oddities"] == []


def test_a_transfer_reads_one_area_and_writes_the_other() -> None:
    rows = udp([(CLIENT, command(0x0105, area(0x82, 1) + area(0x82, 9) + b"\0\4"))], port=9600)
    assert [row["verb"] for row in rows["operations"]] == ["read", "write"]


def test_what_is_written_and_forced_are_values() -> None:
    force = command(0x2301, b"\0\2" + b"\0\1" + area(0x30, 1, 2) + b"\xff\xff" + area(0x30, 1, 3), sid=2)
    written = command(0x0102, area(0x82, 4) + b"\0\2" + b"\0\7\1\0")
    values = udp([(CLIENT, written), (CLIENT, force)], port=9600)["values"]
    assert [(v["object"], v["number"], v["direction"], v["quality"]) for v in values] == [
        ("DM:4", [7.0, 256.0], "written", None),
        ("CIO:1.02", [1.0], "written", "forced"),
    ]


@pytest.mark.parametrize(
    ("end", "outcome"),
    [(0x1103, "refused"), (0x0040, "ok"), (0x0080, "ok"), (0x8000, "ok"), (0x0001, "refused")],
)
def test_flags_of_the_end_code_are_no_refusal(end: int, outcome: str) -> None:
    (row,) = udp([(CLIENT, command(0x0402)), (SERVER, answer(0x0402, end=end))], port=9600)["operations"]
    assert row["outcome"] == outcome
    assert row["code"] == (end if outcome == "refused" else None)


def test_answers_go_to_whoever_asked_with_that_service_id() -> None:
    talk = [
        (CLIENT, command(0x0101, area(0x82, 1) + b"\0\1", sid=1)),
        (CLIENT, command(0x0101, area(0x82, 2) + b"\0\1", sid=2)),
        (SERVER, answer(0x0101, b"\0\2", sid=2)),
        (SERVER, answer(0x0101, b"\0\1", sid=1)),
    ]
    rows = udp(talk, port=9600)
    assert [(v["object"], v["number"]) for v in rows["values"]] == [("DM:2", [2.0]), ("DM:1", [1.0])]
    assert {row["outcome"] for row in rows["operations"]} == {"ok"}


def test_both_ends_may_ask() -> None:
    back = bytes([0x80, 0, 2, 0, OUR_NODE, 0, 0, PLC_NODE, 0, 9]) + b"\x05\x01"
    rows = udp([(CLIENT, ASK), (SERVER, REPLY), (SERVER, back)], port=9600)
    assert [(row["client"], row["server"]) for row in rows["operations"]] == [
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.1"),
    ]


def test_a_controller_and_its_units_say_what_they_are() -> None:
    talk = [
        (CLIENT, command(0x0501)),
        (SERVER, answer(0x0501, padded("CJ2M-CPU33", 20) + padded("02.01", 20) + bytes(40))),
        (CLIENT, command(0x0502, b"\0\x19")),
        (SERVER, answer(0x0502, b"\1\x10" + padded("CJ1W-ETN21", 20))),
    ]
    found = {(r["who"], r["field"], r["value"]) for r in udp(talk, port=9600)["clues"]}
    assert {
        ("10.0.0.2", "order-number", "CJ2M-CPU33"),
        ("10.0.0.2", "firmware", "02.01"),
        ("10.0.0.2", "vendor", "Omron"),
        ("10.0.0.2/0.0.16", "product", "CJ1W-ETN21"),
    } <= found


def test_status_clock_and_cycle_time_are_values() -> None:
    status = struct.pack(">BBHHHH", 1, 4, 0, 0x0400, 0, 0) + bytes(16)
    talk = [
        (CLIENT, command(0x0601)),
        (SERVER, answer(0x0601, status)),
        (CLIENT, command(0x0701)),
        (SERVER, answer(0x0701, bytes.fromhex("26112621590004"))),
        (CLIENT, command(0x0620, b"\1")),
        (SERVER, answer(0x0620, struct.pack(">III", 50, 80, 20))),
    ]
    found = {v["object"]: v["text"] or v["number"] for v in udp(talk, port=9600)["values"]}
    assert found == {
        "controller:mode": "run/run",
        "controller:errors": [0.0, 1024.0, 0.0],
        "clock": "26-11-26 21:59:00",
        "controller:cycle-time": [50.0, 80.0, 20.0],
    }


ERRORS = struct.pack(">HHHHH6B", 200, 7, 1, 0x80F1, 0x0003, 0x59, 0x30, 0x26, 0x21, 0x26, 0x11)
"""Log of 200 records that holds 7, of which the answer tells one: memory error, 26 November 2026, 21:59:30."""


def test_an_error_log_is_values_with_the_controllers_own_times() -> None:
    talk = [(CLIENT, command(0x2102, bytes.fromhex("00010001"))), (SERVER, answer(0x2102, ERRORS))]
    rows = udp(talk, port=9600)
    told = [(v["object"], v["number"], v["text"], v["type"]) for v in rows["values"]]
    assert told == [
        ("error-log:size", [200.0, 7.0], None, "uint16"),
        ("error-log:record", [float(0x80F1), 3.0], "26-11-26 21:59:30", "error"),
    ]
    assert rows["oddities"] == []


@pytest.mark.parametrize("octets", [ERRORS[:-1], ERRORS + b"\0", ERRORS[:4] + b"\xff\xff" + ERRORS[6:]])
def test_an_error_log_with_other_records_than_it_announces_is_odd(octets: bytes) -> None:
    rows = udp(
        [(CLIENT, command(0x2102, bytes.fromhex("00010001"))), (SERVER, answer(0x2102, octets))], port=9600
    )
    assert [o["oddity"] for o in rows["oddities"]] == ["byte-count-mismatch"]
    assert len(rows["values"]) == 1 + (len(octets) >= len(ERRORS))


def test_a_protect_password_is_a_credential_in_clear() -> None:
    asked = command(0x0305, struct.pack(">HBII", 0, 0, 0, 0xFFFFFFFF) + b"SAFE")
    (login,) = udp([(CLIENT, asked)], port=9600)["credentials"]
    assert (login["scheme"], login["user"]) == ("protect-password", None)


def test_tcp_exchanges_node_addresses_first() -> None:
    rows = tcp(TALK, port=9600)
    assert [(r["function_name"], r["verb"], r["outcome"]) for r in rows["operations"]] == [
        ("FINS NODE ADDRESS DATA SEND", "open", "ok"),
        ("MEMORY AREA READ", "read", "ok"),
        ("FINS FRAME SEND ERROR NOTIFICATION", "report", "unsolicited"),
    ]
    assert [v["number"] for v in rows["values"]] == [[7.0, 8.0, 65535.0]]


def test_a_refused_node_address() -> None:
    (row,) = tcp([(CLIENT, framed(0, bytes(4))), (SERVER, framed(1, bytes(8), error=0x21))], port=9600)[
        "operations"
    ]
    assert (row["outcome"], row["code"]) == ("refused", 0x21)


def test_a_client_that_leaves_its_node_out_gets_its_answer() -> None:
    asked = bytearray(ASK)
    asked[7] = 0
    (row,) = tcp([(CLIENT, framed(2, bytes(asked))), (SERVER, framed(2, REPLY))], port=9600)["operations"]
    assert row["outcome"] == "ok"


def test_an_answer_without_its_request() -> None:
    rows = udp([(SERVER, REPLY)], port=9600)
    (row,) = rows["operations"]
    assert (row["frame"], row["client"], row["unit"], row["object"]) == (None, "10.0.0.1", "0.5.0", None)
    assert [v["raw"] for v in rows["values"]] == [REPLY[14:]]


def test_joined_mid_stream() -> None:
    rows = tcp(TALK[2:], port=9600, handshake=False)
    assert [row["function"] for row in rows["operations"]] == [0x0101, 65539]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=9600))
    for at, split in cut_anywhere(TALK, port=9600):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=60), st.sampled_from([0x0101, 0x0104, 0x0501, 0x0502, 0x2301, 0x220C, 0x0702, 0x2205])
)
def test_any_octets_behind_a_command(data: bytes, code: int) -> None:
    rows = udp([(CLIENT, command(code, data)), (SERVER, answer(code, data))], port=9600)
    assert {r["oddity"] for r in rows["oddities"]} <= {"truncated", "byte-count-mismatch"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=9600)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


RTP = bytes([0x80, 0, 0, 1]) + bytes(20)
DNS = bytes.fromhex("80000100000100000000000003777777")


@pytest.mark.parametrize("octets", [RTP, DNS, bytes(40), b"FINS", b"\x80" * 30])
def test_other_protocols_are_not_taken(octets: bytes) -> None:
    assert SPEC.probe(octets, Hint("udp", 40000, 40001, 0, None, 0)) < 60


def test_it_is_known_on_any_port() -> None:
    assert SPEC.probe(ASK, Hint("udp", 40000, 40001, 0, None, 0)) >= 60
    assert SPEC.probe(framed(2, ASK), Hint("tcp", 40000, 40001, 0, None, 0)) >= 60
    assert SPEC.probe(b"GET / HTTP/1.1\r\n", Hint("tcp", 40000, 9600, 0, None, 0)) == 0


def test_parameters_beside_objects_stand_in_a_table_of_their_own() -> None:
    asks = bytes.fromhex("8000020001000002007a2201000000000001")
    said = bytes.fromhex("c000020002000001007a22010000") + b"LABEL".ljust(12, b" ")
    said += bytes.fromhex("ab55ad5c 00000400 00000200 0002 8001".replace(" ", ""))
    said += b"A.TXT".ljust(12, b" ") + bytes.fromhex("ab55ad5c00000010")
    told = udp([(CLIENT, asks), (SERVER, said)], port=9600)["fins_parameters"]
    rows = {(row["answer"], row["element"], row["name"], row["value"]) for row in told}
    assert (False, 0, "disk", "0") in rows
    assert {(True, 0, "created", "2065-10-21 21:42:56"), (True, 0, "last", "true")} <= rows
    assert {(True, 1, "file", "A.TXT"), (True, 1, "size", "16")} <= rows
