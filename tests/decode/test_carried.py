"""Frames in MPLS, PPPoE and Geneve: what they carry is decoded as if it came by itself; what is none stays a frame."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decode.feed import ACK, CLIENT, FIN, SERVER, Tcp, ethernet, run

if TYPE_CHECKING:
    from collections.abc import Callable

ASK, SAY = b"\0\1\0\0\0\6\1\3\0\0\0\1", b"\0\1\0\0\0\5\1\3\2\0\7"


def conversation() -> list[bytes]:
    connection = Tcp(502)
    connection.open()
    connection.segment(CLIENT, ASK)
    connection.segment(SERVER, SAY)
    for side in (CLIENT, SERVER):
        connection.segment(side, flags=FIN | ACK)
    return connection.frames


def labels(count: int, kind: int = 0x8847) -> Callable[[bytes], bytes]:
    """RFC 3032 clause 2.1."""
    stack = b"".join(struct.pack(">I", 17 << 12 | (k == count - 1) << 8 | 64) for k in range(count))
    return lambda frame: frame[:12] + kind.to_bytes(2, "big") + stack + frame[14:]


def wire(frame: bytes) -> bytes:
    """RFC 4448: Ethernet behind a label and a control word."""
    return frame[:12] + b"\x88\x47" + b"\0\1\1\x40" + bytes(4) + frame


def session(frame: bytes, protocol: bytes = b"\0\x21") -> bytes:
    """RFC 2516 clause 4."""
    carried = protocol + frame[14:]
    return frame[:12] + b"\x88\x64\x11\0\0\7" + len(carried).to_bytes(2, "big") + carried + bytes(3)


def network(frame: bytes, options: int = 0) -> bytes:
    """RFC 8926 clause 3.4, in a datagram to port 6081."""
    head = bytes([options, 0]) + b"\x65\x58\0\0\7\0" + bytes(4 * options)
    datagram = struct.pack(">HHHH", 40000, 6081, 16 + 4 * options + len(frame), 0) + head + frame
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, 17, 0) + bytes(
        [9, 0, 0, 1, 9, 0, 0, 2]
    )
    return ethernet(ip + datagram, 0x0800)


def told(frames: list[bytes]) -> list[tuple[Any, ...]]:
    rows = run(frames)
    flows = [tuple(row[k] for k in ("client", "client_port", "server", "protocol")) for row in rows["flows"]]
    return [*flows, *((row["function"], row["outcome"], row["object"]) for row in rows["operations"])]


@pytest.mark.parametrize(
    "put",
    [
        labels(1),
        labels(3),
        labels(1, 0x8848),
        wire,
        session,
        lambda frame: session(frame, b"\x21"),
        network,
        lambda frame: network(frame, 3),
        lambda frame: wire(session(frame)),
    ],
)
def test_what_is_carried_is_decoded_as_if_it_came_by_itself(put: Callable[[bytes], bytes]) -> None:
    plain = conversation()
    assert told([put(frame) for frame in plain]) == told(plain)
    assert told(plain)[1][1] == "ok"


@pytest.mark.parametrize(
    "frame",
    [
        session(conversation()[0], b"\xc0\x21"),
        conversation()[0][:12] + b"\x88\x64\x11\x09\0\7\0\4" + bytes(40),
        conversation()[0][:12] + b"\x88\x47" + b"\0\1\0\x40" * 30,
        conversation()[0][:12] + b"\x88\x47" + b"\0\1\1\x40" + b"\x90" * 40,
    ],
)
def test_what_carries_neither_stays_a_frame(frame: bytes) -> None:
    (row,) = run([frame])["flows"]
    assert row["transport"] not in {"tcp", "udp"}
    assert not run([frame])["oddities"]


@given(st.sampled_from([0x8847, 0x8848, 0x8864]), st.binary(max_size=80))
def test_any_octets_behind_them_are_borne(kind: int, octets: bytes) -> None:
    rows = run([ethernet(octets, kind), ethernet(octets * 3, kind)])
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
