"""Files over SMB 1 put together by their offsets, in packets of any length; pipes are none."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp

Talk = list[tuple[int, bytes]]
BODY = b"".join(hashlib.sha256(bytes((k & 255, k >> 8))).digest() for k in range(4700))
NAME = "\\prg\\main.st"
FILE = 0x4001
quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def smb1(
    command: int, number: int, words: bytes, data: bytes = b"", *, answer: bool = False, status: int = 0
) -> bytes:
    """MS-CIFS clause 2.2.3, in a NetBIOS session packet."""
    head = b"\xffSMB" + struct.pack("<BIBH", command, status, 0x98 if answer else 0x18, 0xC801) + bytes(12)
    head += struct.pack("<HHHHB", 1, 7, 1, number, len(words) // 2)
    octets = head + words + struct.pack("<H", len(data) & 0xFFFF) + data
    return struct.pack(">I", len(octets)) + octets


def opened(name: str = NAME, size: int = 0, action: int = 2, kind: int = 0) -> Talk:
    """MS-CIFS clause 2.2.4.64."""
    text = b"\0" + name.encode("utf-16-le")
    asks = struct.pack("<BBHBHIIIQIIIIIB", 255, 0, 0, 0, len(text) - 1, 0, 0, 3, 0, 0, 3, 1, 0, 2, 0)
    says = struct.pack("<BBHBHI32xIQQHHB", 255, 0, 0, 0, FILE, action, 128, size, size, kind, 0, 0)
    return [(CLIENT, smb1(0xA2, 1, asks, text)), (SERVER, smb1(0xA2, 1, says, answer=True))]


def wrote(number: int, at: int, part: bytes, status: int = 0) -> Talk:
    """MS-CIFS clause 2.2.4.43: data behind one octet that fills up."""
    words = struct.pack("<BBHHIIHHHHHI", 255, 0, 0, FILE, at & 0xFFFFFFFF, 0, 0, 0, len(part) >> 16,
                        len(part) & 0xFFFF, 64, at >> 32)  # fmt: skip
    says = struct.pack("<BBHHHHH", 255, 0, 0, len(part) & 0xFFFF, 0, 0, 0)
    return [
        (CLIENT, smb1(0x2F, number, words, b"\0" + part)),
        (SERVER, smb1(0x2F, number, says, answer=True, status=status)),
    ]


def was_read(number: int, at: int, part: bytes) -> Talk:
    """MS-CIFS clause 2.2.4.42."""
    asks = struct.pack("<BBHHIHHIHI", 255, 0, 0, FILE, at & 0xFFFFFFFF, 60_000, 0, 0, 0, at >> 32)
    says = struct.pack("<BBHHHHHHH8x", 255, 0, 0, 0xFFFF, 0, 0, len(part) & 0xFFFF, 60, len(part) >> 16)
    return [(CLIENT, smb1(0x2E, number, asks)), (SERVER, smb1(0x2E, number, says, b"\0" + part, answer=True))]


def closed() -> Talk:
    return [
        (CLIENT, smb1(0x04, 9000, struct.pack("<HI", FILE, 0))),
        (SERVER, smb1(0x04, 9000, b"", answer=True)),
    ]


def parts(octets: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(at, octets[at : at + size]) for at in range(0, len(octets), size)]


def upload(pieces: list[tuple[int, bytes]], **more: Any) -> Talk:
    talk = opened(**more)
    for number, (at, part) in enumerate(pieces, 10):
        talk += wrote(number, at, part)
    return talk + closed()


def download(pieces: list[tuple[int, bytes]], size: int) -> Talk:
    talk = opened(size=size, action=1)
    for number, (at, part) in enumerate(pieces, 10):
        talk += was_read(number, at, part)
    return talk + closed()


def told(talk: Talk, size: int = 1400, **more: Any) -> list[tuple[Any, ...]]:
    cut = [(side, octets[at : at + size]) for side, octets in talk for at in range(0, len(octets), size)]
    rows = tcp(cut, port=445, **more)
    assert rows["oddities"] == []
    return [(r["name"], r["direction"], r["state"], r["size"], r["sha256"]) for r in rows["artifacts"]]


def whole(way: str, body: bytes = BODY) -> list[tuple[Any, ...]]:
    return [(NAME, way, "whole", len(body), hashlib.sha256(body).hexdigest())]


@pytest.mark.parametrize("size", [4096, 60_000, 100_000])
def test_a_file_is_whole_in_packets_of_any_length(size: int) -> None:
    assert told(upload(parts(BODY, size))) == whole("written")
    assert told(download(parts(BODY, size), len(BODY))) == whole("read")


@quickly
@given(st.data())
def test_parts_may_come_in_any_order_and_segments(data: st.DataObject) -> None:
    pieces = data.draw(st.permutations(parts(BODY, 30_000)))
    assert told(
        upload(pieces), data.draw(st.integers(200, 3000)), batch=data.draw(st.integers(0, 40))
    ) == whole("written")


def test_what_is_missing_leaves_no_hash() -> None:
    for talk in (
        upload(parts(BODY, 60_000)[1:]),
        upload(parts(BODY, 60_000), action=1, size=400_000),
        [*opened(), *wrote(3, 0, BODY[:500], status=0xC0000022), *closed()],
        download(parts(BODY, 60_000)[:-1], len(BODY)),
    ):
        assert [row[2] for row in told(talk)] == ["incomplete"]


def test_a_pipe_and_a_file_that_was_not_opened_are_none() -> None:
    assert told([*opened("\\srvsvc", kind=2), *wrote(3, 0, BODY[:500]), *closed()]) == []
    assert told([*wrote(3, 0, BODY[:500]), *was_read(4, 0, BODY[:500]), *closed()]) == []


def test_rules_see_the_file() -> None:
    rows = tcp(upload([(0, b"MZ" + BODY[:100])]), port=445, buffers=frozenset({"file.name", "file.data"}))[
        "payloads"
    ]
    assert {row["buffer"]: row["octets"] for row in rows} == {
        "file.name": NAME.encode(),
        "file.data": b"MZ" + BODY[:100],
    }


@quickly
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([4, 0x2E, 0x2F, 0xA2]), st.binary(max_size=120)),
        max_size=8,
    )
)
def test_any_words_are_no_fault_of_ours(messages: list[tuple[int, int, bytes]]) -> None:
    talk = [
        (side, smb1(c, 1, words[: len(words) & ~1], words, answer=bool(side))) for side, c, words in messages
    ]
    rows = tcp([*opened(), *talk], port=445)
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
