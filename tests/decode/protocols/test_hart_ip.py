"""HART-IP; octets written after HCF SPEC-085, SPEC-081, SPEC-127 and SPEC-151."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.hart_ip_octets import (
    DEVICE,
    DYNAMIC,
    OPEN,
    TALK,
    UNIT,
    ask,
    f32,
    frame,
    message,
    packed,
    reply,
)
from interlock.decode.protocols.hart_ip.decoder import SPEC
from interlock.decode.protocols.hart_ip.units import device_quality, is_error, packed_text, variable_quality
from interlock.decode.spec import Hint


def test_a_session_with_its_commands() -> None:
    rows = tcp(TALK, port=5094)
    told = [(r["function"], r["verb"], r["unit"], r["outcome"], r["transaction"]) for r in rows["operations"]]
    assert told == [
        (65536, "open", None, "ok", "1"),
        (0, "identify", "poll:0", "ok", "2"),
        (3, "read", UNIT, "ok", "3"),
        (65538, "diagnose", None, "ok", "4"),
        (65537, "close", None, "ok", "5"),
    ]
    assert [(v["object"], v["number"], v["type"]) for v in rows["values"]] == [
        ("loop-current", [12.0], "mA"),
        ("PV", [50.0], "°C"),
        ("SV", [1.5], "psi"),
    ]
    assert rows["oddities"] == []


def test_who_answers_to_polling_address_0_is_the_server_itself() -> None:
    talk = [*TALK[:4], (CLIENT, ask(20)), (SERVER, reply(20, b"TIC-101".ljust(32, b"\0")))]
    found = {(r["who"], r["field"], r["value"]) for r in tcp(talk, port=5094)["clues"]}
    assert {
        ("10.0.0.2", "vendor", "Endress+Hauser"),
        ("10.0.0.2", "vendor-id", "hart:0x0011"),
        ("10.0.0.2", "product-code", "hart:0x1126/3"),
        ("10.0.0.2", "serial", str(0x0A1B2C)),
        ("10.0.0.2", "firmware", "9"),
        ("10.0.0.2", "name", "TIC-101"),
    } <= found


def test_a_device_behind_the_server_is_a_unit() -> None:
    talk = [
        (CLIENT, ask(13)),
        (SERVER, reply(13, packed("PT-4711 ") + packed("STEAM DRUM 2    ") + bytes(3))),
    ]
    found = {(r["who"], r["field"], r["value"]) for r in tcp(talk, port=5094)["clues"]}
    assert {
        (f"10.0.0.2/{UNIT}", "name", "PT-4711"),
        (f"10.0.0.2/{UNIT}", "description", "STEAM DRUM 2"),
    } <= found


def test_the_bits_of_master_and_burst_mode_are_no_part_of_the_address() -> None:
    asked, answered = bytes([0x91]) + DEVICE[1:], bytes([0xD1]) + DEVICE[1:]
    rows = tcp(
        [(CLIENT, ask(1, address=asked)), (SERVER, reply(1, b"\x07" + f32(2.0), address=answered))], port=5094
    )
    assert [r["unit"] for r in rows["operations"]] == [UNIT]
    assert [(v["unit"], v["type"]) for v in rows["values"]] == [(UNIT, "bar")]


@pytest.mark.parametrize(
    ("command", "data", "verb", "objects"),
    [
        (6, b"\x05", "configure", ["polling-address"]),
        (9, b"\0\1", "read", ["variable:0", "variable:1"]),
        (11, packed("PT-4711 "), "identify", ["tag:PT-4711"]),
        (21, b"PIC-7".ljust(32, b"\0"), "identify", ["tag:PIC-7"]),
        (17, packed("HELLO WORLD                     "), "configure", ["message"]),
        (18, packed("PT-1    ") + bytes(15), "configure", ["tag"]),
        (22, b"PIC-7".ljust(32, b"\0"), "configure", ["long-tag"]),
        (35, b"\x07" + f32(10.0) + f32(0.0), "configure", ["PV:range"]),
        (36, b"", "configure", ["PV:range"]),
        (40, f32(4.0), "force", ["loop-current:fixed"]),
        (42, b"", "reset", [None]),
        (44, b"\x0c", "configure", ["PV:unit"]),
        (66, b"\1\x27" + f32(4.0), "force", ["channel:1"]),
        (79, b"\2\1\x07" + f32(3.0) + b"\xc0", "force", ["variable:2"]),
        (84, b"\0\7", "discover", ["sub-device:7"]),
        (89, bytes(10), "time-set", [None]),
        (118, b"\0\0", "alarm-suppress", [None]),
        (111, b"\0", "unknown", [None]),
    ],
)
def test_every_command_has_its_verb_and_objects(
    command: int, data: bytes, verb: str, objects: list[str | None]
) -> None:
    rows = tcp([(CLIENT, ask(command, data))], port=5094)
    assert [r["object"] for r in rows["operations"]] == objects
    assert (rows["operations"][0]["verb"], rows["operations"][0]["function"]) == (verb, command)
    assert rows["oddities"] == []


def test_what_is_written_is_a_value() -> None:
    talk = [
        (CLIENT, ask(40, f32(20.0), sequence=1)),
        (CLIENT, ask(35, b"\x07" + f32(10.0) + f32(0.0), sequence=2)),
        (CLIENT, ask(79, b"\2\1\x07" + f32(3.0) + b"\x60", sequence=3)),
        (CLIENT, ask(44, b"\x0c", sequence=4)),
    ]
    found = [
        (v["object"], v["number"] or v["text"], v["type"], v["quality"])
        for v in tcp(talk, port=5094)["values"]
    ]
    assert found == [
        ("loop-current:fixed", [20.0], "mA", None),
        ("PV:range", [10.0, 0.0], "bar", None),
        ("variable:2", [3.0], "bar", "poor-accuracy high-limited"),
        ("PV:unit", "kPa", "text", None),
    ]


def test_a_device_specific_command_is_named_as_such() -> None:
    (row,) = tcp([(CLIENT, ask(140))], port=5094)["operations"]
    assert (row["function_name"], row["verb"]) == ("Device-Specific Command", "unknown")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(0, "ok"), (8, "ok"), (33, "unknown"), (7, "refused"), (64, "refused"), (0x88, "refused")],
)
def test_response_codes(code: int, outcome: str) -> None:
    (row,) = tcp([(CLIENT, ask(42)), (SERVER, reply(42, code=code))], port=5094)["operations"]
    assert row["outcome"] == outcome
    assert row["code"] == (code if outcome != "ok" else None)
    assert is_error(code) == (outcome == "refused")


def test_a_nak_refuses() -> None:
    rows = tcp([(CLIENT, OPEN[0]), (SERVER, message(15, 0, 1, status=16))], port=5094)
    assert [(r["outcome"], r["code"]) for r in rows["operations"]] == [("refused", 16)]


def test_quality_of_values() -> None:
    data = bytes([0, 1, 0, 0x20]) + f32(7.0) + bytes([0xC0, 2, 0, 0x20]) + f32(8.0) + bytes([0x10])
    rows = tcp([(CLIENT, ask(9, b"\1\2")), (SERVER, reply(9, data + bytes(4)))], port=5094)
    assert [(v["object"], v["quality"]) for v in rows["values"]] == [
        ("variable:1", "good"),
        ("variable:2", "bad low-limited"),
    ]
    rows = tcp([(CLIENT, ask(3)), (SERVER, reply(3, DYNAMIC, status=0x0A))], port=5094)
    assert [v["quality"] for v in rows["values"]] == ["loop-current-fixed", None, "out-of-limits"]
    assert variable_quality(0xF0) == "good constant"
    assert device_quality(0x80, primary=True, current=False) == "device-malfunction"


def test_a_burst_message_is_unsolicited() -> None:
    burst = frame(0x81, DEVICE, 1, b"\0\0\x20" + f32(21.5))
    rows = tcp([*TALK[:2], (SERVER, message(2, 3, 0, burst))], port=5094)
    row = rows["operations"][1]
    assert (row["outcome"], row["client"], row["function"]) == ("unsolicited", "10.0.0.1", 1)
    assert [(v["direction"], v["number"]) for v in rows["values"]] == [("reported", [21.5])]


def test_command_31_has_the_number_in_its_data() -> None:
    key = bytes(range(16))
    rows = tcp([(CLIENT, ask(31, struct.pack(">H", 768) + key))], port=5094)
    (row,) = rows["operations"]
    assert (row["function"], row["function_name"], row["object"]) == (768, "Write Join Key", "join-key")
    assert [(r["scheme"], r["known"]) for r in rows["credentials"]] == [("join-key", None)]


def test_a_command_to_a_sub_device_makes_the_row() -> None:
    inner = bytes([0x82]) + bytes.fromhex("11aa000001")
    asked = ask(77, bytes([1, 2, 5]) + inner + bytes([42, 0]))
    answered = reply(77, bytes([1, 2, 0x86]) + inner[1:] + bytes([42, 0]))
    (row,) = tcp([(CLIENT, asked), (SERVER, answered)], port=5094)["operations"]
    assert (row["function"], row["verb"], row["unit"], row["outcome"]) == (42, "reset", "11aa000001", "ok")


def test_a_direct_pdu_is_as_many_requests_as_it_has_commands() -> None:
    asked = message(0, 4, 9, bytes(2) + struct.pack(">HB", 1, 0) + struct.pack(">HB", 48, 0))
    answered = message(
        1, 4, 9, bytes(2) + struct.pack(">HB", 1, 6) + b"\0\x20" + f32(9.0) + struct.pack(">HBB", 48, 1, 64)
    )
    rows = tcp([(CLIENT, asked), (SERVER, answered)], port=5094)
    assert [(r["function"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (1, "ok", None),
        (48, "refused", 64),
    ]
    assert [v["number"] for v in rows["values"]] == [[9.0]]


def test_the_audit_log() -> None:
    talk = [(CLIENT, message(0, 5, 6, b"\0\xff")), (SERVER, message(1, 5, 6, bytes(60), status=14))]
    (row,) = tcp(talk, port=5094)["operations"]
    assert (row["function_name"], row["object"], row["count"], row["outcome"]) == (
        "Read Audit Log", "audit-log:0", 255, "ok",
    )  # fmt: skip


def test_a_sub_device_summary_is_a_unit_with_its_facts() -> None:
    data = (
        struct.pack(">HBBHH", 1, 0, 0, 0x0026, 0x2680)
        + b"\0\0\7"
        + b"\7"
        + b"LT-9".ljust(32, b"\0")
        + bytes([2, 1, 0, 0])
    )
    found = {(r["who"], r["field"], r["value"]) for r in tcp([(SERVER, reply(84, data))], port=5094)["clues"]}
    assert {
        ("10.0.0.2/2680000007", "name", "LT-9"),
        ("10.0.0.2/2680000007", "vendor", "Rosemount"),
        ("10.0.0.2/2680000007", "serial", "7"),
    } <= found


def test_oddities_leave_the_row() -> None:
    octets = bytearray(ask(1))
    octets[-1] ^= 1
    rows = tcp([(CLIENT, bytes(octets))], port=5094)
    assert [r["oddity"] for r in rows["oddities"]] == ["check-octet-wrong"]
    assert [r["function"] for r in rows["operations"]] == [1]
    rows = udp([(CLIENT, ask(1) + b"\0")], port=5094)
    assert "length-mismatch" in {r["oddity"] for r in rows["oddities"]} or not rows["operations"]


def test_a_udp_session_goes_on_from_another_port() -> None:
    rows = udp([(SERVER, OPEN[1]), (CLIENT, ask(1)), (SERVER, reply(1, b"\x20" + f32(1.0)))], port=5095)
    assert [(r["client"], r["function"], r["outcome"]) for r in rows["operations"]] == [
        ("10.0.0.1", 65536, "ok"),
        ("10.0.0.1", 1, "ok"),
    ]


def test_an_answer_without_its_request() -> None:
    rows = tcp([(SERVER, reply(3, DYNAMIC))], port=5094, handshake=False)
    (row,) = rows["operations"]
    assert (row["frame"], row["function"], row["unit"]) == (None, 3, UNIT)
    assert len(rows["values"]) == 3


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=5094))
    for at, split in cut_anywhere(TALK, port=5094):
        assert split == whole, at


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 255))
def test_any_data_of_any_command(data: bytes, command: int) -> None:
    rows = tcp([(CLIENT, ask(command, data)), (SERVER, reply(command, data))], port=5094)
    assert {r["oddity"] for r in rows["oddities"]} <= {"truncated"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=5094)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_packed_characters() -> None:
    assert packed_text(packed("ABC-12/Z")) == "ABC-12/Z"
    assert packed_text(packed("@ABC  @@")) == "@ABC"


MODBUS = bytes.fromhex("010000000006010300000001")


@pytest.mark.parametrize("octets", [MODBUS, bytes(20), b"\1\1\1\1\1\1\1\1\1", b"GET / HTTP/1.1\r\n"])
def test_other_protocols_are_not_taken(octets: bytes) -> None:
    for transport in ("tcp", "udp"):
        assert SPEC.probe(octets, Hint(transport, 40000, 40001, 0, None, 0)) < 60


def test_parameters_of_headers_and_commands_stand_in_a_table_of_their_own() -> None:
    rows = {
        (row["answer"], row["element"], row["name"], row["value"])
        for row in tcp(TALK, port=5094)["hart_ip_parameters"]
    }
    assert {
        (False, 0, "master-type", "1"),
        (True, 0, "constant", "254"),
        (True, 0, "response-code", "0"),
    } <= rows
    assert any(answer and element == 1 and name == "unit-code" for answer, element, name, _ in rows)
