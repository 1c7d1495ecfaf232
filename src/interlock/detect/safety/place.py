"""Where an object lies: its space, its first cell and how many cells it takes, so that blocks can be looked into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["Place", "place_of"]

_S7: Final = re.compile(r"(?:(DB\d+)\.DB|([MIQEAPV]))([XBWD]?)(\d+)(?:\.([0-7]))?")
_WIDTHS: Final = {"X": 1, "": 1, "B": 8, "W": 16, "D": 32}
_NUMBERED: Final = re.compile(r"([^=\s]*[^=\s\d:]):(\d+)")
_INDEXED: Final = re.compile(r"(.+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """space: what it lies in. at: its first cell there. width: cells of one element (bits in S7 memory, else 1)."""

    space: str
    at: int
    width: int


@lru_cache(maxsize=16_384)
def place_of(text: str) -> Place:
    """Read an object as decoders spell them: `holding:3`, `DB1.DBD4`, `DB1.DBX0.3`, `MW10`, `Tag[2]`, `ioa:700`.

    Whatever is no such spelling (an OPC UA node id, a CIP tag) is a space of its own with one cell.
    """
    if text.startswith("ns="):
        return Place(text, 0, 1)
    if (s7 := _S7.fullmatch(text)) is not None:
        block, area, letter, octet, bit = s7.groups()
        return Place(block or area, 8 * int(octet) + int(bit or 0), _WIDTHS[letter])
    for form in (_NUMBERED, _INDEXED):
        if (found := form.fullmatch(text)) is not None and len(found[2]) < 16:
            return Place(found[1], int(found[2]), 1)
    return Place(text, 0, 1)
