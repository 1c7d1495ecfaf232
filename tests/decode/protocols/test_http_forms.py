"""Logins in forms, JSON and queries of HTTP: account, outcome and words about the secret, never the secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from interlock.decode.protocols.http.forms import KEPT, form_login, query_login

if TYPE_CHECKING:
    from decode.feed import Rows

FORM, JSON = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
SESSION = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=8f3a; HttpOnly\r\nContent-Length: 2\r\n\r\nok"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"
DENIED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
BACK = b"HTTP/1.1 302 Found\r\nLocation: /login?error=1\r\nSet-Cookie: sid=8f3a\r\nContent-Length: 0\r\n\r\n"


def post(body: bytes, kind: str = FORM, target: str = "/login.cgi") -> bytes:
    head = (
        f"POST {target} HTTP/1.1\r\nHost: plc\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def logins(rows: Rows) -> list[tuple[str | None, ...]]:
    return [(r["scheme"], r["user"], r["known"], r["strength"], r["outcome"]) for r in rows["credentials"]]


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (post(b"user=admin&password=admin&submit=OK"), ("form", "admin", "default", "same-as-user")),
        (post(b"txtUserName=joe&txt_Password=Xk7%2Fq%26mW2z"), ("form", "joe", None, None)),
        (post(b"password=", FORM), ("form", None, None, "empty")),
        (
            post(json.dumps({"username": "operator", "password": ""}).encode(), JSON),
            ("form", "operator", None, "empty"),
        ),
        (
            post(
                b'[{"jsonrpc":"2.0","method":"Api.Login","params":{"user":"eng","password":"Xk7/q&mW2z"}}]',
                JSON,
            ),
            ("form", "eng", None, None),
        ),
        (
            b"GET /login.cgi?usr=joe&pwd=summer2 HTTP/1.1\r\nHost: plc\r\n\r\n",
            ("form", "joe", None, "common"),
        ),
    ],
)
def test_a_login_is_told_without_its_secret(request_: bytes, told: tuple[str | None, ...]) -> None:
    rows = tcp([(CLIENT, request_), (SERVER, SESSION)], port=80)
    ((scheme, user, known, strength, outcome),) = logins(rows)
    assert (scheme, user, known or None, strength, outcome) == (*told, "ok") or known
    assert (scheme, user, strength) == (told[0], told[1], told[3])
    shown = json.dumps(rows, default=str)
    assert "Xk7" not in shown
    assert "summer2" not in shown


@pytest.mark.parametrize(
    ("answer", "outcome"), [(SESSION, "ok"), (PAGE, "unknown"), (DENIED, "refused"), (BACK, "unknown")]
)
@pytest.mark.parametrize("batch", [0, 1])
def test_how_it_ended_is_said_only_where_the_answer_says_so(answer: bytes, outcome: str, batch: int) -> None:
    request = post(b"user=admin&password=Xk7/q")
    talk = [(CLIENT, request[:60]), (CLIENT, request[60:-5]), (CLIENT, request[-5:]), (SERVER, answer)]
    (login,) = logins(tcp(talk, port=80, batch=batch))
    assert login[4] == outcome


@pytest.mark.parametrize(
    "request_",
    [
        post(b"user=admin&oldpassword=a&newpassword=b&confirmpassword=b"),
        post(b"password=old&new_password=b"),
        post(b"user=admin&password=a&passwd=b"),
        post(b"setpoint=12&passive=1"),
        post(b"{", JSON),
        post(b"[" * 3000, JSON),
        post(b"user=admin&password=a", "text/plain"),
        post(b"user=admin&password=a&fill=" + b"x" * KEPT),
        b"GET /a?password HTTP/1.1\r\nHost: plc\r\n\r\n",
    ],
)
def test_what_is_no_login_makes_none_and_the_stream_goes_on(request_: bytes) -> None:
    again = b"GET /next HTTP/1.1\r\nHost: plc\r\n\r\n"
    rows = tcp([(CLIENT, request_), (SERVER, PAGE), (CLIENT, again), (SERVER, PAGE)], port=80)
    assert rows["credentials"] == []
    assert [r["object"] for r in rows["operations"]][1:] == ["plc/next"]
    assert rows["oddities"] == []


@given(st.binary(max_size=300), st.sampled_from([FORM, JSON]))
def test_any_octets_are_a_login_or_none(body: bytes, kind: str) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Type: " + kind.encode()
    assert form_login(head, body) is None or isinstance(form_login(head, body), tuple)
    assert query_login(b"/?" + body) is None or isinstance(query_login(b"/?" + body), tuple)
