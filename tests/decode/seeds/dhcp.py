"""RFC 2131: discover, offer, request, acknowledgement; a refusal."""

from __future__ import annotations

import struct

from decode.seeds import Seed

XID = 0x3903F326
GIVEN, ROUTER = bytes((192, 0, 2, 9)), bytes((192, 0, 2, 254))


def _option(code: int, value: bytes) -> bytes:
    return bytes((code, len(value))) + value


def _datagram(op: int, kind: int, *options: bytes, yours: bytes = bytes(4), xid: int = XID) -> bytes:
    head = struct.pack(">BBBBIHH", op, 1, 6, 0, xid, 0, 0) + bytes(4) + yours + bytes(8)
    fixed = head + bytes.fromhex("020000000009").ljust(16, b"\0") + bytes(192)
    return fixed + b"\x63\x82\x53\x63" + _option(53, bytes((kind,))) + b"".join(options) + b"\xff"


_ASKED = (_option(12, b"hmi-7"), _option(60, b"MSFT 5.0"), _option(55, bytes((1, 3, 6, 15))))
_WANTED = _option(50, GIVEN)
_TERMS = (_option(1, bytes((255, 255, 255, 0))), _option(3, ROUTER), _option(51, struct.pack(">I", 3600)))

SEEDS = (
    Seed(
        name="lease",
        transport="udp",
        port=67,
        client_port=68,
        messages=(
            (0, _datagram(1, 1, *_ASKED)),
            (1, _datagram(2, 2, *_TERMS, yours=GIVEN)),
            (0, _datagram(1, 3, *_ASKED, _WANTED)),
            (1, _datagram(2, 5, *_TERMS, yours=GIVEN)),
            (0, _datagram(1, 3, _WANTED, xid=XID + 1)),
            (1, _datagram(2, 6, xid=XID + 1)),
        ),
    ),
)
