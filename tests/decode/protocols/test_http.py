"""HTTP: heads in order, bodies passed over, logins; octets written after RFC 9112."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.http.agents import system_of
from interlock.decode.protocols.http.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

OK = b"HTTP/1.1 200 OK\r\nServer: GoAhead-Webs\r\nContent-Length: 5\r\n\r\nhello"
BASIC = base64.b64encode(b"admin:admin")
TALK = [
    (CLIENT, b"GET /a?user=joe&pw=secret HTTP/1.1\r\nHost: plc\r\nUser-Agent: X (Windows NT 6.1)\r\n\r\n"),
    (SERVER, OK),
    (
        CLIENT,
        b"PUT /b HTTP/1.1\r\nHost: plc\r\nAuthorization: Basic " + BASIC + b"\r\nContent-Length: 30\r\n\r\n",
    ),
    (SERVER, b"HTTP/1.1 100 Continue\r\n\r\n"),
    (CLIENT, b"GET /fake HTTP/1.1\r\nHost: x\r\n\r\n"[:30].ljust(30, b".")),
    (SERVER, b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nX: y\r\n\r\n"),
    (CLIENT, b"HEAD /c HTTP/1.1\r\n\r\nBREW /pot HTTP/1.1\r\n\r\n"),
    (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nHTTP/1.1 418 no\r\nContent-Length: 0\r\n\r\n"),
]


def hint(port: int = 80) -> Hint:
    return Hint("tcp", 50000, port, 0, True, 0)


def told(rows: dict) -> list[tuple]:
    return [(r["function_name"], r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]]


def test_answers_belong_to_requests_in_order() -> None:
    rows = tcp(TALK, port=80)
    assert told(rows) == [
        ("GET", "read", "plc/a?user&pw", "ok", None),
        ("PUT", "write", "plc/b", "ok", None),
        ("HEAD", "read", "/c", "ok", None),
        ("BREW", "unknown", "/pot", "refused", 418),
    ]
    assert [r["function"] for r in rows["operations"]] == [1, 4, 2, None]
    assert rows["oddities"] == []


def test_basic_credentials_are_a_login_with_its_outcome() -> None:
    login = tcp(TALK, port=80)["credentials"]
    assert [(r["scheme"], r["user"], r["known"], r["outcome"]) for r in login] == [
        ("form", "joe", None, "unknown"),
        ("basic", "admin", "default", "ok"),
    ]
    refused = [TALK[2], (CLIENT, b"x" * 30), (SERVER, b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")]
    assert tcp(refused, port=80)["credentials"][0]["outcome"] == "refused"


@pytest.mark.parametrize("batch", [0, 1, 2, 3])
def test_a_login_answered_in_a_later_batch_is_one_row(batch: int) -> None:
    (login,) = tcp(TALK[2:], port=80, batch=batch)["credentials"]
    assert login["outcome"] == "ok"


@pytest.mark.parametrize("batch", [0, 1])
def test_a_login_that_nobody_answers_is_one_row_that_says_so(batch: int) -> None:
    (login,) = tcp([TALK[2], (CLIENT, b"x" * 30)], port=80, batch=batch)["credentials"]
    assert login["outcome"] == "unknown"


def test_programs_and_systems_are_clues() -> None:
    clues = {(r["who"], r["field"], r["value"]) for r in tcp(TALK, port=8099)["clues"]}
    assert {
        ("10.0.0.2", "software", "GoAhead-Webs"),
        ("10.0.0.2", "service", "http/8099"),
        ("10.0.0.1", "os", "Windows 7"),
        ("10.0.0.1", "user", "admin"),
    } <= clues


def test_connect_ends_what_can_be_read() -> None:
    rows = tcp(
        [
            (CLIENT, b"CONNECT far:443 HTTP/1.1\r\nHost: far:443\r\n\r\n"),
            (SERVER, b"HTTP/1.1 200 OK\r\n\r\n"),
            (CLIENT, b"GET /inside HTTP/1.1\r\n\r\n"),
            (SERVER, b"\x16\x03\x01\x00\x02\x02\x00"),
        ],
        port=8080,
    )
    assert [r["function_name"] for r in rows["operations"]] == ["CONNECT"]
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("head", "oddity"),
    [
        (b"GET / HTTP/1.1\r\nnonsense\r\n\r\n", "field-malformed"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", "too-many-fields"),
        (b"GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n", "content-length-twice"),
        (b"GET / HTTP/1.1\r\nAuthorization: Basic %%%\r\n\r\n", "basic-malformed"),
        (b"GET / HTTP/1.1\r\n\r\n\x00\x01\x02garbage", "not-framed"),
        (b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 70000, "not-framed"),
    ],
)
def test_oddities(head: bytes, oddity: str) -> None:
    pieces = [(CLIENT, head[at : at + 60000]) for at in range(0, len(head), 60000)]
    assert oddity in {r["oddity"] for r in tcp(pieces, port=80)["oddities"]}


def test_late_answers_and_answers_alone() -> None:
    rows = tcp(
        [(SERVER, OK), (SERVER, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")], port=80, handshake=False
    )
    assert told(rows) == [(None, "unknown", None, "ok", None), (None, "unknown", None, "refused", 500)]
    assert {r["server"] for r in rows["operations"]} == {"10.0.0.2"}


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=80))
    for at, split in cut_anywhere(TALK, port=80, step=3):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 200), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=80)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@pytest.mark.parametrize(
    ("octets", "least", "most"),
    [
        (b"GET / HTTP/1.1\r\n", 90, 100),
        (b"HTTP/1.0 200 OK\r\n", 90, 100),
        (b"POST /" + b"a" * 600, 60, 100),
        (b"PO", NEED_MORE, NEED_MORE),
        (b"SSH-2.0-x\r\n", 0, 0),
        (b"220 ftp ready\r\n", 0, 0),
        (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", 0, 0),
        (b"GET the thing\r\n", 0, 0),
    ],
)
def test_probe(octets: bytes, least: int, most: int) -> None:
    assert least <= SPEC.probe(octets, hint(12345)) <= most


def test_systems_of_agents() -> None:
    assert system_of("Mozilla/5.0 (Windows NT 10.0; Win64)") == "Windows 10"
    assert system_of("Apache/2.4 (Ubuntu)") == "Ubuntu Linux"
    assert system_of("curl/8.0") == ""


def test_mqtt_over_a_websocket_is_named() -> None:
    ask = b"GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
    reply = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n\x82\x10"
    rows = tcp([(CLIENT, ask), (SERVER, reply)], port=9001)
    assert ("10.0.0.2", "service", "mqtt/9001") in {(c["who"], c["field"], c["value"]) for c in rows["clues"]}
    other = tcp([(CLIENT, ask), (SERVER, reply.replace(b"Protocol: mqtt", b"Protocol: chat"))], port=9001)
    assert not [c for c in other["clues"] if c["value"].startswith("mqtt")]
