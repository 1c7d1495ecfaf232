"""HTTP/2 in clear as buffers, through a real engine: what Suricata 7.0.10 showed of real clients and servers."""

from __future__ import annotations

import gzip
import struct
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.buffers.http_rows import buffers, oddities
from decode.feed import CLIENT, SERVER
from interlock.decode.buffers.hpack import _CODES, MOST_FIELDS, Hpack, _uncoded
from interlock.decode.buffers.http2 import MAX_BLOCK, MAX_STREAMS, PREFACE
from interlock.errors import DecodeError

END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32
ASK = [
    (b":method", b"POST"),
    (b":path", b"/a?x=1"),
    (b":authority", b"U@Plant.Example:8080"),
    (b"cookie", b"a=b"),
]
SAY = [(b":status", b"200"), (b"server", b"s/2"), (b"set-cookie", b"sid=1"), (b"set-cookie", b"b=2")]


def frame(kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def plain(fields: list[tuple[bytes, bytes]]) -> bytes:
    """A block in which every field is a literal (RFC 7541 clause 6.2.2)."""
    return b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in fields)


def head(stream: int, fields: list[tuple[bytes, bytes]], flags: int = END_HEADERS | END_STREAM) -> bytes:
    return frame(1, stream, plain(fields), flags)


def conversation(ask: bytes, say: bytes = b"") -> list[tuple[int, bytes]]:
    return [(CLIENT, PREFACE + frame(4, 0) + ask), (SERVER, frame(4, 0) + say)]


def test_a_request_and_its_answer() -> None:
    found = buffers(conversation(head(1, ASK), head(1, SAY)))
    asked = {
        name: octets for (way, number, name), octets in found.items() if (way, number) == ("to_server", 1)
    }
    said = {
        name: octets for (way, number, name), octets in found.items() if (way, number) == ("to_client", 1)
    }
    lines = b":method: POST\r\n:path: /a?x=1\r\n:authority: U@Plant.Example:8080\r\n"
    expected = {
        "http.method": b"POST",
        "http.uri": b"/a?x=1",
        "http.uri.raw": b"/a?x=1",
        "http.host": b"plant.example",
        "http.host.raw": b"U@Plant.Example:8080",
        "http.protocol": b"HTTP/2",
        "http.cookie": b"a=b",
        "http.header": lines,
        "http.header.raw": lines + b"cookie: a=b\r\n",
        "http.header_names": b"\r\n:method\r\n:path\r\n:authority\r\ncookie\r\n\r\n",
        "http.request_line": b"POST /a?x=1 HTTP/2\r\n",
    }
    for name, octets in expected.items():
        assert asked[name] == [octets]
    assert said["http.stat_code"] == [b"200"]
    assert said["http.cookie"] == [b"sid=1, b=2"]
    assert said["http.header"] == [b":status: 200\r\nserver: s/2\r\n"]
    assert said["http.response_line"] == [b"HTTP/2 200\r\n"]
    assert not {"http.start", "http.method"} & said.keys()


def test_bodies_are_unpacked_and_streams_told_apart() -> None:
    body = b"valve and pump " * 900
    coded = gzip.compress(body)
    say = head(1, [*SAY, (b"content-encoding", b"gzip")], END_HEADERS) + frame(0, 1, coded[:40])
    say += head(3, SAY, END_HEADERS) + frame(0, 3, b"\3xyz" + bytes(3), PADDED | END_STREAM)
    say += frame(0, 1, coded[40:], END_STREAM)
    found = buffers(conversation(head(1, ASK) + head(3, ASK), say))
    assert found["to_client", 1, "http.response_body"] == [body] == found["to_client", 1, "file.data"]
    assert found["to_client", 2, "http.response_body"] == [b"xyz"]
    assert found["to_client", 1, "file.size"] == [b"%d" % len(body)]


def test_a_posted_body_and_fields_behind_it() -> None:
    ask = head(1, ASK, END_HEADERS) + frame(0, 1, b"cmd=exec") + head(1, [(b"x-end", b"yes")])
    found = buffers(conversation(ask))
    assert found["to_server", 1, "http.request_body"] == [b"cmd=exec"]
    assert found["to_server", 1, "http.header"][0].endswith(b"x-end: yes\r\n")


def test_a_head_in_several_frames() -> None:
    block = plain(ASK)
    parts = bytes([4]) + bytes(5) + block[:9] + bytes(4)
    ask = (
        frame(1, 1, parts, PADDED | PRIORITY | END_STREAM)
        + frame(9, 1, block[9:20])
        + frame(9, 1, block[20:], END_HEADERS)
    )
    assert buffers(conversation(ask))["to_server", 1, "http.uri"] == [b"/a?x=1"]


def test_what_http1_goes_on_in() -> None:
    segments = [
        (CLIENT, b"GET /first HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
        (SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + frame(4, 0)),
        (CLIENT, PREFACE + frame(4, 0) + head(3, ASK)),
        (SERVER, head(1, SAY) + head(3, SAY)),
    ]
    found = buffers(segments)
    assert found["to_server", 1, "http.uri"] == [b"/first"]
    assert found["to_server", 2, "http.uri"] == [b"/first"]
    assert found["to_client", 2, "http.stat_code"] == [b"200"]
    assert found["to_server", 3, "http.uri"] == [b"/a?x=1"]


def test_what_was_promised_or_broken_off() -> None:
    say = (
        frame(5, 1, bytes([0, 0, 0, 2]) + plain(ASK), END_HEADERS)
        + head(1, SAY, END_HEADERS)
        + frame(0, 1, b"half")
    )
    say += frame(3, 1, bytes(4))
    found = buffers(conversation(head(1, ASK), say))
    assert found["to_client", 1, "http.response_body"] == [b"half"]
    assert ("to_client", 1, "file.size") not in found
    assert ("to_client", 1, "http.method") not in found


@pytest.mark.parametrize(
    ("ask", "oddity"),
    [
        (frame(1, 1, b"\xff\xff\xff\xff\xff\xff", END_HEADERS), "field-block-malformed"),
        (frame(1, 1, b"\xbf", END_HEADERS), "field-block-malformed"),
        (frame(1, 1, b"\x82" * (MOST_FIELDS + 1), END_HEADERS), "fields-flooded"),
        (frame(1, 1, b"\x82") + frame(0, 1, b"a"), "frame-malformed"),
        (frame(9, 1, b"\x82"), "frame-malformed"),
        (frame(0, 1, b"\x09abc", PADDED), "frame-malformed"),
        (frame(1, 1, b"\x09abc", PADDED), "frame-malformed"),
        (frame(1, 1, bytes(MAX_BLOCK + 1), END_HEADERS), "head-flooded"),
        (frame(1, 1) + frame(9, 1, b"\0\1a\1b" * 8000) * 2, "head-flooded"),
    ],
)
def test_what_is_broken_is_named_and_read_no_further(ask: bytes, oddity: str) -> None:
    segments = [(CLIENT, part) for part in pieces(PREFACE + ask + head(7, ASK))]
    assert oddity in oddities(segments)
    assert ("to_server", 1, "http.uri") not in buffers(segments)


def pieces(octets: bytes) -> list[bytes]:
    return [octets[at : at + 1400] for at in range(0, len(octets), 1400)]


def test_streams_that_never_end_are_told_as_far_as_they_came() -> None:
    ask = b"".join(head(2 * n + 1, ASK, END_HEADERS) for n in range(MAX_STREAMS + 9))
    found = buffers([(CLIENT, part) for part in pieces(PREFACE + ask)])
    assert len([key for key in found if key[2] == "http.uri"]) == MAX_STREAMS + 9


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 900), max_size=12, unique=True))
def test_whole_and_split_input_give_the_same(cuts: list[int]) -> None:
    ask = PREFACE + frame(4, 0) + head(1, ASK, END_HEADERS) + frame(0, 1, b"\2body\0\0", PADDED | END_STREAM)
    ask += head(3, ASK) + frame(8, 0, bytes(4)) + frame(0, 5, b"lost") + head(7, ASK)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(ask)), len(ask)]
    parts = [(CLIENT, ask[a:b]) for a, b in pairwise(bounds)]
    assert buffers(parts) == buffers([(CLIENT, ask)])


@settings(max_examples=150, deadline=None)
@given(
    frames=st.lists(
        st.builds(frame, st.integers(0, 10), st.integers(0, 5), st.binary(max_size=60), st.integers(0, 255))
        | st.binary(max_size=40),
        max_size=12,
    ),
    side=st.sampled_from([CLIENT, SERVER]),
)
def test_any_octets_give_rows_and_no_fault_of_ours(frames: list[bytes], side: int) -> None:
    told = oddities([(CLIENT, PREFACE + head(1, ASK)), *((side, octets) for octets in frames if octets)])
    assert not {name for name in told if name.startswith("decoder-error")}


# RFC 7541, appendix C: blocks of one connection after the other, and the fields they are.
_C4: list[tuple[str, list[tuple[bytes, bytes]]]] = [
    (
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com")],
    ),
    (
        "828684be5886a8eb10649cbf",
        [
            *((b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/")),
            *((b":authority", b"www.example.com"), (b"cache-control", b"no-cache")),
        ],
    ),
    (
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
        [
            *((b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/index.html")),
            *((b":authority", b"www.example.com"), (b"custom-key", b"custom-value")),
        ],
    ),
]


def test_the_blocks_of_the_specification() -> None:
    decoder = Hpack()
    for block, fields in _C4:
        assert decoder.fields(bytes.fromhex(block)) == fields


def test_a_table_that_grows_smaller_forgets() -> None:
    decoder = Hpack()
    assert decoder.fields(b"\x40\1a\1b\xbe") == [(b"a", b"b"), (b"a", b"b")]
    assert decoder.fields(b"\x20") == []
    with pytest.raises(DecodeError):
        decoder.fields(b"\xbe")
    with pytest.raises(DecodeError):
        decoder.fields(b"\x3f\xe2\xff\x7f")


@given(block=st.binary(max_size=200))
def test_any_block_gives_fields_or_the_one_error(block: bytes) -> None:
    decoder = Hpack()
    for _ in range(2):
        with suppress(DecodeError):
            assert len(decoder.fields(block)) <= MOST_FIELDS


@given(octet=st.integers(0, 255))
def test_every_octet_has_a_code_of_its_own(octet: int) -> None:
    length, code = next(key for key, value in _CODES.items() if value == octet)
    padded = (code << 64 - length) | (1 << 64 - length) - 1
    assert _uncoded((padded >> 64 - (length + 7) // 8 * 8).to_bytes((length + 7) // 8, "big")) == bytes(
        [octet]
    )
