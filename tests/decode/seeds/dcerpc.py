"""Conversations of DCE/RPC over TCP, after C706 12.6, MS-RPCE 2.2.2, MS-SCMR 3.1.4, MS-RRP 3.1.5 and OPC DA 2.05a."""

from __future__ import annotations

import struct

from decode.protocols.rpc_octets import (
    answered,
    bind,
    bound,
    call,
    counted,
    fault,
    nothing,
    packet,
    refused,
    string,
    that,
    this,
    unique,
)
from decode.protocols.smb_octets import ntlm_authenticate, ntlm_challenge
from decode.seeds import Seed

__all__ = ["SEEDS"]

_SERVICES = "367abb81-9844-35f1-ad32-98f038001003"
_REGISTRY = "338cd001-2244-31f1-aaaa-900038001003"
_OPC_SERVER = "39c13a4d-011e-11d0-9675-0020afd8adb3"
_OPC_ITEMS = "39c13a54-011e-11d0-9675-0020afd8adb3"
_OPC_VALUES = "39c13a52-011e-11d0-9675-0020afd8adb3"
_NOBODY = "00112233-4455-6677-8899-aabbccddeeff"
_MANAGER, _SERVICE = (bytes(4) + bytes([n]) * 16 for n in (1, 2))
_NO_JOIN = "interfaces are bound once and meant by number from then on, handles likewise"
_CREATE = (
    _MANAGER
    + string("mixer")
    + unique("displayed")
    + struct.pack("<IIII", 0xF01FF, 0x10, 3, 1)
    + string("C:\\m.exe")
    + bytes(24)
)
_ITEMS = (
    this()
    + struct.pack("<II", 1, 1)
    + struct.pack("<IIIIIIHH", 0, 0x20000, 1, 7, 0, 0, 5, 0)
    + string("Mixer.Speed")
)

SEEDS = (
    Seed(
        name="services",
        transport="tcp",
        port=49153,
        no_join=_NO_JOIN,
        messages=(
            (0, bind(1, _SERVICES, _NOBODY, token=b"NTLMSSP\0\x01\0\0\0" + bytes(24))),
            (1, bound(1, 0, 2, token=ntlm_challenge())),
            (0, packet(16, 1, bytes(4), token=ntlm_authenticate())),
            (0, call(2, 15, unique(None) + bytes(8))),
            (1, answered(2, _MANAGER + nothing())),
            (0, call(3, 12, _CREATE[:50], flags=1)),
            (0, call(3, 12, _CREATE[50:], flags=2)),
            (1, answered(3, bytes(4) + _SERVICE + nothing())),
            (0, call(4, 1, _SERVICE + struct.pack("<I", 1))),
            (1, answered(4, bytes(28) + struct.pack("<I", 5))),
            (0, call(5, 2, _SERVICE)),
            (1, fault(5, 5)),
        ),
    ),
    Seed(
        name="registry-big-endian",
        transport="tcp",
        port=135,
        no_join=_NO_JOIN,
        messages=(
            (0, bind(1, _REGISTRY, order=">")),
            (1, bound(1, 0, order=">")),
            (0, call(2, 2, bytes(8), order=">")),
            (1, answered(2, _MANAGER + nothing(), order=">")),
        ),
    ),
    Seed(
        name="registry",
        transport="tcp",
        port=135,
        no_join=_NO_JOIN,
        messages=(
            (0, bind(1, _REGISTRY)),
            (1, bound(1, 0)),
            (0, call(2, 2, bytes(8))),
            (1, answered(2, _MANAGER + nothing())),
            (0, call(3, 15, _MANAGER + counted("SOFTWARE") + bytes(8))),
            (1, answered(3, _SERVICE + nothing())),
            (0, bind(4, _NOBODY, kind=14)),
            (1, refused(4)),
        ),
    ),
    Seed(
        name="opc",
        transport="tcp",
        port=49200,
        no_join=_NO_JOIN,
        messages=(
            (0, bind(1, _OPC_SERVER)),
            (1, bound(1, 0)),
            (0, bind(2, _OPC_ITEMS, kind=14)),
            (1, bound(2, 0, kind=15)),
            (0, call(3, 3, this() + string("fast") + bytes(40), thing=_NOBODY)),
            (1, answered(3, that() + bytes(20) + nothing())),
            (0, call(4, 3, _ITEMS, thing=_NOBODY)),
            (
                1,
                answered(
                    4,
                    that()
                    + struct.pack("<IIIHHIIIIII", 0x20000, 1, 7, 5, 0, 3, 0, 0, 0x20004, 1, 0)
                    + nothing(),
                ),
            ),
            (0, bind(5, _OPC_VALUES, kind=14)),
            (1, bound(5, 0, kind=15)),
            (0, call(6, 4, this() + struct.pack("<III", 1, 1, 7) + bytes(40), thing=_NOBODY)),
            (1, answered(6, that() + struct.pack("<I", 0x80070057))),
        ),
    ),
)
