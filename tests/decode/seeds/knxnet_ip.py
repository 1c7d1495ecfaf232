"""KNX Standard 03/08/02 to 03/08/05 (services), 03/06/03 (cEMI), 03/03/07 (application layer)."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed

_ENDPOINT = bytes((8, 1, 192, 0, 2, 9)) + struct.pack(">H", 50000)
_GROUP, _DEVICE = 1 << 11 | 2 << 8 | 3, 1 << 12 | 1 << 8 | 9
_BLOCK = (
    bytes((54, 1, 2, 0)) + struct.pack(">HH", _DEVICE, 0) + bytes.fromhex("00c501020304") + bytes((224, 0, 23, 12))
    + bytes.fromhex("000e8c001122") + b"Hall 3".ljust(30, b"\x00")
)  # fmt: skip


def _frame(service: int, content: bytes) -> bytes:
    return struct.pack(">BBHH", 6, 0x10, service, 6 + len(content)) + content


def _tunnel(sequence: int, cemi: bytes, service: int = 0x0420) -> bytes:
    return _frame(service, bytes((4, 3, sequence, 0)) + cemi)


def _ack(sequence: int, status: int = 0, service: int = 0x0421) -> bytes:
    return _frame(service, bytes((4, 3, sequence, status)))


def _data(code: int, service: int, octets: bytes = b"", *, to_group: bool = True) -> bytes:
    target = _GROUP if to_group else _DEVICE
    head = struct.pack(
        ">BBBBHHB", code, 0, 0xBC, 0xE0 if to_group else 0x60, _DEVICE, target, 1 + len(octets)
    )
    return head + struct.pack(">H", service) + octets


_TUNNEL: tuple[Message, ...] = (
    (0, _frame(0x0203, _ENDPOINT)),
    (1, _frame(0x0204, _BLOCK)),
    (0, _frame(0x0205, _ENDPOINT + _ENDPOINT + bytes((4, 4, 2, 0)))),
    (1, _frame(0x0206, bytes((3, 0)) + _ENDPOINT + bytes((4, 4, 0x11, 0xFA)))),
    (0, _tunnel(0, _data(0x11, 0x081))),
    (1, _ack(0)),
    (0, _tunnel(1, _data(0x11, 0x283, b"\x40\x10abc", to_group=False))),
    (1, _ack(1, 0x29)),
    (1, _tunnel(0, _data(0x29, 0x040, b"\x0c\x1a"))),
    (0, _ack(0)),
    (0, _frame(0x0209, bytes((3, 0)) + _ENDPOINT)),
    (1, _frame(0x020A, bytes((3, 0)))),
)
_MANAGED: tuple[Message, ...] = (
    (0, _tunnel(0, struct.pack(">BHBBH", 0xFC, 0, 1, 11, 0x1001), 0x0310)),
    (1, _ack(0, service=0x0311)),
    (1, _tunnel(0, struct.pack(">BHBBH", 0xFB, 0, 1, 11, 0x1001) + bytes.fromhex("00c501020304"), 0x0310)),
    (0, _ack(0, service=0x0311)),
)

SEEDS = (
    Seed(name="tunnel", transport="udp", port=3671, messages=_TUNNEL),
    Seed(name="managed", transport="udp", port=3671, messages=_MANAGED),
    Seed(name="stream", transport="tcp", port=3671, messages=_TUNNEL[:6]),
)
