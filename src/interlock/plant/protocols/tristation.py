"""TriStation: how the safety controller is looked at and programmed.

Source: the published analyses of TRITON and its TriStation messages (2018); the maker has published nothing.

    | type 1 | channel 1 | length 2 | command message, where the type is 5 | CRC 2 |              octets little endian
    command message   path 1 | connection 1 | command 1 | sequence 1 | - 2 | checksum 2 | length 2 | data |
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "ALLOCATE_PROGRAM", "CONNECT", "CP_STATUS", "DISCONNECT", "DOWNLOAD_CHANGE", "END_DOWNLOAD_CHANGE",
    "RUN_PROGRAM", "SafetyController", "command", "envelope",
]  # fmt: skip

CONNECT: Final = 1
_CONNECTED: Final = 2
_DISCONNECTED: Final = 3
DISCONNECT: Final = 4
_COMMAND: Final = 5
DOWNLOAD_CHANGE: Final = 1
END_DOWNLOAD_CHANGE: Final = 11
CP_STATUS: Final = 19
RUN_PROGRAM: Final = 20
ALLOCATE_PROGRAM: Final = 55
_HEAD: Final = 10
_CP_STATUS_TOLD: Final = 108
_ACCEPTED: Final = {DOWNLOAD_CHANGE: 101, END_DOWNLOAD_CHANGE: 102, RUN_PROGRAM: 105, ALLOCATE_PROGRAM: 101}
"""Command → code of the answer that accepts it."""

_REJECTED: Final = 100
_PROGRAM: Final = 1
_RUNNING: Final = 0


def _crc(octets: bytes) -> int:
    """CRC-16 (polynomial 0x8005, reflected), as the published analyses give it."""
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def envelope(kind: int, message: bytes = b"") -> bytes:
    """A datagram."""
    octets = struct.pack("<BBH", kind, 0, len(message)) + message
    return octets + _crc(octets).to_bytes(2, "little")


def command(number: int, sequence: int, data: bytes = b"", path: int = 0) -> bytes:
    """A command (path 0) or an answer (path 1)."""
    length = _HEAD + len(data)
    head = struct.pack("<BBBBHHH", path, 1, number, sequence & 0xFF, 0, 0, length)
    checksum = sum(head + data) & 0xFFFF
    return envelope(_COMMAND, head[:6] + checksum.to_bytes(2, "little") + head[8:] + data)


class SafetyController:
    """Answers an engineering workstation. programmed: told when a changed program has been started.

    key_program: whether the key switch stands on PROGRAM; in any other position downloads are refused.
    """

    def __init__(self, programmed: Callable[[], None] = lambda: None, *, key_program: bool) -> None:
        self.key_program = key_program
        self._programmed = programmed
        self._changed = False

    def open(self) -> SafetyController:
        """See Service; datagrams have no connection."""
        return self

    def receive(self, octets: bytes) -> Sequence[bytes]:
        """See Session. What isn't TriStation is ignored."""
        if len(octets) < 6 or _crc(octets[:-2]) != int.from_bytes(octets[-2:], "little"):
            return ()
        kind, message = octets[0], octets[4:-2]
        if kind == CONNECT:
            return (envelope(_CONNECTED),)
        if kind == DISCONNECT:
            return (envelope(_DISCONNECTED),)
        if kind != _COMMAND or len(message) < _HEAD or message[0]:
            return ()
        number, sequence = message[2], message[3]
        if number == CP_STATUS:
            told = bytes(7) + bytes((_PROGRAM if self.key_program else 2, _RUNNING)) + bytes(11)
            return (command(_CP_STATUS_TOLD, sequence, told, 1),)
        if number not in _ACCEPTED or not self.key_program:
            return (command(_REJECTED, sequence, path=1),)
        self._changed = self._changed or number == ALLOCATE_PROGRAM
        if number == RUN_PROGRAM and self._changed:
            self._changed = False
            self._programmed()
        return (command(_ACCEPTED[number], sequence, path=1),)
