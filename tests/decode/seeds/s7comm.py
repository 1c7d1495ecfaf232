"""ISO 8073 class 0, S7 communication, S7comm-plus: setup, variables, blocks, clock, identity, a program transfer."""

from __future__ import annotations

import struct

from decode.protocols import s7_plus_octets as plus
from decode.protocols.s7_octets import (
    ACK_DATA,
    CONFIRM,
    CONNECT,
    ack,
    ask,
    dt,
    item,
    job,
    pdu,
    read,
    read_answer,
    reply,
    s7any,
    service,
)
from decode.seeds import Message, Seed

DB, MERKER = 0x84, 0x83


def _turns(*octets: bytes) -> tuple[Message, ...]:
    return tuple((k % 2, message) for k, message in enumerate(octets))


def _setup(reference: int) -> tuple[bytes, bytes]:
    parameters = b"\xf0\0" + struct.pack(">HHH", 1, 1, 480)
    return job(reference, parameters), ack(reference, parameters)


def _write(reference: int) -> tuple[bytes, bytes]:
    parameters = bytes((5, 2)) + s7any(1, 1, 0x82, 9) + s7any(5, 1, DB, 32, 3)
    data = item(3, b"\x01", 0, 1) + b"\0" + item(5, b"\xff\x38", 0)
    return job(reference, parameters, data), ack(reference, bytes((5, 2)), b"\xff\x05")


def _module(index: int, order: bytes, version: bytes) -> bytes:
    return struct.pack(">H20sH", index, order.ljust(20), 0xC0) + version


_IDENTITY = struct.pack(">HHHH", 0x11, 0, 28, 2) + b"".join(
    (_module(1, b"6ES7 315-2EH14-0AB0", b"\0\4\0\1"), _module(7, b"", b"V\3\2\6"))
)
_PLC_STOP = b"\x29" + bytes(5) + b"\x09P_PROGRAM"
_PI_SERVICE = b"\x28" + bytes(6) + b"\xfd" + b"\0\0" + b"\x09P_PROGRAM"
_BLOCK = b"_0800001P"
_NAME = bytes((9,)) + _BLOCK
_UPLOAD = b"\x1d" + bytes(7) + _NAME


_STOP = struct.pack(">I", 52) + b"\1" + plus.vlq(2167) + plus.dint(1)
_DOWNLOAD = plus.instance(0x7FFFC001, 1700, plus.attribute(233, plus.wstring("DLTransaction")))
_BLOCK = plus.instance(0x8A0E0007, 2574, plus.attribute(233, plus.wstring("Recipe")))


def _plus(body: bytes) -> bytes:
    return dt(struct.pack(">BBH", 0x72, 1, len(body)) + body + b"\x72\x01\0\0")


def _plus_ask(function: int, sequence: int, session: int) -> bytes:
    return _plus(b"\x31\0\0" + struct.pack(">HHHI", function, 0, sequence, session) + b"\x34" + bytes(12))


def _plus_answer(function: int, sequence: int) -> bytes:
    return _plus(b"\x32\0\0" + struct.pack(">HHH", function, 0, sequence) + b"\x34\0" + bytes(8))


SEEDS = (
    Seed(
        name="variables",
        transport="tcp",
        port=102,
        no_join="rack and slot are named in the connection request",
        messages=_turns(
            CONNECT,
            CONFIRM,
            *_setup(1),
            read(2, s7any(4, 2, DB, 160, 10), s7any(2, 3, MERKER, 80)),
            read_answer(2, item(4, b"\0\1\0\2"), item(4, b"\1\2\3")),
            *_write(3),
            read(4, s7any(2, 1, DB, 0, 99)),
            read_answer(4, item(0, b"", 0x0A)),
            read(5, s7any(8, 1, DB, 0, 1)),
            dt(pdu(ACK_DATA, 5, error=0x8104)),
        ),
    ),
    Seed(
        name="polling",
        transport="tcp",
        port=102,
        messages=_turns(
            *(
                octets
                for k in range(4)
                for octets in (read(k, s7any(2, 1, MERKER, 8 * k)), read_answer(k, item(4, bytes((k,)))))
            )
        ),
    ),
    Seed(
        name="engineering",
        transport="tcp",
        port=102,
        no_join="rack and slot are named in the connection request; a transfer names its block first",
        messages=_turns(
            CONNECT,
            CONFIRM,
            *_setup(1),
            ask(0x0401, b"\x00\x11\0\0", reference=2),
            reply(0x0401, _IDENTITY, reference=2),
            ask(0x0701, reference=3),
            reply(0x0701, bytes.fromhex("00142608201205361124")[:10], reference=3),
            job(4, _PLC_STOP),
            ack(4, b"\x29"),
            job(5, _PI_SERVICE),
            ack(5, b"\x28"),
            job(6, _UPLOAD),
            ack(6, b"\x1d\0\1\0\0\0\0\7" + b"\x070000012"),
            job(7, b"\x1e\0\0\0\0\0\0\7"),
            ack(7, b"\x1e\0", struct.pack(">HH", 12, 0x00FB) + b"\x70\x70" + bytes(10)),
            job(8, b"\x1f\0\0\0\0\0\0\7"),
            ack(8, b"\x1f"),
        ),
    ),
    Seed(
        name="services",
        transport="tcp",
        port=102,
        messages=_turns(
            service(1, "_N_SELECT", b"\2C1\0\5A.MPF"),
            ack(1, b"\x28"),
            service(2, "_N_OST_ON", b"\2C1\0"),
            ack(2, b"\x28"),
            service(3, "_N_F_DELE", b"\3P01\5A.MPF"),
            ack(3, b"\x28", error=0x8500),
            service(4, "_DELE", b"\2\x000800035B0B00000B"),
            ack(4, b"\x28"),
            service(5, "_N_LOGIN_", b"\3P01\6SESAME\0"),
            ack(5, b"\x28"),
        ),
    ),
    Seed(
        name="plus",
        transport="tcp",
        port=102,
        no_join="the session is created first",
        messages=_turns(
            CONNECT,
            CONFIRM,
            _plus_ask(0x04CA, 1, 0x120),
            _plus_answer(0x04CA, 1),
            _plus_ask(0x054C, 2, 0x3C0),
            _plus_answer(0x054C, 2),
            _plus_ask(0x0542, 3, 0x3C0),
            _plus_answer(0x0542, 3),
            plus.ask(0x04F2, 4, _STOP, version=3),
            plus.answer(0x04F2, 4, version=3),
            plus.ask(0x0556, 5, b"\2\0\1\0" + _DOWNLOAD),
            plus.answer(0x0556, 5),
            plus.ask(0x04CA, 6, b"\0\0\0\3\0\4\0" + bytes(4) + _BLOCK),
            plus.answer(0x04CA, 6, b"\0\1" + plus.vlq(0x8A0E0007)),
            plus.ask(0x0560, 7, bytes(4)),
            plus.answer(0x0560, 7),
            plus.ask(0x04D4, 8, struct.pack(">I", 0x8A0E0007)),
            plus.answer(0x04D4, 8),
        ),
    ),
)
