"""The frame of ROC Plus: its check, its framer, and which end a message comes from by its shape.

    destination unit 1, group 1 | source unit 1, group 1 | opcode 1 | length 1 | data | CRC 2, low octet first

Source: Emerson D301180X012 (ROC Plus Protocol Specifications Manual), clauses 1.2 and 2.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from interlock.decode.framing import Framer

__all__ = ["ANSWER", "ASKED", "EITHER", "HEAD", "OPCODES", "RocFramer", "checked", "crc", "role", "whole"]

HEAD: Final = 6
CHECK: Final = 2
EITHER, ASKED, ANSWER = 0, 1, 2
"""What a message's shape tells: nothing, a request, an answer."""

OPCODES: Final = frozenset(
    {0, 2, 6, 7, 8, 10, 11, 17, 18, 24, 50, 100, 102, 103, 105, 107, 108, 117, 118, 119, 120, 121, 122, 123, 126, 128,
     130, 135, 136, 137, 138, 139, 162, 165, 166, 167, 180, 181, 203, 205, 206, 224, 225, 255}
)  # fmt: skip
"""Opcodes by which a first message is recognised."""

_EMPTY_ASKS: Final = frozenset({6, 7})
_EMPTY_ANSWERS: Final = frozenset({8, 11, 24, 166, 181, 224, 225})
_ASKED_WITH: Final = {10: 3, 50: 1, 100: 3, 105: 2, 118: 3, 119: 3, 135: 6, 136: 7, 137: 3, 138: 4, 167: 4}
"""Opcodes whose requests have one length, which their longer answers cannot have."""

_FILE_ASKED: Final = {1: 127, 2: 9, 4: 5}
"""The same for commands of opcode 203; command 3 (write) has one length of answers: 9. Lists of files have any."""


@cache
def _table() -> tuple[int, ...]:
    """CRC-16 of every octet: polynomial 0x8005, bits reversed."""
    made = []
    for octet in range(256):
        value = octet
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        made.append(value)
    return tuple(made)


def crc(octets: bytes, begin: int = 0) -> int:
    """CRC-16 as the manual's clause 1.2 has it."""
    table, value = _table(), begin
    for octet in octets:
        value = value >> 8 ^ table[(value ^ octet) & 0xFF]
    return value


@cache
def _begun(length: int) -> int:
    """What a check of so many octets differs by where it was begun with all ones: the CRC is linear."""
    return crc(bytes(length), 0xFFFF)


def checked(octets: bytes) -> bool:
    """Whether the check of one whole message holds.

    Controllers begin it with 0; what the public capture holds was begun with all ones, and both are taken.
    """
    end = HEAD + octets[5]
    told = octets[end] | octets[end + 1] << 8
    return told ^ crc(octets[:end]) in (0, _begun(end))


def whole(octets: bytes) -> bool:
    """Whether a message with a good check begins here (and may be followed by others)."""
    if len(octets) < HEAD + CHECK or len(octets) < HEAD + octets[5] + CHECK:
        return False
    return checked(octets)


def role(opcode: int, data: bytes) -> int:
    """Whether a message asks or answers, by its length and first octets alone: EITHER, ASKED or ANSWER."""
    length = len(data)
    if opcode in _ASKED_WITH:
        return ASKED if length == _ASKED_WITH[opcode] else ANSWER
    if opcode in _EMPTY_ASKS:
        return ANSWER if length else ASKED
    if opcode in _EMPTY_ANSWERS:
        return ASKED if length else ANSWER
    if opcode == 255:
        return ANSWER
    if opcode == 17:
        return ANSWER if length in (0, 24) else ASKED
    if opcode == 180 and length:  # an answer has at least one octet for each parameter beside what was asked
        return ASKED if length == 1 + 3 * data[0] else ANSWER
    if opcode == 203 and length:
        return _of_file(data[0], length)
    if opcode == 206 and length:
        return _of_transactions(data[0], length)
    return EITHER


def _of_transactions(command: int, length: int) -> int:
    """Command 1 lists them, 2 reads one; an answer of the latter can be as long as what asks for it."""
    if command == 1:
        return ASKED if length == 4 else ANSWER
    return EITHER if length == 6 else ANSWER


def _of_file(command: int, length: int) -> int:
    if command == 3:
        return ANSWER if length == 9 else ASKED
    if command not in _FILE_ASKED:
        return EITHER
    return ASKED if length == _FILE_ASKED[command] else ANSWER


class RocFramer(Framer):
    """Cuts messages by their length; joins a stream where a message's check holds."""

    def __init__(self) -> None:
        Framer.__init__(self, HEAD + 255 + CHECK)

    def cut(self, start: int, end: int) -> int:
        """See Framer.cut."""
        self.leap = 0
        left = end - start
        if left < HEAD:
            self.want = HEAD
            return 0
        length = HEAD + self.octets[start + 5] + CHECK
        if length > left:
            self.want = length
            return 0
        return length

    def begins(self, start: int, end: int) -> int:
        """See Framer.begins."""
        octets = bytes(self.octets[start : min(end, start + HEAD + 255 + CHECK)])
        return 1 if whole(octets) else 0
