"""FTP: commands, replies, logins; octets written after RFC 959."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.ftp.decoder import SPEC
from interlock.decode.spec import Hint

TALK = [
    (SERVER, b"220-hello\r\n 220 not yet\r\n220 VxWorks (5.4.2) FTP server ready\r\n"),
    (CLIENT, b"USER usert\r\n"),
    (SERVER, b"331 Password required\r\n"),
    (CLIENT, b"PASS user\r\n"),
    (SERVER, b"230 User logged in\r\n"),
    (CLIENT, b"syst\r\n"),
    (SERVER, b"215 UNIX Type: L8\r\n"),
    (CLIENT, b"STOR /FLASH0/wwwroot/conf/a.bin\r\n"),
    (SERVER, b"150 Opening\r\n226 Done\r\n"),
    (CLIENT, b"RETR gone.txt\r\n"),
    (SERVER, b"550 No such file\r\n"),
    (CLIENT, b"XYZ 1\r\n"),
    (SERVER, b"502 what\r\n"),
]


def told(rows: dict) -> list[tuple]:
    return [(r["function_name"], r["verb"], r["object"], r["outcome"], r["code"]) for r in rows["operations"]]


def test_commands_and_replies() -> None:
    rows = tcp(TALK, port=21)
    assert told(rows) == [
        (None, "unknown", None, "ok", None),
        ("USER", "authenticate", None, "ok", None),
        ("PASS", "authenticate", None, "ok", None),
        ("SYST", "identify", None, "ok", None),
        ("STOR", "file-write", "/FLASH0/wwwroot/conf/a.bin", "ok", None),
        ("RETR", "file-read", "gone.txt", "refused", 550),
        ("XYZ", "unknown", None, "refused", 502),
    ]
    assert {r["user"] for r in rows["operations"][1:]} == {"usert"}
    assert rows["oddities"] == []


def test_the_login_is_known_and_accepted() -> None:
    (login,) = tcp(TALK, port=21)["credentials"]
    assert [login[k] for k in ("scheme", "user", "known", "outcome")] == [
        "user-password",
        "usert",
        "default",
        "ok",
    ]


@pytest.mark.parametrize(
    ("user", "reply", "scheme", "outcome"),
    [(b"anonymous", b"230", "anonymous", "ok"), (b"joe", b"530", "user-password", "refused")],
)
def test_other_logins(user: bytes, reply: bytes, scheme: str, outcome: str) -> None:
    talk = [
        TALK[0],
        (CLIENT, b"USER " + user + b"\r\n"),
        (SERVER, b"331 ?\r\n"),
        (CLIENT, b"PASS a@b.example\r\n"),
    ]
    (login,) = tcp([*talk, (SERVER, reply + b" x\r\n")], port=21)["credentials"]
    assert (login["scheme"], login["outcome"]) == (scheme, outcome)


def test_banner_and_system_are_clues() -> None:
    clues = {(r["who"], r["field"], r["value"]) for r in tcp(TALK, port=21)["clues"]}
    assert {
        ("10.0.0.2", "software", "hello | 220 not yet | VxWorks (5.4.2) FTP server ready"),
        ("10.0.0.2", "os", "VxWorks"),
        ("10.0.0.2", "service", "ftp/21"),
        ("10.0.0.1", "user", "usert"),
    } <= clues


def test_nothing_is_read_behind_auth_tls() -> None:
    talk = [
        TALK[0],
        (CLIENT, b"AUTH TLS\r\n"),
        (SERVER, b"234 go\r\n"),
        (CLIENT, b"\x16\x03\x01\x00"),
        (SERVER, b"\x16\x03"),
    ]
    rows = tcp(talk, port=21)
    assert [r["function_name"] for r in rows["operations"]] == [None, "AUTH"]
    assert rows["oddities"] == []


@pytest.mark.parametrize(
    ("octets", "oddity"),
    [(b"\x01\x02 nonsense\r\n", "line-malformed"), (b"USER " + b"a" * 5000, "not-framed")],
)
def test_oddities(octets: bytes, oddity: str) -> None:
    assert oddity in {r["oddity"] for r in tcp([TALK[0], (CLIENT, octets)], port=21)["oddities"]}


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=21))
    for at, split in cut_anywhere(TALK, port=21, step=2):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=21)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_probe() -> None:
    far = Hint("tcp", 12345, 50000, 0, False, 0)
    assert SPEC.probe(b"220 plc FTP server ready\r\n", far) >= 60
    assert SPEC.probe(b"220 mail ESMTP Postfix\r\n", far) == 0
    assert SPEC.probe(b"GET / HTTP/1.1\r\n", far) == 0
