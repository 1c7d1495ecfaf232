"""Conversations of SMB 1 to 3: commands, names, status; octets written after MS-SMB2, MS-CIFS and MS-NLMP."""

from __future__ import annotations

import struct

from decode.protocols.rpc_octets import answered, bind, bound, call, nothing, unique
from decode.protocols.smb_octets import (
    CREATE_IT,
    DENIED,
    FILE,
    MORE,
    agreed,
    close,
    controlled,
    create,
    created,
    framed,
    ioctl,
    negotiate,
    ntlm_authenticate,
    ntlm_challenge,
    query_directory,
    query_info,
    read_of,
    renamed,
    sealed,
    set_info,
    setup,
    smb2,
    text,
    tree_connect,
    tree_connected,
    was_closed,
    was_read,
    was_set_up,
    was_written,
    write_of,
)  # fmt: skip
from decode.seeds import Seed

_SERVICES = "367abb81-9844-35f1-ad32-98f038001003"
_TRANSCEIVE = 0x0011C017
_ANY = b"\xff" * 16
_ERROR = b"\x09" + bytes(8)


def _smb1(
    command: int, words: bytes, data: bytes, *, answer: bool = False, status: int = 0, number: int = 1
) -> bytes:
    flags = 0x80 * answer
    head = struct.pack(
        "<4sBIBHH8xHHHHH", b"\xffSMB", command, status, flags, 0xC001, 0, 0, 1, 0xFEFF, 1, number
    )
    return head + bytes((len(words) // 2,)) + words + struct.pack("<H", len(data)) + data


def _netbios(name: str, suffix: int) -> bytes:
    octets = name.ljust(15).encode() + bytes((suffix,))
    return b"\x20" + bytes(65 + half for o in octets for half in (o >> 4, o & 15)) + b"\x00"


def _announcement() -> bytes:
    fixed = b"\x01\x00" + bytes(4) + b"ENG07".ljust(16, b"\0") + bytes((6, 1))
    said = fixed + struct.pack("<IHH", 0x1003, 271, 0xAA55) + b"line 3\0"
    smb = _smb1(0x25, bytes(34), b"\\MAILSLOT\\BROWSE\0" + said)
    names = _netbios("ENG07", 0) + _netbios("PLANT", 0x1D)
    head = struct.pack(">BBH4sHHH", 0x11, 2, 1, bytes((192, 0, 2, 9)), 138, len(names) + len(smb), 0)
    return head + names + smb


_SETUP = text("Windows 5.1\0Windows 2000 LAN Manager\0PLANT\0")
_SHARE = struct.pack("<HHHH", 255, 0, 0, 1)

SEEDS = (
    Seed(
        name="version-2",
        transport="tcp",
        port=445,
        no_join="user, share and file are named once and meant by number from then on",
        messages=(
            (0, framed(smb2(0, 0, negotiate(0x0302, 0x0311), session=0))),
            (1, framed(smb2(0, 0, agreed(0x0311, mode=3, cipher=2), answer=True, session=0))),
            (0, framed(smb2(1, 1, setup(b"NTLMSSP\0\x01\0\0\0" + bytes(24)), session=0))),
            (1, framed(smb2(1, 1, was_set_up(ntlm_challenge()), answer=True, status=MORE))),
            (0, framed(smb2(1, 2, setup(ntlm_authenticate())))),
            (1, framed(smb2(1, 2, was_set_up(), answer=True))),
            (0, framed(smb2(3, 3, tree_connect("\\\\hist01\\recipes")))),
            (1, framed(smb2(3, 3, tree_connected(), answer=True))),
            (0, framed(smb2(5, 4, create("mix.txt", CREATE_IT)))),
            (1, framed(smb2(5, 4, created(action=2), answer=True))),
            (0, framed(smb2(8, 5, read_of(FILE), chained=True), smb2(9, 6, write_of(FILE, b"flour 4")))),
            (1, framed(smb2(8, 5, was_read(bytes(40)), answer=True))),
            (1, framed(smb2(9, 6, was_written(7), answer=True))),
            (0, framed(smb2(17, 7, set_info(FILE, 0x10A, renamed("mix.old"))))),
            (1, framed(smb2(17, 7, _ERROR, answer=True, status=DENIED))),
            (0, framed(smb2(14, 8, query_directory(FILE, "*")))),
            (1, framed(smb2(14, 8, _ERROR, answer=True, status=0x103))),
            (1, framed(smb2(14, 8, _ERROR, answer=True, status=0x80000006))),
            (0, framed(smb2(6, 9, close()))),
            (1, framed(smb2(6, 9, was_closed(), answer=True))),
        ),
    ),
    Seed(
        name="compound",
        transport="tcp",
        port=445,
        messages=(
            (
                0,
                framed(
                    smb2(5, 4, create("a.txt"), chained=True),
                    smb2(16, 5, query_info(_ANY, 0x112), chained=True, related=True),
                    smb2(6, 6, close(_ANY), related=True),
                ),
            ),
            (
                1,
                framed(
                    smb2(5, 4, created(), answer=True, chained=True),
                    smb2(16, 5, _ERROR, answer=True, related=True, status=DENIED, chained=True),
                    smb2(6, 6, was_closed(), answer=True, related=True),
                ),
            ),
        ),
    ),
    Seed(
        name="pipe",
        transport="tcp",
        port=445,
        no_join="interfaces are bound once and meant by number from then on",
        messages=(
            (0, framed(smb2(3, 1, tree_connect("\\\\plant-1\\IPC$")))),
            (1, framed(smb2(3, 1, tree_connected(2), answer=True))),
            (0, framed(smb2(5, 2, create("svcctl")))),
            (1, framed(smb2(5, 2, created(), answer=True))),
            (0, framed(smb2(9, 3, write_of(FILE, bind(1, _SERVICES))))),
            (1, framed(smb2(9, 3, was_written(72), answer=True))),
            (0, framed(smb2(8, 4, read_of(FILE)))),
            (1, framed(smb2(8, 4, was_read(bound(1, 0)), answer=True))),
            (0, framed(smb2(11, 5, ioctl(FILE, _TRANSCEIVE, call(2, 15, unique(None) + bytes(8)))))),
            (
                1,
                framed(
                    smb2(
                        11, 5, controlled(FILE, _TRANSCEIVE, answered(2, bytes(20) + nothing())), answer=True
                    )
                ),
            ),
        ),
    ),
    Seed(
        name="encrypted",
        transport="tcp",
        port=445,
        messages=((0, framed(sealed(9, bytes(100)))), (1, framed(sealed(9, bytes(90))))),
    ),
    Seed(
        name="version-1",
        transport="tcp",
        port=139,
        no_join="the dialect is agreed first",
        messages=(
            (0, framed(_smb1(0x72, b"", b"\2PC NETWORK PROGRAM 1.0\0\2NT LM 0.12\0"))),
            (1, framed(_smb1(0x72, struct.pack("<H32x", 1), b"", answer=True))),
            (0, framed(_smb1(0x73, bytes(26), b"\0" + bytes(8), number=2))),
            (1, framed(_smb1(0x73, bytes(6), _SETUP, answer=True, number=2))),
            (0, framed(_smb1(0x75, _SHARE, b"\0" + text("\\\\S\\C$\0"), number=3))),
            (1, framed(_smb1(0x75, b"", b"", answer=True, status=DENIED, number=3))),
        ),
    ),
    Seed(
        name="announcement",
        transport="udp",
        port=138,
        client_port=138,
        messages=((0, _announcement()),) * 2,
    ),
)
