"""Files that BACnet reads and writes by stream access, put together; what others recorded where it is at hand."""

from __future__ import annotations

import hashlib

import pytest

from decode.feed import CLIENT, SERVER
from decode.protocols.bacnet_octets import (
    ack,
    app,
    closing,
    confirmed,
    error,
    ip,
    object_id,
    opening,
    talk,
    unsigned,
)
from decode.protocols.test_program_transfers import recorded

Piece = tuple[int, bytes]
PARTS = [b"first " * 60, bytes(range(200)), b"last"]
SHA = hashlib.sha256(b"".join(PARTS)).hexdigest()
FILE = app(12, object_id(10, 3))


def signed(number: int) -> bytes:
    return app(3, number.to_bytes(4, "big", signed=True))


def at(k: int) -> int:
    return sum(map(len, PARTS[:k]))


def read(parts: tuple[int, ...] = (0, 1, 2), *, refused: int = -1) -> list[Piece]:
    found: list[Piece] = []
    for n, k in enumerate(parts):
        asked = FILE + opening(0) + signed(at(k)) + unsigned(400) + closing(0)
        last = bytes([0x10 | (k == len(PARTS) - 1)])
        told = last + opening(0) + signed(at(k)) + app(6, PARTS[k]) + closing(0)
        found += [
            (CLIENT, ip(confirmed(n, 6, asked))),
            (SERVER, ip(error(n, 6, 5, 0) if k == refused else ack(n, 6, told))),
        ]
    return found


def write(parts: tuple[int, ...] = (0, 1, 2)) -> list[Piece]:
    found: list[Piece] = []
    for n, k in enumerate(parts):
        asked = FILE + opening(0) + signed(at(k)) + app(6, PARTS[k]) + closing(0)
        found += [(CLIENT, ip(confirmed(n, 7, asked))), (SERVER, ip(ack(n, 7, b"\x09" + bytes([0]))))]
    return found


def test_a_file_that_is_read_to_its_end_is_whole() -> None:
    (row,) = talk(*read())["artifacts"]
    assert (row["client"], row["kind"], row["name"], row["direction"]) == (
        "10.0.0.1",
        "file",
        "file:3",
        "read",
    )
    assert (row["state"], row["size"], row["sha256"]) == ("whole", at(3), SHA)


@pytest.mark.parametrize("talked", [read((0, 2)), read((1, 2)), read(refused=1), read((0, 1)), write()])
def test_what_is_missing_of_it_leaves_no_hash(talked: list[Piece]) -> None:
    (row,) = talk(*talked)["artifacts"]
    assert (row["state"], row["sha256"]) == ("incomplete", None)


def test_a_part_that_comes_again_is_passed_over() -> None:
    (row,) = talk(*read((0, 1, 1, 2)))["artifacts"]
    assert row["sha256"] == SHA


def test_what_others_recorded_is_put_together() -> None:
    rows = recorded("bacnet/ct-samples__bacnet-stack-services.pcap")
    assert [(row["direction"], row["state"]) for row in rows if row["direction"] == "read"] == [
        ("read", "whole")
    ]
