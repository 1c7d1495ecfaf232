"""Record what an interface sees: AF_PACKET in, pcap or pcapng out, until told to end."""

from __future__ import annotations

import signal
import socket
import struct
import sys
from pathlib import Path
from typing import BinaryIO

_SO_TIMESTAMPNS = 35
_SOL_PACKET, _ADD_MEMBERSHIP, _AUXDATA, _PROMISCUOUS = 263, 1, 8, 1
_AUX = struct.Struct("IIIHHHH")
_VLAN_VALID = 0x10


class Pcap:
    """Classic pcap with microseconds."""

    def __init__(self, target: BinaryIO, _interface: str) -> None:
        self._target = target
        target.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))

    def add(self, time_ns: int, frame: bytes) -> None:
        """Write one frame."""
        seconds, rest = divmod(time_ns, 1_000_000_000)
        self._target.write(struct.pack("<IIII", seconds, rest // 1000, len(frame), len(frame)) + frame)


class Pcapng:
    """One section, one interface, nanoseconds."""

    def __init__(self, target: BinaryIO, interface: str) -> None:
        self._target = target
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(3, b"Linux") + _option(0, b"")
        self._block(0x0A0D0D0A, section)
        described = _option(2, interface.encode()) + _option(9, b"\x09") + _option(0, b"")
        self._block(1, struct.pack("<HHI", 1, 0, 65535) + described)

    def add(self, time_ns: int, frame: bytes) -> None:
        """Write one frame as an enhanced packet block."""
        head = struct.pack("<IIIII", 0, time_ns >> 32, time_ns & 0xFFFFFFFF, len(frame), len(frame))
        self._block(6, head + _padded(frame))

    def _block(self, kind: int, body: bytes) -> None:
        size = struct.pack("<I", len(body) + 12)
        self._target.write(struct.pack("<I", kind) + size + body + size)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _with_tag(frame: bytes, auxiliary: bytes) -> bytes:
    """Put the 802.1Q tag back, which the kernel takes off and tells beside the frame."""
    status, _, _, _, _, tci, tpid = _AUX.unpack_from(auxiliary)
    return frame[:12] + struct.pack(">HH", tpid, tci) + frame[12:] if status & _VLAN_VALID else frame


def record(interface: str, path: Path) -> int:
    """Record every frame until SIGTERM and give their number."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as tap, path.open("wb") as target:
        tap.bind((interface, 0))
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        index = socket.if_nametoindex(interface)
        tap.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("IHH8s", index, _PROMISCUOUS, 0, b""))
        tap.setsockopt(_SOL_PACKET, _AUXDATA, 1)
        writer = (Pcapng if path.suffix == ".pcapng" else Pcap)(target, interface)
        frames: list[tuple[int, bytes]] = []
        ended: list[bool] = []
        signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
        tap.settimeout(0.2)
        while not ended:
            try:
                frame, extras, _, _ = tap.recvmsg(65535, 256)
            except TimeoutError:
                continue
            told = {(level, kind): octets for level, kind, octets in extras}
            seconds, nanos = struct.unpack("qq", told[socket.SOL_SOCKET, _SO_TIMESTAMPNS][:16])
            frames.append((seconds * 1_000_000_000 + nanos, _with_tag(frame, told[_SOL_PACKET, _AUXDATA])))
        # Stamps of different processors may cross by microseconds; a capture is in time order.
        for time_ns, frame in sorted(frames, key=lambda one: one[0]):
            writer.add(time_ns, frame)
    return len(frames)


if __name__ == "__main__":
    print(f"{record(sys.argv[1], Path(sys.argv[2]))} frames", file=sys.stderr)
