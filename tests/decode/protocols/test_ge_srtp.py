"""GE SRTP; octets written after Denton et al. 2017 and public drivers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.seeds.ge_srtp import (
    OPENED,
    OPENING,
    TALK,
    answered,
    answered_with,
    asked,
    asked_with,
    memory,
    packet,
    refused,
)
from interlock.decode.protocols.ge_srtp.decoder import SPEC
from interlock.decode.protocols.ge_srtp.memory import object_text
from interlock.decode.spec import NEED_MORE, Hint

PORT = 18245


def rows_of(*talk: tuple[int, bytes]) -> Rows:
    rows = tcp(talk, port=PORT)
    assert rows["oddities"] == []
    return rows


def test_a_conversation() -> None:
    told = [
        (r["function"], r["verb"], r["object"], r["count"], r["outcome"])
        for r in rows_of(*TALK)["operations"]
    ]
    assert told == [
        (65536, "open", None, None, "ok"),
        (0x4F, "open", None, None, "ok"),
        (4, "read", "%R:0", 2, "ok"),
        (4, "read", "%R:100", 5, "ok"),
        (7, "write", "%R:200", 2, "ok"),
        (7, "write", "%AQ:3", 1, "ok"),
        (0x23, "mode-set", "state:2", 1, "refused"),
        (0x43, "identify", None, None, "ok"),
    ]


def test_values_within_and_behind_the_mailbox() -> None:
    values = {(v["object"], v["direction"], tuple(v["number"])) for v in rows_of(*TALK)["values"]}
    assert values == {
        ("%R:0", "read", (7.0, 40000.0)),
        ("%R:100", "read", (1.0, 2.0, 3.0, 4.0, 5.0)),
        ("%R:200", "written", (9.0, 10.0)),
        ("%AQ:3", "written", (1337.0,)),
    }


def test_a_published_packet_reads_as_its_authors_say() -> None:
    """The layout of a driver's read of 40 registers at 11000, its fields filled in from octet 0 on."""
    octets = bytes.fromhex("02002409000000000001") + bytes(7) + b"\1" + bytes(12) + b"\x06\xc0"
    octets += bytes(4) + bytes.fromhex("100e0000010104") + memory(0x08, 11000, 40) + bytes(8)
    (row,) = rows_of((CLIENT, octets))["operations"]
    assert (row["object"], row["count"], row["unit"], row["transaction"]) == ("%R:11000", 40, "1", "2340")


@pytest.mark.parametrize(
    ("selector", "offset", "text"),
    [
        (0x0A, 4, "%AI:4"),
        (0x46, 17, "%I:17"),
        (0x10, 2, "%I.byte:2"),
        (0x56, 0, "%G:0"),
        (0x7F, 1, "segment-7f:1"),
    ],
)
def test_addresses(selector: int, offset: int, text: str) -> None:
    assert object_text(selector, offset) == text


CASES = [
    (0x00, "diagnose"), (0x03, "identify"), (0x09, "write"), (0x20, "authenticate"), (0x24, "time-set"),
    (0x28, "program-write"), (0x2B, "program-read"), (0x35, "program-write"), (0x39, "reset"), (0x52, "firmware-write"),
    (0x57, "force"), (0x46, "unknown"), (0x77, "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "verb"), CASES)
def test_every_service_has_its_verb(service: int, verb: str) -> None:
    (row,) = rows_of((CLIENT, asked(1, service)))["operations"]
    assert (row["function"], row["verb"]) == (service, verb)


def test_a_load_that_brings_octets_is_a_write() -> None:
    talk = [(CLIENT, asked(1, 0x40)), (CLIENT, asked_with(2, 0x40, b"", b"\0" * 8))]
    assert [r["verb"] for r in rows_of(*talk)["operations"]] == ["program-read", "program-write"]


def test_a_force_names_what_is_forced() -> None:
    (row,) = rows_of((CLIENT, asked(1, 0x44, memory(0x46, 5, 1))))["operations"]
    assert (row["verb"], row["object"]) == ("force", "%I:5")


def test_a_refusal_has_both_statuses() -> None:
    (row,) = rows_of((CLIENT, asked(1, 4, memory(8, 0, 1))), (SERVER, refused(1, 5, 0xF4)))["operations"]
    assert (row["outcome"], row["code"]) == ("refused", 0x05F4)
    (row,) = rows_of((CLIENT, asked(1, 4, memory(8, 0, 1))), (SERVER, answered(1, status=3)))["operations"]
    assert (row["outcome"], row["code"]) == ("refused", 0x0300)


def test_bits_are_octets_and_octets_are_numbers() -> None:
    talk = [
        (CLIENT, asked(1, 4, memory(0x46, 3, 12))),
        (SERVER, answered(1, b"\xab\x0c")),
        (CLIENT, asked(2, 4, memory(0x10, 0, 3))),
        (SERVER, answered(2, b"\x01\x02\x03")),
    ]
    first, second = rows_of(*talk)["values"]
    assert (first["raw"], first["number"]) == (b"\xab\x0c", None)
    assert (second["number"], second["type"]) == ([1.0, 2.0, 3.0], "octet")


def test_fewer_octets_than_were_asked_for() -> None:
    rows = tcp([(CLIENT, asked(1, 4, memory(8, 0, 9))), (SERVER, answered_with(1, b"\1\0\2\0\3"))], port=PORT)
    assert [r["oddity"] for r in rows["oddities"]] == ["byte-count-mismatch"]
    assert [v["number"] for v in rows["values"]] == [[1.0, 2.0]]


def test_a_later_packet_of_a_request_makes_no_row() -> None:
    talk = [
        (CLIENT, asked_with(1, 0x28, b"", b"a" * 40)),
        (CLIENT, asked_with(2, 0x28, b"", b"b" * 40, part=2)),
    ]
    assert [r["verb"] for r in rows_of(*talk)["operations"]] == ["program-write"]


def test_answers_find_their_request_by_sequence() -> None:
    talk = [
        (CLIENT, asked(1, 4, memory(8, 1, 1))),
        (CLIENT, asked(2, 4, memory(8, 2, 1))),
        (SERVER, answered(2, b"\2\0")),
        (SERVER, answered(1, b"\1\0")),
    ]
    assert [(v["object"], v["number"]) for v in rows_of(*talk)["values"]] == [
        ("%R:2", [2.0]),
        ("%R:1", [1.0]),
    ]


def test_an_answer_without_its_request() -> None:
    (row,) = rows_of((CLIENT, OPENING), (SERVER, OPENED), (SERVER, answered(9)))["operations"][1:]
    assert (row["frame"], row["function"], row["unit"], row["transaction"]) == (None, None, "1", "9")


def test_types_that_are_not_known() -> None:
    rows = tcp(
        [(CLIENT, OPENING), (CLIENT, packet(7, 1, 0xC0, b"")), (CLIENT, packet(2, 1, 0x11, b""))], port=PORT
    )
    assert [r["oddity"] for r in rows["oddities"]] == ["packet-type-unknown", "mailbox-type-unknown"]


def test_joined_mid_stream() -> None:
    rows = tcp(TALK[5:], port=PORT, handshake=False)
    assert {r["function"] for r in rows["operations"]} == {None, 4, 7, 0x23, 0x43}


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=PORT))
    for at, split in cut_anywhere(TALK, port=PORT, step=9):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=13), st.binary(max_size=40), st.sampled_from([0, 4, 7, 0x23, 0x44, 0x99]))
def test_any_data(data: bytes, text: bytes, service: int) -> None:
    talk = [
        (CLIENT, asked(1, service, data)),
        (SERVER, answered_with(1, text)),
        (CLIENT, asked_with(2, service, data[:5], text)),
        (SERVER, answered(2, text[:6])),
    ]
    rows = tcp(talk, port=PORT)
    assert {r["oddity"] for r in rows["oddities"]} <= {"byte-count-mismatch"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_it_is_known_and_others_are_not_taken() -> None:
    anywhere, own = Hint("tcp", 40000, 40001, 0, None, 0), Hint("tcp", 40000, PORT, 0, None, 0)
    assert SPEC.probe(asked(1, 4, memory(8, 0, 1)), anywhere) >= 60
    assert SPEC.probe(answered(1), anywhere) >= 60
    assert SPEC.probe(OPENING, own) >= 30
    assert SPEC.probe(OPENING, anywhere) == 0
    assert SPEC.probe(OPENING[:9], own) == NEED_MORE
    for foreign in (
        b"\3\0\0\x16\x11" + bytes(60),
        b"\2\0" + b"\xff" * 70,
        b"\x80" * 60,
        b"GET / HTTP/1.1\r\n" * 4,
    ):
        assert SPEC.probe(foreign, anywhere) == 0
        assert SPEC.probe(foreign, own) == 0
