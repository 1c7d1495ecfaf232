"""Sends the synthetic plant's packets at a given rate, from a process of its own.

All packets are made before the first is sent: each connection goes on as it would, so that decoders have real
work. Many are handed to the kernel with one call (sendmmsg), every millisecond as many as are due.
"""

from __future__ import annotations

import ctypes
import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from interlock.bench.plant_traffic import PlantTraffic
from interlock.capture.scan import scan_pcap

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sent", "Strangers", "Traffic", "send"]

_TICK_S: Final = 0.001
_AT_ONCE: Final = 1024
_CHUNK: Final = 100_000
_SOL_PACKET, _QDISC_BYPASS = 263, 20
_IOVEC: Final = np.dtype([("base", "u8"), ("length", "u8")])
_MESSAGE: Final = np.dtype(
    [
        *(("name", "u8"), ("name_octets", "u4"), ("pad", "u4"), ("vectors", "u8"), ("count", "u8")),
        *(
            ("control", "u8"),
            ("control_octets", "u8"),
            ("flags", "u4"),
            ("pad2", "u4"),
            ("sent", "u4"),
            ("pad3", "u4"),
        ),
    ]
)
"""struct mmsghdr on 64-bit Linux. Source: include/linux/socket.h, sendmmsg(2)."""


class Traffic:
    """`packets` packets of a synthetic plant of `plcs` controllers, in the order of their times."""

    def __init__(self, packets: int, plcs: int = 200) -> None:
        self.packets = packets
        self.octets = 0
        self.chunks: list[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int32]]] = []
        for records in PlantTraffic(plcs).records(packets):
            room = len(records) // 60
            offset, time_ns = np.empty(room, np.int64), np.empty(room, np.int64)
            caplen, wirelen = np.empty(room, np.int32), np.empty(room, np.int32)
            columns = (offset.data, caplen.data, wirelen.data, time_ns.data)
            n = scan_pcap(
                records.data, 0, len(records), False, 16, 1000, *columns, np.zeros(5, np.int64).data
            )
            self.chunks.append((records, offset[:n].copy(), caplen[:n].copy()))
            self.octets += int(caplen[:n].sum(dtype=np.int64))


class Strangers(Traffic):
    """`packets` UDP datagrams, each of a conversation of its own: random addresses and ports (seeded)."""

    def __init__(self, packets: int, seed: int = 1) -> None:
        self.packets, self.octets, self.chunks = packets, 60 * packets, []
        chance = np.random.default_rng(seed)
        # Ethernet | IPv4, 46 octets, UDP, no checksum | UDP, 26 octets, no checksum | zeros
        head = bytes.fromhex("020000000002 060000000001 0800 4500002e 00004000 40110000") + bytes(12)
        frame = np.frombuffer((head + bytes.fromhex("001a0000")).ljust(60, b"\0"), np.uint8)
        for at in range(0, packets, _CHUNK):
            n = min(_CHUNK, packets - at)
            frames = np.tile(frame, (n, 1))
            frames[:, 26:34] = chance.integers(1, 224, (n, 8), np.uint8)
            frames[:, 34:38] = chance.integers(0, 256, (n, 4), np.uint8)
            offset = np.arange(n, dtype=np.int64) * 60
            self.chunks.append((frames.reshape(-1), offset, np.full(n, 60, np.int32)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent: packets, seconds from the first to the last, the farthest that it fell behind its pace."""

    packets: int
    seconds: float
    behind_s: float


def send(interface: str, traffic: Traffic, rate: int) -> Sent:
    """Send everything at `rate` packets a second. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
        sock.bind((interface, 0))
        batches = [_messages(*chunk) for chunk in traffic.chunks]
        pace = _Pace(rate)
        for messages, _ in batches:
            at, place = 0, messages.ctypes.data
            while at < len(messages):
                due = min(pace.due(), len(messages) - at, _AT_ONCE)
                done = library.sendmmsg(
                    sock.fileno(), ctypes.c_void_p(place + at * _MESSAGE.itemsize), due, 0
                )
                if done < 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
                at += done
                pace.sent += done
    return Sent(packets=pace.sent, seconds=pace.elapsed_s(), behind_s=pace.behind_s)


def _messages(
    records: NDArray[np.uint8], offset: NDArray[np.int64], caplen: NDArray[np.int32]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """What sendmmsg reads of packets, and what that points into."""
    vectors, messages = np.zeros(len(offset), _IOVEC), np.zeros(len(offset), _MESSAGE)
    vectors["base"], vectors["length"] = records.ctypes.data + offset.astype(np.uint64), caplen
    messages["vectors"] = vectors.ctypes.data + np.arange(len(offset), dtype=np.uint64) * _IOVEC.itemsize
    messages["count"] = 1
    return messages, vectors


class _Pace:
    """How many packets are due now; waits where none is."""

    def __init__(self, rate: int) -> None:
        self.sent = 0
        self.behind_s = 0.0
        self._rate = rate
        self._began = time.perf_counter()

    def elapsed_s(self) -> float:
        return time.perf_counter() - self._began

    def due(self) -> int:
        """At least one."""
        while True:
            late = self.elapsed_s() - self.sent / self._rate
            if late * self._rate >= 1:
                self.behind_s = max(self.behind_s, late)
                return int(late * self._rate)
            time.sleep(_TICK_S)
