"""A conversation as it may reach a capture: whole, in pieces, late, twice, from the middle, mutated.

Every piece of message k carries the time and number of frame k, so that rows of different takes can be compared
column by column, times and frames included.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.random import Generator

    from decode.seeds import Message, Seed

__all__ = [
    "HANDSHAKE",
    "Ends",
    "Take",
    "cut",
    "mutated",
    "reordered",
    "said_again",
    "sent",
    "swapped",
    "whole",
]

HANDSHAKE = 3
"""Moments before the first message, of the handshake's frames."""

SEGMENT = 32_000
FIN, SYN, PSH, ACK = 1, 2, 8, 16

Piece = tuple[int, int, int, bytes]
"""Moment, side, offset of its first octet in the stream of that side, octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Addresses of client and server."""

    macs: tuple[bytes, bytes] = (bytes.fromhex("020000000001"), bytes.fromhex("020000000002"))
    ips: tuple[bytes, bytes] = (bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2)))


@dataclass(slots=True)
class Take:
    """Frames with the moment of each, in the order in which they are captured."""

    seed: Seed
    frames: list[tuple[int, bytes]] = field(default_factory=list)


def swapped(ends: Ends) -> Ends:
    """The same two machines, the other way round."""
    return Ends(macs=ends.macs[::-1], ips=ends.ips[::-1])


def whole(seed: Seed, *, ends: Ends | None = None, handshake: bool = True, lost: Iterable[int] = ()) -> Take:
    """Each message in one frame. lost: numbers of messages that the capture never saw."""
    gone = set(lost)
    pieces = [p for p in _pieces(seed.messages) if p[0] - HANDSHAKE not in gone]
    return sent(seed, pieces, ends=ends, handshake=handshake)


def _pieces(messages: Sequence[Message]) -> list[Piece]:
    at = [0, 0]
    made = []
    for k, (side, octets) in enumerate(messages):
        for begin in range(0, max(len(octets), 1), SEGMENT):
            part = octets[begin : begin + SEGMENT]
            made.append((k + HANDSHAKE, side, at[side], part))
            at[side] += len(part)
    return made


def sent(seed: Seed, pieces: Iterable[Piece], *, ends: Ends | None = None, handshake: bool = True) -> Take:
    """Frames of these pieces. A datagram or link frame is whole whatever its piece's offset says."""
    ends = ends or Ends()
    take = Take(seed)
    reach = [0, 0]
    if seed.transport == "tcp" and handshake:
        for moment, (side, flags) in enumerate(((0, SYN), (1, SYN | ACK), (0, ACK))):
            take.frames.append((moment, _tcp(seed, ends, side, -1 if flags & SYN else 0, (0, 0), b"", flags)))
    for moment, side, offset, wanted in pieces:
        octets = _told_of(ends, wanted)
        if seed.transport == "tcp":
            take.frames.append((moment, _tcp(seed, ends, side, offset, reach, octets, ACK | PSH)))
            reach[side] = max(reach[side], offset + len(octets))
        else:
            build = _udp if seed.transport == "udp" else _link
            take.frames.append((moment, build(seed, ends, side, octets)))
    return take


def _told_of(ends: Ends, octets: bytes) -> bytes:
    """Messages that name the ends' link addresses name those of these ends."""
    one, other = Ends().macs
    if ends.macs == (one, other):
        return octets
    return ends.macs[1].join(part.replace(one, ends.macs[0]) for part in octets.split(other))


def _tcp(
    seed: Seed, ends: Ends, side: int, offset: int, reach: Sequence[int], octets: bytes, flags: int
) -> bytes:
    ports = (seed.client_port, seed.port)
    first = (1000, 0xFFFFFF00)  # the server's stream passes the end of the sequence space
    head = struct.pack(
        ">HHIIBBHHH",
        ports[side],
        ports[1 - side],
        (first[side] + offset) & 0xFFFFFFFF,
        (first[1 - side] + reach[1 - side]) & 0xFFFFFFFF,
        0x50,
        flags,
        8192,
        0,
        0,
    )
    return _ip(ends, side, 6, head + octets)


def _udp(seed: Seed, ends: Ends, side: int, octets: bytes) -> bytes:
    ports = (seed.client_port, seed.port)
    return _ip(
        ends, side, 17, struct.pack(">HHHH", ports[side], ports[1 - side], 8 + len(octets), 0) + octets
    )


def _ip(ends: Ends, side: int, protocol: int, payload: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0)
    link = ends.macs[1 - side] + ends.macs[side] + b"\x08\x00"
    return link + head + ends.ips[side] + ends.ips[1 - side] + payload


def _link(seed: Seed, ends: Ends, side: int, octets: bytes) -> bytes:
    target = seed.group if seed.group and side == 0 else ends.macs[1 - side]
    return target + ends.macs[side] + struct.pack(">H", seed.port or len(octets)) + octets


def cut(seed: Seed, rng: Generator, *, most: int = 0, handshake: bool = True) -> Take:
    """Every message in segments of random length. most: octets a segment (0: drawn for each message)."""
    made = []
    for moment, side, offset, octets in _pieces(seed.messages):
        at = 0
        longest = most or int(rng.choice((1, 2, 5, 40, max(1, len(octets)))))
        while at < len(octets):
            step = int(rng.integers(1, longest + 1))
            made.append((moment, side, offset + at, octets[at : at + step]))
            at += step
    return sent(seed, made, handshake=handshake)


def reordered(seed: Seed, rng: Generator) -> Take:
    """Segments of each message in another order, as a network of several ways brings them."""
    made: list[Piece] = []
    for moment, side, offset, octets in _pieces(seed.messages):
        parts = _parts(moment, side, offset, octets, rng)
        made += [parts[k] for k in rng.permutation(len(parts))]
    return sent(seed, made)


def said_again(seed: Seed, rng: Generator) -> Take:
    """Segments sent twice, some with octets before and behind that were sent already."""
    made: list[Piece] = []
    streams = [b"".join(o for s, o in seed.messages if s == side) for side in (0, 1)]
    for moment, side, offset, octets in _pieces(seed.messages):
        for piece in _parts(moment, side, offset, octets, rng):
            made.append(piece)
            back = int(rng.integers(0, min(piece[2], 60) + 1))
            begin, end = piece[2] - back, piece[2] + len(piece[3])
            kind = int(rng.integers(3))
            if kind == 0:
                made.append(piece)
            elif kind == 1:
                made.append((moment, side, begin, streams[side][begin:end]))
            elif back:
                made[-1] = (moment, side, begin, streams[side][begin:end])
    return sent(seed, made)


def _parts(moment: int, side: int, offset: int, octets: bytes, rng: Generator) -> list[Piece]:
    count = min(int(rng.integers(1, 6)), len(octets))
    if count < 2:
        return [(moment, side, offset, octets)]
    cuts = sorted({0, len(octets), *rng.integers(1, len(octets), count - 1).tolist()})
    return [(moment, side, offset + a, octets[a:b]) for a, b in itertools.pairwise(cuts)]


_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def mutated(seed: Seed, rng: Generator, *, opening: int = 0) -> Seed:
    """The conversation with a few messages that are almost right: still cut where messages ended.

    opening: messages at the front that stay as they are, for what must be recognised whichever way it is cut.
    """
    messages = list(seed.messages[opening:])
    if not messages:
        return seed
    for _ in range(int(rng.integers(1, 4))):
        k = int(rng.integers(len(messages)))
        side, octets = messages[k]
        messages[k] = (side, _mutate(octets, rng) or b"\0")
    _misplace(messages, rng)
    return replace(seed, messages=(*seed.messages[:opening], *messages))


def _misplace(messages: list[Message], rng: Generator) -> None:
    """At times a message comes twice, not at all, or from the other side."""
    kind = int(rng.integers(8))
    k = int(rng.integers(len(messages)))
    if kind == 0:
        messages.insert(int(rng.integers(len(messages) + 1)), messages[k])
    elif kind == 1 and len(messages) > 1:
        del messages[k]
    elif kind == 2:
        messages[k] = (1 - messages[k][0], messages[k][1])


def _mutate(octets: bytes, rng: Generator) -> bytes:
    changed = bytearray(octets or b"\0")
    at = int(rng.integers(len(changed)))
    kind = int(rng.integers(6))
    if kind == 0:
        changed[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        width = int(rng.choice((1, 2, 4)))
        value = int(rng.choice(_EXTREMES)) & ((1 << 8 * width) - 1)
        order = "big" if rng.integers(2) else "little"
        changed[at : at + width] = value.to_bytes(width, order)[: len(changed) - at]
    elif kind == 2:
        changed[at] = (changed[at] + int(rng.integers(-2, 3))) & 255
    elif kind == 3:
        del changed[at:]
    elif kind == 4:
        changed[at:at] = bytes(changed[at : at + int(rng.integers(1, 32))]) * int(rng.integers(1, 8))
    else:
        changed[at : at + 8] = rng.bytes(len(changed[at : at + 8]))
    return bytes(changed)
