"""MELSEC: SLMP and MC protocol frames; octets written after the manuals SH-080956ENG and SH-080008ENG."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, IPS, SERVER, ethernet, run, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.melsec_octets import (
    CHARACTERS,
    OLD,
    TALK,
    D,
    M,
    W,
    X,
    ask,
    device,
    melsoft,
    points,
    reply,
)
from interlock.decode.protocols.melsec.decoder import SPEC
from interlock.decode.protocols.melsec.devices import BY_NAME, device_text
from interlock.decode.protocols.melsec.devices import OLD as OLD_DEVICES
from interlock.decode.spec import Hint


def test_a_conversation() -> None:
    rows = tcp(TALK, port=5007)
    told = [
        (r["function"], r["verb"], r["object"], r["count"], r["outcome"], r["code"])
        for r in rows["operations"]
    ]
    assert told == [
        (0x0101, "identify", None, None, "ok", None),
        (0x0401, "read", "D:100", 2, "ok", None),
        (0x0401, "read", "M:20", 3, "ok", None),
        (0x1401, "write", "D:7", 1, "ok", None),
        (0x1002, "stop", None, None, "refused", 0x4013),
    ]
    assert {r["unit"] for r in rows["operations"]} == {"0.255"}
    assert [(v["object"], v["number"], v["direction"], v["type"]) for v in rows["values"]] == [
        ("D:100", [1.0, 65535.0], "read", "uint16"),
        ("M:20", [1.0, 0.0, 1.0], "read", "bit"),
        ("D:7", [42.0], "written", "uint16"),
    ]
    found = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {("10.0.0.2", "order-number", "Q03UDVCPU"), ("10.0.0.2", "vendor", "Mitsubishi Electric")} <= found
    assert rows["oddities"] == []


def test_frames_with_a_serial_number_are_paired_by_it() -> None:
    talk = [
        (CLIENT, ask(0x0401, points(D, 1, 1), serial=7)),
        (CLIENT, ask(0x0401, points(D, 2, 1), serial=8)),
        (SERVER, reply(b"\x02\x00", serial=8)),
        (SERVER, reply(b"\x01\x00", serial=7)),
    ]
    rows = udp(talk, port=5006)
    assert [(r["transaction"], r["outcome"]) for r in rows["operations"]] == [("7", "ok"), ("8", "ok")]
    assert [(v["object"], v["number"]) for v in rows["values"]] == [("D:2", [2.0]), ("D:1", [1.0])]


def test_frames_without_one_are_paired_in_order() -> None:
    talk = [
        (CLIENT, ask(0x0401, points(D, 1, 1)) + ask(0x0401, points(D, 2, 1))),
        (SERVER, reply(b"\x01\x00") + reply(b"\x02\x00")),
    ]
    rows = tcp(talk, port=5007)
    assert [(v["object"], v["number"]) for v in rows["values"]] == [("D:1", [1.0]), ("D:2", [2.0])]


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [(D, 100, "D:100"), (X, 0x1F, "X:1F"), (W, 16, "W:10"), (0x7F, 4, "device-7f:4")],
)
def test_devices_are_called_as_the_manual_does(code: int, number: int, text: str) -> None:
    assert device_text(code, number) == text


@pytest.mark.parametrize(
    ("octets", "verb", "objects"),
    [
        (
            ask(0x0403, b"\2\1" + device(D, 1) + device(W, 16) + device(D, 500)),
            "read",
            ["D:1", "W:10", "D:500"],
        ),
        (ask(0x1402, b"\1\1" + device(D, 1) + b"\5\0" + device(D, 2) + bytes(4)), "write", ["D:1", "D:2"]),
        (ask(0x1402, b"\2" + device(M, 1) + b"\1" + device(M, 5) + b"\0", 1), "write", ["M:1", "M:5"]),
        (ask(0x0406, b"\1\1" + points(D, 1, 2) + points(M, 16, 1)), "read", ["D:1", "M:16"]),
        (ask(0x1406, b"\1\0" + points(D, 1, 2) + bytes(4)), "write", ["D:1"]),
        (ask(0x0401, struct.pack("<IHH", 70000, 0xB0, 1), 2), "read", ["ZR:70000"]),
        (ask(0x0801, b"\1\0" + device(D, 1)), "subscribe", ["D:1"]),
        (ask(0x0613, struct.pack("<IH", 0x78, 2)), "read", ["memory:120"]),
        (ask(0x041C, b"\1\0\0\0" + b"\2\0" + "ab".encode("utf-16-le")), "read", ["label:ab"]),
        (ask(0x1001, b"\3\0\0\0"), "start", ["mode:forced"]),
        (ask(0x1005, b"\1\0"), "reset", [None]),
        (ask(0x1006, b"\1\0"), "reset", [None]),
        (ask(0x1829, struct.pack("<HIH", 1, 0, 2) + b"ab"), "file-write", ["file-pointer:1"]),
        (ask(0x1828, struct.pack("<HIH", 1, 0, 2)), "file-read", ["file-pointer:1"]),
        (ask(0x0E30), "discover", [None]),
        (ask(0x0E31), "configure", ["ip-address"]),
        (ask(0x0619), "diagnose", [None]),
        (ask(0x0401, bytes(12), 0x80), "read", [None]),
        (ask(0x7777), "unknown", [None]),
    ],
)
def test_every_command_has_its_verb_and_objects(octets: bytes, verb: str, objects: list[str | None]) -> None:
    rows = udp([(CLIENT, octets)], port=5006)
    assert [r["object"] for r in rows["operations"]] == objects
    assert rows["operations"][0]["verb"] == verb
    assert rows["oddities"] == []


def test_random_and_block_answers_are_values_of_their_devices() -> None:
    talk = [
        (CLIENT, ask(0x0403, b"\1\1" + device(D, 1) + device(D, 500))),
        (SERVER, reply(b"\1\0" + b"\2\0\3\0")),
        (CLIENT, ask(0x0406, b"\1\1" + points(D, 8, 2) + points(M, 16, 1))),
        (SERVER, reply(b"\4\0\5\0\6\0")),
    ]
    found = [(v["object"], v["number"]) for v in tcp(talk, port=5007)["values"]]
    assert found == [("D:1", [1.0]), ("D:500", [2.0, 3.0]), ("D:8", [4.0, 5.0]), ("M:16", [6.0])]


def test_what_is_written_is_a_value() -> None:
    talk = [
        (CLIENT, ask(0x1401, points(M, 20, 3) + b"\x10\x10", 1)),
        (CLIENT, ask(0x1402, b"\1\1" + device(D, 1) + b"\5\0" + device(D, 2) + b"\6\0\7\0")),
    ]
    found = [(v["object"], v["number"], v["type"]) for v in udp(talk, port=5006)["values"]]
    assert found == [
        ("M:20", [1.0, 0.0, 1.0], "bit"),
        ("D:1", [5.0], "uint16"),
        ("D:2", [6.0, 7.0], "uint16"),
    ]


@pytest.mark.parametrize(("end", "outcome"), [(0, "ok"), (0xC201, "refused")])
def test_a_remote_password_is_a_credential_in_clear(end: int, outcome: str) -> None:
    talk = [(CLIENT, ask(0x1630, b"\6\0secret")), (SERVER, reply(end=end))]
    (login,) = tcp(talk, port=5007)["credentials"]
    assert (login["scheme"], login["user"], login["outcome"]) == ("remote-password", None, outcome)


def test_frames_in_characters() -> None:
    rows = tcp(CHARACTERS, port=5007)
    assert [(r["function"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (0x0401, "D:100", "ok", None),
        (0x0401, "X:1F", "ok", None),
        (0x0101, None, "ok", None),
        (0x1401, "W:10", "refused", 0xC059),
    ]
    assert [(v["object"], v["number"]) for v in rows["values"]] == [
        ("D:100", [0x1234, 0xFFFF]),
        ("X:1F", [1.0, 0.0, 1.0]),
        ("W:10", [0xBEEF]),
    ]
    assert "FX5U-32MT/ES" in {r["value"] for r in rows["clues"]}
    assert rows["oddities"] == []


def test_old_frames_over_tcp() -> None:
    rows = tcp(OLD, port=5006)
    assert [(r["function"], r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]] == [
        (65537, "read", "D:100", "ok", None),
        (65536, "read", "M:100", "ok", None),
        (65539, "write", "D:5", "refused", 0x10),
        (65556, "stop", None, "ok", None),
    ]
    assert [(v["object"], v["number"]) for v in rows["values"]] == [
        ("D:100", [0x1234, 0x5678]),
        ("M:100", [1.0, 0.0, 1.0]),
        ("D:5", [7.0]),
    ]


def test_melsoft_is_named_and_its_cpu_type_read() -> None:
    talk = [
        (CLIENT, melsoft(0x0121, bytes.fromhex("010000000001"))),
        (SERVER, melsoft(0x0121, bytes(4) + b"FX5U-32MT/ES".ljust(16, b"\0") + bytes(8), back=True)),
        (CLIENT, melsoft(0x1868, bytes(8))),
    ]
    rows = udp(talk, port=5560)
    assert [(r["function"], r["verb"], r["outcome"]) for r in rows["operations"]] == [
        (131072 + 0x0121, "identify", "ok"),
        (131072 + 0x1868, "unknown", "unknown"),
    ]
    assert ("10.0.0.2", "product", "FX5U-32MT/ES") in {
        (r["who"], r["field"], r["value"]) for r in rows["clues"]
    }


def broadcast(octets: bytes, side: int) -> bytes:
    """A datagram of MELSOFT's search, to everybody: from port 50000 to 5560, or back."""
    ports = (50000, 5560) if side == CLIENT else (5560, 50000)
    body = struct.pack(">HHHH", *ports, 8 + len(octets), 0) + octets
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, 17, 0)
    return ethernet(head + IPS[side] + b"\xff" * 4 + body, 0x0800, side=side, target=b"\xff" * 6)


def test_a_broadcast_answer_closes_its_broadcast_question() -> None:
    rows = run([broadcast(b"\x5a\0\0\1", CLIENT), broadcast(b"\xda\0\0\1\x14\0", SERVER)])
    told = [(r["verb"], r["client"], r["server"], r["outcome"]) for r in rows["operations"]]
    assert sorted(told) == [
        ("discover", "10.0.0.1", "10.0.0.2", "ok"),
        ("discover", "10.0.0.1", "255.255.255.255", "ok"),
    ]


def test_every_device_of_old_frames_has_a_name() -> None:
    assert set(OLD_DEVICES.values()) <= set(BY_NAME)


def test_what_a_controller_sends_by_itself() -> None:
    rows = tcp([(CLIENT, ask(0x0101)), (SERVER, ask(0x2101, b"\1\0"))], port=5007)["operations"]
    (row,) = [r for r in rows if r["function"] == 0x2101]
    assert (row["outcome"], row["verb"]) == ("unsolicited", "report")


def test_an_answer_without_its_request() -> None:
    rows = tcp([(SERVER, reply(b"\1\0"))], port=5007, handshake=False)
    (row,) = rows["operations"]
    assert (row["frame"], row["function"], row["verb"], row["unit"]) == (None, None, "unknown", "0.255")
    assert [v["raw"] for v in rows["values"]] == [b"\1\0"]


def test_joined_mid_stream() -> None:
    rows = tcp(TALK[2:4], port=5007, handshake=False)
    assert [r["object"] for r in rows["operations"]] == ["D:100"]


def test_a_controller_behind_another_is_a_unit() -> None:
    far = b"\x01\x02\xff\x03\x00"
    talk = [(CLIENT, ask(0x0101, route=far)), (SERVER, reply(b"Q02CPU".ljust(16) + b"\0\0", route=far))]
    rows = tcp(talk, port=5007)
    assert [r["unit"] for r in rows["operations"]] == ["1.2"]
    assert ("10.0.0.2/1.2", "product") in {(r["who"], r["field"]) for r in rows["clues"]}


@pytest.mark.parametrize("talk", [TALK, CHARACTERS, OLD])
def test_whole_and_split_agree(talk: list[tuple[int, bytes]]) -> None:
    whole = bare(tcp(talk, port=5007))
    for at, split in cut_anywhere(talk, port=5007, step=2):
        assert split == whole, at


@settings(max_examples=120, deadline=None)
@given(
    st.binary(max_size=60),
    st.sampled_from([0x0101, 0x0401, 0x1401, 0x0403, 0x1402, 0x0406, 0x1406, 0x1630, 0x041C, 0x141B, 0x0613]),
    st.sampled_from([0, 1, 2, 3]),
)
def test_any_data_of_any_command(data: bytes, command: int, sub: int) -> None:
    rows = udp([(CLIENT, ask(command, data, sub)), (SERVER, reply(data))], port=5006)
    assert {r["oddity"] for r in rows["oddities"]} <= {"truncated", "points-missing"}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([TALK, CHARACTERS, OLD]),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6),
)
def test_mutations_never_break_it(talk, changes) -> None:
    rows = tcp(mutated(talk, changes), port=5007)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]
    rows = udp(mutated(talk, changes), port=5006)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize(
    "octets", [b"P\x00" + bytes(30), b"5000 miles\r\n", b"GET / HTTP/1.1\r\n", bytes(40)]
)
def test_other_protocols_are_not_taken(octets: bytes) -> None:
    for transport in ("tcp", "udp"):
        assert SPEC.probe(octets, Hint(transport, 40000, 40001, 0, None, 0)) < 60


def test_it_is_known_on_any_port() -> None:
    for octets in (TALK[2][1], TALK[3][1], CHARACTERS[0][1], melsoft(0x0121, b"")):
        assert SPEC.probe(octets, Hint("tcp", 40000, 40001, 0, None, 0)) >= 60
