"""SSH: identification strings; octets written after RFC 4253 clause 4.2."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from interlock.decode.protocols.ssh.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

KEYS = b"\x00\x00\x01\x14\x0a\x14" + bytes(range(256)) + b"\n" * 20
FROM_SERVER = (SERVER, b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3\r\n" + KEYS)
FROM_CLIENT = (CLIENT, b"SSH-2.0-PuTTY_Release_0.78\r\n" + KEYS)
TALK = [FROM_SERVER, FROM_CLIENT, (SERVER, KEYS), (CLIENT, KEYS)]


def seen(talk: list[tuple[int, bytes]]) -> list[tuple]:
    rows = tcp(talk, port=22)["operations"]
    return sorted((r["frame"] is not None, r["response_frame"] is not None, r["outcome"]) for r in rows)


def test_whoever_comes_first_each_string_counts_once() -> None:
    assert seen(TALK) == [(False, True, "ok"), (True, False, "ok")]
    assert seen([FROM_CLIENT, FROM_SERVER]) == [(True, True, "ok")]


def test_software_and_system_are_clues() -> None:
    clues = {(r["who"], r["field"], r["value"]) for r in tcp(TALK, port=2022)["clues"]}
    assert {
        ("10.0.0.2", "software", "OpenSSH_8.9p1"),
        ("10.0.0.2", "os", "Ubuntu Linux"),
        ("10.0.0.2", "service", "ssh/2022"),
        ("10.0.0.1", "software", "PuTTY_Release_0.78"),
    } <= clues


def test_an_old_version_is_odd() -> None:
    rows = tcp([(SERVER, b"SSH-1.5-Cisco-1.25\n")], port=22)
    assert [r["oddity"] for r in rows["oddities"]] == ["protocol-version-old"]


def test_whole_and_split_agree() -> None:
    whole = bare(tcp(TALK, port=22))
    for at, split in cut_anywhere(TALK, port=22, step=3):
        assert split == whole, at


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 60), st.integers(0, 255)), max_size=6))
def test_mutations_never_break_it(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(TALK, changes), port=22)
    assert not [r for r in rows["oddities"] if r["oddity"].startswith("decoder-error")]


def test_probe() -> None:
    far = Hint("tcp", 12345, 50000, 0, False, 0)
    assert SPEC.probe(b"SSH-2.0-x\r\n", far) >= 60
    assert SPEC.probe(b"SSH", far) == NEED_MORE
    assert SPEC.probe(b"SSH-keys\r\n", far) == 0
