"""SNMP's messages as buffers: versions, community, user, kind; hostile octets are borne."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, udp
from interlock.records.buffers import BUFFERS

ASKED = frozenset(name for name in BUFFERS if name.startswith("snmp."))


def element(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    return bytes([tag, 0x82]) + size.to_bytes(2, "big") + content


def number(value):
    return element(2, bytes([value]))


def pdu(kind):
    bind = element(0x30, element(6, b"\x2b\x06\x01\x02\x01\x01\x01\x00"), element(5))
    return element(0xA0 + kind, number(9), number(0), number(0), element(0x30, bind))


def plain(version, community, kind):
    return element(0x30, number(version), element(4, community), pdu(kind))


def third(user, scoped):
    security = element(
        0x30, element(4, b"engine"), number(1), number(2), element(4, user), element(4), element(4)
    )
    head = element(0x30, number(1), element(2, b"\x05\xdc"), element(4, b"\x04"), number(3))
    return element(0x30, number(3), head, element(4, security), scoped)


def rows(talk):
    made = udp(talk, port=161, buffers=ASKED).get("payloads", [])
    return [(row["direction"], row["buffer"].removeprefix("snmp."), row["octets"]) for row in made]


@pytest.mark.parametrize(("version", "said"), [(0, b"1"), (1, b"2")])
def test_communities(version, said):
    talk = [(CLIENT, plain(version, b"public", 0)), (SERVER, plain(version, b"public", 2))]
    found = rows(talk)
    assert [row[1:] for row in found if row[0] == "to_server"] == [
        ("version", said), ("community", b"public"), ("pdu_type", b"0"),
    ]  # fmt: skip
    assert ("to_client", "pdu_type", b"2") in found


def test_users():
    scoped = element(0x30, element(4, b"engine"), element(4), pdu(3))
    found = [row[1:] for row in rows([(CLIENT, plain(1, b"x", 0)), (CLIENT, third(b"admin", scoped))])]
    assert found[3:] == [("version", b"3"), ("usm", b"admin"), ("pdu_type", b"3")]
    sealed = element(4, b"\x80" * 40)
    found = [row[1:] for row in rows([(CLIENT, plain(1, b"x", 0)), (CLIENT, third(b"admin", sealed))])]
    assert found[3:] == [("version", b"3"), ("usm", b"admin")], "what is enciphered tells no kind"


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60))
def test_any_octets_are_borne(octets, kept):
    whole = plain(1, b"public" * 30, 3)
    for message in (octets, whole[:kept] + octets, whole + octets):
        for _, name, told in rows([(CLIENT, plain(1, b"x", 0)), (CLIENT, message)]):
            assert f"snmp.{name}" in ASKED
            assert len(told) <= max(1, len(message))
