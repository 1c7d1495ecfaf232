"""Sends captures on the wire of a network namespace, faster than they were recorded, with probes in between.

    python sender.py --interface far0 --speed 40 [--rounds 1] [--probes 50 --log FILE] CAPTURE …

A probe is a Modbus read and its answer over one connection; the transaction identifier and the register asked for are
the probe's number, so that every one of them is a row of its own wherever operations are kept. --log: for each probe
its number (u32) and the wall time at which it was sent (ns, u64), written as it is sent. Every --rounds the captures
come again. Stops at SIGTERM; prints how many frames it sent.
"""

from __future__ import annotations

import argparse
import errno
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ENTRY", "PROBE_SERVER", "Probes", "frames_of", "probe_of"]

ENTRY = struct.Struct("<IQ")
PROBE_CLIENT, PROBE_SERVER = "10.99.0.1", "10.99.0.2"
_LITTLE = 0xA1B23C4D
_GONE = frozenset({errno.ENXIO, errno.ENODEV, errno.ENETDOWN, errno.EINVAL})


def frames_of(capture: Path) -> list[tuple[int, bytes]]:
    """(nanoseconds since the first one, octets) of a classic pcap with nanoseconds, as the practice plant writes."""
    octets, found, at = capture.read_bytes(), [], 24
    if struct.unpack_from("<I", octets)[0] != _LITTLE:
        raise ValueError(f"{capture} is no pcap with nanoseconds")
    begin = 0
    while at < len(octets):
        seconds, rest, length, _ = struct.unpack_from("<IIII", octets, at)
        when = seconds * 1_000_000_000 + rest
        begin = begin or when
        found.append((when - begin, octets[at + 16 : at + 16 + length]))
        at += 16 + length
    return found


class Probes:
    """Frames of one long Modbus connection, joined in its middle: a read and its answer for each number."""

    def __init__(self) -> None:
        self._seq = [1_000, 500_000]

    def pair(self, number: int) -> tuple[bytes, bytes]:
        """Request and answer of probe `number`."""
        low = number & 0xFFFF
        ask = struct.pack(">HHHBBHH", low, 0, 6, 1, 3, low, 1)
        answer = struct.pack(">HHHBBBH", low, 0, 5, 1, 3, 2, low)
        return self._segment(0, ask), self._segment(1, answer)

    def _segment(self, side: int, payload: bytes) -> bytes:
        ends = ((PROBE_CLIENT, 40_000), (PROBE_SERVER, 502))
        here, there = ends[side], ends[1 - side]
        macs = (b"\x02\x00\x00\x63\x00\x01", b"\x02\x00\x00\x63\x00\x02")
        seq, ack = self._seq[side], self._seq[1 - side]
        self._seq[side] = (seq + len(payload)) & 0xFFFFFFFF
        addresses = socket.inet_aton(here[0]) + socket.inet_aton(there[0])
        tcp = struct.pack(">HHIIHHHH", here[1], there[1], seq, ack, 0x5018, 8192, 0, 0)
        pseudo = addresses + struct.pack(">BBH", 0, 6, len(tcp) + len(payload))
        tcp = tcp[:16] + struct.pack(">H", _checksum(pseudo + tcp + payload)) + tcp[18:]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0)
        ip = ip[:10] + struct.pack(">H", _checksum(ip + addresses))
        frame = macs[1 - side] + macs[side] + b"\x08\x00" + ip + addresses + tcp + payload
        return frame.ljust(60, b"\0")


def probe_of(frame: bytes) -> int | None:
    """Low 16 bits of the number of a probe whose request or answer this is."""
    ends = {frame[26:30], frame[30:34]}
    ours = {socket.inet_aton(PROBE_CLIENT), socket.inet_aton(PROBE_SERVER)}
    return int.from_bytes(frame[54:56], "big") if ends == ours and len(frame) >= 56 else None


def _checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    octets += b"\0" * (len(octets) & 1)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class _Port:
    """A socket that sends, and goes on sending where its interface was away."""

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self._socket: socket.socket | None = None
        self.sent = self.refused = 0

    def send(self, frame: bytes) -> None:
        """Send it, or count it as refused."""
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
                self._socket.bind((self._interface, 0))
            self._socket.send(frame)
            self.sent += 1
        except OSError as error:
            self.refused += 1
            if error.errno == errno.ENOBUFS:
                time.sleep(0.0005)
            elif error.errno in _GONE:
                self._close()
            elif error.errno != errno.EMSGSIZE:
                raise

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _schedule(captures: list[Path], speed: float, rounds: int) -> Iterator[tuple[float, bytes]]:
    """(seconds since the beginning, frame), round after round."""
    base = 0.0
    kept = [frames_of(capture) for capture in captures]
    for n in range(rounds):
        for frames in kept:
            for when, frame in frames:
                yield base + when / 1e9 / speed, frame
            base += frames[-1][0] / 1e9 / speed + 0.05
        del n


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interface", required=True)
    parser.add_argument("--speed", type=float, required=True)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--probes", type=float, default=0.0, help="so many a second")
    parser.add_argument("--first", type=int, default=0, help="number of the first probe")
    parser.add_argument("--log", type=Path)
    parser.add_argument("captures", nargs="+", type=Path)
    given = parser.parse_args()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    port, probes, number = _Port(given.interface), Probes(), given.first
    log = given.log.open("ab", buffering=0) if given.log else None
    begin = time.monotonic()
    print("ready", flush=True)
    for due, frame in _schedule(given.captures, given.speed, given.rounds):
        while not asked and (left := begin + due - time.monotonic()) > 0:
            time.sleep(min(left, 0.01))
            if given.probes and (time.monotonic() - begin) * given.probes > number - given.first:
                number = _probe(port, probes, number, log)
        port.send(frame)
        if given.probes and (time.monotonic() - begin) * given.probes > number - given.first:
            number = _probe(port, probes, number, log)
        if asked:
            break
    print(f"sent {port.sent} refused {port.refused} probes {number - given.first}", flush=True)


def _probe(port: _Port, probes: Probes, number: int, log: object) -> int:
    refused = port.refused
    for frame in probes.pair(number):
        port.send(frame)
    if log is not None and refused == port.refused:
        log.write(ENTRY.pack(number, time.time_ns()))  # type: ignore[attr-defined]
    return number + 1


if __name__ == "__main__":
    sys.exit(main())
