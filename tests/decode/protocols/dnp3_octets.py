"""Builders of DNP3 frames, segments and fragments as IEEE 1815 draws them; the CRC is worked out bit by bit."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from decode.feed import CLIENT, SERVER, Rows, tcp

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CLIENT", "MASTER", "OUTSTATION", "SERVER", "ask", "crc", "crob", "fragment", "frame", "header", "link", "one",
    "reply", "segments", "talk",
]  # fmt: skip

MASTER, OUTSTATION = 1, 10
UNCONFIRMED = 0x44
READ, WRITE, SELECT, OPERATE, DIRECT_OPERATE, DIRECT_OPERATE_NR = range(1, 7)
RESPONSE, UNSOLICITED, AUTHENTICATE_RESP = 129, 130, 131


def crc(octets: bytes) -> bytes:
    """Clause 9.2.4.3: x^16 + x^13 + x^12 + x^11 + x^10 + x^8 + x^6 + x^5 + x^2 + 1, complemented."""
    value = 0
    for octet in octets:
        for bit in range(8):
            feedback = (value ^ octet >> bit) & 1
            value = value >> 1 ^ (0xA6BC if feedback else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def frame(data: bytes, control: int, destination: int, source: int) -> bytes:
    """A link frame around user data."""
    head = struct.pack("<BBBBHH", 0x05, 0x64, 5 + len(data), control, destination, source)
    blocks = [data[at : at + 16] for at in range(0, len(data), 16)]
    return head + crc(head) + b"".join(block + crc(block) for block in blocks)


def link(function: int, *, from_master: bool, primary: bool = True) -> bytes:
    """A link frame without user data."""
    control = (0x80 if from_master else 0) | (0x40 if primary else 0) | function
    ends = (OUTSTATION, MASTER) if from_master else (MASTER, OUTSTATION)
    return frame(b"", control, *ends)


def segments(fragment_octets: bytes, *, size: int = 249, first: int = 0) -> list[bytes]:
    """Transport segments of a fragment; first: the sequence number they begin with."""
    parts = [fragment_octets[at : at + size] for at in range(0, len(fragment_octets), size)]
    made = []
    for number, part in enumerate(parts):
        flags = (0x40 if number == 0 else 0) | (0x80 if number == len(parts) - 1 else 0)
        made.append(bytes([flags | (first + number & 0x3F)]) + part)
    return made


def fragment(
    function: int, objects: bytes = b"", *, sequence: int = 0, control: int = 0xC0, iin: int | None = None
) -> bytes:
    """An application fragment; iin: for responses, IIN1 in the lower octet."""
    made = bytes([control | sequence, function])
    return made + (b"" if iin is None else struct.pack("<H", iin)) + objects


def header(group: int, variation: int, qualifier: int, *numbers: int) -> bytes:
    """An object header; numbers: start and stop, or a count, in the qualifier's width."""
    form = {0: "<BB", 1: "<HH", 2: "<II", 6: "<", 7: "<B", 8: "<H", 9: "<I", 11: "<B"}[qualifier & 0x0F]
    return bytes([group, variation, qualifier]) + struct.pack(form, *numbers)


def crob(code: int, *, repeats: int = 1, on: int = 100, off: int = 50, status: int = 0) -> bytes:
    """A control relay output block."""
    return struct.pack("<BBIIB", code, repeats, on, off, status)


def ask(function: int, objects: bytes = b"", *, sequence: int = 0, outstation: int = OUTSTATION) -> bytes:
    """A master's request in one frame."""
    return frame(segments(fragment(function, objects, sequence=sequence))[0], 0xC4, outstation, MASTER)


def reply(
    objects: bytes = b"", *, function: int = RESPONSE, sequence: int = 0, iin: int = 0, control: int = 0xC0,
    outstation: int = OUTSTATION,
) -> bytes:  # fmt: skip
    """An outstation's response in one frame or several."""
    octets = fragment(function, objects, sequence=sequence, control=control, iin=iin)
    return b"".join(frame(part, UNCONFIRMED, MASTER, outstation) for part in segments(octets))


def talk(*pieces: tuple[int, bytes], port: int = 20000, batch: int = 0) -> Rows:
    """Decode the pieces as segments of one TCP connection that the master opened."""
    return tcp(pieces, port=port, batch=batch)


def one(rows: Iterable[dict], *fields: str) -> tuple:
    """The fields of the only row there is."""
    (row,) = rows
    return tuple(row[field] for field in fields)
