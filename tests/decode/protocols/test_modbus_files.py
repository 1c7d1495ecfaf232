"""Files that Modbus writes record by record (function 21), put together; octets made from V1.1b3, clause 6.15."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import ACK, CLIENT, FIN, SERVER, Rows, Tcp, run, tcp
from decode.protocols.cutting import mutated

Piece = tuple[int, bytes]
OCTETS = bytes(range(256)) * 2


def part(number: int, record: int, octets: bytes, file: int = 4) -> list[Piece]:
    """A request with one part, and its answer, which repeats it."""
    inner = struct.pack(">BHHH", 6, file, record, len(octets) // 2) + octets
    adu = struct.pack(">HHHBBB", number, 0, len(inner) + 3, 7, 21, len(inner)) + inner
    return [(CLIENT, adu), (SERVER, adu)]


def written(*records: int, size: int = 64, file: int = 4) -> list[Piece]:
    """Parts of the file that begin at these records."""
    parts = [part(n, at, OCTETS[2 * at : 2 * (at + size)], file) for n, at in enumerate(records)]
    return [piece for one in parts for piece in one]


def ended(talk: list[Piece], batch: int = 0) -> Rows:
    """A conversation that its client ends."""
    connection = Tcp(502)
    connection.open()
    for side, octets in talk:
        connection.segment(side, octets)
    connection.segment(CLIENT, flags=FIN | ACK)
    connection.segment(SERVER, flags=FIN | ACK)
    return run(connection.frames, batch=batch)


WHOLE = written(0, 64, 128, 192)


@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("talk", [WHOLE, written(0, 64, 64, 128, 192)], ids=["in order", "a part twice"])
def test_a_file_is_put_together(talk: list[Piece], batch: int) -> None:
    (row,) = ended(talk, batch)["artifacts"]
    assert (row["protocol"], row["kind"], row["name"], row["unit"]) == ("modbus", "file", "file:4", "7")
    assert (row["direction"], row["size"], row["state"]) == ("written", 512, "whole")
    assert row["sha256"] == hashlib.sha256(OCTETS).hexdigest()


@pytest.mark.parametrize(
    "talk", [written(0, 128, 192), written(64, 128, 192)], ids=["a part is missing", "its beginning is"]
)
def test_half_a_file_has_no_hash(talk: list[Piece]) -> None:
    (row,) = ended(talk)["artifacts"]
    assert (row["state"], row["sha256"]) == ("incomplete", None)


def test_a_connection_that_just_stops_leaves_it_incomplete() -> None:
    (row,) = tcp(WHOLE, port=502)["artifacts"]
    assert row["state"] == "incomplete"


def test_two_files_and_one_begun_anew_are_kept_apart() -> None:
    rows = ended([*written(0, 64), *written(0, file=9), *written(0, 64)])["artifacts"]
    assert sorted((row["name"], row["state"]) for row in rows) == [
        ("file:4", "incomplete"), ("file:4", "whole"), ("file:9", "whole")]  # fmt: skip


def test_reading_files_puts_nothing_together() -> None:
    inner = struct.pack(">BHHH", 6, 4, 0, 2)
    ask = struct.pack(">HHHBBB", 1, 0, len(inner) + 3, 7, 20, len(inner)) + inner
    assert tcp([(CLIENT, ask)], port=502)["artifacts"] == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 200), st.integers(0, 255)), max_size=6))
def test_changed_octets_break_nothing(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp(mutated(WHOLE, changes), port=502)["artifacts"]
    assert all(row["size"] <= 4 * 65_535 for row in rows)
