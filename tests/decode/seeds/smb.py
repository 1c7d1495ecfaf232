"""MS-SMB2, MS-CIFS and MS-NLMP: a session with a login and files, version 1, a browser's announcement."""

from __future__ import annotations

import struct

from decode.seeds import Seed

FILE = bytes(range(16))
DENIED, MORE = 0xC0000022, 0xC0000016


def _framed(*commands: bytes) -> bytes:
    return struct.pack(">I", sum(map(len, commands))) + b"".join(commands)


def _smb2(
    command: int, number: int, body: bytes, *, answer: bool = False, status: int = 0, chained: bool = False
) -> bytes:
    body += bytes(-len(body) % 8)
    following = 64 + len(body) if chained else 0
    fields = (b"\xfeSMB", 64, 1, status, command, 1, int(answer), following, number, 0, 5, 9)
    return struct.pack("<4sHHIHHIIQIIQ", *fields) + bytes(16) + body


def _smb1(
    command: int, words: bytes, data: bytes, *, answer: bool = False, status: int = 0, number: int = 1
) -> bytes:
    flags = 0x80 * answer
    head = struct.pack(
        "<4sBIBHH8xHHHHH", b"\xffSMB", command, status, flags, 0xC001, 0, 0, 1, 0xFEFF, 1, number
    )
    return head + bytes((len(words) // 2,)) + words + struct.pack("<H", len(data)) + data


def _text(words: str) -> bytes:
    return words.encode("utf-16-le")


def _challenge() -> bytes:
    names = ((2, "PLANT"), (1, "HIST01"), (3, "hist01.plant.example"), (4, "plant.example"), (0, ""))
    pairs = b"".join(struct.pack("<HH", kind, len(_text(name))) + _text(name) for kind, name in names)
    fields = (b"NTLMSSP\0", 2, 0, 0, 56, 0x02800001, 1, 0, len(pairs), len(pairs), 56)
    return struct.pack("<8sIHHIIQQHHI", *fields) + struct.pack("<BBH4x", 10, 0, 20348) + pairs


def _authenticate() -> bytes:
    parts = (b"", b"", _text("PLANT"), _text("joe"), _text("ENG07"), b"")
    fields, at = b"", 72
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    version = struct.pack("<IBBH4x", 0x02000001, 6, 1, 7601)
    return b"NTLMSSP\0" + struct.pack("<I", 3) + fields + version + b"".join(parts)


def _tree(path: str) -> bytes:
    return struct.pack("<HHHH", 9, 0, 72, len(_text(path))) + _text(path)


def _create(name: str) -> bytes:
    return struct.pack("<H42sHH8x", 57, b"", 120, len(_text(name))) + _text(name)


def _read_of(file: bytes) -> bytes:
    return struct.pack("<HBBIQ", 49, 0, 0, 4096, 0) + file


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


_SETUP = _text("Windows 5.1\0Windows 2000 LAN Manager\0PLANT\0")
_SHARE = struct.pack("<HHHH", 255, 0, 0, 1)

SEEDS = (
    Seed(
        name="version-2",
        transport="tcp",
        port=445,
        no_join="user, share and file are named once and meant by number from then on",
        messages=(
            (0, _framed(_smb2(0, 0, bytes(36)))),
            (1, _framed(_smb2(0, 0, struct.pack("<HHH", 65, 1, 0x0311) + bytes(58), answer=True))),
            (0, _framed(_smb2(1, 1, bytes(24) + b"NTLMSSP\0\x01\0\0\0" + bytes(24)))),
            (1, _framed(_smb2(1, 1, bytes(8) + _challenge(), answer=True, status=MORE))),
            (0, _framed(_smb2(1, 2, bytes(24) + _authenticate()))),
            (1, _framed(_smb2(1, 2, bytes(8), answer=True))),
            (0, _framed(_smb2(3, 3, _tree("\\\\hist01\\recipes")))),
            (1, _framed(_smb2(3, 3, bytes(16), answer=True))),
            (0, _framed(_smb2(5, 4, _create("mix.txt")))),
            (1, _framed(_smb2(5, 4, struct.pack("<H62s", 89, b"") + FILE, answer=True))),
            (0, _framed(_smb2(8, 5, _read_of(FILE), chained=True), _smb2(9, 6, _read_of(FILE)))),
            (1, _framed(_smb2(8, 5, bytes(80), answer=True))),
            (1, _framed(_smb2(9, 6, bytes(9), answer=True, status=DENIED))),
        ),
    ),
    Seed(
        name="version-1",
        transport="tcp",
        port=139,
        no_join="the dialect is agreed first",
        messages=(
            (0, _framed(_smb1(0x72, b"", b"\2PC NETWORK PROGRAM 1.0\0\2NT LM 0.12\0"))),
            (1, _framed(_smb1(0x72, struct.pack("<H32x", 1), b"", answer=True))),
            (0, _framed(_smb1(0x73, bytes(26), b"\0" + bytes(8), number=2))),
            (1, _framed(_smb1(0x73, bytes(6), _SETUP, answer=True, number=2))),
            (0, _framed(_smb1(0x75, _SHARE, b"\0" + _text("\\\\S\\C$\0"), number=3))),
            (1, _framed(_smb1(0x75, b"", b"", answer=True, status=DENIED, number=3))),
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
