"""Public analyses of CODESYS V3: a node is looked for, a channel opened, a login, start and a refusal."""

from __future__ import annotations

import struct

from decode.seeds import Message, Seed

OURS, NODE = b"\x00\x07", b"\x00\x09"


def datagram(service: int, data: bytes) -> bytes:
    """Both addresses have one word, so that two octets fill up to a multiple of 4."""
    return bytes((0xC5, 13 << 3 | 3, 0x40, service, 0, 0x11)) + NODE + OURS + b"\0\0" + data


def driven(octets: bytes) -> bytes:
    return b"\x00\x01\x17\xe8" + struct.pack("<I", len(octets) + 8) + octets


def tag(identity: int, value: bytes) -> bytes:
    head = bytes((identity,)) if identity < 0x80 else bytes((identity & 0x7F | 0x80, identity >> 7))
    return head + bytes((len(value),)) + value


def service(group: int, command: int, tags: bytes = b"", session: int = 0, protocol: int = 0xCD55) -> bytes:
    return struct.pack("<HHHHIII", protocol, 16, group, command, session, len(tags), 0) + tags


def blocks(octets: bytes, *, request: bool, number: int, channel: int = 3, at_once: int = 400) -> list[bytes]:
    """The datagrams that carry a service."""
    flags = 0x80 if request else 0
    first = struct.pack("<BBHIIII", 1, flags | 1, channel, number, 0, len(octets), 0) + octets[:at_once]
    made = [first]
    for k, at in enumerate(range(at_once, len(octets), at_once), 1):
        made.append(struct.pack("<BBHII", 1, flags, channel, number + k, 0) + octets[at : at + at_once])
    return [datagram(64, one) for one in made]


def opening(message: int) -> bytes:
    return datagram(64, struct.pack("<BBHIIII", 0xC3, 0, 0x101, 0, message, 0x1F4000, 5))


def opened(message: int, reason: int = 0, channel: int = 3) -> bytes:
    return datagram(64, struct.pack("<BBHIIHHII", 0x83, 0, 0x101, 0, message, reason, channel, 0x1F4000, 4))


def closing(channel: int = 3) -> bytes:
    return datagram(64, struct.pack("<BBHIHH", 0xC4, 0, 0x101, 0, channel, 0))


def asked_names(message: int) -> bytes:
    return datagram(3, struct.pack("<HHI", 0xC202, 0x400, message))


def told_names(message: int) -> bytes:
    names = ("LINE-3", "CODESYS Control Win V3", "3S - Smart Software Solutions GmbH")
    head = struct.pack("<HHIHBBHHHHHHI4sIB", 0xC280, 0x400, message, 4, 1, 0, 0, *map(len, names), 4096, 1, 0,
                       bytes((40, 19, 5, 3)), 0, 4)  # fmt: skip
    text = b"".join(name.encode("utf-16-le") + b"\0\0" for name in names)
    return datagram(4, head.ljust(48, b"\0") + text + b"SN42")


def login(user: bytes) -> bytes:
    asked = tag(0x10, user) + tag(0x11, bytes(8))
    return service(1, 2, tag(0x22, b"\1\0\0\0") + tag(0x23, bytes(4)) + tag(0x81, asked))


DATAGRAMS: tuple[Message, ...] = (
    (0, asked_names(77)),
    (1, told_names(77)),
    (0, opening(5)),
    (1, opened(5)),
    (0, blocks(login(b"operator"), request=True, number=1)[0]),
    (1, blocks(service(0x81, 2, tag(0x82, tag(0x21, b"\x44\x33\x22\x11"))), request=False, number=1)[0]),
    (0, blocks(service(2, 0x10, tag(1, b"App"), session=0x11223344), request=True, number=2)[0]),
    (1, blocks(service(0x82, 0x10, tag(0x3FFF, b"\0\0")), request=False, number=2)[0]),
    *((0, one) for one in blocks(service(2, 5, b"\0" * 900, session=0x11223344), request=True, number=3)),
    (1, blocks(service(0x82, 5, tag(0x3FFF, b"\x19\0")), request=False, number=3)[0]),
    (0, blocks(service(0x11, 1), request=True, number=6)[0]),
    (0, datagram(64, struct.pack("<BBHI", 2, 0x80, 3, 3))),
    (0, closing()),
)

SEEDS = (
    Seed(name="datagrams", transport="udp", port=1740, client_port=1743, messages=DATAGRAMS,
         no_join="a message's first block tells its length; the session's user is told at its login"),
    Seed(name="stream", transport="tcp", port=11740,
         messages=tuple((side, driven(octets)) for side, octets in DATAGRAMS),
         no_join="a message's first block tells its length; the session's user is told at its login"),
)  # fmt: skip
