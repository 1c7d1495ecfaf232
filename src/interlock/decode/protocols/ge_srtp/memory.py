"""Memory of GE's controllers: what a segment selector means, and how an address is called.

Sources: as decoder.py; names of the references are those of GE's programming manuals.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["SELECTORS", "Selector", "object_text"]


class Selector(NamedTuple):
    """name: of the references. width: bits of one of what offset and length count."""

    name: str
    width: int


SELECTORS: Final[dict[int, Selector]] = {
    0x08: Selector("%R", 16),
    0x0A: Selector("%AI", 16),
    0x0C: Selector("%AQ", 16),
    0x10: Selector("%I", 8),
    0x12: Selector("%Q", 8),
    0x14: Selector("%T", 8),
    0x16: Selector("%M", 8),
    0x18: Selector("%SA", 8),
    0x1A: Selector("%SB", 8),
    0x1C: Selector("%SC", 8),
    0x1E: Selector("%S", 8),
    0x38: Selector("%G", 8),
    0x46: Selector("%I", 1),
    0x48: Selector("%Q", 1),
    0x4A: Selector("%T", 1),
    0x4C: Selector("%M", 1),
    0x4E: Selector("%SA", 1),
    0x50: Selector("%SB", 1),
    0x52: Selector("%SC", 1),
    0x54: Selector("%S", 1),
    0x56: Selector("%G", 1),
}


def object_text(selector: int, offset: int) -> str:
    """`%R:0`, `%I:17` (a bit), `%I.byte:2`; addresses as they are sent, from 0; else `segment-7f:0`."""
    known = SELECTORS.get(selector)
    if known is None:
        return f"segment-{selector:02x}:{offset}"
    return f"{known.name}{'.byte' if known.width == 8 else ''}:{offset}"
