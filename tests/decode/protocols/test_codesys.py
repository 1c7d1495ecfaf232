"""CODESYS V3; octets written after public analyses of its layers."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Rows, ethernet, run, tcp, udp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.seeds.codesys import (
    DATAGRAMS,
    asked_names,
    blocks,
    closing,
    datagram,
    driven,
    login,
    opened,
    opening,
    service,
    tag,
    told_names,
)
from interlock.decode.protocols.codesys.decoder import SPEC
from interlock.decode.protocols.codesys.wire import MAX_TAGS, tags_of
from interlock.decode.spec import NEED_MORE, Hint

PORT, CLIENT_PORT = 1740, 1743
STREAM = tuple((side, driven(octets)) for side, octets in DATAGRAMS)


def rows_of(*talk: tuple[int, bytes]) -> Rows:
    rows = udp(talk, port=PORT, client_port=CLIENT_PORT)
    assert rows["oddities"] == []
    return rows


def asked(octets: bytes, number: int = 1) -> tuple[int, bytes]:
    return CLIENT, blocks(octets, request=True, number=number)[0]


def answered(octets: bytes, number: int = 1) -> tuple[int, bytes]:
    return SERVER, blocks(octets, request=False, number=number)[0]


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation(stream: bool) -> None:
    rows = tcp(STREAM, port=11740) if stream else rows_of(*DATAGRAMS)
    told = {(r["function_name"], r["verb"], r["outcome"], r["code"], r["user"]) for r in rows["operations"]}
    assert told == {
        ("NameResolve", "discover", "ok", None, None),
        ("OPEN_CHANNEL", "open", "ok", None, None),
        ("CmpDevice Login", "authenticate", "ok", None, "operator"),
        ("CmpApp Start", "start", "ok", None, "operator"),
        ("CmpApp Download", "program-write", "refused", 0x19, "operator"),
        ("PlcShell 1", "unknown", "unknown", None, None),
        ("CLOSE_CHANNEL", "close", "unknown", None, None),
    }


def test_a_node_says_what_it_is() -> None:
    found = {(c["who"], c["field"], c["value"]) for c in rows_of(*DATAGRAMS)["clues"]}
    assert {
        ("10.0.0.2", "name", "LINE-3"),
        ("10.0.0.2", "product", "CODESYS Control Win V3"),
        ("10.0.0.2", "vendor", "3S - Smart Software Solutions GmbH"),
        ("10.0.0.2", "firmware", "3.5.19.40"),
        ("10.0.0.2", "serial", "SN42"),
        ("10.0.0.1", "user", "operator"),
    } <= found


def test_a_login_that_fails_is_no_account() -> None:
    told = answered(service(0x81, 2, tag(0x82, tag(0x20, b"\x19\0"))))
    rows = rows_of(asked(login(b"admin")), told)
    (row,) = rows["operations"]
    assert (row["outcome"], row["code"], row["user"]) == ("refused", 0x19, "admin")
    assert "user" not in {c["field"] for c in rows["clues"]}


def test_an_answer_without_a_result_is_unknown() -> None:
    (row,) = rows_of(asked(service(2, 0x11)), answered(service(0x82, 0x11, tag(1, b"x"))))["operations"]
    assert (row["verb"], row["outcome"]) == ("stop", "unknown")
    assert row["response_frame"] is not None


def test_a_channel_that_is_refused() -> None:
    (row,) = rows_of((CLIENT, opening(1)), (SERVER, opened(1, reason=3)))["operations"]
    assert (row["outcome"], row["code"]) == ("refused", 3)


def test_the_secure_form_shows_group_and_command() -> None:
    (row,) = rows_of(asked(service(2, 0x12, b"\xff" * 20, protocol=0x7557)))["operations"]
    assert (row["function"], row["verb"]) == (0x0212, "reset")


def test_unknown_groups_are_unknown() -> None:
    rows = rows_of(asked(service(0x44, 2)), asked(service(2, 0x300), 2))["operations"]
    assert [(r["function"], r["verb"]) for r in rows] == [(0x4402, "unknown"), (None, "unknown")]


def test_a_block_that_is_lost_and_one_that_comes_twice() -> None:
    one, two, three = blocks(service(2, 5, b"\0" * 900), request=True, number=3)
    assert len(rows_of((CLIENT, one), (CLIENT, two), (CLIENT, two), (CLIENT, three))["operations"]) == 1
    rows = udp([(CLIENT, one), (CLIENT, three)], port=PORT, client_port=CLIENT_PORT)
    assert (rows["operations"], [r["oddity"] for r in rows["oddities"]]) == ([], ["block-missing"])


def test_what_breaks_the_layers() -> None:
    talk = [
        (CLIENT, opening(1)),
        (CLIENT, datagram(9, b"")),
        (CLIENT, datagram(64, b"\x99\0")),
        (CLIENT, datagram(64, b"\xc3\0")),
        asked(b"\0" * 20),
    ]
    rows = udp(talk, port=PORT, client_port=CLIENT_PORT)
    assert [r["oddity"] for r in rows["oddities"]] == [
        "datagram-malformed",
        "channel-kind-unknown",
        "truncated",
        "service-malformed",
    ]


def test_tags_end_where_they_do_not_fit() -> None:
    assert tags_of(tag(1, b"ab") + tag(0x82, b"c") + b"\x03\x09d") == {1: b"ab", 0x82: b"c"}
    assert tags_of(b"\xff" * 9) == {}
    assert len(tags_of(b"".join(tag(k % 127, b"") for k in range(999)))) == MAX_TAGS


def test_the_one_who_asks_is_the_client() -> None:
    (row,) = rows_of((SERVER, asked_names(4)), (CLIENT, told_names(4)))["operations"]
    assert (row["client"], row["outcome"]) == ("10.0.0.2", "ok")


def _sent(source: int, target: int, ports: tuple[int, int], octets: bytes) -> bytes:
    """A datagram from 10.0.0.`source` to 10.0.0.`target` in an Ethernet frame."""
    udp_head = struct.pack(">HHHH", *ports, 8 + len(octets), 0)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(octets), 0, 0x4000, 64, 17, 0)
    ends = bytes((10, 0, 0, source, 10, 0, 0, target))
    return ethernet(head + ends + udp_head + octets, 0x0800)


def test_a_question_to_all_is_closed_by_whoever_answers() -> None:
    frames = [
        _sent(1, 255, (1743, 1740), asked_names(9)),
        _sent(2, 1, (1740, 1743), told_names(9)),
        _sent(3, 1, (1740, 1743), told_names(9)),
    ]
    rows = run(frames)
    told = {(r["client"], r["server"], r["function_name"], r["outcome"]) for r in rows["operations"]}
    assert told == {
        ("10.0.0.1", "10.0.0.255", "NameResolve", "ok"),
        ("10.0.0.1", "10.0.0.2", "DeviceInfo", "ok"),
        ("10.0.0.1", "10.0.0.3", "DeviceInfo", "ok"),
    }
    assert {c["who"] for c in rows["clues"] if c["field"] == "vendor"} == {"10.0.0.2", "10.0.0.3"}


def test_an_answer_without_its_request() -> None:
    (row,) = rows_of(answered(service(0x82, 0x10, tag(0x3FFF, b"\0\0"))))["operations"]
    assert (row["frame"], row["function"], row["outcome"]) == (None, 0x0210, "ok")


def test_joined_mid_stream() -> None:
    rows = tcp(STREAM[6:], port=11740, handshake=False)
    assert (CLIENT, closing()) == DATAGRAMS[-1]
    assert {r["function"] for r in rows["operations"]} == {0x0210, 0x0205, 0x1101, 0x100C4}


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(STREAM, port=11740))
    for at, split in cut_anywhere(STREAM, port=11740, step=9):
        assert split == whole, at


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([1, 2, 3, 4, 64]))
def test_any_data_in_a_datagram(data: bytes, number: int) -> None:
    rows = udp([(CLIENT, opening(1)), (CLIENT, datagram(number, data))], port=PORT, client_port=CLIENT_PORT)
    known = {"truncated", "channel-kind-unknown", "service-malformed", "block-missing"}
    assert {r["oddity"] for r in rows["oddities"]} <= known


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    for rows in (
        tcp(mutated(STREAM, changes), port=11740),
        udp(mutated(DATAGRAMS, changes), port=PORT, client_port=CLIENT_PORT),
    ):
        assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_it_is_known_and_others_are_not_taken() -> None:
    anywhere, own = Hint("tcp", 40000, 40001, 0, None, 0), Hint("udp", 1743, PORT, 0, None, 0)
    assert SPEC.probe(STREAM[0][1], anywhere) >= 60
    assert SPEC.probe(STREAM[0][1][:5], anywhere) == NEED_MORE
    assert SPEC.probe(DATAGRAMS[0][1], own) >= 60
    for foreign in (bytes(40), b"\xc5" * 40, b"\0\1\x17\xe8\0\0\0\0\0", b"GET / HTTP/1.1\r\n"):
        assert SPEC.probe(foreign, anywhere) == 0
        assert SPEC.probe(foreign, own) == 0
