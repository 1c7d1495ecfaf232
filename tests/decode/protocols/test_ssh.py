"""SSH: identification strings; octets written after RFC 4253 clause 4.2."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Tcp, tcp
from decode.protocols.cutting import bare, cut_anywhere, mutated
from decode.protocols.second_reader import tshark_fields
from decode.protocols.ssh_octets import LISTS, offer
from interlock.decode.protocols.ssh.decoder import SPEC
from interlock.decode.spec import NEED_MORE, Hint

if TYPE_CHECKING:
    from pathlib import Path

KEYS = b"\x00\x00\x01\x14\x0a\x14" + bytes(range(256)) + b"\n" * 20
FROM_SERVER = (SERVER, b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3\r\n" + KEYS)
FROM_CLIENT = (CLIENT, b"SSH-2.0-PuTTY_Release_0.78\r\n" + KEYS)
TALK = [FROM_SERVER, FROM_CLIENT, (SERVER, KEYS), (CLIENT, KEYS)]


OFFERS = [
    (SERVER, b"SSH-2.0-OpenSSH_8.9p1\r\n" + offer()),
    (CLIENT, b"SSH-2.0-PuTTY_Release_0.78\r\n"),
    (CLIENT, offer() + bytes(40)),
    (SERVER, bytes(90)),
]


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


def prints(talk: list[tuple[int, bytes]]) -> set[tuple[str, str]]:
    rows = tcp(talk, port=22)
    assert rows["oddities"] == []
    return {(r["who"], r["value"]) for r in rows["clues"] if r["field"] == "fingerprint"}


def test_offers_are_fingerprints_of_both_ends() -> None:
    texts = [";".join(LISTS[k] for k in chosen) for chosen in ((0, 2, 4, 6), (0, 3, 5, 7))]
    client, server = (hashlib.md5(t.encode(), usedforsecurity=False).hexdigest() for t in texts)
    wanted = {("10.0.0.1", f"hassh:{client}"), ("10.0.0.2", f"hassh-server:{server}")}
    assert prints(OFFERS) == wanted


def test_an_offer_whose_lists_do_not_fit_is_odd() -> None:
    wrong = bytearray(offer())
    wrong[22:26] = b"\0\1\0\0"
    rows = tcp([OFFERS[0], (CLIENT, b"SSH-2.0-x\r\n" + bytes(wrong))], port=22)
    assert [r["oddity"] for r in rows["oddities"]] == ["offer-malformed"]


def test_what_is_no_offer_is_passed_over() -> None:
    assert (
        prints([(CLIENT, b"SSH-2.0-x\r\n" + bytes(60)), (SERVER, b"SSH-2.0-y\r\n" + b"\xff" * 60)]) == set()
    )


def test_offers_whole_and_split_agree() -> None:
    whole = bare(tcp(OFFERS, port=22))
    for at, split in cut_anywhere(OFFERS, port=22, step=7):
        assert split == whole, at


def test_tshark_makes_the_same_fingerprints(tmp_path: Path) -> None:
    connection = Tcp(22)
    connection.open()
    banner, mark, keys = OFFERS[0][1].partition(b"\r\n")
    for side, octets in [(SERVER, banner + mark), OFFERS[1], (SERVER, keys), OFFERS[2]]:
        connection.segment(side, octets)
    rows = tshark_fields(connection.frames, ("ssh.kex.hassh", "ssh.kex.hasshserver"), tmp_path)
    theirs = {f"hassh:{r['ssh.kex.hassh']}" for r in rows if r["ssh.kex.hassh"]}
    theirs |= {f"hassh-server:{r['ssh.kex.hasshserver']}" for r in rows if r["ssh.kex.hasshserver"]}
    assert theirs == {value for _, value in prints(OFFERS)}


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
