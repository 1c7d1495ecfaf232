"""What a fuzzer's octets mean: a conversation with one protocol, segment by segment.

    | opening 1 | (head 1, length 2, octets) * |

opening: bit 0: without a handshake; bits 1 and up: which of the protocol's ways to travel (transport and port).
head: bit 0: from the server; bit 1: in two segments, cut where bits 4 to 7 say (sixteenths); bit 2: sent twice;
bit 3: the octets before it are lost. A length beyond the end means what is left.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from decode.contract.takes import HANDSHAKE, Take, sent
from decode.seeds import Seed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from decode.contract.subjects import Subject

__all__ = ["MAX_SEGMENTS", "conversation", "octets_of", "ways"]

MAX_SEGMENTS = 64
_LOST = 97
"""Octets that a lost stretch has."""

Way = tuple[str, int, int, bytes | None]


def ways(subject: Subject) -> tuple[Way, ...]:
    """Transport, port, client's port and group of each way that the protocol's seeds travel, in their order."""
    return tuple(dict.fromkeys((s.transport, s.port, s.client_port, s.group) for s in subject.seeds))


def octets_of(subject: Subject, seed: Seed) -> bytes:
    """A seed as the fuzzer's input."""
    way = ways(subject).index((seed.transport, seed.port, seed.client_port, seed.group))
    body = b"".join(struct.pack(">BH", side, len(octets)) + octets for side, octets in seed.messages)
    return bytes((way << 1,)) + body


def conversation(subject: Subject, octets: bytes) -> Take:
    """The frames that an input means."""
    opening = octets[0] if octets else 0
    there = ways(subject)
    transport, port, client_port, group = there[(opening >> 1) % len(there)]
    parts = tuple(_segments(octets[1:]))
    messages = tuple((head & 1, part) for head, part in parts) or ((0, b"\0"),)
    seed = Seed(
        name="fuzzed", transport=transport, port=port, client_port=client_port, group=group, messages=messages
    )
    return sent(seed, _pieces(parts, streams=transport == "tcp"), handshake=not opening & 1)


def _segments(octets: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(MAX_SEGMENTS):
        if len(octets) - at < 4:
            return
        head, length = struct.unpack_from(">BH", octets, at)
        part = octets[at + 3 : at + 3 + min(length, 16_000)]
        yield head, part
        at += 3 + len(part)


def _pieces(parts: Iterable[tuple[int, bytes]], *, streams: bool) -> Iterator[tuple[int, int, int, bytes]]:
    at = [0, 0]
    for k, (head, octets) in enumerate(parts):
        side, moment = head & 1, k + HANDSHAKE
        if not octets:
            continue
        if head & 8:
            at[side] += _LOST
        cut = len(octets) * (head >> 4) // 16 if head & 2 and streams else 0
        for _ in range(2 if head & 4 else 1):
            if cut:
                yield moment, side, at[side], octets[:cut]
            yield moment, side, at[side] + cut, octets[cut:]
        at[side] += len(octets)
