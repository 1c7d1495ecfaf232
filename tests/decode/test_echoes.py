"""Answers that have to repeat their command: told where they repeat another one, and only there."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from decode.feed import CLIENT, SERVER, Tcp, run, tcp
from decode.protocols import dnp3_octets as dnp3
from decode.protocols import iec104_octets as iec104

if TYPE_CHECKING:
    from decode.feed import Rows

ACT, ACTCON = 6, 7


def adu(transaction: int, function: int, *words: int, more: bytes = b"", unit: int = 1) -> bytes:
    body = struct.pack(f">BB{len(words)}H", unit, function, *words) + more
    return struct.pack(">HHH", transaction, 0, len(body)) + body


def named(rows: Rows) -> list[tuple[str, int]]:
    return [(row["oddity"], row["frame"]) for row in rows["oddities"]]


@pytest.mark.parametrize(
    ("asked", "answered", "differs"),
    [
        (adu(1, 6, 0, 2000), adu(1, 6, 0, 2000), False),
        (adu(1, 6, 0, 2000), adu(1, 6, 0, 3500), True),
        (adu(1, 6, 0, 2000), adu(1, 6, 9, 2000), True),
        (adu(1, 6, 0, 2000), adu(1, 0x86, more=b"\x02"), False),
        (adu(1, 5, 3, 0xFF00), adu(1, 5, 3, 0), True),
        (adu(1, 16, 4, 2, more=b"\x04\0\1\0\2"), adu(1, 16, 4, 2), False),
        (adu(1, 16, 4, 2, more=b"\x04\0\1\0\2"), adu(1, 16, 4, 3), True),
        (adu(1, 15, 0, 8, more=b"\x01\xff"), adu(1, 15, 0, 8), False),
        (adu(1, 22, 4, 0xF2, 0x25), adu(1, 22, 4, 0xF2, 0x25), False),
        (adu(1, 22, 4, 0xF2, 0x25), adu(1, 22, 4, 0xF2, 0x26), True),
        (adu(1, 3, 0, 1), adu(1, 3, more=b"\x02\x07\xd0"), False),
    ],
)
@pytest.mark.parametrize("batch", [0, 1])
def test_modbus_writes_are_answered_as_asked(
    asked: bytes, answered: bytes, differs: bool, batch: int
) -> None:
    rows = tcp([(CLIENT, asked), (SERVER, answered)], port=502, batch=batch)
    assert named(rows) == ([("answer-differs", rows["operations"][-1]["response_frame"])] if differs else [])


def test_a_lost_answer_does_not_make_the_next_ones_wrong() -> None:
    asks = [adu(0, 6, 0, n) for n in range(5)]
    pieces = [(CLIENT, asks[0])]  # its answer never comes, and the same number is used for all
    for ask in asks[1:]:
        pieces += [(CLIENT, ask), (SERVER, ask)]
    assert named(tcp(pieces, port=502)) == []


def test_where_the_capture_lost_something_nothing_is_compared() -> None:
    talk = Tcp(502)
    talk.open()
    first, second, read = adu(0, 6, 0, 1), adu(0, 6, 0, 2), adu(9, 3, 0, 1)
    for side, octets, lost in (
        (CLIENT, first, False), (SERVER, first, True), (CLIENT, read, False),
        (SERVER, adu(9, 3, more=b"\2\0\1"), False), (CLIENT, second, True), (SERVER, second, False),
    ):  # fmt: skip
        talk.segment(side, octets)
        if lost:
            talk.frames.pop()
    assert named(run(talk.frames)) == []


def test_an_earlier_command_excuses_nothing() -> None:
    same = [(side, adu(n, 6, 0, 3500)) for n in range(1, 4) for side in (CLIENT, SERVER)]
    rows = tcp([*same, (CLIENT, adu(4, 6, 0, 2000)), (SERVER, adu(4, 6, 0, 3500))], port=502)
    assert [oddity for oddity, _ in named(rows)] == ["answer-differs"]


def relay(code: int, *, index: int = 5, status: int = 0) -> bytes:
    return dnp3.header(12, 1, 0x17, 1) + bytes([index]) + dnp3.crob(code, status=status)


@pytest.mark.parametrize(
    ("answered", "differs"),
    [
        (relay(0x41), False), (relay(0x81), True), (relay(0x41, index=6), True), (relay(0x81, status=4), False),
        (b"", False),
    ],
)  # fmt: skip
def test_dnp3_controls_are_answered_as_asked(answered: bytes, differs: bool) -> None:
    rows = dnp3.talk((CLIENT, dnp3.ask(5, relay(0x41))), (SERVER, dnp3.reply(answered)))
    assert [oddity for oddity, _ in named(rows)] == (["answer-differs"] if differs else [])


def test_dnp3_controls_of_several_headers_are_compared_one_by_one() -> None:
    analog = dnp3.header(41, 2, 0x17, 1) + b"\x02" + struct.pack("<hB", 700, 0)
    other = dnp3.header(41, 2, 0x17, 1) + b"\x02" + struct.pack("<hB", 900, 0)
    for answered, wrong in ((relay(0x41) + analog, 0), (relay(0x41) + other, 1)):
        rows = dnp3.talk((CLIENT, dnp3.ask(5, relay(0x41) + analog)), (SERVER, dnp3.reply(answered)))
        assert [oddity for oddity, _ in named(rows)] == ["answer-differs"] * wrong


@pytest.mark.parametrize(
    ("kind", "asked", "answered", "differs"),
    [
        (45, b"\x01", b"\x01", False), (45, b"\x01", b"\x00", True), (46, b"\x02", b"\x01", True),
        (50, struct.pack("<fB", 20.5, 0), struct.pack("<fB", 20.5, 0), False),
        (50, struct.pack("<fB", 20.5, 0), struct.pack("<fB", 21.5, 0), True),
        (49, struct.pack("<hB", 7, 0), struct.pack("<hB", 8, 0), True),
    ],
)  # fmt: skip
def test_iec_104_commands_are_confirmed_as_asked(
    kind: int, asked: bytes, answered: bytes, differs: bool
) -> None:
    rows = iec104.talk(
        (CLIENT, iec104.asdu(kind, ACT, [(5, asked)])), (SERVER, iec104.asdu(kind, ACTCON, [(5, answered)]))
    )
    assert [oddity for oddity, _ in named(rows)] == (["answer-differs"] if differs else [])
