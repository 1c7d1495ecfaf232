"""Frames of a pcap, and what Interlock reads in them."""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify

if TYPE_CHECKING:
    from pathlib import Path


def frames_of(path: Path) -> list[tuple[int, bytes]]:
    """Nanoseconds since the epoch and octets of each frame."""
    octets, at, found = path.read_bytes(), 24, []
    while at < len(octets):
        seconds, rest, size, _ = struct.unpack_from("<IIII", octets, at)
        found.append((seconds * 10**9 + rest, octets[at + 16 : at + 16 + size]))
        at += 16 + size
    return found


def answers_before_requests(frames: list[bytes]) -> list[int]:
    """Numbers of TCP segments that acknowledge octets which have not been seen yet."""
    seen: dict[bytes, int] = {}
    wrong = []
    for number, frame in enumerate(frames):
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        there = frame[26:30] + frame[34:36] + frame[30:34] + frame[36:38]
        back = frame[30:34] + frame[36:38] + frame[26:30] + frame[34:36]
        sequence, acknowledged = struct.unpack_from("!II", frame, 38)
        size = struct.unpack_from("!H", frame, 16)[0] - 20 - (frame[46] >> 4) * 4
        seen[there] = max(seen.get(there, 0), sequence + size + (frame[47] & 3 > 0))
        if frame[47] & 0x10 and back in seen and acknowledged > seen[back]:
            wrong.append(number)
    return wrong


def operations_of(path: Path) -> Counter[tuple[str, str]]:
    """(protocol, outcome) → how many messages."""
    found: Counter[tuple[str, str]] = Counter()
    with open_sources(specify((str(path),), ())) as run:
        engine = build_engine(run.sources, wanted=frozenset({"operations"}))
        batches = [engine.feed(frames) for frames in run]
        for batch in (*batches, *engine.finish()):
            for name, table in batch.items():
                if name == "operations":
                    kept = table.select(["protocol", "outcome", "item"]).to_pylist()
                    found.update((r["protocol"], r["outcome"]) for r in kept if r["item"] == 0)
    return found
