"""Builders of IEC 60870-5-104 APDUs, field by field as clauses 5 to 7 of the standard draw them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from decode.feed import CLIENT, SERVER, Rows, tcp

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLIENT", "SERVER", "asdu", "cp56", "i_frame", "ioa", "one", "s_frame", "talk", "u_frame"]

STARTDT, STARTDT_CON, STOPDT, STOPDT_CON, TESTFR, TESTFR_CON = 0x07, 0x0B, 0x13, 0x23, 0x43, 0x83


def u_frame(function: int) -> bytes:
    return bytes([0x68, 4, function, 0, 0, 0])


def s_frame(received: int) -> bytes:
    return struct.pack("<BBHH", 0x68, 4, 1, received << 1)


def i_frame(sent: int, received: int, body: bytes) -> bytes:
    return struct.pack("<BBHH", 0x68, 4 + len(body), sent << 1, received << 1) + body


def ioa(address: int) -> bytes:
    return address.to_bytes(3, "little")


def asdu(
    kind: int,
    cause: int,
    objects: Sequence[tuple[int, bytes]],
    *,
    station: int = 10,
    sequence: bool = False,
    negative: bool = False,
    test: bool = False,
    originator: int = 0,
) -> bytes:
    """One ASDU; objects: (address, element); in a sequence only the first one's address is written."""
    head = struct.pack(
        "<BBBBH",
        kind,
        len(objects) | (0x80 if sequence else 0),
        cause | (0x40 if negative else 0) | (0x80 if test else 0),
        originator,
        station,
    )
    if sequence:
        return head + ioa(objects[0][0]) + b"".join(element for _, element in objects)
    return head + b"".join(ioa(address) + element for address, element in objects)


def cp56(milliseconds: int, minute: int, hour: int, day: int, month: int, year: int) -> bytes:
    return struct.pack("<HBBBBB", milliseconds, minute, hour, day, month, year)


def talk(*pieces: tuple[int, bytes], port: int = 2404, handshake: bool = True, batch: int = 0) -> Rows:
    """Decode (side, ASDU or APDU) pieces; an ASDU gets its I frame with the side's next send number."""
    sent = [0, 0]
    made = []
    for side, octets in pieces:
        if octets[0] == 0x68 and octets[1] >= 4:  # an ASDU of type 104 has one object
            made.append((side, octets))
            continue
        made.append((side, i_frame(sent[side], sent[1 - side], octets)))
        sent[side] += 1
    return tcp(made, port=port, handshake=handshake, batch=batch)


def one(rows: list[dict], *fields: str) -> tuple:
    """The fields of the only row there is."""
    (row,) = rows
    return tuple(row[field] for field in fields)
