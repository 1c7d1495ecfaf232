"""Payloads in, tables out: Ethernet, IP, TCP and UDP built around octets, run through a real Engine.

rows = tcp([(CLIENT, request), (SERVER, answer)], port=102)
rows["operations"][0]["verb"]
"""

from __future__ import annotations

import struct
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from interlock.decode.engine import Engine
from interlock.decode.registry import load_specs, load_verbs
from interlock.records.frames import LINKTYPE_ETHERNET, SPILL_OCTETS, Frames, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["CLIENT", "SERVER", "Rows", "Tcp", "ethernet", "run", "tcp", "udp"]

CLIENT, SERVER = 0, 1
START_NS = 1_700_000_000_000_000_000
STEP_NS = 1_000_000
MACS = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
IPS = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
CLIENT_PORT = 50000
FIN, SYN, PSH, ACK = 1, 2, 8, 16

Rows = dict[str, list[dict[str, Any]]]
"""Table name → rows; times are integers (UTC ns). A table without rows is an empty list."""


_verbs = cache(load_verbs)
"""Read once: parsing the files takes longer than decoding a conversation."""


def run(frames: Sequence[bytes], *, batch: int = 0, **more: Any) -> Rows:
    """Decode Ethernet frames, 1 ms apart. batch: frames a batch (0: all in one). more: what Engine takes besides."""
    engine = Engine((Source(name="test"),), load_specs(outside=False), _verbs(), **more)
    found: Rows = defaultdict(list)
    size = batch or max(len(frames), 1)
    for at in range(0, len(frames), size):
        _collect(found, engine.feed(_batch(frames[at : at + size], at)))
    for rest in engine.finish():
        _collect(found, rest)
    return found


def _batch(frames: Sequence[bytes], before: int) -> Frames:
    lengths = np.array([len(f) for f in frames], np.int32)
    used = int(lengths.sum())
    octets = np.zeros(used + SPILL_OCTETS, np.uint8)
    octets[:used] = np.frombuffer(b"".join(frames), np.uint8)
    n = len(frames)
    numbers = np.arange(before + 1, before + n + 1, dtype=np.int64)
    return Frames(
        octets=octets,
        used=used,
        offset=np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64),
        caplen=lengths,
        wirelen=lengths.copy(),
        time=START_NS + numbers * STEP_NS,
        linktype=np.full(n, LINKTYPE_ETHERNET, np.int32),
        source=np.zeros(n, np.int32),
        number=numbers,
    )


def _collect(found: Rows, batches: dict[str, Any]) -> None:
    for name, batch in batches.items():
        columns = {
            field.name: (
                column.cast("int64") if str(field.type).startswith(("timestamp", "duration")) else column
            )
            for field, column in zip(batch.schema, batch.columns, strict=True)
        }
        lists = {key: column.to_pylist() for key, column in columns.items()}
        found[name] += [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def ethernet(payload: bytes, ethertype: int, *, side: int = CLIENT, target: bytes | None = None) -> bytes:
    """One frame from a side to the other one (or to `target`, a MAC)."""
    return (target or MACS[1 - side]) + MACS[side] + struct.pack(">H", ethertype) + payload


def _ip(payload: bytes, protocol: int, side: int) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0)
    return ethernet(head + IPS[side] + IPS[1 - side] + payload, 0x0800, side=side)


class Tcp:
    """Builds the segments of one connection."""

    def __init__(self, port: int, client_port: int = CLIENT_PORT) -> None:
        self.ports = (client_port, port)
        self.sequence = [1000, 5000]
        self.frames: list[bytes] = []

    def segment(self, side: int, payload: bytes = b"", flags: int = ACK | PSH) -> None:
        head = struct.pack(
            ">HHIIBBHHH",
            self.ports[side],
            self.ports[1 - side],
            self.sequence[side],
            self.sequence[1 - side],
            0x50,
            flags,
            8192,
            0,
            0,
        )
        self.frames.append(_ip(head + payload, 6, side))
        self.sequence[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def open(self) -> None:
        self.segment(CLIENT, flags=SYN)
        self.segment(SERVER, flags=SYN | ACK)
        self.segment(CLIENT, flags=ACK)


def tcp(
    payloads: Iterable[tuple[int, bytes]],
    *,
    port: int,
    client_port: int = CLIENT_PORT,
    handshake: bool = True,
    batch: int = 0,
    **more: Any,
) -> Rows:
    """Decode a conversation: (side, octets of one segment) in order. more: what Engine takes besides."""
    connection = Tcp(port, client_port)
    if handshake:
        connection.open()
    for side, payload in payloads:
        connection.segment(side, payload)
    return run(connection.frames, batch=batch, **more)


def udp(
    payloads: Iterable[tuple[int, bytes]], *, port: int, client_port: int = CLIENT_PORT, **more: Any
) -> Rows:
    """Decode datagrams: (side, octets) in order. more: what Engine takes besides."""
    ports = (client_port, port)
    frames = [
        _ip(struct.pack(">HHHH", ports[side], ports[1 - side], 8 + len(octets), 0) + octets, 17, side)
        for side, octets in payloads
    ]
    return run(frames, **more)
