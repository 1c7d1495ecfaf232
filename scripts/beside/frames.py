"""Conversations as frames of a capture: IPv4 with right checksums, TCP opened and closed as ends do it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Ends", "pcap", "tcp", "udp"]

_MACS: Final = bytes.fromhex("020000000001 020000000002 0800")
_SYN, _FIN, _PSH, _ACK = 2, 1, 8, 16
_NEXT_NS: Final = 100_000
_BEGIN_NS: Final = 1_700_000_000_000_000_000


class Ends(NamedTuple):
    """Addresses as numbers, and ports."""

    client: int
    client_port: int
    server: int
    server_port: int

    def turned(self) -> Ends:
        """As the server sends."""
        return Ends(self.server, self.server_port, self.client, self.client_port)


def pcap(frames: Iterable[bytes]) -> Iterator[bytes]:
    """A capture (nanoseconds, Ethernet), piece by piece; each frame comes 0.1 ms after the one before."""
    yield struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 18, 1)
    for number, frame in enumerate(frames):
        seconds, rest = divmod(_BEGIN_NS + number * _NEXT_NS, 1_000_000_000)
        yield struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame


def udp(ends: Ends, datagrams: Iterable[tuple[bool, bytes]]) -> Iterator[bytes]:
    """Datagrams: whether the server sends it, and its octets."""
    for serves, octets in datagrams:
        of = ends.turned() if serves else ends
        head = struct.pack(">HHHH", of.client_port, of.server_port, 8 + len(octets), 0)
        yield _ip(17, of, _summed(17, of, head + octets, 6))


def tcp(
    ends: Ends,
    segments: Iterable[tuple[bool, bytes]],
    size: Callable[[], int] = lambda: 1400,
    *,
    opens: bool = True,
) -> Iterator[bytes]:
    """A connection: whether the server sends it, and octets, in pieces of a size. opens: with its beginning and end."""
    sent = [1000, 5000]

    def segment(serves: bool, flags: int, octets: bytes = b"") -> bytes:
        of = ends.turned() if serves else ends
        numbers = (sent[serves], sent[not serves] if flags & _ACK else 0)
        head = struct.pack(">HHIIBBHHH", of.client_port, of.server_port, *numbers, 0x50, flags, 8192, 0, 0)
        sent[serves] += len(octets) + bool(flags & (_SYN | _FIN))
        return _ip(6, of, _summed(6, of, head + octets, 16))

    if opens:
        yield from (segment(False, _SYN), segment(True, _SYN | _ACK), segment(False, _ACK))
    for serves, octets in segments:
        at = 0
        while at < len(octets):
            piece = octets[at : at + max(1, size())]
            at += len(piece)
            yield segment(serves, _PSH | _ACK, piece)
            yield segment(not serves, _ACK)
    if opens:
        yield from (segment(False, _FIN | _ACK), segment(True, _FIN | _ACK), segment(False, _ACK))


def _ip(protocol: int, ends: Ends, segment: bytes) -> bytes:
    pair = struct.pack(">II", ends.client, ends.server)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0) + pair
    return _MACS + head[:10] + struct.pack(">H", _sum(head)) + head[12:] + segment


def _summed(protocol: int, ends: Ends, segment: bytes, at: int) -> bytes:
    pseudo = struct.pack(">IIHH", ends.client, ends.server, protocol, len(segment))
    return segment[:at] + struct.pack(">H", _sum(pseudo + segment) or 0xFFFF) + segment[at + 2 :]


def _sum(octets: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f">{(len(octets) + 1) // 2}H", octets + bytes(len(octets) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
