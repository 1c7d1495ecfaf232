"""The layers of CODESYS V3 below its services: block driver, datagram, channel; and the tags within services.

    block driver  (TCP only) magic 00 01 17 E8 | length 4, itself and the magic included
    datagram      C5 | hops 5 bits, head length 3 | 1 | service 1 | message 1 | address lengths 1 | both | fill
    channel       kind 1 | flags 1 | …; a block: channel 2 | number 4 | acknowledged 4 | [first: size 4, check 4] | part
    service       CD55 or 7557 2 | head length 2 | group 2, bit 7: answer | command 2 | session 4 | size 4 | … | tags
    tag           identity, length: 7 bits an octet, least first, bit 7: more follow | value; from 0x80 on: tags within

All numbers have their low octet first. Addresses are counted in pairs of octets and filled up to a multiple of 4.
Source: public analyses (Kaspersky ICS CERT 2019, Microsoft's forensics tools 2023, Nozomi Networks).
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = [
    "ADDRESS_ASKED",
    "CHANNELS",
    "MAGIC",
    "MAX_TAGS",
    "NAMES_ASKED",
    "NAMES_TOLD",
    "NORMAL",
    "SECURE",
    "Block",
    "Datagram",
    "block_of",
    "datagram_of",
    "tags_of",
]

MAGIC: Final = b"\x00\x01\x17\xe8"
ADDRESS_ASKED, ADDRESS_TOLD, NAMES_ASKED, NAMES_TOLD, CHANNELS = 1, 2, 3, 4, 64
"""Services of the datagram layer."""

SERVICES: Final = frozenset({ADDRESS_ASKED, ADDRESS_TOLD, NAMES_ASKED, NAMES_TOLD, CHANNELS})
NORMAL, SECURE = 0xCD55, 0x7557
MAX_TAGS: Final = 64
"""Tags of one level that are looked at: a login and a result have few."""
_FIRST: Final = 0x01


class Datagram(NamedTuple):
    """service: number. start: where its data begins."""

    service: int
    start: int


class Block(NamedTuple):
    """A part of a service's octets. size: of the whole, 0 where this is not the first part."""

    request: bool
    first: bool
    channel: int
    number: int
    size: int
    start: int


def datagram_of(octets: bytes, at: int) -> Datagram | None:
    """Read the datagram's head at `at` (a multiple of 4); None where there is none."""
    if (
        len(octets) < at + 6
        or octets[at] != 0xC5
        or octets[at + 1] & 7 != 3
        or octets[at + 3] not in SERVICES
    ):
        return None
    end = at + 6 + 2 * (octets[at + 5] & 15) + 2 * (octets[at + 5] >> 4)
    end += end % 4
    return Datagram(octets[at + 3], end) if end <= len(octets) else None


def block_of(octets: bytes, at: int) -> Block | None:
    """Read a block's head at `at`; None where the octets end within it."""
    first = bool(octets[at + 1] & _FIRST) if len(octets) > at + 1 else False
    start = at + (20 if first else 12)
    if len(octets) < start:
        return None
    size = int.from_bytes(octets[at + 12 : at + 16], "little") if first else 0
    channel = octets[at + 2] | octets[at + 3] << 8
    number = int.from_bytes(octets[at + 4 : at + 8], "little")
    return Block(bool(octets[at + 1] & 0x80), first, channel, number, size, start)


def tags_of(octets: bytes) -> dict[int, bytes]:
    """Tags of one level, the first of each identity; ends where a tag does not fit."""
    found: dict[int, bytes] = {}
    at = 0
    for _ in range(MAX_TAGS):
        identity, at = _number(octets, at)
        length, at = _number(octets, at)
        if at < 0 or length > len(octets) - at:
            break
        found.setdefault(identity, octets[at : at + length])
        at += length
    return found


def _number(octets: bytes, at: int) -> tuple[int, int]:
    """A number of 7 bits an octet and where it ends; -1 where it does not."""
    value = 0
    for k in range(5):
        if at < 0 or at + k >= len(octets):
            return 0, -1
        value |= (octets[at + k] & 0x7F) << 7 * k
        if octets[at + k] < 0x80:
            return value, at + k + 1
    return 0, -1
