"""Frames through a real decoder and every rule, as a worker and the judge do it."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from decode import feed
from decode.feed import ACK, CLIENT, FIN, SERVER, Tcp
from detect.signatures.rows import PlainEngine
from interlock.bootstrap.signature_screens import screening_with
from interlock.decode.engine import Engine as Decoder
from interlock.decode.registry import load_specs
from interlock.detect.batch import Batch
from interlock.detect.signatures.detector import needs_of
from interlock.detect.signatures.engine.able import put_in_force
from interlock.detect.signatures.engine.engine import Engine
from interlock.detect.signatures.language.reading import read_rules
from interlock.detect.signatures.language.variables import Variables
from interlock.detect.signatures.plain.matching import Matcher
from interlock.records.frames import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlock.records.vocabulary import Checksums, Midstream

__all__ = ["ANSWER", "REQUEST", "alerts", "conversation", "every_way", "matchers_of", "summed"]

REQUEST = b"GET /needle HTTP/1.1\r\nHost: a\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer"


def conversation(
    *sent: tuple[int, bytes],
    port: int = 4000,
    opened: bool = True,
    closed: bool = False,
    acknowledged: bool = False,
) -> list[bytes]:
    """Frames of one connection with right checksums. sent: (side, octets) of each segment.

    closed: by both. acknowledged: each segment, and what closes it, by the other side.
    """
    connection = Tcp(port)
    if opened:
        connection.open()
    for side, octets in sent:
        connection.segment(side, octets)
        if acknowledged:
            connection.segment(CLIENT + SERVER - side, flags=ACK)
    if closed:
        connection.segment(CLIENT, flags=FIN | ACK)
        connection.segment(SERVER, flags=FIN | ACK)
        if acknowledged:
            connection.segment(CLIENT, flags=ACK)
    return [*map(summed, connection.frames)]


def summed(frame: bytes) -> bytes:
    """An Ethernet frame that carries IPv4 with the checksums of IP and TCP filled in (RFC 1071)."""
    head, segment = bytearray(frame[14:34]), bytearray(frame[34:])
    head[10:12] = _sum(bytes(head[:10]) + bytes(2) + bytes(head[12:]))
    if head[9] == 6:
        pseudo = bytes(head[12:20]) + struct.pack(">HH", 6, len(segment))
        segment[16:18] = _sum(pseudo + bytes(segment[:16]) + bytes(2) + bytes(segment[18:]))
    return frame[:14] + bytes(head) + bytes(segment)


def _sum(octets: bytes) -> bytes:
    total = sum(struct.unpack(f">{(len(octets) + 1) // 2}H", octets + bytes(len(octets) % 2)))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return (total ^ 0xFFFF).to_bytes(2, "big")


def matchers_of(rules: str) -> tuple[Matcher, ...]:
    variables, made = Variables(), []
    for read in map(put_in_force, read_rules(rules, "test.rules", variables)):
        assert read.signature is not None, read.refusal
        made.append(Matcher(read.signature, variables.ends(read.signature.header)))
    return tuple(made)


def alerts(
    rules: str,
    frames: Sequence[bytes],
    *,
    midstream: Midstream = "own",
    checksums: Checksums | None = None,
    way: str = "screened",
    batch: int = 0,
    seconds: Sequence[float] = (),
) -> Counter[int]:
    """How often each rule (sid) speaks. way: screened in the decoder, `unscreened`, or `plain`: no prefilter at all.

    seconds: when frames came; 1 ms apart where nothing is said.
    """
    made = matchers_of(rules)
    engine = (PlainEngine if way == "plain" else Engine)(made, midstream=midstream, checksums=checksums)
    needs = needs_of(engine)
    screen = screening_with([engine]) if way == "screened" and engine.buffers else None
    decoder = Decoder(
        (Source(name="test"),), load_specs(outside=False), feed._verbs(), wanted=frozenset(needs),
        buffers=engine.buffers, screen=screen,
    )  # fmt: skip
    told = Counter[int]()

    def count(judged) -> None:
        for _, hits in judged:
            told.update(made[hit.number].signature.sid for hit in hits if hit.speaks)

    def take(batches) -> None:
        for name in needs:
            if name in batches and len(batches[name]):
                count(engine.judged(Batch(name, batches[name])))

    size = batch or max(len(frames), 1)
    for at in range(0, len(frames), size):
        made_of = feed._batch(frames[at : at + size], at)
        if seconds:
            times = feed.START_NS + (np.array(seconds[at : at + size]) * 1e9).astype(np.int64)
            made_of = replace(made_of, time=times)
        take(decoder.feed(made_of))
    for rest in decoder.finish():
        take(rest)
    count(engine.rest())
    return told


def every_way(
    rules: str,
    frames: Sequence[bytes],
    midstream: Midstream = "own",
    checksums: Checksums | None = None,
    seconds: Sequence[float] = (),
) -> dict[int, int]:
    """The same, which must not differ by how it is looked for, nor by where batches end."""
    found = [
        alerts(rules, frames, midstream=midstream, checksums=checksums, way=way, batch=batch, seconds=seconds)
        for way in ("screened", "unscreened", "plain")
        for batch in (0, 1, 3)
    ]
    assert all(one == found[0] for one in found), found
    return dict(found[0])
