"""Files over OPC UA's FileType: what is written and read by its methods, put together from Open to Close."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, tcp
from decode.protocols.cutting import mutated
from decode.protocols.opcua_octets import NULL, OPENING, answer, array, ask, node, talk, text, u32, variant

Talk = list[tuple[int, bytes]]
NODE = node("Firmware/app.bin", 2)
NAME = "ns=2;s=Firmware/app.bin"
OPEN, CLOSE, READ, WRITE, SEEK = 11580, 11583, 11585, 11588, 11593
BAD = 0x80350000
FILE = b"".join(hashlib.sha256(bytes((k & 255, k >> 8))).digest() for k in range(500))
HANDLE = variant(7, u32(77))
quickly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def call(number: int, method: int, *given_: bytes, back: tuple[bytes, ...] = (), status: int = 0) -> Talk:
    body = array(NODE + node(method) + array(*given_))
    result = u32(status) + array(*(u32(0) for _ in given_)) + NULL + array(*back)
    return [(CLIENT, ask(number, 712, body)), (SERVER, answer(number, 712, array(result) + NULL))]


def parts(size: int) -> list[bytes]:
    return [FILE[at : at + size] for at in range(0, len(FILE), size)]


def written(size: int = 4096, mode: int = 6) -> Talk:
    made = call(2, OPEN, variant(3, bytes((mode,))), back=(HANDLE,))
    for number, part in enumerate(parts(size), 3):
        made += call(10 * number, WRITE, HANDLE, variant(15, text(part)))
    return [*made, *call(9000, CLOSE, HANDLE)]


def fetched(size: int = 4096, *, ends: bool = True) -> Talk:
    made = call(2, OPEN, variant(3, b"\1"), back=(HANDLE,))
    for number, part in enumerate([*parts(size), *([b""] if ends else [])], 3):
        made += call(10 * number, READ, HANDLE, variant(6, u32(size)), back=(variant(15, text(part)),))
    return [*made, *call(9000, CLOSE, HANDLE)]


def told(conversation: Talk, **more: Any) -> list[tuple[Any, ...]]:
    rows = talk(*conversation, **more)
    assert rows["oddities"] == []
    return [(r["name"], r["direction"], r["state"], r["sha256"]) for r in rows["artifacts"]]


def whole(way: str) -> list[tuple[Any, ...]]:
    return [(NAME, way, "whole", hashlib.sha256(FILE).hexdigest())]


@pytest.mark.parametrize("size", [1000, 4096, 16_000])
@pytest.mark.parametrize("batch", [0, 1, 4])
def test_a_file_is_whole_both_ways(size: int, batch: int) -> None:
    assert told(written(size), batch=batch) == whole("written")
    assert told(fetched(size), batch=batch) == whole("read")


def test_a_read_that_ends_short_is_whole_without_an_empty_answer() -> None:
    assert len(FILE) % 3000
    assert told(fetched(3000, ends=False)) == whole("read")


@pytest.mark.parametrize(
    "conversation",
    [
        written(mode=2),
        written(mode=10),
        [*written()[:-2]],
        [*written()[:4], *call(35, SEEK, HANDLE, variant(9, struct.pack("<Q", 0))), *written()[4:]],
        [*written()[:2], *call(25, WRITE, HANDLE, variant(15, text(b"x")), status=BAD), *written()[2:]],
        fetched(4000, ends=False),
        [*fetched()[:2], fetched()[2], *fetched()[4:]],
    ],
    ids=["not erased", "appended", "not closed", "moved", "a write failed", "no end", "an answer is missing"],
)
def test_what_is_not_all_there_has_no_hash(conversation: Talk) -> None:
    ((_, _, state, sha256),) = told(conversation)
    assert (state, sha256) == ("incomplete", None)


def test_methods_of_others_are_no_files() -> None:
    body = array(NODE + node(WRITE, 4) + array(HANDLE, variant(15, text(b"x"))))
    result = u32(0) + array() + NULL + array()
    assert told([(CLIENT, ask(2, 712, body)), (SERVER, answer(2, 712, array(result) + NULL))]) == []


def test_values_are_told_as_before() -> None:
    rows = talk(*written(16_000))
    assert [v["direction"] for v in rows["values"]][:2] == ["written", "read"]
    assert {r["verb"] for r in rows["operations"]} == {"open", "file-write", "close"}


@quickly
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5000), st.integers(0, 255)), max_size=12))
def test_any_octets_are_survived(changes: list[tuple[int, int, int]]) -> None:
    rows = tcp([*OPENING, *mutated([*written(), *fetched()], changes)], port=4840)
    assert not [o for o in rows["oddities"] if o["oddity"].startswith("decoder-error")]
    for row in rows["artifacts"]:
        assert (row["sha256"] is None) == (row["state"] != "whole")
