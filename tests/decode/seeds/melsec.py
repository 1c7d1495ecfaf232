"""MELSEC: SLMP in both codes, with and without numbers, and 1E frames."""

from __future__ import annotations

from decode.protocols.melsec_octets import (
    CHARACTERS,
    FILES,
    LISTED,
    LISTED_IN_CHARACTERS,
    OLD,
    OLD_FILES,
    OLD_RARE,
    TALK,
    D,
    M,
    ask,
    device,
    melsoft,
    points,
    reply,
)
from decode.seeds import Seed

_NUMBERED = (
    (0, ask(0x0401, points(D, 1, 1), serial=7)),
    (1, reply(b"\1\0", serial=7)),
    (0, ask(0x0403, b"\1\1" + device(D, 1) + device(D, 500), serial=8)),
    (1, reply(b"\1\0\2\0\3\0", serial=8)),
    (0, ask(0x1401, points(M, 20, 3) + b"\x10\x10", 1, serial=9)),
    (1, reply(serial=9)),
    (0, ask(0x1630, b"\6\0secret", serial=10)),
    (1, reply(end=0xC201, serial=10)),
)

SEEDS = (
    Seed(name="4E", transport="tcp", port=5007, messages=_NUMBERED),
    Seed(name="3E", transport="tcp", port=5007, messages=tuple(TALK), counted=True),
    Seed(name="characters", transport="tcp", port=5007, messages=tuple(CHARACTERS), counted=True),
    Seed(
        name="1E",
        transport="tcp",
        port=5006,
        messages=tuple(OLD),
        counted=True,
        no_join="answers have no length",
    ),
    Seed(
        name="1E-rare",
        transport="tcp",
        port=5006,
        messages=tuple(OLD_RARE),
        counted=True,
        no_join="answers have no length, monitors read what was registered",
    ),
    Seed(
        name="files",
        transport="tcp",
        port=5007,
        messages=tuple(FILES),
        counted=True,
        no_join="a pointer stands for the file that was opened",
    ),
    Seed(name="directories", transport="tcp", port=5007, messages=tuple(LISTED), counted=True),
    Seed(
        name="directories-characters",
        transport="tcp",
        port=5007,
        messages=tuple(LISTED_IN_CHARACTERS),
        counted=True,
    ),
    Seed(name="old-files", transport="tcp", port=5007, messages=tuple(OLD_FILES), counted=True),
    Seed(name="datagrams", transport="udp", port=5006, messages=_NUMBERED),
    Seed(
        name="MELSOFT",
        transport="udp",
        port=5560,
        messages=((0, melsoft(0x0121, bytes(6))), (1, melsoft(0x0121, bytes(28), back=True))),
        counted=True,
    ),
)
