"""Telnet: prompts and what is typed at them; octets written after RFC 854 and what shells print."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.telnet.characters import Characters
from interlock.decode.protocols.telnet.decoder import SPEC
from interlock.decode.spec import Hint

OPTIONS = b"\xff\xfd\x18\xff\xfb\x03"
TALK = [
    (SERVER, OPTIONS),
    (CLIENT, b"\xff\xfb\x18\xff\xfd\x03\xff\xfa\x18\x00vt100\xff\xf0"),
    (SERVER, b"\r\nHirschmann MACH\r\nVxWorks 5.4\r\nUser: "),
    (CLIENT, b"a"),
    (SERVER, b"a"),
    (CLIENT, b"dmx\x08in\r\n"),
    (SERVER, b"dmin\r\nPassword: "),
    (CLIENT, b"private\r\n"),
    (SERVER, b"\r\nWelcome, last failed login never\r\nswitch> "),
    (CLIENT, b"enable\r\n"),
]


def logins(talk: list[tuple[int, bytes]]) -> list[tuple]:
    return [(r["user"], r["known"], r["outcome"]) for r in tcp(talk, port=23)["credentials"]]


def test_a_login_with_echo_and_backspace() -> None:
    assert logins(TALK) == [("admin", "default", "ok")]


@pytest.mark.parametrize(
    ("after", "outcome"),
    [(b"\r\nLogin incorrect\r\nlogin: ", "refused"), (b"\r\nUser: ", "refused"), (b"\r\n...", "unknown")],
)
def test_how_it_ended(after: bytes, outcome: str) -> None:
    assert logins([*TALK[:8], (SERVER, after), (CLIENT, b"x")])[0][2] == outcome


def test_the_banner_is_a_clue() -> None:
    clues = {(r["who"], r["field"], r["value"]) for r in tcp(TALK, port=23)["clues"]}
    assert {
        ("10.0.0.2", "software", "Hirschmann MACH | VxWorks 5.4"),
        ("10.0.0.2", "os", "VxWorks"),
        ("10.0.0.2", "service", "telnet/23"),
        ("10.0.0.1", "user", "admin"),
    } <= clues


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=23))
    for at, split in cut_anywhere(TALK, port=23):
        assert split == whole, at


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=23)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


@given(st.binary(max_size=60), st.integers(0, 60))
def test_characters_do_not_depend_on_cuts(octets: bytes, at: int) -> None:
    halves = Characters()
    assert halves.take(octets[:at]) + halves.take(octets[at:]) == Characters().take(octets)


def test_probe() -> None:
    far = Hint("tcp", 12345, 50000, 0, False, 0)
    assert SPEC.probe(OPTIONS, far) >= 60
    assert SPEC.probe(b"login: ", far) == 0
    assert SPEC.probe(b"login: ", Hint("tcp", 23, 50000, 0, False, 0)) >= 30
    assert SPEC.probe(b"\xff\xff\xff\xff\xff\xff", far) == 0
