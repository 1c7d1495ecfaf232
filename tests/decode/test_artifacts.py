"""What is put together from the wire: the same however it is cut, incomplete where anything is missing, bounded."""

from __future__ import annotations

import hashlib
import struct
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decode.feed import CLIENT, SERVER, Tcp, run, tcp
from decode.protocols.s7_octets import CONFIRM, CONNECT, ack, job
from interlock.decode import artifacts
from interlock.decode.artifacts import Artifacts
from interlock.decode.contents import describe

NAME = b"_0A00001P"
CODE = bytes(range(40))
HEAD = struct.pack(">2sBBBBHIIIHIHHHHH", b"pp", 1, 1, 5, 0x0A, 1, 132, 0, 1000, 9000, 2000, 9001, 0, 0, 0, 40)
FOOT = bytes(20) + b"ann     " + b"mixing  " + b"level   " + bytes((0x12, 0)) + b"\xab\xcd" + bytes(8)
BLOCK = HEAD + CODE + FOOT
quickly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Talk = list[tuple[int, bytes]]


def _data(part: bytes) -> bytes:
    return struct.pack(">HH", len(part), 0x00FB) + part


def _parts(octets: bytes, size: int) -> list[tuple[bytes, bool]]:
    return [(octets[at : at + size], at + size < len(octets)) for at in range(0, len(octets), size)]


def download(octets: bytes, size: int = 100) -> Talk:
    named = bytes(7) + bytes((len(NAME),)) + NAME
    told = b"\x0d1%06d%06d" % (len(octets), 40)
    talk = [
        (CLIENT, CONNECT),
        (SERVER, CONFIRM),
        (CLIENT, job(1, b"\x1a" + named + told)),
        (SERVER, ack(1, b"\x1a")),
    ]
    for k, (part, more) in enumerate(_parts(octets, size)):
        talk += [
            (SERVER, job(50 + k, b"\x1b" + named)),
            (CLIENT, ack(50 + k, bytes((0x1B, more)), _data(part))),
        ]
    return [*talk, (SERVER, job(90, b"\x1c" + named)), (CLIENT, ack(90, b"\x1c"))]


def upload(octets: bytes, size: int = 100) -> Talk:
    named = bytes(7) + bytes((len(NAME),)) + NAME
    asked = bytes(3) + struct.pack(">I", 7)
    told = b"\x1d\0\x01\0" + struct.pack(">I", 7) + b"\x07%07d" % len(octets)
    talk = [(CLIENT, CONNECT), (SERVER, CONFIRM), (CLIENT, job(1, b"\x1d" + named)), (SERVER, ack(1, told))]
    for k, (part, more) in enumerate(_parts(octets, size)):
        talk += [
            (CLIENT, job(5 + k, b"\x1e" + asked)),
            (SERVER, ack(5 + k, bytes((0x1E, more)), _data(part))),
        ]
    return [*talk, (CLIENT, job(90, b"\x1f" + asked)), (SERVER, ack(90, b"\x1f"))]


def test_a_block_that_was_downloaded_is_told_with_what_its_header_says() -> None:
    (row,) = tcp(download(BLOCK), port=102)["artifacts"]
    assert (row["kind"], row["name"], row["direction"], row["state"]) == (
        "s7-block",
        "DB1",
        "written",
        "whole",
    )
    assert (row["client"], row["server"], row["unit"]) == ("10.0.0.1", "10.0.0.2", "0.2")
    assert row["sha256"] == hashlib.sha256(BLOCK).hexdigest()
    assert row["code_sha256"] == hashlib.sha256(CODE).hexdigest()
    for field in (
        "author: ann",
        "family: mixing",
        "name: level",
        "version: 1.2",
        "checksum: 0xabcd",
        "block: DB1",
    ):
        assert field in row["detail"]


def test_an_upload_gives_the_same_hash_the_other_way() -> None:
    (row,) = tcp(upload(BLOCK), port=102)["artifacts"]
    assert (row["direction"], row["sha256"]) == ("read", hashlib.sha256(BLOCK).hexdigest())


@quickly
@given(st.data(), st.sampled_from([download, upload]), st.integers(1, 140))
def test_the_same_however_the_stream_and_the_batches_are_cut(
    data: st.DataObject, way: Any, size: int
) -> None:
    talk = []
    for side, octets in way(BLOCK, size):
        cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(octets) - 1)), max_size=2)))
        pieces = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
        talk += [(side, piece) for piece in pieces if piece]
    (row,) = tcp(talk, port=102, batch=data.draw(st.integers(0, 9)))["artifacts"]
    assert (row["state"], row["sha256"]) == ("whole", hashlib.sha256(BLOCK).hexdigest())


@pytest.mark.parametrize("way", [download, upload])
@pytest.mark.parametrize("lost", [-5, -3, -2])
def test_what_is_missing_leaves_no_hash(way: Any, lost: int) -> None:
    connection = Tcp(102)
    connection.open()
    for side, payload in way(BLOCK, 30):
        connection.segment(side, payload)
    frames = list(connection.frames)
    del frames[lost]
    assert [r["sha256"] for r in run(frames)["artifacts"] if r["state"] == "whole"] in (
        [],
        [hashlib.sha256(BLOCK).hexdigest()],
    )
    assert all(r["sha256"] is None for r in run(frames)["artifacts"] if r["size"] != len(BLOCK))


def test_a_controller_that_refuses_takes_nothing() -> None:
    talk = [*download(BLOCK)[:3], (SERVER, ack(1, b"\x1a", error=0xD241))]
    assert tcp(talk, port=102)["artifacts"] == []


def test_a_transfer_that_never_ends_is_incomplete() -> None:
    (row,) = tcp(download(BLOCK, 30)[:-2], port=102)["artifacts"]
    assert (row["state"], row["sha256"], row["size"]) == ("incomplete", None, len(BLOCK))


def test_octets_come_out_only_where_they_are_asked_for() -> None:
    assert tcp(download(BLOCK), port=102)["artifact_contents"] == []
    wanted = frozenset({"artifacts", "artifact_contents"})
    (kept,) = tcp(download(BLOCK), port=102, wanted=wanted)["artifact_contents"]
    assert kept == {"sha256": hashlib.sha256(BLOCK).hexdigest(), "octets": BLOCK}


def test_what_is_no_block_has_no_code() -> None:
    assert describe("s7-block", b"pp" + bytes(20)) == (None, {})
    assert describe("s7-block", HEAD[:34] + b"\xff\xff" + CODE + FOOT) == (None, {})
    assert describe("file", BLOCK) == (None, {})


@quickly
@given(st.binary(max_size=200))
def test_any_octets_are_described_or_not(octets: bytes) -> None:
    code, fields = describe("s7-block", b"pp\x01\x01\x05\x0a" + octets)
    assert (code is None) == (not fields)


def _message(flow: int = 1) -> Any:
    return SimpleNamespace(flow=[flow], source=[0], time=[1], frame=[1], gaps=[0])


def test_memory_is_bounded_and_hashing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MAX_OCTETS", 1000)
    a, m = Artifacts(), _message()
    one = a.begin(m, 0, "ftp", "file", "big.bin", "written")
    for _ in range(100):
        a.add(one, m, 0, bytes(64))
    assert one.parts is None
    a.end(one, m, 0)
    (row,), octets = a.end_batch()
    assert hashlib.sha256(bytes(6400)).hexdigest() in row
    assert not octets


def test_more_transfers_than_are_kept_end_the_oldest() -> None:
    a, m = Artifacts(), _message()
    for k in range(artifacts.MAX_OPEN + 3):
        a.add(a.begin(m, 0, "ftp", "file", f"{k}", "written"), m, 0, b"x")
    rows, _ = a.end_batch()
    assert [row[13] for row in rows] == ["0", "1", "2"]
