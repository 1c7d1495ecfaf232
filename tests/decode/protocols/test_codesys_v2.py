"""CODESYS V2; octets written after Digital Bond's Basecamp tools."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.seeds.codesys_v2 import IDENTITY, SEEDS, TALK, block, browser, plain, reads, writes
from interlock.decode.protocols.codesys_v2.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

PORT = 2455
HELLO = (CLIENT, plain(b"\1"))


def rows_of(*talk: tuple[int, bytes]) -> Rows:
    rows = tcp(talk, port=PORT)
    assert rows["oddities"] == []
    return rows


def test_a_conversation() -> None:
    told = [(r["function"], r["verb"], r["object"], r["outcome"]) for r in rows_of(*TALK)["operations"]]
    assert told == [
        (0x01, "identify", None, "ok"),
        (0x92, "stop", "plc-browser:stopprg", "unknown"),
        (0x2F, "program-write", "file:DEFAULT.PRG", "unknown"),
        (0x30, "file-write", None, "unknown"),
        (0x31, "file-read", "file:log.txt", "unknown"),
        (0x32, "file-read", None, "unknown"),
    ]


def test_a_controller_says_what_it_is_in_either_byte_order() -> None:
    for rows in (rows_of(*TALK), tcp(SEEDS[1].messages, port=1200)):
        found = {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
        assert {("10.0.0.2", "os", "Nucleus PLUS Ver. 1.11"), ("10.0.0.2", "product", "3S PLC")} <= found


def test_a_password_behind_a_command_is_not_shown() -> None:
    rows = tcp(SEEDS[1].messages, port=1200)
    assert [(r["verb"], r["object"]) for r in rows["operations"]][1:] == [("configure", "plc-browser:setpwd")]
    assert "secret" not in str(rows["operations"])


@pytest.mark.parametrize(
    ("body", "verb", "named"),
    [
        (browser(b"startprg"), "start", "plc-browser:startprg"),
        (browser(b"ResetPrgOrg"), "reset", "plc-browser:ResetPrgOrg"),
        (browser(b"filedelete a.txt"), "file-write", "plc-browser:filedelete"),
        (browser(b"vendorword"), "unknown", "plc-browser:vendorword"),
        (reads(b"DEFAULT.prg"), "program-read", "file:DEFAULT.prg"),
        (writes(b"a.txt", b"x"), "file-write", "file:a.txt"),
        (b"\x77\0", "unknown", None),
    ],
)
def test_every_service_has_its_verb(body: bytes, verb: str, named: str | None) -> None:
    for octets in (plain(body), block(body)):
        (row,) = rows_of(HELLO, (SERVER, IDENTITY), (CLIENT, octets))["operations"][1:]
        assert (row["verb"], row["object"]) == (verb, named)


def test_further_blocks_of_an_answer_make_no_row() -> None:
    talk = [HELLO, (SERVER, IDENTITY), (SERVER, block(b"\x31" + bytes(9)))]
    assert len(rows_of(*talk)["operations"]) == 1


def test_an_answer_without_its_request() -> None:
    rows = tcp([(SERVER, IDENTITY)], port=PORT, handshake=False)
    assert [(r["frame"], r["function"], r["outcome"]) for r in rows["operations"]] == [
        (None, None, "unknown")
    ]
    assert "os" not in {c["field"] for c in rows["clues"]}


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=PORT))
    for at, split in cut_anywhere(TALK, port=PORT, step=3):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"\xbb\xbb", b"\xcc\xcc", b"\x66\x66", b""]))
def test_any_octets(data: bytes, begin: bytes) -> None:
    rows = tcp([HELLO, (CLIENT, begin + data), (SERVER, begin + data)], port=PORT)
    assert {r["oddity"] for r in rows["oddities"]} <= {"not-framed", "truncated"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=PORT)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_it_is_known_on_its_ports_alone() -> None:
    own, anywhere = Hint("tcp", 40000, PORT, 0, None, 0), Hint("tcp", 40000, 40001, 0, None, 0)
    assert SPEC.probe(plain(b"\1"), own) >= 60
    assert SPEC.probe(IDENTITY, own) >= 60
    assert SPEC.probe(b"\xbb\xbb\1", own) == NEED_MORE
    assert SPEC.probe(plain(b"\1"), anywhere) == 0
    for foreign in (b"GET / HTTP/1.1\r\n", bytes(40), b"\xbb\0" * 9):
        assert SPEC.probe(foreign, own) == 0
