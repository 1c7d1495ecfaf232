# cython: compiled
"""The encapsulation protocol around CIP: how it is cut from streams and recognised.

    | command 2 | length 2 | session 4 | status 4 | sender context 8 | options 4 | data |    little-endian

Source: CIP Volume 2 (EtherNet/IP adaptation of CIP), 2-3.1 and 2-6 (common packet format).
"""

from __future__ import annotations

import cython

from interlock.decode.framing import Framer
from interlock.decode.spec import NEED_MORE

__all__ = ["COMMANDS", "HEADER", "IO_BEGIN", "EncapsulationFramer", "probe"]

HEADER = 24
MAX_LENGTH = 65511
LAST_COMMAND = 0xC8
COMMANDS = frozenset({0x00, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6F, 0x70, 0x72, 0x73, 0xC8})
STATUSES = frozenset({0, 1, 2, 3, 0x64, 0x65, 0x69, 0x6A})
ADDRESS_ITEMS = frozenset({0x0000, 0x00A1, 0x8002})
IO_BEGIN = b"\x02\x00\x02\x80\x08\x00"
"""An implicit message: two items, the first a sequenced address of eight octets."""


class EncapsulationFramer(Framer):
    """Cuts by the length field; joins late where a header of a known command stands."""

    def __init__(self):
        Framer.__init__(self, HEADER + MAX_LENGTH)

    def cut(self, start, end):
        """See Framer.cut: commands above those ever assigned, or too long a message, are no encapsulation."""
        left: cython.Py_ssize_t = end - start
        self.leap = 0
        if (left > 0 and self.octets[start] > 0xC8) or (left > 1 and self.octets[start + 1] != 0):
            return -left
        if left < 24:
            self.want = 24
            return 0
        length: cython.Py_ssize_t = self.octets[start + 2] | (self.octets[start + 3] << 8)
        if length > 65511:
            return -left
        length += 24
        if length > left:
            self.want = length
            return 0
        return length

    def begins(self, start, end):
        """See Framer.begins: a known command, status and no options."""
        if end - start < 24 or self.cut(start, end) < 0:
            return 0
        command: cython.int = self.octets[start]
        if command not in (0x04, 0x63, 0x64, 0x65, 0x66, 0x6F, 0x70):
            return 0
        i: cython.Py_ssize_t
        for i in range(start + 9, start + 12):
            if self.octets[i] != 0:
                return 0
        for i in range(start + 20, start + 24):
            if self.octets[i] != 0:
                return 0
        return 1


def probe(octets, hint):
    """How surely these are encapsulation messages, or (UDP) implicit ones of a class 0 or 1 connection."""
    if hint.transport == "udp" and octets[:6] == IO_BEGIN:
        return _probe_implicit(octets, hint)
    named = 44818 in (hint.source_port, hint.target_port) or (
        hint.transport == "udp" and 2222 in (hint.source_port, hint.target_port)
    )
    if len(octets) < HEADER:
        fits = hint.transport == "tcp" and octets and octets[0] in COMMANDS and not any(octets[1:2])
        return NEED_MORE if fits and (named or octets[0]) else 0
    command, length = int.from_bytes(octets[0:2], "little"), int.from_bytes(octets[2:4], "little")
    status = int.from_bytes(octets[8:12], "little")
    if command > LAST_COMMAND or length > MAX_LENGTH:
        return 0
    if any(octets[20:24]) or status not in STATUSES:
        return 35 if named and hint.transport == "tcp" else 0
    if command not in COMMANDS:
        return 45 if named else 0
    return _confidence(octets, command, length, named, hint)


def _confidence(octets, command, length, named, hint):
    body = octets[HEADER:]
    if hint.transport == "udp" and length != len(body) and (len(octets) < 512 or length < len(body)):
        return 0
    if command in (0x6F, 0x70):
        return _probe_carrier(body, length, hint)
    if command == 0x65:
        return 95 if length == 4 and body[:2] == b"\x01\x00" else (40 if named else 0)
    if command in (0x63, 0x64, 0x04):
        if length == 0:
            return 80 if len(body) == 0 or named else 0
        return 90 if length >= 2 and len(body) >= 2 and body[1] == 0 and body[0] <= 16 else 0
    return 40 if named and (length == 0 or command != 0x66) else 0


def _probe_carrier(body, length, hint):
    """SendRRData and SendUnitData: interface handle 0, a few items, the first an address that exists."""
    if length == 0:
        return 35 if 44818 in (hint.source_port, hint.target_port) else 0
    if len(body) < 10:
        return (
            NEED_MORE if hint.transport == "tcp" and body[:4] == b"\x00\x00\x00\x00"[: len(body[:4])] else 0
        )
    items, first = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
    return 95 if body[:4] == b"\x00\x00\x00\x00" and 1 <= items <= 8 and first in ADDRESS_ITEMS else 0


def _probe_implicit(octets, hint):
    if len(octets) < 18 or octets[14:16] != b"\xb1\x00":
        return 0
    size = int.from_bytes(octets[16:18], "little")
    whole = size == len(octets) - 18 or (len(octets) >= 512 and size > 494)
    return 92 if whole else (40 if 2222 in (hint.source_port, hint.target_port) else 0)
