"""RDP: connection request and confirm; octets written after MS-RDPBCGR 2.2.1.1 and 2.2.1.2."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Tcp, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.second_reader import tshark_fields
from interlock.decode.protocols.rdp.decoder import SPEC
from interlock.decode.spec import Hint

if TYPE_CHECKING:
    from pathlib import Path

HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"


def x224(kind: int, variable: bytes) -> bytes:
    inner = struct.pack(">BHHB", kind, 0, 0, 0) + variable
    return struct.pack(">BBHB", 3, 0, 5 + len(inner), len(inner)) + inner


def negotiation(kind: int, number: int) -> bytes:
    return struct.pack("<BBHI", kind, 0, 8, number)


def connect_initial(name: str, build: int) -> bytes:
    """MCS Connect-Initial with GCC's conference create request and client core data (2.2.1.3)."""
    core = struct.pack("<HHIHHHHII", 0xC001, 216, 0x00080004, 1280, 800, 0xCA01, 0xAA03, 0x409, build)
    core += name.encode("utf-16-le").ljust(32, b"\0")
    core += bytes(216 - len(core))
    request = bytes.fromhex("000800100001c00044756361") + b"\x80\xd8" + core
    gcc = bytes.fromhex("000500147c0001") + struct.pack(">H", 0x8000 | len(request)) + request
    domain = bytes.fromhex("30190201220201020201000201010201000201010202ffff020102")
    inner = (
        bytes.fromhex("040101") * 2
        + b"\x01\x01\xff"
        + domain * 3
        + b"\x04\x82"
        + struct.pack(">H", len(gcc))
        + gcc
    )
    body = b"\x02\xf0\x80\x7f\x65\x82" + struct.pack(">H", len(inner)) + inner
    return struct.pack(">BBH", 3, 0, 4 + len(body)) + body


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


PLAIN = [
    (CLIENT, x224(0xE0, b"Cookie: mstshash=operator\r\n")),
    (SERVER, x224(0xD0, b"")),
    (CLIENT, connect_initial("ENG07", 7601) + bytes(30)),
    (SERVER, b"\x03\x00\x00\x0b\x02\xf0\x80" + bytes(4)),
]


def test_without_tls_the_client_names_itself() -> None:
    rows = tcp(PLAIN, port=3389)
    assert len(rows["operations"]) == 1
    assert rows["oddities"] == []
    clues = {(r["who"], r["field"], r["value"]) for r in rows["clues"]}
    assert {("10.0.0.1", "name", "ENG07"), ("10.0.0.1", "software", "RDP client, build 7601")} <= clues


def test_a_client_whole_and_split() -> None:
    whole = bare(tcp(PLAIN, port=3389))
    for at, split in cut_anywhere(PLAIN, port=3389, step=11):
        assert split == whole, at


def test_tshark_reads_the_same_client(tmp_path: Path) -> None:
    connection = Tcp(3389)
    connection.open()
    for side, octets in [*PLAIN[:2], (CLIENT, connect_initial("ENG07", 7601))]:
        connection.segment(side, octets)
    fields = ("rdp.rt_cookie", "rdp.client.name", "rdp.client.build")
    seen = tshark_fields(connection.frames, fields, tmp_path)
    assert [row["rdp.client.name"] for row in seen if row["rdp.client.name"]] == ["ENG07"]
    assert [row["rdp.client.build"] for row in seen if row["rdp.client.build"]] == ["7601"]


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
