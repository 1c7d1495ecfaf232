"""Frames of any link type and source, built around one Modbus read, and decoded as `feed.run` does."""

from __future__ import annotations

import struct
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from decode import feed
from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["answer", "decode", "ipv4", "ipv6", "read", "segment", "shape", "udp_head"]


def decode(
    frames: Sequence[bytes],
    *,
    linktype: int = 1,
    batch: int = 0,
    realms: Sequence[str] = ("default",),
    source: Sequence[int] = (),
    time: Sequence[int] = (),
) -> feed.Rows:
    """Decode frames; source: index into `realms` per frame, time: UTC ns per frame (else 1 ms apart)."""
    sources = tuple(Source(name=f"s{k}", realm=realm) for k, realm in enumerate(realms))
    engine = Engine(sources, load_specs(outside=False), feed._verbs())
    found: feed.Rows = defaultdict(list)
    size = batch or max(len(frames), 1)
    for at in range(0, len(frames), size):
        piece = feed._batch(frames[at : at + size], at)
        piece.linktype[:] = linktype
        if source:
            piece.source[:] = np.array(source[at : at + size], np.int32)
        if time:
            piece.time[:] = np.array(time[at : at + size], np.int64)
        feed._collect(found, engine.feed(piece))
    for rest in engine.finish():
        feed._collect(found, rest)
    return found


def read(transaction: int = 1, address: int = 10, count: int = 1) -> bytes:
    """A Modbus read of holding registers."""
    return struct.pack(">HHHBBHH", transaction, 0, 6, 1, 3, address, count)


def answer(transaction: int = 1, *values: int) -> bytes:
    """Its answer."""
    n = len(values)
    return struct.pack(f">HHHBBB{n}H", transaction, 0, 3 + 2 * n, 1, 3, 2 * n, *values)


def segment(side: int, payload: bytes, *, seq: int = 1000, flags: int = 0x18, ack: int = 0) -> bytes:
    """A TCP segment between a client's port and 502."""
    ports = (50000, 502)
    return (
        struct.pack(">HHIIBBHHH", ports[side], ports[1 - side], seq, ack, 0x50, flags, 8192, 0, 0) + payload
    )


def udp_head(port: int, payload: bytes) -> bytes:
    """A UDP datagram to a port."""
    return struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload


def ipv4(payload: bytes, *, protocol: int = 6, side: int = 0, ident: int = 0, piece: int = 0) -> bytes:
    """An IPv4 packet; piece: the field of fragment flags and offset."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), ident, piece, 64, protocol, 0)
    return head + feed.IPS[side] + feed.IPS[1 - side] + payload


def ipv6(payload: bytes, *, after: int = 6, side: int = 0) -> bytes:
    """An IPv6 packet; after: number of its first next header."""
    ends = [bytes.fromhex("20010db8") + bytes(11) + bytes([k]) for k in (1, 2)]
    return struct.pack(">IHBB", 6 << 28, len(payload), after, 64) + ends[side] + ends[1 - side] + payload


def shape(rows: feed.Rows, table: str = "operations") -> list[tuple[tuple[str, object], ...]]:
    """Rows of a table without the numbers of operations, sorted: what every way to split input must agree on."""
    return sorted(
        (tuple((k, v) for k, v in row.items() if k != "operation") for row in rows[table]), key=repr
    )
