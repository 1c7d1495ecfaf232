"""Modbus Application Protocol V1.1b3: every group of functions, an exception, identification, over TCP and UDP."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed


def _adu(transaction: int, *pdu: int | bytes, unit: int = 1) -> bytes:
    octets = b"".join(p if isinstance(p, bytes) else bytes((p,)) for p in pdu)
    return struct.pack(">HHHB", transaction, 0, 1 + len(octets), unit) + octets


def _words(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}H", *numbers)


_PAIRS: tuple[tuple[tuple[int | bytes, ...], tuple[int | bytes, ...]], ...] = (
    ((3, _words(10, 3)), (3, 6, _words(1, 2, 65535))),
    ((1, _words(0, 10)), (1, 2, b"\x55\x01")),
    ((5, _words(7, 0xFF00)), (5, _words(7, 0xFF00))),
    ((6, _words(9, 1234)), (6, _words(9, 1234))),
    ((16, _words(100, 2), 4, _words(5, 6)), (16, _words(100, 2))),
    ((15, _words(20, 3), 1, 5), (15, _words(20, 3))),
    ((22, _words(4, 0xF2, 0x25)), (22, _words(4, 0xF2, 0x25))),
    ((23, _words(3, 2, 14, 1), 2, _words(255)), (23, 4, _words(8, 9))),
    ((3, _words(60000, 1)), (0x83, 2)),
    ((8, _words(0, 0xA537)), (8, _words(0, 0xA537))),
    ((24, _words(1246)), (24, _words(6, 2, 440, 4740))),
    ((20, 7, b"\x06" + _words(4, 1, 2)), (20, 6, b"\x05\x06" + _words(3582, 8192))),
    ((43, 14, 1, 0), (43, 14, 1, 1, 0, 0, 2, b"\x00\x04ACME\x01\x04M340")),
    ((90, 0, 2), (90, 0, 254, bytes(8))),
    ((17,), (17, 3, b"\x01\xff\x41")),
    ((100, 1, 2), (0xE4, 1)),
)


def _talk() -> tuple[Message, ...]:
    return tuple(
        message
        for n, (request, reply) in enumerate(_PAIRS, 1)
        for message in ((0, _adu(n, *request)), (1, _adu(n, *reply)))
    )


SEEDS = (
    Seed(name="stream", transport="tcp", port=502, messages=_talk()),
    Seed(name="datagrams", transport="udp", port=502, messages=_talk()[:8]),
)
