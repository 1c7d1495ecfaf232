"""Files over SMB 2 put together by their offsets: in any order, in long packets, in compounds; else incomplete."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Tcp, run, tcp
from decode.protocols.cutting import mutated
from decode.protocols.second_reader import tshark_objects
from decode.protocols.smb_octets import (
    CREATE_IT,
    DENIED,
    FILE,
    close,
    create,
    created,
    framed,
    read_of,
    set_info,
    smb2,
    was_closed,
    was_read,
    was_written,
    write_of,
)
from decode.protocols.test_smb_files import ANY, ERROR, SHARE, exchange, logged_on
from interlock.decode import placed

if TYPE_CHECKING:
    from pathlib import Path

Talk = list[tuple[int, bytes]]
BODY = b"".join(hashlib.sha256(bytes((k & 255, k >> 8))).digest() for k in range(9375))
NAME = SHARE + "\\prg\\main.st"
END = 0x114
quickly = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def segments(talk: Talk, size: int = 1400) -> Talk:
    """What no segment holds in several."""
    return [(side, octets[at : at + size]) for side, octets in talk for at in range(0, len(octets), size)]


def parts(octets: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(at, octets[at : at + size]) for at in range(0, len(octets), size)]


def upload(pieces: list[tuple[int, bytes]], action: int = 2, size: int = 0, ends: int | None = None) -> Talk:
    """Written at offsets; action, size: of the file that is opened. ends: the end that is set."""
    talk = [
        *logged_on(),
        *exchange(4, 5, create("prg\\main.st", CREATE_IT), created(action=action, size=size)),
    ]
    if ends is not None:
        talk += exchange(5, 17, set_info(FILE, END, struct.pack("<Q", ends)), b"\x02\0")
    for number, (at, part) in enumerate(pieces, 10):
        talk += exchange(number, 9, write_of(FILE, part, at), was_written(len(part)))
    return [*talk, *exchange(9000, 6, close(), was_closed())]


def download(pieces: list[tuple[int, bytes]], size: int) -> Talk:
    """All parts are asked for first and come in the order of `pieces`, as servers may send them."""
    talk = [*logged_on(), *exchange(4, 5, create("prg\\main.st"), created(size=size))]
    order = sorted(enumerate(pieces, 10), key=lambda n: n[1][0])
    talk += [(CLIENT, framed(smb2(8, n, read_of(FILE, len(part), at)))) for n, (at, part) in order]
    talk += [
        (SERVER, framed(smb2(8, n, was_read(part), answer=True))) for n, (at, part) in enumerate(pieces, 10)
    ]
    return [*talk, *exchange(9000, 6, close(), was_closed())]


def told(talk: Talk, **more: Any) -> list[tuple[Any, ...]]:
    rows = tcp(segments(talk), port=445, **more)
    assert rows["oddities"] == []
    return [(r["name"], r["direction"], r["state"], r["size"], r["sha256"]) for r in rows["artifacts"]]


def whole(way: str, body: bytes = BODY) -> list[tuple[Any, ...]]:
    return [(NAME, way, "whole", len(body), hashlib.sha256(body).hexdigest())]


@pytest.mark.parametrize("size", [4096, 60_000, 100_000, 300_000])
def test_a_file_is_whole_in_packets_of_any_length(size: int) -> None:
    assert told(upload(parts(BODY, size))) == whole("written")
    assert told(download(parts(BODY, size), len(BODY))) == whole("read")


@quickly
@given(st.data())
def test_parts_may_come_in_any_order_and_twice(data: st.DataObject) -> None:
    pieces = data.draw(st.permutations(parts(BODY, 30_000)))
    again = data.draw(st.sampled_from(pieces))
    assert told(upload([*pieces, again]), batch=data.draw(st.integers(0, 40))) == whole("written")
    assert told(download(pieces, len(BODY))) == whole("read")


@quickly
@given(st.integers(100, 3000), st.integers(0, 50))
def test_whole_and_split_agree(size: int, batch: int) -> None:
    talk = upload(parts(BODY[:100_000], 70_000))
    rows = tcp(segments(talk, 1400), port=445)
    other = tcp(segments(talk, size), port=445, batch=batch)
    for table, kept in (
        ("artifacts", ("name", "state", "sha256", "user")),
        ("operations", ("function", "object")),
    ):
        assert [[r[k] for k in kept] for r in rows[table]] == [[r[k] for k in kept] for r in other[table]]


def test_who_wrote_it_and_with_which_request_is_told() -> None:
    rows = tcp(segments(upload(parts(BODY, 60_000))), port=445)
    (row,) = rows["artifacts"]
    first = next(r for r in rows["operations"] if r["function"] == 9)
    assert (row["user"], row["operation"], row["kind"]) == ("joe", first["operation"], "file")


def test_a_compound_that_makes_writes_and_closes_is_a_file() -> None:
    chain = framed(
        smb2(5, 4, create("prg\\main.st", CREATE_IT), chained=True),
        smb2(9, 5, write_of(ANY, BODY[:5000]), chained=True, related=True),
        smb2(6, 6, close(ANY), related=True),
    )
    answers = framed(
        smb2(5, 4, created(action=2), answer=True, chained=True),
        smb2(9, 5, was_written(5000), answer=True, related=True, chained=True),
        smb2(6, 6, was_closed(), answer=True, related=True),
    )
    assert told([*logged_on(), (CLIENT, chain), (SERVER, answers)]) == whole("written", BODY[:5000])
    refused = framed(
        *(smb2(c, n, ERROR, answer=True, status=DENIED, chained=n < 6) for c, n in ((5, 4), (9, 5), (6, 6)))
    )
    assert [row[2] for row in told([*logged_on(), (CLIENT, chain), (SERVER, refused)])] == ["incomplete"]


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (upload([*parts(BODY, 60_000)[:-1], (299_000, BODY[299_000:])]), "a hole"),
        (upload(parts(BODY, 60_000)[1:]), "the beginning"),
        (upload(parts(BODY, 60_000), action=1, size=400_000), "what was there before stays behind it"),
        (upload(parts(BODY, 60_000), ends=400_000), "the end that was set"),
        (upload([*parts(BODY, 60_000), (100, b"other")]), "a part was written over"),
        (upload([*parts(BODY, 60_000), (1 << 63, b"log")]), "something was appended, nobody knows where"),
        (upload(parts(BODY, 60_000))[:-2], "the close"),
        (download(parts(BODY, 60_000)[:-1], len(BODY)), "the end"),
    ],
)
def test_what_is_missing_leaves_no_hash(talk: Talk, why: str) -> None:
    assert [row[2] for row in told(talk)] == ["incomplete"], why


@pytest.mark.parametrize(
    "talk",
    [
        upload(parts(BODY, 60_000), action=1, size=300_000),
        upload(parts(BODY, 60_000), action=3, size=400_000),
        upload(parts(BODY, 60_000), action=1, size=400_000, ends=300_000),
    ],
)
def test_what_was_there_before_and_went_is_no_part_of_it(talk: Talk) -> None:
    assert told(talk) == whole("written")


def test_a_write_that_failed_is_missing() -> None:
    talk = upload(parts(BODY, 60_000))
    at = next(k for k, (side, o) in enumerate(talk) if side == SERVER and o[16:18] == b"\x09\0")
    talk[at] = (SERVER, framed(smb2(9, 10, ERROR, answer=True, status=DENIED)))
    assert [row[2] for row in told(talk)] == ["incomplete"]


def test_a_lost_segment_in_a_long_packet_leaves_no_hash_and_the_stream_goes_on() -> None:
    talk = segments(upload(parts(BODY[:200_000], 100_000)))
    connection = Tcp(445)
    connection.open()
    for side, octets in talk:
        connection.segment(side, octets)
    lost = next(k for k, f in enumerate(connection.frames) if len(f) > 1400) + 20
    rows = run(connection.frames[:lost] + connection.frames[lost + 1 :])
    assert [r["state"] for r in rows["artifacts"]] == ["incomplete"]
    assert [r["function"] for r in rows["operations"]][-2:] == [9, 6]


def test_octets_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placed, "MAX_EARLY", 100_000)
    pieces = parts(BODY, 30_000)
    assert [row[2] for row in told(upload([*pieces[1:], pieces[0]]))] == ["incomplete"]
    assert told(upload([pieces[1], pieces[0], *pieces[2:]])) == whole("written")


def test_pipes_are_no_files() -> None:
    talk = [*logged_on()]
    talk[6] = (CLIENT, talk[6][1].replace("recipes".encode("utf-16-le"), "IPC$".encode("utf-16-le")))
    assert tcp(talk, port=445)["artifacts"] == []


@quickly
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1399), st.integers(0, 255)), max_size=12))
def test_any_octets_are_survived(changes: list[tuple[int, int, int]]) -> None:
    talk = segments(
        [*upload(parts(BODY[:100_000], 70_000)), *download(parts(BODY[:100_000], 70_000), 100_000)[8:]]
    )
    rows = tcp(mutated(talk, changes), port=445)
    for row in rows["artifacts"]:
        assert (row["sha256"] is None) == (row["state"] != "whole")


def test_tshark_puts_the_same_files_together(tmp_path: Path) -> None:
    for way, talk in (("w", upload(parts(BODY, 60_000))), ("r", download(parts(BODY, 60_000), len(BODY)))):
        connection = Tcp(445)
        connection.open()
        for side, octets in segments(talk):
            connection.segment(side, octets)
        (tmp_path / way).mkdir()
        (octets,) = tshark_objects(connection.frames, "smb", tmp_path / way).values()
        (row,) = run(connection.frames)["artifacts"]
        assert row["sha256"] == hashlib.sha256(octets).hexdigest()
