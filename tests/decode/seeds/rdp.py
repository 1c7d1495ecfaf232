"""MS-RDPBCGR 2.2.1: connection request and confirm with negotiation, one accepted, one refused."""

from __future__ import annotations

import struct

from decode.seeds import Seed


def _x224(kind: int, variable: bytes) -> bytes:
    inner = struct.pack(">BHHB", kind, 0, 0, 0) + variable
    return struct.pack(">BBHB", 3, 0, 5 + len(inner), len(inner)) + inner


def _negotiation(kind: int, number: int) -> bytes:
    return struct.pack("<BBHI", kind, 0, 8, number)


_ASKED = _x224(0xE0, b"Cookie: mstshash=operator\r\n" + _negotiation(1, 3))
_HELLO = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"
_WHY = "everything behind the negotiation is encrypted"


def _initial(name: str) -> bytes:
    """MCS Connect-Initial (2.2.1.3) with the client's core data, its other parameters left out."""
    core = struct.pack("<HHIHHHHII", 0xC001, 56, 0x00080004, 1280, 800, 0xCA01, 0xAA03, 0x409, 7601)
    core += name.encode("utf-16-le").ljust(32, b"\0")
    inner = b"\x04\x01\x01" + bytes.fromhex("000800100001c00044756361") + bytes((len(core),)) + core
    body = b"\x02\xf0\x80\x7f\x65" + bytes((len(inner),)) + inner
    return struct.pack(">BBH", 3, 0, 4 + len(body)) + body


SEEDS = (
    Seed(
        name="standard-security",
        transport="tcp",
        port=3389,
        messages=(
            (0, _x224(0xE0, b"Cookie: mstshash=joe\r\n")),
            (1, _x224(0xD0, b"")),
            (0, _initial("ENG07")),
        ),
        no_join=_WHY,
    ),
    Seed(
        name="accepted",
        transport="tcp",
        port=3389,
        messages=((0, _ASKED), (1, _x224(0xD0, _negotiation(2, 1))), (0, _HELLO), (1, _HELLO)),
        no_join=_WHY,
    ),
    Seed(
        name="refused",
        transport="tcp",
        port=3389,
        messages=((0, _ASKED), (1, _x224(0xD0, _negotiation(3, 5)))),
        no_join=_WHY,
    ),
)
