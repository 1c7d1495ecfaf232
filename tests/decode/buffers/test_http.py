"""Heads, bodies and bounds of HTTP/1 as buffers, through a real engine."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.buffers.http_rows import HTTP, buffers, oddities
from decode.feed import CLIENT, SERVER, tcp

REQUEST = (
    b"POST http://Up.example:8080/a/%2e%2e/b//c.php?x=%41+1 HTTP/1.1\r\nHost: Evil.Example:80\r\n"
    b"User-Agent: A\r\nuser-agent: B\r\nCookie: s=1\r\nContent-Length: 3\r\n\r\nabc"
)


def answer(body: bytes, *fields: bytes) -> list[tuple[int, bytes]]:
    head = b"".join(field + b"\r\n" for field in fields)
    return [
        (CLIENT, b"GET /f HTTP/1.1\r\nHost: h.example\r\n\r\n"),
        (SERVER, b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body),
    ]


@pytest.mark.parametrize(
    ("buffer", "octets"),
    [
        ("http.method", b"POST"),
        ("http.uri", b"/b/c.php?x=A+1"),
        ("http.uri.raw", b"http://Up.example:8080/a/%2e%2e/b//c.php?x=%41+1"),
        ("http.host", b"up.example"),
        ("http.host.raw", b"up.example"),
        ("http.url", b"up.example:8080/a/%2e%2e/b//c.php?x=%41+1"),
        ("http.user_agent", b"A, B"),
        ("http.cookie", b"s=1"),
        ("http.content_len", b"3"),
        ("http.protocol", b"HTTP/1.1"),
        ("http.header", b"Host: Evil.Example:80\r\nUser-Agent: A, B\r\nContent-Length: 3\r\n"),
        ("http.header_names", b"\r\nHost\r\nUser-Agent\r\nCookie\r\nContent-Length\r\n\r\n"),
        ("http.request_body", b"abc"),
        ("file.data", b"abc"),
        ("file.md5", hashlib.md5(b"abc", usedforsecurity=False).hexdigest().encode()),
        ("file.sha256", hashlib.sha256(b"abc").hexdigest().encode()),
    ],
)
def test_a_request_is_cut_as_documented(buffer: str, octets: bytes) -> None:
    assert buffers([(CLIENT, REQUEST)])["to_server", 1, buffer] == [octets]


def test_only_what_is_asked_for_is_made() -> None:
    rows = tcp([(CLIENT, REQUEST)], port=80, buffers=frozenset({"http.uri"}))["payloads"]
    assert [row["buffer"] for row in rows] == ["http.uri"]
    assert tcp([(CLIENT, REQUEST)], port=80)["payloads"] == []


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw deflate"])
def test_a_chunked_body_is_joined_and_unpacked(coding: str) -> None:
    plain = b"<html>" + bytes(range(256)) * 40
    made = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw deflate": made.compress(plain) + made.flush(),
    }[coding]
    body = b"".join(
        b"%x;x=1\r\n%s\r\n" % (len(packed[i : i + 99]), packed[i : i + 99]) for i in range(0, len(packed), 99)
    )
    segments = answer(
        body + b"0\r\nTrailer: 1\r\n\r\n",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: " + coding.rsplit(maxsplit=1)[-1].encode(),
    )
    found = buffers(segments)
    assert found["to_client", 1, "http.response_body"] == [plain]
    assert found["to_client", 1, "file.mime"] == [b"text/html"]
    assert found["to_client", 1, "file.sha1"] == [
        hashlib.sha1(plain, usedforsecurity=False).hexdigest().encode()
    ]


def test_answers_belong_to_their_requests_in_order() -> None:
    asked = b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % i for i in range(3))
    told = b"HTTP/1.1 100 Continue\r\n\r\n" + b"".join(
        b"HTTP/1.1 20%d OK\r\nContent-Length: 1\r\n\r\n%d" % (i, i) for i in range(3)
    )
    found = buffers([(CLIENT, asked), (SERVER, told)])
    for i in range(3):
        assert found["to_server", i + 1, "http.uri"] == [b"/%d" % i]
        assert found["to_client", i + 1, "http.response_body"] == [b"%d" % i]


def test_a_batch_of_requests_alone_is_read_to_its_end() -> None:
    # A scanner's traffic: far more rows than frames.
    found = buffers([(CLIENT, REQUEST * 40)] * 150)
    assert sum(len(rows) for (_, _, name), rows in found.items() if name == "http.method") == 6000


def test_any_word_may_be_a_status_code() -> None:
    found = buffers([(CLIENT, REQUEST), (SERVER, b"HTTP/1.1 200x OK\r\nContent-Length: 2\r\n\r\nab")])
    assert found["to_client", 1, "http.stat_code"] == [b"200x"]
    assert found["to_client", 1, "http.response_body"] == [b"ab"]


def test_head_and_no_content_have_no_body() -> None:
    asked = b"HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHTTP/1.1 204 Gone\r\n\r\n"
    found = buffers([(CLIENT, asked), (SERVER, told)])
    assert found["to_client", 2, "http.stat_code"] == [b"204"]
    assert not any(name == "http.response_body" for _, _, name in found)


def test_a_bomb_is_named_and_bounded() -> None:
    bomb = gzip.compress(bytes(40 << 20))
    segments = answer(b"", b"Content-Encoding: gzip", b"Content-Length: %d" % len(bomb))
    pieces = [(SERVER, bomb[i : i + 1400]) for i in range(0, len(bomb), 1400)]
    assert "body-bomb" in oddities([*segments, *pieces])
    found = buffers([*segments, *pieces])
    assert len(found["to_client", 1, "http.response_body"][0]) == 102_400
    assert ("to_client", 1, "file.sha256") not in found


def test_a_thousand_and_more_fields_are_named() -> None:
    fields = b"".join(b"X-%d: a\r\n" % i for i in range(1100))
    request = b"GET / HTTP/1.1\r\n" + fields + b"\r\n"
    pieces = [(CLIENT, request[i : i + 1400]) for i in range(0, len(request), 1400)]
    assert "fields-flooded" in oddities(pieces)
    assert buffers(pieces)["to_server", 1, "http.header_names"][0].count(b"X-") == 1024


def test_endless_small_chunks_are_named() -> None:
    segments = answer(b"", b"Transfer-Encoding: chunked")
    pieces = [(SERVER, b"1\r\na\r\n" * 200) for _ in range(30)]
    assert "chunks-flooded" in oddities([*segments, *pieces])


def test_too_many_codings_and_octets_that_are_not_coded_are_named() -> None:
    assert "coded-too-often" in oddities(
        answer(b"x", b"Content-Encoding: gzip, gzip, gzip", b"Content-Length: 1")
    )
    assert "body-not-coded" in oddities(answer(b"plain", b"Content-Encoding: gzip", b"Content-Length: 5"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=12))
def test_whole_and_split_input_give_the_same(cuts: list[int]) -> None:
    plain = b"body of a page" * 20
    body = gzip.compress(plain, mtime=0)
    asked = REQUEST + b"GET /2 HTTP/1.1\r\nHost: two\r\n\r\n"
    told = answer(b"", b"Content-Encoding: gzip", b"Content-Length: %d" % len(body))[1][1] + body
    told += b"HTTP/1.0 404 No\r\n\r\nrest"
    whole = buffers([(CLIENT, asked), (SERVER, told)])
    pieces: list[tuple[int, bytes]] = []
    for side, octets in ((CLIENT, asked), (SERVER, told)):
        at = 0
        for cut in cuts:
            pieces.append((side, octets[at : at + cut]))
            at += cut
        pieces.append((side, octets[at:]))
    assert buffers([piece for piece in pieces if piece[1]], batch=3) == whole


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=300)), max_size=8),
    st.binary(max_size=80),
)
def test_any_octets_give_rows_and_no_fault_of_ours(pieces: list[tuple[int, bytes]], tail: bytes) -> None:
    rows = tcp([(CLIENT, REQUEST[:60] + tail), *pieces], port=80, buffers=HTTP)
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
