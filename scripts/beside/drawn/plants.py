"""Conversations of control protocols, drawn at random, of few values: what is asked of one nearly holds of others."""

from __future__ import annotations

import struct
import uuid
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols import cip, dcerpc, modbus
from interlock.plant.protocols.dnp3 import link_frame

if TYPE_CHECKING:
    from random import Random  # noqa: TID251 (a seed is given)

__all__ = ["INTERFACES", "Sent", "calls", "enip", "outstation", "registers"]

Sent = tuple[int, int, list[tuple[bool, bytes]]]
"""transport, port of the server, and what each side sends: whether the server does, and octets."""

INTERFACES: Final = ("367abb81-9844-35f1-ad32-98f038001003", "12345778-1234-abcd-ef00-0123456789ac")
_OBJECTS: Final = (
    b"\x3c\x01\x06", b"\x3c\x02\x06\x3c\x03\x06", b"\x1e\x05\x00\x00\x01", b"\x01\x02\x00\x00\x03",
    b"\x32\x01\x07\x01" + bytes(6),
)  # fmt: skip
_FUNCTIONS: Final = (1, 2, 3, 3, 4, 5, 6, 7, 8, 11, 15, 16, 22, 23, 43, 17, 20)
_OTHERS: Final = (65, 100)
_DNP3: Final = (1, 1, 2, 3, 4, 5, 7, 13, 20, 21, 23, 24)
_RELAY: Final = b"\x0c\x01\x17\x01\x02" + struct.pack("<BBIIB", 3, 1, 100, 100, 0)


def registers(draw: Random) -> Sent:
    """Modbus."""
    sent = []
    for number in range(draw.randint(1, 4)):
        # Suricata recognises Modbus by a first request of a function that it knows (docs/signatures.md).
        function = draw.choice((*_FUNCTIONS, *(_OTHERS if number else ())))
        unit = draw.choice((1, 1, 2, 255))
        asked, answered = _asked(draw, function)
        failed = draw.random() < 0.15
        answer = bytes((function | 0x80, draw.randint(1, 4))) if failed else bytes((function,)) + answered
        sent += [
            (False, modbus.adu(number + 1, unit, bytes((function,)) + asked)),
            (True, modbus.adu(number + 1, unit, answer)),
        ]
    return 6, 502, sent[: draw.randint(1, len(sent))]


def _asked(draw: Random, function: int) -> tuple[bytes, bytes]:
    """What stands behind the function, of a request and of its answer."""
    address, count, value = draw.choice((0, 1, 5, 100)), draw.randint(1, 4), draw.choice((0, 1, 7, 0xFF00))
    at, octets = (
        struct.pack(">H", address),
        struct.pack(f">{count}H", *(value + k & 0xFFFF for k in range(count))),
    )
    many = struct.pack(">HH", address, count)
    if function in {1, 2}:
        return many, bytes((1, value & 15))
    if function in {3, 4}:
        return many, bytes((2 * count,)) + octets
    if function in {5, 6}:
        value = draw.choice((0, 0xFF00)) if function == 5 else value
        return at + struct.pack(">H", value), at + struct.pack(">H", value)
    if function == 8:
        diagnosis = struct.pack(">HH", draw.choice((0, 1, 4, 10)), 0)
        return diagnosis, diagnosis
    if function == 15:
        return many + bytes((1, value & 15)), many
    if function == 16:
        return many + bytes((2 * count,)) + octets, many
    if function == 22:
        return at + b"\0\xf2\0\x25", at + b"\0\xf2\0\x25"
    if function == 23:
        other = struct.pack(">HH", draw.choice((0, 3, 100)), count)
        return many + other + bytes((2 * count,)) + octets, bytes((2 * count,)) + octets
    if function == 43:
        return b"\x0e\x01\0", b"\x0e\x01\x01\0\0\x01\0\x01a"
    return (b"", b"\0") if function in {7, 11, 17} else (b"\x01a", b"\x01b")


def outstation(draw: Random) -> Sent:
    """DNP3."""
    sent = []
    for number in range(draw.randint(1, 4)):
        function = draw.choice(_DNP3)
        objects = _RELAY if function in {3, 4, 5} else draw.choice((*_OBJECTS, b""))
        sent.append((False, _fragment(0xC4, 10, 1, number, bytes((function,)) + objects)))
        if draw.random() < 0.8 and function:
            kind, flags = draw.choice(((129, 0xC0), (129, 0xC0), (130, 0xF0)))
            told = draw.choice(
                (b"", b"\x01\x02\x00\x00\x01\x01\x81", b"\x1e\x05\0\0\0\x01" + bytes(4), _RELAY)
            )
            indications = draw.choice((0, 0, 0x80, 0x0200, 0x0110)).to_bytes(2, "little")
            sent.append((True, _fragment(0x44, 1, 10, number, bytes((kind,)) + indications + told, flags)))
    return 6, 20_000, sent


def _fragment(control: int, target: int, source: int, number: int, octets: bytes, flags: int = 0xC0) -> bytes:
    return link_frame(control, target, source, bytes((0xC0 | number, flags | number)) + octets)


def enip(draw: Random) -> Sent:
    """EtherNet/IP with CIP over TCP."""
    sent = [(False, cip.register()), (True, cip.encapsulate(cip.REGISTER, 7, b"\1\0\0\0"))]
    for number in range(draw.randint(0, 3)):
        if draw.random() < 0.2:
            command = draw.choice((cip.LIST_IDENTITY, cip.LIST_SERVICES, cip.UNREGISTER, 0, 114))
            sent.append((False, cip.encapsulate(command, 7)))
            continue
        messages = [_message(draw) for _ in range(draw.choice((1, 1, 1, 2)))]
        asked = cip.many(messages) if len(messages) > 1 else messages[0]
        answer = bytes((asked[0] | 0x80, 0, draw.choice((0, 0, 5, 8)), 0)) + b"\1\0"
        if draw.random() < 0.3:
            asked, answer = (_connected(one, number) for one in (asked, answer))
        else:
            asked, answer = cip.unconnected(7, asked, number), cip.unconnected(7, answer, number)
        sent += [(False, asked), (True, answer)]
    return 6, 44_818, sent


def _message(draw: Random) -> bytes:
    service = draw.choice((1, 5, 6, 7, 14, 14, 16, 75, 76, 77))
    if service >= 76:
        return cip.request(service, cip.tag_path("ab"), b"\1\0")
    attribute = draw.choice((1, 7)) if service in {14, 16} else None
    return cip.request(service, cip.object_path(draw.choice((1, 2, 0x6B)), draw.choice((1, 3)), attribute))


def _connected(message: bytes, number: int) -> bytes:
    """SendUnitData."""
    items = struct.pack("<IHHHHIHHH", 0, 0, 2, 0xA1, 4, 9, 0xB1, len(message) + 2, number)
    return cip.encapsulate(112, 7, items + message)


def calls(draw: Random) -> Sent:
    """DCE/RPC over TCP."""
    interface = dcerpc.Interface(uuid.UUID(draw.choice(INTERFACES)), draw.choice((1, 1, 3)), "a")
    sent = [(False, dcerpc.bind(1, interface)), (True, dcerpc.accept(1, interface))]
    for number in range(2, 2 + draw.randint(0, 3)):
        stub = bytes(draw.choice(b"aab\0\1\2B.") for _ in range(draw.randint(0, 20)))
        sent.append((False, dcerpc.call(number, draw.choice((0, 12, 12, 15)), stub)))
        if draw.random() < 0.8:
            sent.append((True, dcerpc.returned(number, stub[::-1])))
    return 6, draw.choice((135, 49_152)), sent
