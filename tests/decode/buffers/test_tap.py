"""Packets, streams and what is read of them: nothing unless asked, nothing lost, nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.contract.playing import batch_of, engine_for
from decode.feed import CLIENT, SERVER, Tcp, run, tcp
from interlock.records.buffers import BUFFERS, CHUNKED, UNSEEN
from interlock.records.tables import PAYLOADS

ALL = frozenset(BUFFERS) - UNSEEN
RAW = frozenset({"packet", "stream"})


def test_nothing_is_made_unless_somebody_asks() -> None:
    request = [(CLIENT, b"GET / HTTP/1.1\r\n\r\n")]
    assert "payloads" not in tcp(request, port=80)
    assert "payloads" not in tcp(request, port=80, wanted=frozenset({"operations"}))
    made = tcp(request, port=80, wanted=frozenset({"payloads"}))["payloads"]
    assert {row["buffer"] for row in made} >= {"segment", "http.method"}
    assert set(made[0]) == set(PAYLOADS.names)


def test_decoding_says_the_same_whether_buffers_are_made_or_not() -> None:
    talk = [(CLIENT, b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), (SERVER, b"HTTP/1.1 200 OK\r\n\r\nx")]
    plain, tapped = tcp(talk, port=80), tcp(talk, port=80, buffers=ALL)
    tapped.pop("payloads")
    assert tapped == plain


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(min_size=2, max_size=40), min_size=1, max_size=12),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_streams_are_whole_in_order_and_each_octet_once(pieces: list[bytes], batch: int, chance: Any) -> None:
    connection = Tcp(502)
    connection.open()
    for octets in pieces:
        connection.segment(CLIENT, octets)
    opened, rest = connection.frames[:3], connection.frames[3:]
    shaken = list(rest) + [frame for frame in rest if chance.random() < 0.3]
    chance.shuffle(shaken)
    rows = run([*opened, *shaken], batch=batch, buffers=RAW)["payloads"]
    streams = [row for row in rows if row["buffer"] in {"stream", "segment"}]
    assert b"".join(row["octets"] for row in streams) == b"".join(pieces)
    at = 0
    for row in streams:
        assert (row["direction"], row["offset"]) == ("to_server", at)
        at += len(row["octets"])


def test_a_segment_in_its_order_is_packet_and_stream_at_once() -> None:
    connection = Tcp(502)
    connection.open()
    for octets in (b"ab", b"cd", b"ef"):
        connection.segment(CLIENT, octets)
    opened, (first, second, third) = connection.frames[:3], connection.frames[3:]
    ordered = run([*opened, first, second, third], buffers=RAW)["payloads"]
    assert [(row["buffer"], row["octets"], row["offset"]) for row in ordered] == [
        ("segment", b"ab", 0), ("segment", b"cd", 2), ("segment", b"ef", 4),
    ]  # fmt: skip
    swapped = run([*opened, first, third, second], buffers=RAW)["payloads"]
    assert [(row["buffer"], row["octets"]) for row in swapped] == [
        ("segment", b"ab"), ("packet", b"ef"), ("segment", b"cd"), ("stream", b"ef"),
    ]  # fmt: skip
    for asked in RAW:
        rows = run([*opened, first, third, second], buffers=frozenset({asked}))["payloads"]
        assert {row["buffer"] for row in rows} == {asked}
        assert sorted(row["octets"] for row in rows) == [b"ab", b"cd", b"ef"]


def test_octets_that_overlap_and_differ_are_taken_once_and_named() -> None:
    connection = Tcp(80)
    connection.open()
    connection.segment(CLIENT, b"GET /good HTTP/1.1\r\n")
    connection.sequence[CLIENT] -= 20
    connection.segment(CLIENT, b"GET /evil HTTP/1.1\r\n")
    connection.segment(CLIENT, b"\r\n")
    rows = run(connection.frames, buffers=frozenset({"http.uri", "stream"}))
    assert [row["octets"] for row in rows["payloads"] if row["buffer"] == "http.uri"] == [b"/good"]
    assert "segment-rewritten" in {row["oddity"] for row in rows["oddities"]}


def test_what_follows_a_segment_that_the_capture_cut_begins_anew() -> None:
    connection = Tcp(80)
    connection.open()
    connection.segment(CLIENT, b"POST /1 HTTP/1.1\r\nContent-Length: 500\r\n\r\n")
    connection.segment(CLIENT, bytes(500))
    connection.segment(CLIENT, b"GET /2 HTTP/1.1\r\n\r\n")
    frames = batch_of([(i, 0, frame) for i, frame in enumerate(connection.frames)])
    frames.caplen[4] -= 400
    engine = engine_for(1, buffers=frozenset({"http.uri", "packet", "http.request_body"}))
    batches = [engine.feed(frames), *engine.finish()]
    rows = [row for batch in batches if "payloads" in batch for row in batch["payloads"].to_pylist()]
    assert [row["octets"] for row in rows if row["buffer"] == "http.uri"] == [b"/1", b"/2"]
    assert [len(row["octets"]) for row in rows if row["buffer"] == "http.request_body"] == [100]


def test_names_in_a_clienthello() -> None:
    rows = tcp([(CLIENT, hello(b"evil.example"))], port=443, buffers=ALL)["payloads"]
    found = {row["buffer"]: row["octets"] for row in rows}
    assert found["tls.sni"] == b"evil.example"
    assert found["ja3.string"].startswith(b"771,47,0")


def hello(name: bytes, *more: tuple[int, bytes]) -> bytes:
    """A ClientHello that names a server. more: extensions, types and octets."""
    listed = b"\0" + len(name).to_bytes(2, "big") + name
    extension = b"\0\0" + (len(listed) + 2).to_bytes(2, "big") + len(listed).to_bytes(2, "big") + listed
    for kind, octets in more:
        extension += kind.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets
    body = (
        b"\x03\x03"
        + bytes(32)
        + b"\0"
        + b"\0\x02\0\x2f"
        + b"\x01\0"
        + len(extension).to_bytes(2, "big")
        + extension
    )
    shake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(shake).to_bytes(2, "big") + shake


def test_who_spoils_lengths_in_extensions_hides_no_name() -> None:
    """The length of a list is passed over, and so is what stands behind the name (Suricata's src/app-layer-ssl.c)."""
    whole, long = hello(b"evil.example"), hello(b"evil.example", (10, b"\x01\x06\0\x1d\0\x17"))
    spoilt = whole.replace(b"\0\x0f\0\0\x0c", b"\0\x3f\0\0\x0c")
    assert spoilt != whole
    for octets in (spoilt, long):
        rows = tcp([(CLIENT, octets)], port=443, buffers=frozenset({"tls.sni", "ja3.hash"}))["payloads"]
        assert [(row["buffer"], row["octets"]) for row in rows] == [("tls.sni", b"evil.example")]


@pytest.mark.parametrize(
    ("spoilt", "by"),
    [
        (b"\x01\0\0\x15", b"\x01\0\0\x25"),
        (b"\0\0\0\x11", b"\0\0\0\x51"),
        (b"\0\x0f\0\0\x0c", b"\0\x0f\1\0\x0c"),
    ],
)
def test_what_is_longer_than_the_hello_names_nobody(spoilt, by) -> None:
    octets = hello(b"evil.example")
    assert octets.count(spoilt) == 1
    assert not tcp([(CLIENT, octets.replace(spoilt, by))], port=443, buffers=frozenset({"tls.sni"})).get(
        "payloads"
    )


def test_a_second_hello_is_no_other_one() -> None:
    rows = tcp([(CLIENT, hello(b"a.example")), (CLIENT, hello(b"b.example"))], port=443, buffers=ALL)[
        "payloads"
    ]
    assert [row["octets"] for row in rows if row["buffer"] == "tls.sni"] == [b"a.example"]


@pytest.mark.parametrize(
    ("versions", "liked"),
    [((), b"1.2"), ((0x0A0A, 0x0304, 0x0303), b"1.3"), ((0x0303, 0x0304), b"1.2"), ((0x7F1C,), b"1.2")],
)
def test_what_a_client_would_like_to_speak_is_a_version_as_in_suricata(
    versions: tuple[int, ...], liked: bytes
) -> None:
    """The first version of its list that is one; only where rules are held as Suricata holds them."""
    listed = b"".join(version.to_bytes(2, "big") for version in versions)
    octets = hello(b"a", (43, bytes([len(listed)]) + listed)) if versions else hello(b"a")
    for asked, told in ((frozenset(), []), (frozenset({CHUNKED}), [liked])):
        rows = tcp([(CLIENT, octets)], port=443, buffers=asked | {"tls.version"}).get("payloads", [])
        assert [row["octets"] for row in rows] == told


@pytest.mark.parametrize(("octets", "read"), [(30_000, True), (300_000, False)])
def test_a_side_that_goes_on_with_a_message_waits_for_the_other_one(octets: int, read: bool) -> None:
    """A connection that is joined in the middle of a long answer: who asks next says what it speaks."""
    connection = Tcp(8000)
    for at in range(0, octets, 1400):
        connection.segment(SERVER, bytes(min(1400, octets - at)))
    connection.segment(CLIENT, b"GET /next HTTP/1.1\r\nHost: plc\r\n\r\n")
    rows = run(connection.frames, buffers=frozenset({"http.uri"})).get("payloads", [])
    assert [row["octets"] for row in rows] == [b"/next"] * read
