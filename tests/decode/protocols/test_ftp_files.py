"""Files on FTP's data connections: put together whichever end listens and however they are cut."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import ACK, CLIENT, FIN, SERVER, Tcp, run

FILE = bytes(range(256)) * 3
SHA = hashlib.sha256(FILE).hexdigest()
PASSIVE = (b"PASV\r\n", b"227 Entering (10,0,0,2,195,80)\r\n", 50000, SERVER)
ACTIVE = (b"PORT 10,0,0,1,195,81\r\n", b"200 ok\r\n", 50001, CLIENT)
EXTENDED = (b"EPSV\r\n", b"229 Entering (|||50000|)\r\n", 50000, SERVER)
quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def talk(
    command: bytes,
    way: tuple[bytes, bytes, int, int] = PASSIVE,
    *,
    reply: bytes = b"226 done\r\n",
    before: bytes = b"",
    cuts: tuple[int, ...] = (300,),
    close: bool = True,
    early: bool = False,
) -> list[bytes]:
    """Frames of a control connection and of the data connection that carries FILE.

    early: the server has written all of it, and says so, before its kernel has sent more than the first part.
    """
    ask, answer, port, listener = way
    control, data = Tcp(21), Tcp(port, 20 if listener == CLIENT else 40001)
    sender = SERVER if command.startswith(b"RETR") else CLIENT
    frames: list[bytes] = []

    def say(side: int, octets: bytes) -> None:
        control.segment(side, octets)
        frames.append(control.frames.pop())

    def carry(side: int, octets: bytes = b"", flags: int = ACK) -> None:
        data.segment(side if listener == SERVER else 1 - side, octets, flags)
        frames.append(data.frames.pop() if listener == SERVER else _turned(data.frames.pop()))

    for side, octets in ((SERVER, b"220 hello\r\n"), (CLIENT, b"USER eng\r\n"), (SERVER, b"331 ?\r\n")):
        say(side, octets)
    for side, octets in ((CLIENT, before), (CLIENT, ask), (SERVER, answer), (CLIENT, command)):
        if octets:
            say(side, octets)
    say(SERVER, b"150 here\r\n")
    places = sorted({0, *cuts, len(FILE)})
    for a, b in pairwise(places):
        carry(sender, FILE[a:b])
        if early and not a:
            say(SERVER, reply)
    if close:
        carry(sender, flags=FIN | ACK)
        carry(1 - sender, flags=FIN | ACK)
    if not early:
        say(SERVER, reply)
    return frames


def _turned(frame: bytes) -> bytes:
    """The same between the other ends: whose port is the client's is the server's machine."""
    return frame[6:12] + frame[:6] + frame[12:26] + frame[30:34] + frame[26:30] + frame[34:]


@pytest.mark.parametrize("way", [PASSIVE, ACTIVE, EXTENDED])
def test_what_comes_behind_the_servers_answer_is_of_the_file(way: tuple[bytes, bytes, int, int]) -> None:
    frames = talk(b"RETR main.st\r\n", way, cuts=(100, 300, 500), early=True)
    (row,) = run(frames)["artifacts"]
    assert (row["state"], row["size"], row["sha256"]) == ("whole", len(FILE), SHA)


@pytest.mark.parametrize("way", [PASSIVE, ACTIVE, EXTENDED])
@pytest.mark.parametrize("command", [b"RETR /prj/a.apx\r\n", b"STOR /prj/a.apx\r\n"])
def test_a_file_is_put_together_whichever_end_listens(way: Any, command: bytes) -> None:
    (row,) = run(talk(command, way))["artifacts"]
    assert (row["state"], row["sha256"], row["name"], row["user"]) == ("whole", SHA, "/prj/a.apx", "eng")
    assert (row["client"], row["server"]) == ("10.0.0.1", "10.0.0.2")
    assert row["direction"] == ("read" if command.startswith(b"RETR") else "written")


@quickly
@given(st.sets(st.integers(1, len(FILE) - 1), max_size=6), st.integers(0, 7))
def test_the_same_however_it_is_cut(cuts: set[int], batch: int) -> None:
    (row,) = run(talk(b"STOR a.bin\r\n", cuts=tuple(cuts)), batch=batch)["artifacts"]
    assert (row["state"], row["sha256"]) == ("whole", SHA)


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"reply": b"550 no\r\n"}, "refused"),
        ({"reply": b"426 broken\r\n", "close": False}, "refused"),
        ({"close": False}, "incomplete"),
        ({"before": b"REST 100\r\n"}, "incomplete"),
    ],
)
def test_what_is_not_the_whole_file_is_said_so(more: Any, state: str) -> None:
    (row,) = run(talk(b"STOR a.bin\r\n", **more))["artifacts"]
    assert row["state"] == state


def test_a_part_that_was_lost_leaves_no_hash() -> None:
    frames = talk(b"RETR a.bin\r\n", cuts=(100, 200, 300))
    del frames[8]
    assert [r["sha256"] for r in run(frames)["artifacts"]] == [None]


def test_listings_are_no_files() -> None:
    assert run(talk(b"LIST\r\n"))["artifacts"] == []
