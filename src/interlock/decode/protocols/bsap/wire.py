"""The two frames of BSAP: over IP, and the serial one within a stream or datagram.

    over IP   header length 2 | parts 2 | kind 2 | sequence 4 | sequence acknowledged 4 | [8 more if the length is 22]
              part: length 4 (its own included) | 1 | sequence 4 | request: application function 1, node status 1, RDB …
                                                                 | answer: response error 1, elements 1, …
    serial    DLE STX | address 1 | serial number 1 | [global: destination 2, source 2, control 1]
              | destination function 1 | sequence 2 | source function 1 | node status 1 | … | DLE ETX | check 2

All numbers have their low octet first; in serial frames a DLE within is sent twice; address bit 7 means a global frame.
Source: Emerson D301401X012; the form over IP is not in it, ICSNPP's parser describes it and the capture shows it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from interlock.decode.framing import Framer

__all__ = [
    "ANSWERS",
    "MAX_SERIAL",
    "POLL",
    "RDB",
    "RDB_EXTENSION",
    "REQUESTS",
    "SERIAL_BEGIN",
    "SERVICES",
    "BsapFramer",
    "Serial",
    "serial_of",
]

POLL: Final = 0
ANSWERS: Final = frozenset({1, 5})
REQUESTS: Final = frozenset({6, 0x84, 0x86})
"""Kinds of messages over IP."""

RDB, RDB_EXTENSION = 0xA0, 0xA1
SERVICES: Final = frozenset(
    {0x40, 0x48, 0x50, 0x60, 0x68, 0x6A, 0x70, 0x78, 0x88, 0x89, 0xA0, 0xA1, 0xA2, 0xA3, 0xA8, 0xA9, 0xAA, 0xB0, 0xB1,
     0xBF, 0xC0}
)  # fmt: skip
"""Application functions that are asked; an answer has its request's as source function."""

SERIAL_BEGIN: Final = b"\x10\x02"
_LINK: Final = frozenset({0x81, 0x83, 0x85, 0x86, 0x87, 0x8A, 0x8B, 0x95})
"""Polls and acknowledgements of the serial line itself."""

MAX_SERIAL: Final = 1024


class Serial(NamedTuple):
    """A serial frame opened up. unit: node asked (or asking, in an answer). offset: where data begins, unstuffed."""

    address: int
    destination: int | None
    source: int | None
    target_function: int
    sequence: int
    source_function: int
    data: bytes


def serial_of(octets: bytes) -> Serial | None:
    """Open one whole frame; None for a poll or acknowledgement of the line. Raises ValueError for a broken one."""
    end = _end(octets, 0)
    if octets[:2] != SERIAL_BEGIN or end < 0:
        raise ValueError
    inside = octets[2 : end - 4].replace(b"\x10\x10", b"\x10")
    if len(inside) < 3 or inside[2] in _LINK:
        return None
    at, destination, source = 2, None, None
    if inside[0] & 0x80:
        if len(inside) < 12:
            raise ValueError
        destination, source = inside[2] | inside[3] << 8, inside[4] | inside[5] << 8
        at = 7
    if len(inside) < at + 5:
        raise ValueError
    sequence = inside[at + 1] | inside[at + 2] << 8
    return Serial(
        inside[0] & 0x7F, destination, source, inside[at], sequence, inside[at + 3], inside[at + 5 :]
    )


def _end(octets: bytes, start: int) -> int:
    """Where the frame that begins at `start` ends, its check included; -1: not here, -2: broken."""
    at = start + 2
    while True:
        at = octets.find(b"\x10", at)
        if at < 0 or at + 1 >= len(octets):
            return -1
        following = octets[at + 1]
        if following == 0x03:
            return at + 4 if at + 4 <= len(octets) else -1
        if following != 0x10:
            return -2
        at += 2


class BsapFramer(Framer):
    """Cuts serial frames out of a stream; what lies between them is none."""

    def __init__(self) -> None:
        Framer.__init__(self, MAX_SERIAL)

    def cut(self, start: int, end: int) -> int:
        """See Framer.cut."""
        self.leap = 0
        octets = bytes(self.octets[start : min(end, start + MAX_SERIAL)])
        if octets[:2] != SERIAL_BEGIN[: len(octets)]:
            found = octets.find(SERIAL_BEGIN, 1)
            return -(found if found > 0 else len(octets))
        if len(octets) < 4:
            self.want = end - start + 1
            return 0
        finish = _end(octets, 0)
        if finish == -2:
            return -2
        if finish < 0:
            if len(octets) == MAX_SERIAL:
                return -len(octets)
            self.want = end - start + 1
            return 0
        return finish

    def begins(self, start: int, end: int) -> int:
        """See Framer.begins."""
        return 1 if bytes(self.octets[start : min(end, start + 2)]) == SERIAL_BEGIN else 0
