"""MC protocol frames written down octet by octet, after the manuals SH-080956ENG and SH-080008ENG."""

from __future__ import annotations

import struct

from decode.feed import CLIENT, SERVER

ROUTE = b"\x00\xff\xff\x03\x00"
D, M, X, W = 0xA8, 0x90, 0x9C, 0xB4


def ask(
    command: int, data: bytes = b"", sub: int = 0, *, serial: int | None = None, route: bytes = ROUTE
) -> bytes:
    body = struct.pack("<HHH", 16, command, sub) + data
    head = b"\x50\x00" if serial is None else b"\x54\x00" + struct.pack("<HH", serial, 0)
    return head + route + struct.pack("<H", len(body)) + body


def reply(data: bytes = b"", *, end: int = 0, serial: int | None = None, route: bytes = ROUTE) -> bytes:
    body = struct.pack("<H", end) + data
    head = b"\xd0\x00" if serial is None else b"\xd4\x00" + struct.pack("<HH", serial, 0)
    return head + route + struct.pack("<H", len(body)) + body


def device(code: int, number: int) -> bytes:
    return struct.pack("<I", code << 24 | number)


def points(code: int, number: int, count: int) -> bytes:
    return device(code, number) + struct.pack("<H", count)


def asked_in_characters(command: int, sub: int, data: str) -> bytes:
    body = f"0010{command:04X}{sub:04X}{data}"
    return f"500000FF03FF00{len(body):04X}{body}".encode()


def answered_in_characters(data: str, end: int = 0) -> bytes:
    body = f"{end:04X}{data}"
    return f"D00000FF03FF00{len(body):04X}{body}".encode()


TALK = [
    (CLIENT, ask(0x0101)),
    (SERVER, reply(b"Q03UDVCPU".ljust(16) + b"\x66\x03")),
    (CLIENT, ask(0x0401, points(D, 100, 2))),
    (SERVER, reply(b"\x01\x00\xff\xff")),
    (CLIENT, ask(0x0401, points(M, 20, 3), 1)),
    (SERVER, reply(b"\x10\x10")),
    (CLIENT, ask(0x1401, points(D, 7, 1) + b"\x2a\x00")),
    (SERVER, reply()),
    (CLIENT, ask(0x1002, b"\x01\x00")),
    (SERVER, reply(b"\x00\xff\xff\x03\x00" + struct.pack("<HH", 0x1002, 0), end=0x4013)),
]


CHARACTERS = [
    (CLIENT, asked_in_characters(0x0401, 0, "D*0001000002")),
    (SERVER, answered_in_characters("1234FFFF")),
    (CLIENT, asked_in_characters(0x0401, 1, "X*00001F0003")),
    (SERVER, answered_in_characters("101")),
    (CLIENT, asked_in_characters(0x0101, 0, "")),
    (SERVER, answered_in_characters("FX5U-32MT/ES    4A29")),
    (CLIENT, asked_in_characters(0x1401, 0, "W*0000100001BEEF")),
    (SERVER, answered_in_characters("", end=0xC059)),
]

OLD = [
    (CLIENT, b"\x01\xff\x0a\x00" + struct.pack("<IHBB", 100, 0x4420, 2, 0)),
    (SERVER, b"\x81\x00\x34\x12\x78\x56"),
    (CLIENT, b"\x00\xff\x0a\x00" + struct.pack("<IHBB", 100, 0x4D20, 3, 0)),
    (SERVER, b"\x80\x00\x10\x10"),
    (CLIENT, b"\x03\xff\x0a\x00" + struct.pack("<IHBB", 5, 0x4420, 1, 0) + b"\x07\x00"),
    (SERVER, b"\x83\x5b\x10\x00"),
    (CLIENT, b"\x14\xff\x0a\x00"),
    (SERVER, b"\x94\x00"),
]


OLD_D, OLD_W, OLD_Y, OLD_M, OLD_CN, OLD_R = 0x4420, 0x5720, 0x5920, 0x4D20, 0x434E, 0x5220


def old(subheader: int, data: bytes = b"") -> bytes:
    return bytes((subheader, 0xFF, 0x0A, 0)) + data


def old_answer(subheader: int, data: bytes = b"", *, code: int = 0) -> bytes:
    return bytes((subheader | 0x80, code)) + data


def old_device(code: int, number: int, block: int | None = None) -> bytes:
    return struct.pack("<IH", number, code) + (b"" if block is None else struct.pack("<H", block))


def each(*points: bytes) -> bytes:
    return bytes((len(points), 0)) + b"".join(points)


def counted(points: int) -> bytes:
    return bytes((points, 0))


OLD_RARE = [
    (CLIENT, old(0x04, each(old_device(OLD_Y, 0x94) + b"\1", old_device(OLD_M, 60) + b"\0"))),
    (SERVER, old_answer(0x04)),
    (CLIENT, old(0x05, each(old_device(OLD_W, 0x26) + b"\x34\x12", old_device(OLD_CN, 18) + b"\x50\0"))),
    (SERVER, old_answer(0x05)),
    (CLIENT, old(0x06, each(old_device(OLD_Y, 0x46), old_device(OLD_M, 12), old_device(OLD_M, 13)))),
    (SERVER, old_answer(0x06)),
    (CLIENT, old(0x08)),
    (SERVER, old_answer(0x08, b"\x10\x10")),
    (CLIENT, old(0x07, each(old_device(OLD_D, 38), old_device(OLD_W, 0x1E)))),
    (SERVER, old_answer(0x07)),
    (CLIENT, old(0x09)),
    (SERVER, old_answer(0x09, b"\x34\x12\x78\x56")),
    (CLIENT, old(0x17, old_device(OLD_R, 70, 2) + counted(2))),
    (SERVER, old_answer(0x17, b"\x34\x12\x65\x87")),
    (CLIENT, old(0x18, old_device(OLD_R, 71, 2) + counted(1) + b"\x09\0")),
    (SERVER, old_answer(0x18)),
    (CLIENT, old(0x19, each(old_device(OLD_R, 5, 2) + b"\7\0", old_device(OLD_R, 6, 3) + b"\x08\0"))),
    (SERVER, old_answer(0x19)),
    (CLIENT, old(0x1A, each(old_device(OLD_R, 15, 2), old_device(OLD_R, 28, 3)))),
    (SERVER, old_answer(0x1A)),
    (CLIENT, old(0x1B)),
    (SERVER, old_answer(0x1B, b"\xe5\x6d\x34\x12")),
    (CLIENT, old(0x3B, old_device(OLD_R, 70) + counted(1))),
    (SERVER, old_answer(0x3B, b"\x01\x3f")),
    (CLIENT, old(0x3C, old_device(OLD_R, 70) + counted(1) + b"\x0a\0")),
    (SERVER, old_answer(0x3C, b"\x10\0", code=0x5B)),
    (CLIENT, old(0x0E, b"\xf0\x07\0\4\x13\0")),
    (SERVER, old_answer(0x0E, b"\x09\x18\x20\x34")),
    (CLIENT, old(0x0F, b"\xf0\x07\0\2\x13\0\1\2")),
    (SERVER, old_answer(0x0F)),
    (CLIENT, old(0x02, old_device(OLD_M, 50) + counted(3) + b"\x10\x10")),
    (SERVER, old_answer(0x02)),
    (CLIENT, old(0x13)),
    (SERVER, old_answer(0x13)),
    (CLIENT, old(0x15)),
    (SERVER, old_answer(0x15, b"\xa2\0")),
    (CLIENT, old(0x16, b"\3abc")),
    (SERVER, old_answer(0x16, b"\3abc")),
]


def name16(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


FILES = [
    (CLIENT, ask(0x1827, b"1234" + struct.pack("<HHH", 0x0100, 0, 7) + b"ABC.QPG")),
    (SERVER, reply(b"\x03\0")),
    (CLIENT, ask(0x1829, struct.pack("<HIH", 3, 0, 2) + b"ab")),
    (SERVER, reply(b"\2\0")),
    (CLIENT, ask(0x182A, struct.pack("<HH", 3, 0))),
    (SERVER, reply()),
    (CLIENT, ask(0x1827, b"\0\0" + struct.pack("<HH", 0, 4) + name16("LINE.CSV"), 0x40)),
    (SERVER, reply(b"\x04\0")),
    (CLIENT, ask(0x1828, struct.pack("<HIH", 4, 0, 100))),
    (SERVER, reply(b"\2\0ab")),
    (CLIENT, ask(0x1822, b" " * 32 + struct.pack("<HH", 0, 8) + b"MAIN.QPG", 4)),
    (SERVER, reply(end=0xC051)),
    (
        CLIENT,
        ask(0x1824, bytes(8) + 2 * (bytes(4) + struct.pack("<HH", 0, 3) + b"A.B")),
    ),
    (SERVER, reply()),
    (CLIENT, ask(0x1820, bytes(4) + struct.pack("<HIH", 0, 1024, 3) + b"N.D")),
    (SERVER, reply()),
    (CLIENT, ask(0x1825, bytes(4) + struct.pack("<HHH", 0, 1, 3) + b"N.D")),
    (SERVER, reply()),
]


def name8(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode()


LISTED = [
    (CLIENT, ask(0x1810, b"0000" + struct.pack("<HHHH", 0, 1, 36, 0))),
    (SERVER, reply(struct.pack("<H", 1) + b"MAIN    QPG" + bytes(21))),
    (CLIENT, ask(0x1810, bytes(4) + struct.pack("<HIH", 4, 1, 3) + name16("SUBDIR"), 0x40)),
    (SERVER, reply(struct.pack("<HI", 0xFFFF, 1))),
    (CLIENT, ask(0x1811, b"    " + struct.pack("<HH", 0, 0) + name8("ABC.QPG"))),
    (SERVER, reply(b"\6\0")),
    (CLIENT, ask(0x1811, bytes(4) + struct.pack("<HH", 4, 0) + name16("SUBDIR\\LINE.CSV"), 0x40)),
    (SERVER, reply(b"\6\0\0\0")),
    (CLIENT, ask(0x1820, bytes(4) + struct.pack("<HI", 4, 7168) + name16("LINE.CSV"), 0x40)),
    (SERVER, reply()),
    (CLIENT, ask(0x1826, bytes(4) + struct.pack("<HHH", 0, 0x3C81, 0xA65D) + name8("ABC.QPG"))),
    (SERVER, reply()),
    (CLIENT, ask(0x1826, bytes(4) + struct.pack("<HHH", 4, 0x3C81, 0xA65D) + name16("LINE.CSV"), 0x40)),
    (SERVER, reply(end=0x4051)),
    (CLIENT, ask(0x1811, b"1234" + struct.pack("<HH", 1, 0) + name8("SECRET.QDR"))),
    (SERVER, reply(end=0xC051)),
]
"""Directories, searches, dates; the examples of the SLMP manual's clause 5.8, then a password."""


def in_utf16(text: str) -> str:
    return f"{len(text):04X}" + "".join(f"{ord(letter):04X}" for letter in text)


LISTED_IN_CHARACTERS = [
    (CLIENT, asked_in_characters(0x1810, 0, "0000" + "0000" + "0001" + "0003")),
    (SERVER, answered_in_characters("0000")),
    (CLIENT, asked_in_characters(0x1810, 0x40, "0000" + "0004" + "00000001" + "0003" + in_utf16("SUBDIR"))),
    (SERVER, answered_in_characters("FFFF00000001")),
    (CLIENT, asked_in_characters(0x1811, 0, "    " + "0000" + "0000" + "0007" + "ABC.QPG")),
    (SERVER, answered_in_characters("0006")),
    (CLIENT, asked_in_characters(0x1811, 0x40, "0000" + "0004" + "0000" + in_utf16("LINE.CSV"))),
    (SERVER, answered_in_characters("00000006")),
    (CLIENT, asked_in_characters(0x1820, 0x40, "0000" + "0004" + "00001C00" + in_utf16("LINE.CSV"))),
    (SERVER, answered_in_characters("")),
    (CLIENT, asked_in_characters(0x1826, 0, "0000" + "0000" + "3C81" + "A65D" + "0007" + "ABC.QPG")),
    (SERVER, answered_in_characters("")),
    (CLIENT, asked_in_characters(0x1822, 0, "1234" + "0000" + "0007" + "ABC.QPG")),
    (SERVER, answered_in_characters("")),
]


def old_name(stem: str, extension: str) -> bytes:
    return stem.encode().ljust(8) + extension.encode().ljust(3) + b"\0"


OLD_FILES = [
    (CLIENT, ask(0x0203, bytes(4) + struct.pack("<H", 3) + old_name("MAIN", "QPG"))),
    (SERVER, reply(struct.pack("<HI", 7, 1024))),
    (CLIENT, ask(0x0808, struct.pack("<HHH", 2, 3, 7) + old_name("MAIN", "QPG"), 1)),
    (SERVER, reply()),
    (CLIENT, ask(0x0206, bytes(4) + struct.pack("<HH", 3, 7) + old_name("MAIN", "QPG") + struct.pack("<IH", 0, 2))),
    (SERVER, reply(b"ab")),
    (CLIENT, ask(0x1202, bytes(4) + struct.pack("<HI", 3, 0) + old_name("NEW", "") + struct.pack("<IH", 64, 0))),
    (SERVER, reply(b"\x08\0")),
    (CLIENT, ask(0x1203, bytes(4) + struct.pack("<HH", 3, 8) + old_name("NEW", "") + struct.pack("<IH", 0, 2) + b"ab")),
    (SERVER, reply()),
    (CLIENT, ask(0x1204, bytes(4) + struct.pack("<HH", 3, 8) + old_name("NEW", "") + struct.pack("<HHH", 0, 0, 0))),
    (SERVER, reply()),
    (
        CLIENT,
        ask(
            0x1206,
            bytes(4) + struct.pack("<HH", 3, 7) + old_name("MAIN", "QPG") + struct.pack("<IHH", 0, 2, 0)
            + bytes(4) + struct.pack("<HH", 4, 9) + old_name("COPY", "QPG") + struct.pack("<I", 0),
        ),
    ),
    (SERVER, reply()),
    (CLIENT, ask(0x1205, bytes(4) + struct.pack("<HH", 3, 8) + old_name("NEW", ""))),
    (SERVER, reply(end=0xC051)),
]  # fmt: skip
"""Files of access type A, as modules before the Q series' have them."""


def melsoft(function: int, data: bytes, *, back: bool = False) -> bytes:
    inner = bytes([0x9C if back else 0x1C, 0x0A, 0x18 if back else 0x16, 0x14])
    inner += bytes((0x18 if back else 0x16) - 2) + struct.pack(">H", function) + data
    first = b"\xd7\x01" if back else b"\x57\x01"
    route = bytes.fromhex("0000001111070000ffff030000fe030000")
    return first + route + struct.pack("<H", len(inner)) + inner
