"""Mutants of captures, each named by its number: the same number is always the same octets."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.random import Generator

__all__ = ["BLOCK", "Mutants", "captures_below"]

BLOCK = 50
"""Mutants in a row that are made of one capture, so that it is read once."""

WINDOW = 120
"""Frames of a mutant: enough for sessions, few enough for many mutants."""

MAX_FRAMES = 20_000
MAX_FILE_OCTETS = 200_000

Packet = tuple[int, int, bytes]
"""Time (UTC ns), octets on the wire, octets captured."""


def captures_below(folder: Path) -> tuple[Path, ...]:
    """Every capture below a folder, in the order of their names."""
    kinds = tuple(k + c for k in (".pcap", ".pcapng", ".cap") for c in ("", ".gz", ".zst"))
    return tuple(p for p in sorted(folder.rglob("*")) if p.name.endswith(kinds) and p.is_file())


@lru_cache(maxsize=4)
def _packets(path: Path) -> tuple[int, tuple[Packet, ...]]:
    """Link type of the first frame, and the frames of that link type."""
    found: list[Packet] = []
    linktype = 1
    try:
        with open_sources(specify((str(path),), ())) as run:
            for frames in run:
                linktype = int(frames.linktype[0]) if not found else linktype
                for i in np.flatnonzero(frames.linktype == linktype).tolist():
                    at, length = int(frames.offset[i]), int(frames.caplen[i])
                    octets = frames.octets[at : at + length].tobytes()
                    found.append((int(frames.time[i]), int(frames.wirelen[i]), octets))
                if len(found) >= MAX_FRAMES:
                    break
    except SourceError:
        pass
    return linktype, tuple(found)


class Mutants:
    """`mutants.of(number)` → the octets of a capture file that is almost right."""

    def __init__(self, captures: tuple[Path, ...], seed: int) -> None:
        self._captures = captures
        self._seed = seed

    def of(self, number: int) -> bytes:
        """The octets of mutant `number`."""
        rng = np.random.default_rng((self._seed, number))
        order = np.random.default_rng((self._seed, number // BLOCK))
        path = self._captures[int(order.integers(len(self._captures)))]
        if number % 10 == 0:
            return _file_mutant(path.read_bytes()[:MAX_FILE_OCTETS], rng)
        linktype, packets = _packets(path)
        if not packets:
            return _file_mutant(path.read_bytes()[:MAX_FILE_OCTETS], rng)
        other = _packets(self._captures[int(order.integers(len(self._captures)))])[1]
        return _written(_frame_mutant(packets, other or packets, rng), linktype)


def _written(packets: list[Packet], linktype: int) -> bytes:
    """A classic pcap with nanoseconds."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, linktype)]
    for time, wire, octets in packets:
        seconds, rest = divmod(time, 10**9)
        out.append(struct.pack("<IIII", seconds & 0xFFFFFFFF, rest, len(octets), max(wire, len(octets))))
        out.append(octets)
    return b"".join(out)


def _frame_mutant(packets: tuple[Packet, ...], other: tuple[Packet, ...], rng: Generator) -> list[Packet]:
    """A stretch of frames with a few changes; how many frames change is drawn, too."""
    at = int(rng.integers(max(1, len(packets) - WINDOW + 1)))
    stretch = list(packets[at : at + WINDOW])
    changes = int(rng.choice((1, 3, 10, len(stretch))))
    for _ in range(max(1, changes)):
        _FRAME_CHANGES[int(rng.integers(len(_FRAME_CHANGES)))](stretch, other, rng)
    return stretch


def _changed(change: Callable[[bytearray, Generator], None]) -> Callable[..., None]:
    """A change to the octets of one frame, behind its link addresses for the most part."""

    def apply(stretch: list[Packet], _other: tuple[Packet, ...], rng: Generator) -> None:
        i = int(rng.integers(len(stretch)))
        time, wire, octets = stretch[i]
        if octets:
            mutable = bytearray(octets)
            change(mutable, rng)
            stretch[i] = (time, max(wire, len(mutable)), bytes(mutable))

    return apply


def _place(octets: bytearray, rng: Generator) -> int:
    """Mostly in the payload: what breaks headers alone is seldom looked at."""
    low = min(len(octets) - 1, int(rng.choice((0, 12, 34, 54, 54, 54, 60))))
    return int(rng.integers(low, len(octets)))


def _flip(octets: bytearray, rng: Generator) -> None:
    for _ in range(int(rng.integers(1, 9))):
        octets[_place(octets, rng)] ^= 1 << int(rng.integers(8))


def _overwrite(octets: bytearray, rng: Generator) -> None:
    at = _place(octets, rng)
    count = int(rng.integers(1, 9))
    octets[at : at + count] = rng.bytes(len(octets[at : at + count]))


def _extreme(octets: bytearray, rng: Generator) -> None:
    """A field of one, two or four octets becomes what length and count fields break at."""
    at, width = _place(octets, rng), int(rng.choice((1, 2, 4)))
    value = int(rng.choice((0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))
    order = "big" if rng.integers(2) else "little"
    field = (value & ((1 << 8 * width) - 1)).to_bytes(width, order)
    octets[at : at + width] = field[: len(octets[at : at + width])]


def _nudge(octets: bytearray, rng: Generator) -> None:
    at = _place(octets, rng)
    octets[at] = (octets[at] + int(rng.integers(-2, 3))) & 255


def _truncate(octets: bytearray, rng: Generator) -> None:
    del octets[int(rng.integers(len(octets))) :]


def _repeat(octets: bytearray, rng: Generator) -> None:
    at = _place(octets, rng)
    piece = bytes(octets[at : at + int(rng.integers(1, 64))])
    octets[at:at] = piece * int(rng.integers(1, 16))


def _splice(stretch: list[Packet], other: tuple[Packet, ...], rng: Generator) -> None:
    """One frame's head with another capture's tail."""
    i = int(rng.integers(len(stretch)))
    time, wire, octets = stretch[i]
    tail = other[int(rng.integers(len(other)))][2]
    cut = int(rng.choice((34, 42, 54, int(rng.integers(len(octets) + 1)))))
    joined = octets[:cut] + tail[cut:]
    stretch[i] = (time, max(wire, len(joined)), joined)


def _duplicate(stretch: list[Packet], _other: tuple[Packet, ...], rng: Generator) -> None:
    stretch.insert(int(rng.integers(len(stretch))), stretch[int(rng.integers(len(stretch)))])


def _reorder(stretch: list[Packet], _other: tuple[Packet, ...], rng: Generator) -> None:
    a, b = int(rng.integers(len(stretch))), int(rng.integers(len(stretch)))
    stretch[a], stretch[b] = stretch[b], stretch[a]


def _drop(stretch: list[Packet], _other: tuple[Packet, ...], rng: Generator) -> None:
    if len(stretch) > 1:
        del stretch[int(rng.integers(len(stretch)))]


_FRAME_CHANGES: tuple[Callable[..., None], ...] = (
    *(_changed(c) for c in (_flip, _overwrite, _extreme, _extreme, _nudge, _truncate, _repeat)),
    _splice,
    _duplicate,
    _reorder,
    _drop,
)


def _file_mutant(octets: bytes, rng: Generator) -> bytes:
    """The file itself damaged: headers, record lengths, compression."""
    mutable = bytearray(octets)
    for _ in range(int(rng.integers(1, 6))):
        if not mutable:
            break
        change = (_flip, _overwrite, _extreme, _truncate, _repeat)[int(rng.integers(5))]
        if rng.integers(3) == 0:
            head = mutable[:64]
            change(head, rng)
            mutable[:64] = head
        else:
            change(mutable, rng)
    return bytes(mutable)
