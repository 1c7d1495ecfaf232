"""A source over a ring that nobody fills: what it holds is given, no privilege is needed."""

from __future__ import annotations

import socket
from types import SimpleNamespace

from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import shared_row

from .blocks import Block, Packet, ring

OCTETS, BLOCKS = 1024, 64


def stubbed(blocks):
    """blocks: seconds of the frames of each."""
    filled = [
        Block(k + 1, [Packet(bytes(60), seconds=second) for second in seconds])
        for k, seconds in enumerate(blocks)
    ]
    there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fake = SimpleNamespace(
        interface="lo",
        memory=memoryview(ring(filled, OCTETS, BLOCKS)),
        size=SimpleNamespace(block_octets=OCTETS, blocks=BLOCKS),
        socket=there,
        options=SimpleNamespace(fanout=None),
        hears=True,
        counters=lambda: (0, 0),
        close=there.close,
    )
    return LiveSource(fake, shared_row(), wait_s=0.0, frames_limit=1)
