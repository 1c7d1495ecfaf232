"""Conversations as frames of a capture: IPv4 with right checksums, TCP opened and closed as ends do it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from interlock.plant.twin.mirror import PCAP_HEADER
from interlock.plant.wire import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Ends", "icmp", "pcap", "tcp", "udp"]

_MAC: Final = bytes.fromhex("020000000001")
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

    def sent(self) -> tuple[frames.End, frames.End, tuple[int, int]]:
        """From whom, to whom, and both ports, of what the client sends."""
        one, other = (frames.End(_MAC, address.to_bytes(4, "big")) for address in (self.client, self.server))
        return one, other, (self.client_port, self.server_port)


def pcap(all_frames: Iterable[bytes]) -> Iterator[bytes]:
    """A capture (nanoseconds, Ethernet), piece by piece; each frame comes 0.1 ms after the one before."""
    yield PCAP_HEADER
    for number, frame in enumerate(all_frames):
        seconds, rest = divmod(_BEGIN_NS + number * _NEXT_NS, 1_000_000_000)
        yield struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame


def udp(ends: Ends, datagrams: Iterable[tuple[bool, bytes]]) -> Iterator[bytes]:
    """Datagrams: whether the server sends it, and its octets."""
    for serves, octets in datagrams:
        yield frames.udp(*(ends.turned() if serves else ends).sent(), octets)


def icmp(ends: Ends, messages: Iterable[tuple[bool, bytes]]) -> Iterator[bytes]:
    """Messages from their types on: whether the server sends it, and its octets; the checksum is put in."""
    for serves, octets in messages:
        source, target, _ = (ends.turned() if serves else ends).sent()
        summed = frames.internet_checksum(octets).to_bytes(2, "big")
        head = (
            struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(octets), 0, 0x4000, 64, 1, 0) + source.ip + target.ip
        )
        head = head[:10] + frames.internet_checksum(head).to_bytes(2, "big") + head[12:]
        yield frames.ethernet(target.mac, source.mac, 0x0800, head + octets[:2] + summed + octets[4:])


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
        numbers = (sent[serves], sent[not serves] if flags & frames.ACK else 0)
        sent[serves] += len(octets) + bool(flags & (frames.SYN | frames.FIN))
        return frames.tcp(*(ends.turned() if serves else ends).sent(), numbers, flags, octets)

    if opens:
        yield from (
            segment(False, frames.SYN),
            segment(True, frames.SYN | frames.ACK),
            segment(False, frames.ACK),
        )
    for serves, octets in segments:
        at = 0
        while at < len(octets):
            piece = octets[at : at + max(1, size())]
            at += len(piece)
            yield segment(serves, frames.PSH | frames.ACK, piece)
            yield segment(not serves, frames.ACK)
    if opens:
        yield from (
            segment(False, frames.FIN | frames.ACK),
            segment(True, frames.FIN | frames.ACK),
            segment(False, frames.ACK),
        )
