"""Ethernet, IPv4 and UDP headers for the few messages that an ordinary socket cannot send."""

from __future__ import annotations

import socket
import struct

BROADCAST = b"\xff" * 6


def mac(text: str) -> bytes:
    """Six octets of a hardware address."""
    return bytes.fromhex(text.replace(":", ""))


def ethernet(to: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """One frame, padded to the least length."""
    return (to + source + struct.pack(">H", ethertype) + payload).ljust(60, b"\0")


def priority_tagged(to: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """One frame with a priority tag (802.1Q, priority 6, VLAN 0), as PROFINET sends its cyclic data."""
    return ethernet(to, source, 0x8100, struct.pack(">HH", 6 << 13, ethertype) + payload)


def arp(operation: int, sender: tuple[bytes, str], target: tuple[bytes, str]) -> bytes:
    """An ARP body (RFC 826): operation 1 asks, 2 answers."""
    head = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation)
    return head + b"".join(hardware + socket.inet_aton(ip) for hardware, ip in (sender, target))


def udp_in_ip(source: tuple[str, int], target: tuple[str, int], payload: bytes) -> bytes:
    """An IPv4 packet with one datagram."""
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    udp = struct.pack(">HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    checked = checksum(addresses + struct.pack(">HH", 17, len(udp)) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack(">H", checked) + udp[8:]
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + addresses
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + udp


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def raw_socket(ethertype: int, interface: str = "eth0") -> socket.socket:
    """A packet socket on one interface for one EtherType (3 is every one)."""
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ethertype))
    opened.bind((interface, ethertype))
    return opened
