"""DNS as buffers: names of questions and answers, codes, and what breaks a header."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp, udp
from interlock.decode.buffers.dns import looks_like_dns
from interlock.records.buffers import BUFFERS

ASKED = frozenset(name for name in BUFFERS if name.startswith("dns."))


def name(text):
    return b"".join(bytes([len(part)]) + part for part in text.split(b".")) + b"\0"


def message(flags, questions=(b"plc.example",), answers=(), number=7):
    head = struct.pack("!HHHHHH", number, flags, len(questions), len(answers), 0, 0)
    asked = b"".join(name(one) + b"\0\1\0\1" for one in questions)
    told = b"".join(one + struct.pack("!HHIH", 1, 1, 60, 4) + bytes(4) for one in answers)
    return head + asked + told


def rows(talk, asked=ASKED, by=udp):
    made = by(talk, port=53, buffers=frozenset(asked)).get("payloads", [])
    return [(row["direction"], row["buffer"].removeprefix("dns."), row["octets"]) for row in made]


def test_questions_and_answers():
    answer = message(0x8183, answers=(b"\xc0\x0c", name(b"other.example")))
    found = rows([(CLIENT, message(0x0100)), (SERVER, answer)])
    assert [(way, octets) for way, buffer, octets in found if buffer == "query"] == [
        ("to_server", b"plc.example")
    ]
    assert [(way, octets) for way, buffer, octets in found if buffer == "query.name"] == [
        ("to_server", b"plc.example"),
        ("to_client", b"plc.example"),
    ]
    assert [octets for _, buffer, octets in found if buffer == "answer.name"] == [
        b"plc.example",
        b"other.example",
    ]
    assert [(way, octets) for way, buffer, octets in found if buffer == "rcode"] == [
        ("to_server", b"0"),
        ("to_client", b"3"),
    ]
    assert {octets for _, buffer, octets in found if buffer == "opcode"} == {b"0"}
    assert not [1 for _, buffer, _ in found if buffer == "event"]


def test_answers_are_not_read_where_nobody_asks():
    talk = [(CLIENT, message(0x0100)), (SERVER, message(0x8180))]
    assert rows(talk, {"dns.query"}) == [("to_server", "query", b"plc.example")]


@pytest.mark.parametrize(
    ("flags", "events"),
    [
        (0x0100, []),
        (0x0140, [b"z_flag_set"]),
        (6 << 11, []),
        (7 << 11, [b"invalid_opcode"]),
        (15 << 11 | 0x40, [b"z_flag_set", b"invalid_opcode"]),
    ],
)
def test_what_breaks_a_header(flags, events):
    for more, way, side in ((0, "to_server", CLIENT), (0x8000, "to_client", SERVER)):
        found = rows([(CLIENT, message(0x0100)), (side, message(flags | more, number=8))])
        assert [octets for said, buffer, octets in found if buffer == "event" and said == way] == events


def test_in_a_stream_lengths_stand_before():
    pieces = [(CLIENT, struct.pack("!H", len(m)) + m) for m in (message(0x0100), message(0x0140))]
    assert [octets for _, buffer, octets in rows(pieces, by=tcp) if buffer == "event"] == [b"z_flag_set"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_octets_are_borne(octets, kept):
    whole = message(0x8180, answers=(b"\xc0\x0c", name(b"other.example")))
    for told in (octets, whole[:kept] + octets, whole + octets):
        for _, buffer, _ in rows([(CLIENT, message(0x0100)), (SERVER, told), (CLIENT, told)]):
            assert f"dns.{buffer}" in ASKED


@given(st.binary(max_size=64), st.integers(0, 40))
def test_what_may_be_a_message(octets, left):
    looks_like_dns(octets, True)
    assert not looks_like_dns(octets, False)
    whole = message(0x0100)
    # Of a name that is cut at most its end is missing; of a header nothing may be, nor of room for what it counts.
    assert looks_like_dns(whole[: 14 + left], True)
    assert not looks_like_dns(whole[:11], True)
    assert not looks_like_dns(whole[:4] + b"\x7e\x7e" + whole[6:], True)


@pytest.mark.parametrize("name", [b"\x40", b"\x80a", b"\xc0\x0c", b"\xc0\xff"])
def test_a_name_that_breaks_the_rules_is_none(name):
    assert not looks_like_dns(message(0x0100)[:12] + name + b"\0\1\0\1", True)
