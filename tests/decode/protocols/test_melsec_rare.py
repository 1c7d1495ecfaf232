"""MELSEC beyond reads and writes of devices: every 1E command, monitors, labels, files, modules, broadcasts."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, IPS, SERVER, ethernet, run, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere
from decode.protocols.melsec_octets import (
    FILES,
    LISTED,
    LISTED_IN_CHARACTERS,
    OLD_FILES,
    OLD_RARE,
    D,
    W,
    ask,
    device,
    name16,
    old,
    old_answer,
    reply,
)
from interlock.decode.protocols.melsec.lengths import SUBHEADERS


def told(rows: dict) -> list[tuple]:
    return [
        (r["function"] - 65536, r["verb"], r["object"], r["count"], r["outcome"]) for r in rows["operations"]
    ]


def read_back(rows: dict) -> list[tuple]:
    return [(v["object"], v["number"] or v["raw"], v["direction"]) for v in rows["values"]]


def test_every_command_of_1e_frames() -> None:
    rows = tcp(OLD_RARE, port=5006)
    assert rows["oddities"] == []
    assert told(rows) == [
        (0x04, "write", "Y:94", 1, "ok"),
        (0x04, "write", "M:60", 1, "ok"),
        (0x05, "write", "W:26", 1, "ok"),
        (0x05, "write", "CN:18", 1, "ok"),
        (0x06, "subscribe", "Y:46", 1, "ok"),
        (0x06, "subscribe", "M:12", 1, "ok"),
        (0x06, "subscribe", "M:13", 1, "ok"),
        (0x08, "read", "Y:46", 1, "ok"),
        (0x08, "read", "M:12", 1, "ok"),
        (0x08, "read", "M:13", 1, "ok"),
        (0x07, "subscribe", "D:38", 1, "ok"),
        (0x07, "subscribe", "W:1E", 1, "ok"),
        (0x09, "read", "D:38", 1, "ok"),
        (0x09, "read", "W:1E", 1, "ok"),
        (0x17, "read", "block-2:R:70", 2, "ok"),
        (0x18, "write", "block-2:R:71", 1, "ok"),
        (0x19, "write", "block-2:R:5", 1, "ok"),
        (0x19, "write", "block-3:R:6", 1, "ok"),
        (0x1A, "subscribe", "block-2:R:15", 1, "ok"),
        (0x1A, "subscribe", "block-3:R:28", 1, "ok"),
        (0x1B, "read", "block-2:R:15", 1, "ok"),
        (0x1B, "read", "block-3:R:28", 1, "ok"),
        (0x3B, "read", "file-register:70", 1, "ok"),
        (0x3C, "write", "file-register:70", 1, "refused"),
        (0x0E, "read", "module-13:buffer:7F0", 4, "ok"),
        (0x0F, "write", "module-13:buffer:7F0", 2, "ok"),
        (0x02, "write", "M:50", 3, "ok"),
        (0x13, "start", None, None, "ok"),
        (0x15, "identify", None, None, "ok"),
        (0x16, "diagnose", None, None, "ok"),
    ]
    assert read_back(rows) == [
        ("Y:94", [1.0], "written"),
        ("M:60", [0.0], "written"),
        ("W:26", [0x1234], "written"),
        ("CN:18", [0x50], "written"),
        ("Y:46", [1.0], "read"),
        ("M:12", [0.0], "read"),
        ("M:13", [1.0], "read"),
        ("D:38", [0x1234], "read"),
        ("W:1E", [0x5678], "read"),
        ("block-2:R:70", [0x1234, 0x8765], "read"),
        ("block-2:R:71", [9.0], "written"),
        ("block-2:R:5", [7.0], "written"),
        ("block-3:R:6", [8.0], "written"),
        ("block-2:R:15", [0x6DE5], "read"),
        ("block-3:R:28", [0x1234], "read"),
        ("file-register:70", [0x3F01], "read"),
        ("file-register:70", [10.0], "written"),
        ("module-13:buffer:7F0", b"\x09\x18\x20\x34", "read"),
        ("module-13:buffer:7F0", b"\1\2", "written"),
        ("M:50", [1.0, 0.0, 1.0], "written"),
    ]


def test_every_subheader_is_tried() -> None:
    asked = {octets[0] for side, octets in OLD_RARE if side == CLIENT}
    assert SUBHEADERS - asked == {0x00, 0x01, 0x03, 0x14}  # in test_melsec.py


def test_a_monitor_whose_registration_was_not_seen_names_nothing() -> None:
    rows = udp([(CLIENT, old(0x09)), (SERVER, old_answer(0x09, b"\1\0\2\0"))], port=5006)
    assert told(rows) == [(0x09, "read", None, None, "ok")]
    assert rows["values"] == []


def test_answers_are_joined_where_the_capture_begins_with_their_request() -> None:
    rows = tcp(OLD_RARE[12:14] * 2, port=5006, handshake=False)
    assert told(rows) == [(0x17, "read", "block-2:R:70", 2, "ok")] * 2


def test_execute_monitor_reads_what_was_entered() -> None:
    talk = [
        (CLIENT, ask(0x0801, b"\1\1" + device(D, 1) + device(W, 16))),
        (SERVER, reply()),
        (CLIENT, ask(0x0802)),
        (SERVER, reply(b"\5\0\6\0\7\0")),
    ]
    rows = tcp(talk, port=5007)
    assert rows["oddities"] == []
    assert [(r["verb"], r["object"]) for r in rows["operations"]] == [
        ("subscribe", "D:1"),
        ("subscribe", "W:10"),
        ("read", "D:1"),
        ("read", "W:10"),
    ]
    assert read_back(rows) == [("D:1", [5.0], "read"), ("W:10", [6.0, 7.0], "read")]


def test_labels_and_their_octets() -> None:
    head = struct.pack("<HH", 2, 0)
    arrays = head + name16("Lbl[2]") + b"\0\0\2\0" + name16("b") + b"\1\0\4\0"
    written = head + name16("Lbl[2]") + b"\0\0\2\0\2\0" + name16("b") + b"\1\0\4\0wxyz"
    talk = [
        (CLIENT, ask(0x041A, arrays)),
        (SERVER, reply(b"\2\0" + b"\1\0\2\0\2\0" + b"\2\1\4\0abcd")),
        (CLIENT, ask(0x141A, written)),
        (SERVER, reply()),
        (CLIENT, ask(0x041C, head + name16("x") + name16("y"))),
        (SERVER, reply(b"\2\0" + b"\2\0\2\0ab" + b"\2\0\2\0cd")),
        (CLIENT, ask(0x141B, head + name16("x") + b"\2\0ef" + name16("y") + b"\4\0ghij")),
        (SERVER, reply()),
    ]
    rows = tcp(talk, port=5007)
    assert rows["oddities"] == []
    assert [(r["verb"], r["object"], r["count"]) for r in rows["operations"]] == [
        ("read", "label:Lbl[2]", 2),
        ("read", "label:b", 4),
        ("write", "label:Lbl[2]", 2),
        ("write", "label:b", 4),
        ("read", "label:x", 1),
        ("read", "label:y", 1),
        ("write", "label:x", 2),
        ("write", "label:y", 4),
    ]
    assert [(v["object"], v["raw"]) for v in rows["values"]] == [
        ("label:Lbl[2]", b"\2\0"),
        ("label:b", b"abcd"),
        ("label:Lbl[2]", b"\2\0"),
        ("label:b", b"wxyz"),
        ("label:x", b"ab"),
        ("label:y", b"cd"),
        ("label:x", b"ef"),
        ("label:y", b"ghij"),
    ]


def test_files_have_names_and_passwords() -> None:
    rows = tcp(FILES, port=5007)
    assert rows["oddities"] == []
    assert [(r["function"], r["verb"], r["object"], r["outcome"]) for r in rows["operations"]] == [
        (0x1827, "file-write", "file:0:ABC.QPG", "ok"),
        (0x1829, "file-write", "file:0:ABC.QPG", "ok"),
        (0x182A, "close", "file:0:ABC.QPG", "ok"),
        (0x1827, "file-read", "file:4:LINE.CSV", "ok"),
        (0x1828, "file-read", "file:4:LINE.CSV", "ok"),
        (0x1822, "file-write", "file:0:MAIN.QPG", "refused"),
        (0x1824, "file-write", "file:0:A.B", "ok"),
        (0x1824, "file-write", "file:0:A.B", "ok"),
        (0x1820, "file-write", "file:0:N.D", "ok"),
        (0x1825, "file-write", "file:0:N.D", "ok"),
    ]
    assert [(c["scheme"], c["outcome"]) for c in rows["credentials"]] == [("file-password", "unknown")]


def filed(rows: dict) -> list[tuple]:
    return [(r["function"], r["verb"], r["object"], r["count"], r["outcome"]) for r in rows["operations"]]


def test_directories_searches_and_dates_name_what_they_are_about() -> None:
    rows = tcp(LISTED, port=5007)
    assert rows["oddities"] == []
    assert filed(rows) == [
        (0x1810, "file-read", "directory:0", 36, "ok"),
        (0x1810, "file-read", "directory:4:SUBDIR", 3, "ok"),
        (0x1811, "file-read", "file:0:ABC.QPG", 1, "ok"),
        (0x1811, "file-read", "file:4:SUBDIR\\LINE.CSV", 1, "ok"),
        (0x1820, "file-write", "file:4:LINE.CSV", 1, "ok"),
        (0x1826, "file-write", "file:0:ABC.QPG", 1, "ok"),
        (0x1826, "file-write", "file:4:LINE.CSV", 1, "refused"),
        (0x1811, "file-read", "file:1:SECRET.QDR", 1, "refused"),
    ]
    assert [(c["scheme"], c["outcome"]) for c in rows["credentials"]] == [("file-password", "unknown")]


def test_files_are_named_in_frames_of_characters_too() -> None:
    rows = tcp(LISTED_IN_CHARACTERS, port=5007)
    assert rows["oddities"] == []
    assert filed(rows) == [
        (0x1810, "file-read", "directory:0", 3, "ok"),
        (0x1810, "file-read", "directory:4:SUBDIR", 3, "ok"),
        (0x1811, "file-read", "file:0:ABC.QPG", 1, "ok"),
        (0x1811, "file-read", "file:4:LINE.CSV", 1, "ok"),
        (0x1820, "file-write", "file:4:LINE.CSV", 1, "ok"),
        (0x1826, "file-write", "file:0:ABC.QPG", 1, "ok"),
        (0x1822, "file-write", "file:0:ABC.QPG", 1, "ok"),
    ]
    assert len(rows["credentials"]) == 1


def test_a_search_without_a_directory_field_has_its_name() -> None:
    rows = tcp(
        [(CLIENT, ask(0x1811, b"    " + struct.pack("<HH", 0, 3) + b"A.B")), (SERVER, reply())], port=5007
    )
    assert filed(rows) == [(0x1811, "file-read", "file:0:A.B", 1, "ok")]


def test_files_of_older_modules_have_names_of_eight_and_three() -> None:
    rows = tcp(OLD_FILES, port=5007)
    assert rows["oddities"] == []
    assert filed(rows) == [
        (0x0203, "file-read", "file:3:MAIN.QPG", 1, "ok"),
        (0x0808, "file-write", "file:3:MAIN.QPG", 1, "ok"),
        (0x0206, "file-read", "file:3:MAIN.QPG", 1, "ok"),
        (0x1202, "file-write", "file:3:NEW", 1, "ok"),
        (0x1203, "file-write", "file:3:NEW", 1, "ok"),
        (0x1204, "file-write", "file:3:NEW", 1, "ok"),
        (0x1206, "file-write", "file:3:MAIN.QPG", 1, "ok"),
        (0x1206, "file-write", "file:4:COPY.QPG", 1, "ok"),
        (0x1205, "file-write", "file:3:NEW", 1, "refused"),
    ]
    assert rows["credentials"] == []


def test_a_new_file_as_the_manual_has_it_in_octets() -> None:
    """SH-080008ENG, clause 15.3, Create new file: drive 1, keyword 0123, ABC12.QPG, 172 octets."""
    said = bytes.fromhex("01 00 23 01 01 00 00 00 00 00") + b"ABC12   QPG\x20" + struct.pack("<IH", 172, 0)
    rows = tcp([(CLIENT, ask(0x1202, said)), (SERVER, reply(b"\xa0\0"))], port=5007)
    assert filed(rows) == [(0x1202, "file-write", "file:1:ABC12.QPG", 1, "ok")]
    assert rows["oddities"] == []


def test_buffer_memory_of_a_module() -> None:
    talk = [
        (CLIENT, ask(0x0601, struct.pack("<IHH", 0x7F0, 4, 0x13))),
        (SERVER, reply(b"abcd")),
        (CLIENT, ask(0x1601, struct.pack("<IHH", 0x7F0, 2, 0x13) + b"xy")),
        (SERVER, reply()),
    ]
    assert read_back(tcp(talk, port=5007)) == [
        ("module-13:buffer:7F0", b"abcd", "read"),
        ("module-13:buffer:7F0", b"xy", "written"),
    ]


@pytest.mark.parametrize("sub", [0x40, 0xC0])
def test_a_monitor_condition_is_no_device(sub: int) -> None:
    rows = udp([(CLIENT, ask(0x0403, bytes(20), sub))], port=5006)
    assert [r["object"] for r in rows["operations"]] == [None]


def broadcast(octets: bytes, side: int) -> bytes:
    """A datagram between ports 61450: to everybody from the client, to the client from the server."""
    body = struct.pack(">HHHH", 61450, 61450, 8 + len(octets), 0) + octets
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, 17, 0)
    target, link = (b"\xff" * 4, b"\xff" * 6) if side == CLIENT else (IPS[CLIENT], None)
    return ethernet(head + IPS[side] + target + body, 0x0800, side=side, target=link)


def test_cyclic_data_are_asked_of_all_and_answered_by_each() -> None:
    rows = run([broadcast(ask(0x0E70, bytes(60)), CLIENT), broadcast(reply(bytes(60)), SERVER)])
    assert sorted((r["function"], r["client"], r["server"], r["outcome"]) for r in rows["operations"]) == [
        (0x0E70, "10.0.0.1", "10.0.0.2", "ok"),
        (0x0E70, "10.0.0.1", "255.255.255.255", "ok"),
    ]


@pytest.mark.parametrize("talk", [OLD_RARE, FILES, LISTED, OLD_FILES, LISTED_IN_CHARACTERS])
def test_whole_and_split_agree(talk: list[tuple[int, bytes]]) -> None:
    whole = bare(tcp(talk, port=5006))
    for at, split in cut_anywhere(talk, port=5006, step=9):
        assert split == whole, at


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SUBHEADERS)), st.binary(max_size=60), st.binary(max_size=60))
def test_any_data_of_any_1e_command(subheader: int, data: bytes, answer: bytes) -> None:
    talk = [(CLIENT, old(subheader, data)), (SERVER, old_answer(subheader, answer))]
    for rows in (udp(talk, port=5006), tcp(talk, port=5006)):
        assert {r["oddity"] for r in rows["oddities"]} <= {
            "truncated", "points-missing", "device-unknown", "not-framed",
        }  # fmt: skip
