"""Files in bodies of HTTP: put together however they are cut, in forms, in chunks."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp

FILE = b"PROGRAM main\nEND_PROGRAM\n" * 20
SHA = hashlib.sha256(FILE).hexdigest()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
quickly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def put(file: bytes = FILE, target: bytes = b"/prg/main.st") -> bytes:
    return b"PUT " + target + b" HTTP/1.1\r\nHost: plc\r\nContent-Length: %d\r\n\r\n" % len(file) + file


def chunked(file: bytes = FILE) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    parts = [file[k : k + 100] for k in range(0, len(file), 100)]
    return head + b"".join(b"%x\r\n" % len(p) + p + b"\r\n" for p in parts) + b"0\r\n\r\n"


def form(file: bytes = FILE) -> bytes:
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="pw"\r\n\r\nsecret\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="main.st"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + file + b"\r\n--xyz--\r\n"
    )
    head = b"POST /upload HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=xyz\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


TALKS: dict[str, tuple[list[tuple[int, bytes]], str, str]] = {
    "put": ([(CLIENT, put()), (SERVER, OK)], "/prg/main.st", "written"),
    "form": ([(CLIENT, form()), (SERVER, OK)], "main.st", "written"),
    "chunked": (
        [(CLIENT, b"GET /prg/main.st HTTP/1.1\r\n\r\n"), (SERVER, chunked())],
        "/prg/main.st",
        "read",
    ),
}


@pytest.mark.parametrize("name", TALKS)
@quickly
@given(st.data())
def test_a_file_is_the_same_however_it_is_cut(name: str, data: st.DataObject) -> None:
    talk, path, way = TALKS[name]
    pieces: list[tuple[int, bytes]] = []
    for side, octets in talk * 2:
        cuts = sorted(data.draw(st.sets(st.integers(1, len(octets) - 1), max_size=4)))
        pieces += [(side, octets[a:b]) for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    found = tcp(pieces, port=80, batch=data.draw(st.integers(0, 7)))
    assert [(r["name"], r["direction"], r["state"], r["sha256"]) for r in found["artifacts"]] == 2 * [
        (path, way, "whole", SHA)
    ]
    assert len([r for r in found["operations"] if r["outcome"] == "ok"]) == 2
    assert found["oddities"] == []


def test_what_the_server_does_not_take_is_refused() -> None:
    (row,) = tcp([(CLIENT, put()), (SERVER, NO)], port=80)["artifacts"]
    assert row["state"] == "refused"


def test_without_an_answer_it_is_whole_and_cut_off_it_is_not() -> None:
    assert [r["state"] for r in tcp([(CLIENT, put())], port=80)["artifacts"]] == ["whole"]
    assert [r["state"] for r in tcp([(CLIENT, put()[:-1])], port=80)["artifacts"]] == ["incomplete"]


@pytest.mark.parametrize(
    "talk",
    [
        [
            (CLIENT, b"GET /index.html HTTP/1.1\r\n\r\n"),
            (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        ],
        [(CLIENT, b"POST /login HTTP/1.1\r\nContent-Length: 9\r\n\r\nuser=a&pw"), (SERVER, OK)],
        [(CLIENT, b"GET /a.apx HTTP/1.1\r\n\r\n"), (SERVER, NO)],
    ],
)
def test_pages_and_forms_without_files_are_passed_over(talk: Any) -> None:
    assert tcp(talk, port=80)["artifacts"] == []


def test_fields_of_a_form_beside_its_files_are_kept_nowhere() -> None:
    wanted = frozenset({"artifacts", "artifact_contents"})
    kept = tcp([(CLIENT, form()), (SERVER, OK)], port=80, wanted=wanted)["artifact_contents"]
    assert [row["octets"] for row in kept] == [FILE]
