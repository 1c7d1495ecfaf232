"""EtherCAT frames, built after IEC 61158-4-12 and -6-12."""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = ["Datagram", "device", "frame", "mail", "sdo", "station"]


class Datagram(NamedTuple):
    command: int
    address: int
    data: bytes
    counter: int = 0
    index: int = 0


def device(position: int, offset: int) -> int:
    """An address by position, from 0."""
    return -position & 0xFFFF | offset << 16


def station(number: int, offset: int) -> int:
    return number | offset << 16


def frame(*datagrams: Datagram) -> bytes:
    body = b""
    for k, (command, address, data, counter, index) in enumerate(datagrams):
        length = len(data) | (0x8000 if k + 1 < len(datagrams) else 0)
        body += struct.pack("<BBIHH", command, index, address, length, 0) + data + struct.pack("<H", counter)
    return struct.pack("<H", 0x1000 | len(body)) + body


def mail(kind: int, body: bytes, *, size: int = 64, counter: int = 1) -> bytes:
    return (struct.pack("<HHBB", len(body), 0, 0, kind | counter << 4) + body).ljust(size, b"\0")


def sdo(service: int, command: int, index: int, sub: int, data: bytes = bytes(4)) -> bytes:
    """service: 2 request, 3 response. command: the whole octet."""
    return mail(3, struct.pack("<HBHB", service << 12, command, index, sub) + data)
