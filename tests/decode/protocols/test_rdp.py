"""RDP: connection request and confirm; octets written after MS-RDPBCGR 2.2.1.1 and 2.2.1.2."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.rdp.decoder import SPEC
from interlock.decode.spec import Hint

HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"


def x224(kind: int, variable: bytes) -> bytes:
    inner = struct.pack(">BHHB", kind, 0, 0, 0) + variable
    return struct.pack(">BBHB", 3, 0, 5 + len(inner), len(inner)) + inner


def negotiation(kind: int, number: int) -> bytes:
    return struct.pack("<BBHI", kind, 0, 8, number)


ASKED = x224(0xE0, b"Cookie: mstshash=operator\r\n" + negotiation(1, 3))
CHOSEN = x224(0xD0, negotiation(2, 1))
TALK = [(CLIENT, ASKED), (SERVER, CHOSEN), (CLIENT, HELLO), (SERVER, HELLO)]


def test_user_and_protection() -> None:
    rows = tcp(TALK, port=3390)
    (row,) = rows["operations"]
    told = [row[k] for k in ("function", "function_name", "verb", "user", "object", "outcome")]
    assert told == [None, "connection request", "open", "operator", "TLS", "ok"]
    clues = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {("10.0.0.1", "user", "operator"), ("10.0.0.2", "service", "rdp/3390")} <= clues
    assert rows["oddities"] == []


def test_a_failure_refuses_with_its_code() -> None:
    (row,) = tcp([(CLIENT, ASKED), (SERVER, x224(0xD0, negotiation(3, 5)))], port=3389)["operations"]
    assert (row["outcome"], row["code"], row["object"]) == ("refused", 5, "TLS, CredSSP")


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=3389))
    for at, split in cut_anywhere(TALK, port=3389):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=3389)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize(
    ("octets", "least", "most"),
    [
        (ASKED, 90, 100),
        (CHOSEN, 90, 100),
        (bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102"), 0, 0),
        (bytes.fromhex("0300001902f080320100000000000800 00f0000001000101e0".replace(" ", "")), 0, 0),
    ],
)
def test_probe_leaves_other_tpkt_alone(octets: bytes, least: int, most: int) -> None:
    assert least <= SPEC.probe(octets, Hint("tcp", 50000, 102, 0, True, 0)) <= most
