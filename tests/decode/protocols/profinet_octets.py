"""PROFINET frames and datagrams, built field by field from IEC 61158-6-10 and C706."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER, ethernet

ETHERTYPE = 0x8892
GROUP = bytes.fromhex("010ecf000000")
IPS = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
DEVICE = bytes.fromhex("dea000016c9711d1827100a02442df7d")
CONTROLLER = bytes.fromhex("dea000026c9711d1827100a02442df7d")
MAPPER = bytes.fromhex("e1af83085d1f11c991a408002b14a0fa")
TARGET = bytes.fromhex("dea000006c9711d18271000103130042")
ACTIVITY = bytes(range(16))
AR = bytes.fromhex("0adddc28c8fd7b4f9624d1abde5ca71b")
AR_TEXT = "0adddc28-c8fd-7b4f-9624-d1abde5ca71b"
REQUEST, PING, RESPONSE, FAULT = 0, 1, 2, 3
CONNECT, RELEASE, READ, WRITE, CONTROL, READ_IMPLICIT = range(6)


def link(payload: bytes, side: int = CLIENT, *, group: bool = False) -> bytes:
    return ethernet(payload, ETHERTYPE, side=side, target=GROUP if group else None)


def dcp_block(option: int, suboption: int, value: bytes = b"") -> bytes:
    return struct.pack(">BBH", option, suboption, len(value)) + value + b"\0" * (len(value) % 2)


def dcp(frame_id: int, service: int, kind: int, blocks: bytes, xid: int = 7) -> bytes:
    return struct.pack(">HBBIHH", frame_id, service, kind, xid, 0, len(blocks)) + blocks


def cyclic(frame_id: int, status: int, counter: int = 0, octets: int = 40) -> bytes:
    return struct.pack(">H", frame_id) + bytes(octets) + struct.pack(">HBB", counter, status, 0)


def alarm(kind: int, sdu: bytes = b"", frame_id: int = 0xFE01) -> bytes:
    return struct.pack(">HHHBBHHH", frame_id, 1, 2, 0x10 | kind, 0, 0, 0, len(sdu)) + sdu


def block(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHBB", kind, len(body) + 2, 1, 0) + body


def _uuid(octets: bytes, order: str) -> bytes:
    if order == ">":
        return octets
    return octets[3::-1] + octets[5:3:-1] + octets[7:5:-1] + octets[8:]


def rpc(
    kind: int,
    operation: int,
    body: bytes,
    *,
    order: str = "<",
    sequence: int = 0,
    interface: bytes = DEVICE,
    flags: int = 0x20,
    fragment: int = 0,
) -> bytes:
    head = struct.pack("BBBBBBBB", 4, kind, flags, 0, 0x10 if order == "<" else 0, 0, 0, 0)
    head += _uuid(TARGET, order) + _uuid(interface, order) + _uuid(ACTIVITY, order)
    fields = (0, 1, sequence, operation, 0xFFFF, 0xFFFF, len(body), fragment)
    return head + struct.pack(order + "IIIHHHHH", *fields) + b"\0\0" + body


def asks(blocks: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "IIIII", 4096, len(blocks), 4096, 0, len(blocks)) + blocks


def answers(blocks: bytes, status: bytes = bytes(4), order: str = "<") -> bytes:
    wire = status if order == ">" else status[::-1]
    return wire + struct.pack(order + "IIII", len(blocks), 4096, 0, len(blocks)) + blocks


def datagram(payload: bytes, source_port: int, target_port: int, side: int = CLIENT) -> bytes:
    segment = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 17, 0)
    return ethernet(head + IPS[side] + IPS[1 - side] + segment, 0x0800, side=side)


def mac(side: int) -> bytes:
    return bytes.fromhex(MACS[side].replace(":", ""))


def iocr(kind: int, reference: int, frame_id: int) -> bytes:
    body = struct.pack(
        ">HHHIHHHHHHIHHH", kind, reference, ETHERTYPE, 1, 40, frame_id, 32, 64, 1, 0, 0, 3, 3, 0
    )
    return block(0x0102, body + bytes(6) + struct.pack(">H", 0))


def connect_request(station: bytes = b"filler-controller") -> bytes:
    relation = struct.pack(">H", 1) + AR + struct.pack(">H", 9) + mac(CLIENT)
    relation += bytes.fromhex("dea000006c9711d182710064010e002a") + struct.pack(
        ">IHHH", 0x11, 200, ETHERTYPE, len(station)
    )
    submodules = struct.pack(">HIHIHH", 1, 0, 1, 0x4D, 0, 1) + struct.pack(">HIH", 1, 8, 3)
    submodules += struct.pack(">HHBB", 1, 4, 1, 1) + struct.pack(">HHBB", 2, 2, 1, 1)
    return (
        block(0x0101, relation + station)
        + iocr(1, 1, 0x8001)
        + iocr(2, 2, 0xFFFF)
        + block(0x0104, submodules)
    )


def connect_answer() -> bytes:
    relation = struct.pack(">H", 1) + AR + struct.pack(">H", 9) + mac(SERVER) + struct.pack(">H", ETHERTYPE)
    return (
        block(0x8101, relation)
        + block(0x8102, struct.pack(">HHH", 1, 1, 0x8001))
        + block(0x8102, struct.pack(">HHH", 2, 2, 0x8002))
    )


def record_header(kind: int, slot: int, subslot: int, index: int, length: int, rest: bytes = b"") -> bytes:
    fields = struct.pack(">IHHHHI", 0, slot, subslot, 0, index, length)
    return block(kind, struct.pack(">H", 0) + AR + fields + rest.ljust(24, b"\0"))


def im0() -> bytes:
    return block(
        0x0020,
        struct.pack(">H", 0x002A)
        + b"6ES7 155-6AU00-0BN0 "
        + b"S C-J5SB12342017"
        + struct.pack(">HcBBBHHHHH", 3, b"V", 3, 3, 1, 0, 0, 0, 0x0101, 0),
    )
