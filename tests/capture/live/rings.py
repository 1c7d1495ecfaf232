"""Sources over rings in a test's namespace, and what they gave, frame by frame."""

from __future__ import annotations

import contextlib
import time

from interlock.capture.live.interface import LiveSource
from interlock.capture.live.place import shared_row
from interlock.capture.live.socket import RingSize, open_ring

SMALL = RingSize(block_octets=1 << 14, blocks=64)


def opened(network, interface="a0", size=SMALL, options=None):
    with network.inside():
        return open_ring(interface, size, options)


@contextlib.contextmanager
def listening(network, interface="a0", size=SMALL, options=None, **how):
    source = LiveSource(opened(network, interface, size, options), shared_row(), **how)
    try:
        yield source
    finally:
        source.close()


def rows(frames):
    """(number, time, octets, wire length) of each frame."""
    if frames is None:
        return []
    columns = (frames.number, frames.time, frames.offset, frames.caplen, frames.wirelen)
    return [
        (number, time, frames.octets[at : at + caplen].tobytes(), wirelen)
        for number, time, at, caplen, wirelen in zip(*(c.tolist() for c in columns), strict=True)
    ]


def collect(source, count, timeout_s=5.0):
    """At least `count` frames, or what came in time; the last batch is done with."""
    found = []
    end = time.monotonic() + timeout_s
    while len(found) < count and time.monotonic() < end:
        found += rows(source.batch(0.1))
    source.done()
    return found


def frame(number, octets=60, ethertype=0x88B5):
    """A frame of the local experimental ethertype that carries its number. Source: IEEE 802, clause 9.2.3."""
    head = bytes.fromhex("02000000000a 02000000000b") + ethertype.to_bytes(2, "big")
    return (head + number.to_bytes(4, "big")).ljust(octets, b"\xa5")


def number_of(octets):
    return int.from_bytes(octets[14:18], "big")
