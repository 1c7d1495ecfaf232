"""Ethernet frames with IPv4, UDP and TCP, checksums right, padded as a network card pads them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

__all__ = ["ACK", "FIN", "PSH", "RST", "SYN", "End", "ethernet", "internet_checksum", "tcp", "udp"]

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
_LEAST: Final = 60
_IPV4: Final = 0x0800
_IP_HEAD: Final = struct.Struct("!BBHHHBBH4s4s")
_TCP_HEAD: Final = struct.Struct("!HHHHHBBH4s4sHHIIHHHH")
"""From the frame's type on: Ethernet's last field, IPv4, TCP."""

_UDP_HEAD: Final = struct.Struct("!HHHH")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a conversation: hardware address (6 octets) and IPv4 address (4 octets)."""

    mac: bytes
    ip: bytes

    @classmethod
    def of(cls, mac: str, ip: str) -> End:
        """From text; raises ValueError where it is no address."""
        octets = bytes.fromhex(mac.replace(":", ""))
        if len(octets) != 6:
            raise ValueError(f"{mac}: not a hardware address of 6 octets")
        return cls(octets, IPv4Address(ip).packed)


def ethernet(target: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """A frame without its check sequence."""
    frame = target + source + ethertype.to_bytes(2, "big") + payload
    return frame if len(frame) >= _LEAST else frame.ljust(_LEAST, b"\0")


def internet_checksum(octets: bytes, start: int = 0) -> int:
    """One's complement sum of 16-bit words (RFC 1071). start: a sum to go on from."""
    if len(octets) & 1:
        octets += b"\0"
    words: tuple[int, ...] = struct.unpack(f"!{len(octets) // 2}H", octets)
    total = start + sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def _ipv4(source: End, target: End, protocol: int, identification: int, payload: bytes) -> bytes:
    fields = (0x45, 0, 20 + len(payload), identification & 0xFFFF, 0x4000, 64, protocol)
    head = _IP_HEAD.pack(*fields, 0, source.ip, target.ip)
    head = _IP_HEAD.pack(*fields, internet_checksum(head), source.ip, target.ip)
    return ethernet(target.mac, source.mac, _IPV4, head + payload)


def tcp(
    source: End,
    target: End,
    ports: tuple[int, int],
    numbers: tuple[int, int],
    flags: int,
    payload: bytes = b"",
    identification: int = 0,
) -> bytes:
    """One segment. ports: from, to. numbers: sequence, acknowledgement."""
    size = len(payload)
    addresses = _words(source.ip + target.ip)
    sequence, acknowledged, words = numbers[0] & 0xFFFFFFFF, numbers[1] & 0xFFFFFFFF, 0x5000 | flags
    identification &= 0xFFFF
    total = (
        addresses + 26 + size + ports[0] + ports[1] + words + 64240
        + (sequence >> 16) + (sequence & 0xFFFF) + (acknowledged >> 16) + (acknowledged & 0xFFFF)
        + _words(payload)
    )  # fmt: skip
    head = _TCP_HEAD.pack(
        _IPV4, 0x4500, 40 + size, identification, 0x4000, 64, 6,
        _folded(0x4500 + 40 + size + identification + 0x4000 + 0x4006 + addresses), source.ip, target.ip,
        *ports, sequence, acknowledged, words, 64240, _folded(total), 0,
    )  # fmt: skip
    frame = target.mac + source.mac + head + payload
    return frame if size >= 6 else frame.ljust(_LEAST, b"\0")


def _words(octets: bytes) -> int:
    """A number with the one's complement sum of 16-bit words: 2**16 is 1 modulo 65535."""
    return int.from_bytes(octets if len(octets) % 2 == 0 else octets + b"\0", "big") % 0xFFFF


def _folded(total: int) -> int:
    """Complement of a one's complement sum that is not 0 (RFC 1071)."""
    return 0xFFFF - ((total - 1) % 0xFFFF + 1)


def udp(source: End, target: End, ports: tuple[int, int], payload: bytes, identification: int = 0) -> bytes:
    """One datagram. ports: from, to."""
    length = 8 + len(payload)
    head = _UDP_HEAD.pack(*ports, length, 0)
    checksum = internet_checksum(head + payload, _pseudo(source, target, 17, length)) or 0xFFFF
    return _ipv4(source, target, 17, identification, head[:6] + checksum.to_bytes(2, "big") + payload)


def _pseudo(source: End, target: End, protocol: int, length: int) -> int:
    words: tuple[int, ...] = struct.unpack("!4H", source.ip + target.ip)
    return sum(words) + protocol + length
