"""ANSI/ASHRAE 135: clauses 20 and 21 (APDUs) over annex J (BACnet/IP) and clause 7 (Ethernet)."""

from __future__ import annotations

import struct

from decode.protocols.bacnet_octets import (
    ack,
    app,
    bvlc,
    closing,
    confirmed,
    ctx,
    enumerated,
    error,
    ip,
    npdu,
    object_id,
    opening,
    real,
    simple,
    string,
    unconfirmed,
    unsigned,
)
from decode.seeds import Message, Seed

_INPUT, _OUTPUT, _DEVICE = 0, 1, 8


def _point(kind: int, instance: int, prop: int) -> bytes:
    return ctx(0, object_id(kind, instance)) + ctx(1, prop)


def _read(invoke: int) -> bytes:
    return confirmed(invoke, 12, _point(_INPUT, 3, 85))


def _value(invoke: int) -> bytes:
    return ack(invoke, 12, _point(_INPUT, 3, 85) + opening(3) + real(21.5) + closing(3))


_WRITE = confirmed(2, 15, _point(_OUTPUT, 7, 85) + opening(3) + real(40.0) + closing(3) + ctx(4, 8))
_WANTED = ctx(0, object_id(_INPUT, 1)) + opening(1) + ctx(0, 85) + ctx(0, 111) + closing(1)
_FOUND = (
    ctx(0, object_id(_INPUT, 1)) + opening(1)
    + ctx(2, 85) + opening(4) + real(7.0) + closing(4)
    + ctx(2, 111) + opening(4) + app(8, b"\x04\x40") + closing(4) + closing(1)
)  # fmt: skip
_CHANGED = (
    ctx(0, 1) + ctx(1, object_id(_DEVICE, 9)) + ctx(2, object_id(_INPUT, 4)) + ctx(3, 60)
    + opening(4) + ctx(0, 85) + opening(2) + real(3.5) + closing(2) + closing(4)
)  # fmt: skip
_NAMED = _point(_DEVICE, 9, 77) + opening(3) + string("AHU-3") + closing(3)
_HALVES = (_FOUND[:20], _FOUND[20:])

_SERVICES: tuple[Message, ...] = (
    (0, _read(1)),
    (1, _value(1)),
    (0, _WRITE),
    (1, simple(2, 15)),
    (0, confirmed(3, 14, _WANTED)),
    (1, ack(3, 14, _FOUND)),
    (0, confirmed(4, 12, _point(_INPUT, 99, 85))),
    (1, error(4, 12, 1, 31)),
    (0, confirmed(5, 20, ctx(0, 0) + ctx(1, b"\x00geheim"))),
    (1, error(5, 20, 4, 26)),
    (0, confirmed(6, 12, _point(_DEVICE, 9, 77))),
    (1, ack(6, 12, _NAMED)),
    (0, confirmed(7, 99)),
    (1, bytes((0x60, 7, 9))),
    (1, unconfirmed(2, _CHANGED)),
)
_I_AM = app(12, object_id(_DEVICE, 9)) + unsigned(1476) + enumerated(0) + unsigned(8)
_ENTRY = bytes((192, 0, 2, 9)) + struct.pack(">H", 47808) + b"\xff" * 4
_LINK: tuple[Message, ...] = (
    (0, bvlc(5, b"\x00\x3c")),
    (1, bvlc(0, b"\x00\x00")),
    (0, bvlc(2)),
    (1, bvlc(3, _ENTRY)),
    (0, bvlc(6)),
    (1, bvlc(0, b"\x00\x40")),
    (0, ip(b"\x00", message=6)),
    (1, ip(b"\x00", message=7)),
    (0, ip(_read(9), destination=(7, b"\x0c"))),
    (1, ip(_value(9), source=(7, b"\x0c"))),
)
_SEGMENTED: tuple[Message, ...] = (
    (0, ip(confirmed(3, 14, _WANTED))),
    (1, ip(bytes((0x3C, 3, 0, 1, 14)) + _HALVES[0])),
    (0, ip(bytes((0x40, 3, 0, 1)))),
    (1, ip(bytes((0x38, 3, 1, 1, 14)) + _HALVES[1])),
)
_FOUND_OUT: tuple[Message, ...] = (
    (0, bvlc(0x0B, npdu(unconfirmed(8, ctx(0, 1) + ctx(1, 99))))),
    (1, bvlc(0x0B, npdu(unconfirmed(0, _I_AM)))),
)

SEEDS = (
    Seed(name="services", transport="udp", port=47808, messages=tuple((s, ip(a)) for s, a in _SERVICES)),
    Seed(name="link", transport="udp", port=47808, messages=_LINK),
    Seed(
        name="segmented",
        transport="udp",
        port=47808,
        messages=_SEGMENTED,
        no_join="a segment without the first one is no whole APDU",
    ),
    Seed(name="who-is", transport="udp", port=47808, messages=_FOUND_OUT),
    Seed(
        name="ethernet",
        transport="eth",
        port=0,
        messages=tuple((side, b"\x82\x82\x03" + npdu(apdu)) for side, apdu in _SERVICES[:6]),
    ),
)
